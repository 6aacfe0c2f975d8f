"""The discriminator of `training/stylegan2.py`: convolutions from 16 px on, then a score of each image in its class."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import conv2d, leaky_relu

from wherefrom.models.architectures.base.stylegan.layers import unit

__all__ = ["Discriminator"]

ROOT_2 = math.sqrt(2)
GROUP = 4
"""Images over which the deviation is taken."""


class Scaled(nn.Module):
    """A convolution whose weights are stored with unit variance, batch norm, and a leaky rectifier."""

    def __init__(self, given: int, made: int, kernel: int, *, stride: int = 1, norm: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(made, given, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(made))
        self._gain = ROOT_2 / math.sqrt(given * kernel**2)
        self._stride, self._padding = stride, (kernel - 1) // 2
        self.norm = nn.BatchNorm2d(made, track_running_stats=False) if norm else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps `(n, given, h, w)` to maps of the size over the stride."""
        weight, bias = self.weight * self._gain, self.bias * ROOT_2
        x = conv2d(x, weight, bias, stride=self._stride, padding=self._padding)
        return leaky_relu(self.norm(x), 0.2)


class Discriminator(nn.Module):
    """Images `(n, 3, 32, 32)` and labels `(n,)` to one number each, `(n,)`; n is a multiple of `GROUP`.

    Args:
        widths: channels at 16, 8 and 4 px.
        classes: how many.
    """

    def __init__(self, widths: tuple[int, ...], classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [Scaled(3, widths[0], 4, stride=2, norm=False)]
        for given, made in pairwise(widths):
            layers += [Scaled(given, given, 3), nn.AvgPool2d(2), Scaled(given, made, 3)]
        self.body = nn.Sequential(*layers)
        last = widths[-1]
        self.last = nn.Sequential(Scaled(last + 1, last, 3), nn.Flatten())
        self.flat = nn.Parameter(torch.randn(last, last * 16))
        self.flat_bias = nn.Parameter(torch.zeros(last))
        self.out = nn.Parameter(torch.randn(last, last))
        self.out_bias = nn.Parameter(torch.zeros(last))
        self.table = nn.Parameter(torch.randn(classes, last))

    def forward(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """How real each image looks as one of its class."""
        x = self.body(images.contiguous(memory_format=torch.channels_last))
        x = torch.cat([x, _deviation(x.float()).to(x.dtype)], 1)
        x = self.last(x) @ (self.flat.t() * (ROOT_2 / math.sqrt(self.flat.shape[1])))
        x = leaky_relu(x + self.flat_bias * ROOT_2, 0.2)
        x = x @ (self.out.t() / math.sqrt(len(self.out))) + self.out_bias
        asked = 1 + unit(self.table)[labels]  # the ones: what is real of any class
        return (x.float() * asked).sum(1) / math.sqrt(2 * x.shape[1])


def _deviation(x: torch.Tensor) -> torch.Tensor:
    """The mean deviation over groups of images as one more map, `(n, 1, h, w)`."""
    n, _, height, width = x.shape
    groups = x.reshape(GROUP, n // GROUP, -1)
    found = (groups.var(0, unbiased=False) + 1e-8).sqrt().mean(1)
    return found.repeat(GROUP).view(n, 1, 1, 1).expand(n, 1, height, width)
