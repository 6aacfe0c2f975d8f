"""Linear layers with equalised learning rates, activations with their gains, scales of modulated convolutions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import nn
from torch.nn import functional

from wherefrom.core.errors import ModelError

__all__ = ["Activation", "Linear", "activation", "energy", "measured_on_load", "unit"]

_EPS: Final = 1e-8


@dataclass(frozen=True, kw_only=True, slots=True)
class Activation:
    """A nonlinearity and the gain that keeps the size of what passes through it.

    Attributes:
        function: may work in place.
        gain: by which its output is multiplied.
        scales: whether f(c x) = c f(x) for c > 0, so that the gain may as well be multiplied before.
    """

    function: Callable[[torch.Tensor], torch.Tensor]
    gain: float = 1.0
    scales: bool = False


_ROOT_2: Final = math.sqrt(2)
_ACTIVATIONS: Final = {
    "linear": Activation(function=lambda x: x, scales=True),
    "relu": Activation(function=torch.relu_, gain=_ROOT_2, scales=True),
    "lrelu": Activation(function=lambda x: functional.leaky_relu_(x, 0.2), gain=_ROOT_2, scales=True),
    "tanh": Activation(function=torch.tanh),
    "sigmoid": Activation(function=torch.sigmoid),
    "elu": Activation(function=functional.elu),
    "selu": Activation(function=functional.selu),
    "softplus": Activation(function=functional.softplus),
    "swish": Activation(function=functional.silu, gain=_ROOT_2),
}


def activation(name: object) -> Activation:
    """The activation of that name in a StyleGAN's options.

    Raises:
        ModelError: when there is none of that name.
    """
    if name not in _ACTIVATIONS:
        raise ModelError(f"activation {name!r} is not known: need one of {', '.join(_ACTIVATIONS)}")
    return _ACTIVATIONS[str(name)]


def unit(x: torch.Tensor) -> torch.Tensor:
    """Rows `(n, d)` scaled to a mean square of 1."""
    return x * torch.rsqrt(x.square().mean(1, keepdim=True) + _EPS)


class Linear(nn.Module):
    """`activation(x W^T rate / sqrt(in) + b rate)`: a layer whose weights are stored with unit variance.

    Args:
        inputs: width of `x`.
        outputs: width of the result.
        rate: the multiplier of its learning rate, 0.01 in mapping networks.
        act: what follows.
    """

    def __init__(self, inputs: int, outputs: int, *, rate: float = 1.0, act: str = "linear") -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        self.bias = nn.Parameter(torch.empty(outputs))
        self._rate = rate
        self._act = activation(act)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Rows `(n, inputs)` to `(n, outputs)`."""
        gain = self._rate / math.sqrt(self.weight.shape[1])
        activated = self._act.function(torch.addmm(self.bias, x, self.weight.t(), beta=self._rate, alpha=gain))
        return activated * self._act.gain if self._act.gain != 1 else activated

    def columns(self, numbers: torch.Tensor) -> torch.Tensor:
        """What the layer makes of one-hot rows, by the places `(n,)` int64 of their ones: `(n, outputs)`."""
        gain = self._rate / math.sqrt(self.weight.shape[1])
        activated = self._act.function(self.weight.t()[numbers] * gain + self.bias * self._rate)
        return activated * self._act.gain if self._act.gain != 1 else activated


def energy(weight: torch.Tensor) -> torch.Tensor:
    """Sum of squares over each kernel of a convolution, `(out, in, k, k)` to `(out, in)`.

    A convolution modulated by `s` has the output `conv(x s) d`, `d = 1 / sqrt(s^2 energy^T + eps)`: the images of a
    batch share one convolution with the weights as they are, and no weights are made for each image.
    """
    return weight.detach().square().sum((2, 3))


def measured_on_load(module: nn.Module, measure: Callable[[], None]) -> None:
    """Call `measure` after the module's weights are loaded: what follows from them alone is computed once.

    Args:
        module: whose weights are loaded later.
        measure: called after they were.
    """
    module.register_load_state_dict_post_hook(lambda _module, _keys: measure())
