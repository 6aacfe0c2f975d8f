"""How a stack is laid out: strides, paddings, activations and prior, from options and from batch norm's statistics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import torch

from wherefrom.core.errors import ModelError
from wherefrom.models.architectures.base import State
from wherefrom.models.architectures.dcgan.evidence import (
    Fit,
    convolved,
    disagreement,
    fits,
    has_evidence,
    kept,
    normalised,
)
from wherefrom.models.architectures.dcgan.network import ACTIVATIONS, Step
from wherefrom.models.architectures.dcgan.parts import Layer, Parts
from wherefrom.models.architectures.dcgan.steps import SIZES, StatedLayout, choices_of, reachable_sizes

__all__ = ["Layout", "Start", "find_layout"]

_AGREES: Final = 0.3
_CLEARLY: Final = 1.5
_ADVICE: Final = (
    "say it by the options stride=1,2,2 and padding=0,1,1 (one number a convolution), activation=relu and prior=normal,"
    " or in a JSON file of the same name beside it"
)

Start = tuple[str, str]
"""A prior, and where the label's vector stands: `first` or `last`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """A stack's layout.

    Attributes:
        steps: one a layer.
        activations: one a hidden layer.
        start: the prior and where the label stands.
        size: pixels a side of the images.
        worst: the largest disagreement with batch norm's statistics of a choice that they decided; None where options
            decided all.
        margin: how many times worse the next choice was, at the least clear one.
    """

    steps: tuple[Step, ...]
    activations: tuple[str, ...]
    start: Start
    size: int
    worst: float | None = None
    margin: float | None = None


class _Margins:
    """How clear the choices were."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.worst: float | None = None
        self.margin: float | None = None

    def add(self, what: str, scores: Sequence[float]) -> None:
        """Take the best of some scores, the first, or say that they do not decide."""
        best, others = scores[0], scores[1:]
        if best > _AGREES:
            raise ModelError(
                f"{self.name}: no {what} that is known agrees with the statistics that batch norm recorded (the best is"
                f" off by {best:.2f}, need {_AGREES} or less): {_ADVICE}"
            )
        margin = min(others) / max(best, 1e-6) if others else None
        if margin is not None and margin < _CLEARLY:
            raise ModelError(
                f"{self.name}: the statistics that batch norm recorded do not decide the {what} (the best is off by"
                f" {best:.3f}, the next by {min(others):.3f}): {_ADVICE}"
            )
        self.worst = best if self.worst is None else max(self.worst, best)
        if margin is not None:
            self.margin = margin if self.margin is None else min(self.margin, margin)


def find_layout(
    parts: Parts,
    state: State,
    *,
    wanted: StatedLayout,
    starts: Sequence[Start],
    drawn: Callable[[Start], torch.Tensor],
) -> Layout:
    """The only layout that options and statistics leave.

    Args:
        parts: the layers.
        state: their weights.
        wanted: what options say.
        starts: candidates.
        drawn: many inputs of the first layer, `(n, inputs)`, by the way it starts.

    Raises:
        ModelError: when none is left, or several are.
    """
    layers, choices = parts.layers, choices_of(parts.layers, wanted)
    reaches = reachable_sizes(layers, choices)
    ledger = _Margins("this stack of transposed convolutions")
    start, x = _started(layers[0], choices[0][0], state, starts, drawn, ledger)
    steps, activations = [choices[0][0]], list[str]()
    for place, layer in enumerate(layers[1:], 1):
        size = x.shape[2]
        left = [step for step in choices[place] if step.size(size, layer.kernel) in reaches(place + 1)]
        before = _activations(wanted, place - 1, len(layers) - 1)
        if place == len(layers) - 1:
            activation = before[0] if len(before) == 1 else _same(activations)
            step = _last(left, [*zip(layers, steps, strict=False)], layer, size)
        else:
            activation, step = _hidden(x, layer, state, before, left, ledger)
        steps.append(step)
        activations.append(activation)
        if place < len(layers) - 1:
            x = kept(_passed(ACTIVATIONS[activation](x), layer, step, state))
    return Layout(
        steps=tuple(steps),
        activations=tuple(activations),
        start=start,
        size=steps[-1].size(x.shape[2], layers[-1].kernel),
        worst=ledger.worst,
        margin=ledger.margin,
    )


def _started(
    layer: Layer,
    step: Step,
    state: State,
    starts: Sequence[Start],
    drawn: Callable[[Start], torch.Tensor],
    ledger: _Margins,
) -> tuple[Start, torch.Tensor]:
    """The prior, and what the first layer makes of it."""
    passed = {start: convolved(drawn(start)[:, :, None, None], layer, step, state) for start in starts}
    if len(starts) > 1:
        if not has_evidence(layer, state):
            raise ModelError(
                f"the weights do not say the prior of the latents, as no batch norm recorded it: {_ADVICE}"
            )
        scores = sorted((disagreement(output, layer, state), start) for start, output in passed.items())
        ledger.add("prior of the latents", [score for score, _ in scores])
        chosen = scores[0][1]
    else:
        chosen = starts[0]
    output = passed[chosen]
    return chosen, kept(output if layer.norm is None else normalised(output, layer, state))


def _passed(x: torch.Tensor, layer: Layer, step: Step, state: State) -> torch.Tensor:
    output = convolved(x, layer, step, state)
    return output if layer.norm is None else normalised(output, layer, state)


def _activations(wanted: StatedLayout, place: int, count: int) -> tuple[str, ...]:
    """What may stand behind a hidden layer."""
    if wanted.activation is None:
        return tuple(ACTIVATIONS)
    if len(wanted.activation) not in (1, count):
        stated = ",".join(wanted.activation)
        raise ModelError(f"activation={stated} names {len(wanted.activation)}, need 1 or one a hidden layer: {count}")
    return (wanted.activation[place if len(wanted.activation) > 1 else 0],)


def _hidden(
    x: torch.Tensor, layer: Layer, state: State, activations: Sequence[str], steps: Sequence[Step], ledger: _Margins
) -> tuple[str, Step]:
    """The activation before a hidden layer and the layer's step."""
    if not steps:
        raise ModelError(
            f"no layout of {layer.name!r} leads to images of {', '.join(map(str, SIZES))} pixels a side: {_ADVICE}"
        )
    if len(steps) == len(activations) == 1:
        return activations[0], steps[0]
    if not has_evidence(layer, state):
        raise ModelError(
            f"the weights do not say how {layer.name!r} is laid out, as no batch norm recorded it: {_ADVICE}"
        )
    candidates = fits(x, layer, state, activations, steps)
    best = _likelier(candidates)
    rivals = [fit.score for fit in candidates if fit != best and not _nearly_alike(fit, best)]
    ledger.add(f"layout of {layer.name!r}", [best.score, *rivals])
    return best.activation, best.step


def _likelier(candidates: Sequence[Fit]) -> Fit:
    """The best; but LeakyReLU of slope 0.01 only where ReLU, which is nearly the same, is clearly worse."""
    best = candidates[0]
    relu = next((fit for fit in candidates if fit.activation == "relu" and _nearly_alike(fit, best)), None)
    return best if relu is None or relu.score > _CLEARLY * best.score else relu


def _nearly_alike(one: Fit, other: Fit) -> bool:
    """Whether two candidates differ in no more than a slope of 0.01."""
    return one.step == other.step and {one.activation, other.activation} == {"relu", "leaky-0.01"}


def _same(activations: Sequence[str]) -> str:
    """Behind the last hidden layer nothing is recorded: what stands behind the one before it."""
    if not activations:
        raise ModelError(f"the weights do not say which activation the layers have: {_ADVICE}")
    return activations[-1]


def _last(left: Sequence[Step], before: Sequence[tuple[Layer, Step]], layer: Layer, size: int) -> Step:
    """The last layer's step: the only one that gives one of `SIZES`, else that of a layer before of the same kernel."""
    if not left:
        raise ModelError(
            f"the last layer, of kernel {layer.kernel}, makes no image of {', '.join(map(str, SIZES))} pixels a side of"
            f" {size}: {_ADVICE}"
        )
    if len(left) == 1:
        return left[0]
    alike = [step for other, step in before[1:] if other.kernel == layer.kernel and step in left]
    if not alike:
        sizes = ", ".join(str(step.size(size, layer.kernel)) for step in left)
        raise ModelError(f"the last layer can make images of {sizes} pixels a side of {size}: {_ADVICE}")
    return alike[-1]
