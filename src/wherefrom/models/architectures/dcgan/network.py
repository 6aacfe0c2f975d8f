"""The stack as a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import nn

from wherefrom.models.architectures.base import State
from wherefrom.models.architectures.dcgan.parts import Kind, Layer
from wherefrom.models.checkpoints.build import empty, fitted

__all__ = ["ACTIVATIONS", "OUTPUTS", "Stack", "Step", "layer_module"]

ACTIVATIONS: Final[dict[str, Callable[[torch.Tensor], torch.Tensor]]] = {
    "relu": nn.functional.relu,
    "leaky-0.2": lambda x: nn.functional.leaky_relu(x, 0.2),
    "leaky-0.01": lambda x: nn.functional.leaky_relu(x, 0.01),
    "leaky-0.1": lambda x: nn.functional.leaky_relu(x, 0.1),
    "elu": nn.functional.elu,
    "selu": nn.functional.selu,
    "gelu": nn.functional.gelu,
    "silu": nn.functional.silu,
    "tanh": torch.tanh,
    "none": lambda x: x,
}
"""What may stand behind a layer, the likelier first."""
OUTPUTS: Final[dict[str, Callable[[torch.Tensor], torch.Tensor]]] = {
    "tanh": lambda x: torch.tanh(x) * 0.5 + 0.5,
    "sigmoid": torch.sigmoid,
    "none": lambda x: x * 0.5 + 0.5,
}
"""What makes an image in [0, 1] of the last layer: of [-1, 1] by tanh or as it is, or by sigmoid."""


@dataclass(frozen=True, slots=True)
class Step:
    """How a layer is laid out.

    Attributes:
        kind: which of its kinds it is.
        stride: of a transposed convolution.
        padding: of a convolution of either kind.
        extra: rows and columns that a transposed convolution adds at the end, `output_padding`.
    """

    kind: Kind
    stride: int = 1
    padding: int = 0
    extra: int = 0

    def size(self, side: int, kernel: int) -> int:
        """Pixels a side of what it makes of `side`.

        Args:
            side: pixels a side that come in.
            kernel: pixels a side of the kernel.
        """
        if self.kind == "up":
            return (side - 1) * self.stride - 2 * self.padding + kernel + self.extra
        return kernel if self.kind == "linear" else side + 2 * self.padding - kernel + 1


class Stack(nn.Module):
    """Latents `(n, d)` or `(n, d, 1, 1)` to images `(n, 1 | 3, h, w)` in [0, 1], not clamped.

    Where the class is searched, called with labels `(n,)` as well.
    """

    def __init__(self, steps: list[nn.Module], activations: tuple[str, ...], output: str, join: nn.Module) -> None:
        super().__init__()
        self.join = join
        self.steps = nn.ModuleList(steps)
        self.activations = [ACTIVATIONS[name] for name in activations]
        self.output = OUTPUTS[output]

    def forward(self, latents: torch.Tensor, *labels: torch.Tensor) -> torch.Tensor:
        """Latents `(n, z)`, and labels `(n,)` where they are searched, to images `(n, 1 | 3, h, w)` in [0, 1]."""
        x: torch.Tensor = self.join(latents.flatten(1), *labels)[:, :, None, None]
        for step, activation in zip(self.steps, [*self.activations, self.output], strict=True):
            x = activation(step(x))
        return x


class _MatrixLayer(nn.Module):
    """A matrix, and its output as a square of channels; the batch norm before or after."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.shape = (layer.outputs, layer.kernel, layer.kernel)
        self.conv = nn.Linear(layer.inputs, layer.outputs * layer.kernel**2, layer.bias)
        size = layer.outputs * layer.kernel**2 if layer.flat else layer.outputs
        self.norm = nn.BatchNorm2d(size, affine=layer.affine) if layer.norm is not None else nn.Identity()
        self.flat = layer.flat

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        x: torch.Tensor = self.conv(latents.flatten(1))
        x = x[:, :, None, None] if self.flat else x.unflatten(1, self.shape)
        x = self.norm(x)
        return x.flatten(1).unflatten(1, self.shape) if self.flat else x


class _ConvolutionLayer(nn.Module):
    """A convolution of either kind, and its batch norm."""

    def __init__(self, layer: Layer, step: Step) -> None:
        super().__init__()
        self.conv: nn.Module
        if step.kind == "up":
            self.conv = nn.ConvTranspose2d(
                layer.inputs, layer.outputs, layer.kernel, step.stride, step.padding, step.extra, bias=layer.bias
            )
        else:
            self.conv = nn.Conv2d(layer.inputs, layer.outputs, layer.kernel, 1, step.padding, bias=layer.bias)
        self.norm = nn.BatchNorm2d(layer.outputs, affine=layer.affine) if layer.norm is not None else nn.Identity()

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        x: torch.Tensor = self.norm(self.conv(features))
        return x


def layer_module(layer: Layer, step: Step, state: State) -> nn.Module:
    """One layer as a module with its weights, loaded strictly.

    Args:
        layer: whose weights are used.
        step: its stride and paddings.
        state: the weights.
    """
    module: nn.Module = empty(lambda: _MatrixLayer(layer) if step.kind == "linear" else _ConvolutionLayer(layer, step))
    names = {f"conv.{leaf}": f"{layer.name}.{leaf}" for leaf in ("weight", "bias")}
    if layer.norm is not None:
        names |= {f"norm.{leaf}": f"{layer.norm}.{leaf}" for leaf in ("weight", "bias", "running_mean", "running_var")}
    layer_state = {name: state[theirs] for name, theirs in names.items() if theirs in state}
    return fitted(module, layer_state, title=f"the layer {layer.name!r}")
