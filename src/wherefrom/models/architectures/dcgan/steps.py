"""The ways in which a stack could be laid out, as far as options and the size of its images leave them open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from wherefrom.core.errors import ModelError
from wherefrom.models.architectures.dcgan.network import Step
from wherefrom.models.architectures.dcgan.parts import Layer

__all__ = ["SIZES", "StatedLayout", "choices_of", "reachable_sizes"]

SIZES: Final = (28, 32, 64, 128)
"""Pixels a side of images that a layout is looked for; others need every stride and padding said."""

_MOST: Final = 4  # of a stride; a stride above the kernel would leave pixels out


@dataclass(frozen=True, kw_only=True, slots=True)
class StatedLayout:
    """What options say; None where they say nothing.

    Attributes:
        stride: one a convolution.
        padding: one a convolution.
        extra: `output_padding`, one a convolution; where stride and padding are said it is 0 unless it is said.
        activation: one a hidden layer, or one for all.
    """

    stride: tuple[int, ...] | None = None
    padding: tuple[int, ...] | None = None
    extra: tuple[int, ...] | None = None
    activation: tuple[str, ...] | None = None


def choices_of(layers: Sequence[Layer], wanted: StatedLayout) -> list[list[Step]]:
    """The steps that each layer could have.

    Args:
        layers: of the network, in order.
        wanted: what options say.

    Raises:
        ModelError: when options do not say one number a convolution.
    """
    convolutions = [place for place, layer in enumerate(layers) if layer.kinds != ("linear",)]
    for name in ("stride", "padding", "extra"):
        option = getattr(wanted, name)
        if option is not None and len(option) != len(convolutions):
            shown = "output_padding" if name == "extra" else name
            kernels = ", ".join(f"{layers[place].kernel}x{layers[place].kernel}" for place in convolutions)
            raise ModelError(
                f"{shown}={','.join(map(str, option))} has {len(option)} numbers, need one a convolution,"
                f" of which there are {len(convolutions)} ({kernels})"
            )
    choices: list[list[Step]] = []
    for place, layer in enumerate(layers):
        if place not in convolutions:
            choices.append([Step("linear")])
            continue
        which = convolutions.index(place)
        stated = [None if option is None else option[which] for option in (wanted.stride, wanted.padding, wanted.extra)]
        choices.append(_steps(layer, *stated, alone=place == 0))
    return choices


def _steps(layer: Layer, stride: int | None, padding: int | None, extra: int | None, *, alone: bool) -> list[Step]:
    """The ways to lay out one convolution; on a single pixel (`alone`) its stride has no effect."""
    kernel = layer.kernel
    if alone:
        return [Step("up", 1, padding or 0, extra or 0)]
    paddings = range(kernel // 2 + 1) if padding is None else (padding,)
    steps = []
    if "up" in layer.kinds:
        for each in range(1, min(kernel, _MOST) + 1) if stride is None else (stride,):
            for edge in paddings:
                missing = each - (kernel - 2 * edge)  # what an exact multiple of the size lacks
                guessed = (0, 1) if missing == 1 < each and padding is None else (0,)
                steps += [Step("up", each, edge, more) for more in (guessed if extra is None else (extra,))]
    if "plain" in layer.kinds and stride in (None, 1):
        steps += [Step("plain", 1, edge) for edge in paddings if padding is not None or edge in (0, (kernel - 1) / 2)]
    return [step for step in steps if step.extra < max(step.stride, 2)]


def reachable_sizes(layers: Sequence[Layer], choices: Sequence[Sequence[Step]]) -> Callable[[int], frozenset[int]]:
    """By place, the sizes from which the layers from there on can reach one of `SIZES`, or any where all is said.

    Args:
        layers: of the network, in order.
        choices: of each layer the steps that it could have.
    """
    free = all(len(steps) == 1 for steps in choices)

    @cache
    def reaches(place: int) -> frozenset[int]:
        if place == len(layers):
            return frozenset(range(1, 1025) if free else SIZES)
        after, kernel = reaches(place + 1), layers[place].kernel
        least = 1 if free else 0
        return frozenset(
            size
            for size in range(1, 1025 if free else max(SIZES) + 1)
            for step in choices[place]
            if step.size(size, kernel) in after and (least or step.kind == "plain" or step.size(size, kernel) >= size)
        )

    return reaches
