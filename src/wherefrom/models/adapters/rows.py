"""Matrices as convolutions of 1 x 1, whose rows do not know each other.

The gradient of a small `nn.Linear` depends, in its last bit, on where in the batch a row stands: matrix products take
what is left over by another kernel. The same product as a convolution does not, forwards and backwards.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

__all__ = ["with_independent_rows"]


class _Rows(nn.Module):
    """An `nn.Linear` under the same names of weights."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.weight, self.bias = linear.weight, linear.bias
        self.in_features, self.out_features = linear.in_features, linear.out_features

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        if inputs.ndim != 2:
            return functional.linear(inputs, self.weight, self.bias)
        outputs = functional.conv2d(inputs[:, :, None, None], self.weight[:, :, None, None], self.bias)
        return outputs[:, :, 0, 0]


def with_independent_rows(network: nn.Module) -> nn.Module:
    """The network with every `nn.Linear` in it replaced, in place; a network that is one is returned replaced."""
    if type(network) is nn.Linear:
        return _Rows(network)
    for part in list(network.modules()):
        for name, child in list(part.named_children()):
            if type(child) is nn.Linear:
                setattr(part, name, _Rows(child))
    return network
