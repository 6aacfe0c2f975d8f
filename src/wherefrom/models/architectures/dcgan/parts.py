"""Which layers a stack has, read off the names and shapes of its weights."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from wherefrom.models.architectures.base import Shapes

__all__ = ["Kind", "Layer", "Parts", "parts_of"]

Kind = Literal["linear", "up", "plain"]
"""A matrix whose output is folded into a square, a transposed convolution, a convolution."""

_NORM: Final = frozenset({"running_mean", "running_var"})
_NORM_ALL: Final = _NORM | {"weight", "bias", "num_batches_tracked"}
_LABEL: Final = re.compile(r"emb|label|class", re.IGNORECASE)
_CHANNELS: Final = (1, 3)


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """A matrix or convolution, and the batch norm behind it.

    Attributes:
        name: what stands before `.weight` in the file.
        kinds: what it can be; a square convolution can be either of two.
        inputs: channels that it takes.
        outputs: channels that it gives, of a matrix after folding.
        kernel: pixels a side; of a matrix the side of the square.
        bias: whether it has one.
        norm: what stands before `.running_mean`; None where no batch norm follows.
        affine: whether the batch norm has a weight and a bias.
        flat: whether the batch norm comes before the folding, with one mean a number.
    """

    name: str
    kinds: tuple[Kind, ...]
    inputs: int
    outputs: int
    kernel: int
    bias: bool
    norm: str | None = None
    affine: bool = False
    flat: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """A whole stack.

    Attributes:
        layers: from the latent to the image, at least two.
        label: name of the table of labels' vectors, `(classes, numbers)`; None where there is none.
        label_shape: of that table.
    """

    layers: tuple[Layer, ...]
    label: str | None = None
    label_shape: tuple[int, int] = (0, 0)


Groups = dict[str, dict[str, tuple[int, ...]]]


def parts_of(shapes: Shapes) -> Parts | None:
    """The stack that weights make up, or None where they make up none.

    Layers are taken in the file's order, else in the order of their numbers: safetensors files are sorted by name.
    """
    groups: Groups = {}
    for name, shape in shapes.items():
        prefix, _, leaf = name.rpartition(".")
        groups.setdefault(prefix, {})[leaf] = shape
    label = next((prefix for prefix, group in groups.items() if _is_label(prefix, group)), None)
    table = groups.pop(label)["weight"] if label is not None else (0, 0)
    norms = {prefix: group for prefix, group in groups.items() if set(group) >= _NORM}
    convs = {prefix: group for prefix, group in groups.items() if prefix not in norms}
    if any(set(group) - _NORM_ALL for group in norms.values()) or not all(map(_is_layer, convs.values())):
        return None
    for order in (list, _by_number):
        layers = _chained(order(convs), order(norms), groups)
        if layers is not None:
            return Parts(
                layers=layers,
                label=None if label is None else f"{label}.weight",
                label_shape=(table[0], table[1]),
            )
    return None


def _is_label(prefix: str, group: Mapping[str, tuple[int, ...]]) -> bool:
    return set(group) == {"weight"} and len(group["weight"]) == 2 and bool(_LABEL.search(prefix))


def _is_layer(group: Mapping[str, tuple[int, ...]]) -> bool:
    weight = group.get("weight", ())
    square = len(weight) == 4 and weight[2] == weight[3]
    return set(group) <= {"weight", "bias"} and (square or len(weight) == 2)


def _by_number(names: Iterable[str]) -> list[str]:
    """Names in the order of the numbers in them: `main.3` before `main.10`."""
    return sorted(names, key=lambda name: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)])


def _chained(convs: list[str], norms: list[str], groups: Groups) -> tuple[Layer, ...] | None:
    """Layers of which each takes what the one before it gives, ending in an image; each norm at its place."""
    if len(convs) < 2:
        return None
    layers: list[Layer] = []
    left, in_channels = list(norms), None
    for place, name in enumerate(convs):
        follows = groups[convs[place + 1]]["weight"] if place + 1 < len(convs) else None
        layer = _layer(name, groups, in_channels, left[0] if left else None, follows)
        if layer is None:
            return None
        layers.append(layer)
        left = left[1:] if layer.norm is not None else left
        in_channels = layer.outputs
    whole = not left and in_channels in _CHANNELS and layers[-1].norm is None
    return tuple(layers) if whole and any("up" in layer.kinds for layer in layers) else None


def _layer(
    name: str, groups: Groups, in_channels: int | None, norm: str | None, follows: tuple[int, ...] | None
) -> Layer | None:
    """One layer after so many channels, with the norm where its size is the layer's; None where it cannot follow."""
    weight, bias = groups[name]["weight"], groups[name].get("bias")
    if len(weight) == 2:
        return _matrix(name, groups, norm, follows) if in_channels is None else None
    size = groups[norm]["running_mean"][0] if norm is not None else None
    ways: list[tuple[Kind, int, int]] = [("up", weight[0], weight[1])]
    if in_channels is not None:
        ways.append(("plain", weight[1], weight[0]))
    fitting = [way for way in ways if in_channels in (None, way[1]) and bias in (None, (way[2],))]
    if in_channels is None and size is not None:
        fitting = [way for way in fitting if way[2] == size]
    normed = [way for way in fitting if way[2] == size]
    fitting = normed or fitting
    if not fitting:
        return None
    return Layer(
        name=name,
        kinds=tuple(way[0] for way in fitting),
        inputs=fitting[0][1],
        outputs=fitting[0][2],
        kernel=weight[2],
        bias=bias is not None,
        norm=norm if normed else None,
        affine=bool(normed) and "weight" in groups[norm or ""],
    )


def _matrix(name: str, groups: Groups, norm: str | None, follows: tuple[int, ...] | None) -> Layer | None:
    """A matrix at the start: its output folds into a square of the channels that the next layer or the norm takes."""
    outputs, inputs = groups[name]["weight"]
    if follows is None or len(follows) != 4:
        return None
    size = groups[norm]["running_mean"][0] if norm is not None else None
    for channels in (follows[0], follows[1]):
        side = round((outputs / channels) ** 0.5)
        if side >= 1 and side * side * channels == outputs:
            normed = size in (channels, outputs)
            return Layer(
                name=name,
                kinds=("linear",),
                inputs=inputs,
                outputs=channels,
                kernel=side,
                bias="bias" in groups[name],
                norm=norm if normed else None,
                affine=normed and "weight" in groups[norm or ""],
                flat=size == outputs != channels,
            )
    return None
