"""What the recorded statistics of batch norm say of a layer: how it is laid out, and what stands before it.

In training batch norm records the running mean and variance of what it is given. Draws of the right prior, passed
through the right layers with batch statistics as in training, give the same means and variances again; those of a wrong
prior, activation, stride or padding do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch.nn import functional

from wherefrom.models.architectures.base import State
from wherefrom.models.architectures.dcgan.network import ACTIVATIONS, Step
from wherefrom.models.architectures.dcgan.parts import Layer

__all__ = ["Fit", "convolved", "disagreement", "fits", "has_evidence", "kept", "normalised", "whitened"]

_CHANNELS: Final = 32  # that are looked at
_PIXELS: Final = 1 << 16  # draws times pixels that are kept from layer to layer
_DRAWS: Final = (48, 512)
_TINY: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a candidate agrees.

    Attributes:
        score: the root mean square, over channels, of the error of the mean in standard deviations, plus that of the
            logarithm of the variance.
        activation: behind the layer before.
        step: how the layer is laid out.
    """

    score: float
    activation: str
    step: Step


def has_evidence(layer: Layer, state: State) -> bool:
    """Whether the layer's batch norm has recorded anything: at the start its means are 0 and its variances 1.

    Args:
        layer: of the network.
        state: the weights.
    """
    if layer.norm is None:
        return False
    mean, variance = (state[f"{layer.norm}.{leaf}"] for leaf in ("running_mean", "running_var"))
    return bool(mean.any()) or not bool((variance == 1).all())


def whitened(draws: torch.Tensor) -> torch.Tensor:
    """Draws `(n, d)` with sample mean 0 and the covariance of their own variance, where n > 2 d: less noise."""
    count, size = draws.shape
    if count <= 2 * size:
        return draws
    spread = draws.std()
    centred = (draws - draws.mean(0)).double()
    root = torch.linalg.cholesky(centred.T @ centred / count)
    uncorrelated: torch.Tensor = torch.linalg.solve_triangular(root, centred.T, upper=False).T * spread
    return uncorrelated.float()


def kept(x: torch.Tensor) -> torch.Tensor:
    """As many draws `(n, c, h, w)` as their size allows."""
    least, most = _DRAWS
    return x[: max(least, min(most, _PIXELS // (x.shape[2] * x.shape[3])))]


def convolved(
    x: torch.Tensor, layer: Layer, step: Step, state: State, rows: torch.Tensor | None = None
) -> torch.Tensor:
    """What the layer makes of `x` before its batch norm, `(n, c, h, w)`; `rows` are the channels wanted.

    Args:
        x: what comes in, `(n, c, h, w)`.
        layer: whose weights are used.
        step: stride and paddings to try.
        state: the weights.
        rows: the channels that are wanted; None is all.
    """
    weight, bias = state[f"{layer.name}.weight"].float(), state.get(f"{layer.name}.bias")
    bias = None if bias is None else bias.float()
    if step.kind == "linear":
        output = functional.linear(x.flatten(1), weight, bias)
        return output[:, :, None, None] if layer.flat else output.unflatten(1, (layer.outputs, layer.kernel, -1))
    axis = 1 if step.kind == "up" else 0
    weight = weight if rows is None else weight.index_select(axis, rows)
    bias = bias if bias is None or rows is None else bias[rows]
    if step.kind == "up":
        return functional.conv_transpose2d(x, weight, bias, step.stride, step.padding, step.extra)
    return functional.conv2d(x, weight, bias, 1, step.padding)


def disagreement(inputs: torch.Tensor, layer: Layer, state: State, rows: torch.Tensor | None = None) -> float:
    """How far what a batch norm is given lies from what it recorded; see `Fit.score`.

    Args:
        inputs: what the layer's convolution gives.
        layer: whose batch norm is asked.
        state: the weights.
        rows: the channels that were computed; None is all.
    """
    _, variance = _recorded(layer, state, rows)
    batch_variance = inputs.var((0, 2, 3)).clamp_min(_TINY)
    return _shift(inputs, layer, state, rows) + float((batch_variance / variance).log().square().mean().sqrt())


def _shift(inputs: torch.Tensor, layer: Layer, state: State, rows: torch.Tensor | None = None) -> float:
    """The part of the mean in `disagreement`."""
    mean, variance = _recorded(layer, state, rows)
    return float(((inputs.mean((0, 2, 3)) - mean) / variance.sqrt()).square().mean().sqrt())


def _recorded(layer: Layer, state: State, rows: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
    mean, variance = (state[f"{layer.norm}.{leaf}"].float() for leaf in ("running_mean", "running_var"))
    return (mean, variance.clamp_min(_TINY)) if rows is None else (mean[rows], variance[rows].clamp_min(_TINY))


def normalised(inputs: torch.Tensor, layer: Layer, state: State) -> torch.Tensor:
    """What the batch norm makes of a batch in training.

    Args:
        inputs: what the layer's convolution gives.
        layer: whose batch norm is applied.
        state: the weights.
    """
    weight, bias = (state.get(f"{layer.norm}.{leaf}") for leaf in ("weight", "bias"))
    weight, bias = (None if each is None else each.float() for each in (weight, bias))
    output = functional.batch_norm(inputs, None, None, weight, bias, training=True)
    return output.flatten(1).unflatten(1, (layer.outputs, layer.kernel, -1)) if layer.flat else output


def fits(x: torch.Tensor, layer: Layer, state: State, activations: Sequence[str], steps: Sequence[Step]) -> list[Fit]:
    """The candidates, the best first, without those whose means alone are far from the best one's.

    Means are cheap to compare: a convolution's mean over draws is the convolution of the mean.

    Args:
        x: what the layer before gives, before its activation.
        layer: to be fitted.
        state: the weights.
        activations: names of those that could stand before the layer.
        steps: those that the layer could have.
    """
    activated = {name: ACTIVATIONS[name](x) for name in activations}
    shifts = {
        (name, step): _shift(convolved(values.mean(0, keepdim=True), layer, step, state), layer, state)
        for name, values in activated.items()
        for step in steps
    }
    bound = 2 * min(shifts.values()) + 0.05
    rows = torch.linspace(0, layer.outputs - 1, min(layer.outputs, _CHANNELS), dtype=torch.float32, device="cpu").long()
    candidates = [
        Fit(disagreement(convolved(activated[name], layer, step, state, rows), layer, state, rows), name, step)
        for (name, step), shift in shifts.items()
        if shift <= bound
    ]
    return sorted(candidates, key=lambda fit: fit.score)
