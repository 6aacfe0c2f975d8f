"""Tiny random stacks of transposed convolutions, written with torch's own modules, whose batch norm has seen draws."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import torch
from torch import nn

from tests.unit.models.architectures.random_weights import drawn
from wherefrom.core.tensors import generator

__all__ = ["STACKS", "Stack", "trained"]

_BATCHES: Final = 20
_BATCH: Final = 128

Draw = Callable[[torch.Generator, int], torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A network as its author would write it, and what is true of it.

    Attributes:
        layers: the modules, each under the name it has in the file.
        size: pixels a side.
        latent: numbers of a latent.
        stride: one a convolution.
        padding: one a convolution.
        activation: one a hidden layer.
        extra: `output_padding`, one a convolution.
        prior: of the latents.
        flat: whether the first layer takes `(n, d)`.
    """

    layers: Callable[[], list[tuple[str, nn.Module]]]
    size: int
    latent: int
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    activation: tuple[str, ...]
    extra: tuple[int, ...] = ()
    prior: str = "normal"
    flat: bool = False

    def inputs(self, count: int, seed: int = 0) -> torch.Tensor:
        """Draws of the prior, `(count, latent)`."""
        source = generator(seed)
        shape = (count, self.latent)
        return torch.randn(shape, generator=source) if self.prior == "normal" else _uniform(shape, source)

    def network(self, seed: int = 0) -> nn.Sequential:
        """The network in eval mode, after training mode has recorded the statistics of many batches."""
        made = nn.Sequential(OrderedDict((name.replace(".", "_"), layer) for name, layer in self.layers()))
        made.load_state_dict(drawn(made, seed))
        for layer in made:
            if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
                layer.reset_running_stats()
                layer.momentum = None  # the mean over all batches
        with torch.no_grad():
            for batch in range(_BATCHES):
                made.train()(self.shaped(self.inputs(_BATCH, seed=1000 + batch)))
        return made.eval()

    def shaped(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents as the first layer takes them."""
        return latents if self.flat else latents[:, :, None, None]


def _uniform(shape: tuple[int, ...], source: torch.Generator) -> torch.Tensor:
    return torch.rand(shape, generator=source) * 2 - 1


@functools.cache
def trained(name: str) -> tuple[Stack, nn.Sequential, dict[str, torch.Tensor]]:
    """A stack of `STACKS`, its network and its weights; made once, so not to be changed."""
    stack = STACKS[name]
    network = stack.network()
    return stack, network, _named(stack, network)


def _named(stack: Stack, network: nn.Sequential) -> dict[str, torch.Tensor]:
    """The weights under the names of the file, in the file's order."""
    names = {name.replace(".", "_"): name for name, _ in stack.layers()}
    found = {}
    for key, value in network.state_dict().items():
        layer, _, leaf = key.partition(".")
        found[f"{names[layer]}.{leaf}"] = value
    return found


def _up(given: int, made: int, kernel: int, stride: int, padding: int, extra: int = 0, bias: bool = False) -> nn.Module:
    return nn.ConvTranspose2d(given, made, kernel, stride, padding, extra, bias=bias)


def _main(*layers: nn.Module) -> list[tuple[str, nn.Module]]:
    """Names as `nn.Sequential` gives them."""
    return [(f"main.{place}", layer) for place, layer in enumerate(layers)]


def _plain() -> list[tuple[str, nn.Module]]:
    return _main(
        *(_up(24, 48, 4, 1, 0), nn.BatchNorm2d(48), nn.ReLU()),
        *(_up(48, 32, 4, 2, 1), nn.BatchNorm2d(32), nn.ReLU()),
        *(_up(32, 16, 4, 2, 1), nn.BatchNorm2d(16), nn.ReLU()),
        *(_up(16, 3, 4, 2, 1), nn.Tanh()),
    )


def _grey() -> list[tuple[str, nn.Module]]:
    return _main(
        *(_up(20, 48, 7, 1, 0), nn.BatchNorm2d(48), nn.LeakyReLU(0.2)),
        *(_up(48, 32, 4, 2, 1), nn.BatchNorm2d(32), nn.LeakyReLU(0.2)),
        *(_up(32, 1, 4, 2, 1), nn.Tanh()),
    )


def _uneven() -> list[tuple[str, nn.Module]]:
    """Kernels of 3 and 4 without padding, with biases, in blocks, as 28 px are often made."""
    blocks = [(16, 48, 3, 2), (48, 40, 4, 1), (40, 32, 3, 2)]
    layers: list[tuple[str, nn.Module]] = []
    for place, (given, made, kernel, stride) in enumerate(blocks):
        layers += [
            (f"model.{place}.block.0", _up(given, made, kernel, stride, 0, bias=True)),
            (f"model.{place}.block.1", nn.BatchNorm2d(made)),
            (f"model.{place}.block.2", nn.ReLU()),
        ]
    return [*layers, ("model.3", _up(32, 1, 4, 2, 0, bias=True)), ("model.4", nn.Tanh())]


def _mixed() -> list[tuple[str, nn.Module]]:
    """A plain convolution between, and no activation before it."""
    return [
        *(("gen.0.0", _up(24, 48, 4, 1, 0)), ("gen.0.1", nn.BatchNorm2d(48))),
        *(("gen.1.0", nn.Conv2d(48, 40, 3, 1, 1, bias=False)), ("gen.1.1", nn.BatchNorm2d(40))),
        ("a1", nn.LeakyReLU(0.2)),
        *(("gen.2.0", _up(40, 32, 4, 2, 1)), ("gen.2.1", nn.BatchNorm2d(32)), ("a2", nn.LeakyReLU(0.2))),
        *(("gen.3.0", _up(32, 16, 4, 2, 1)), ("gen.3.1", nn.BatchNorm2d(16)), ("a3", nn.LeakyReLU(0.2))),
        *(("gen.4.0", _up(16, 3, 4, 2, 1, bias=True)), ("a4", nn.Tanh())),
    ]


def _odd() -> list[tuple[str, nn.Module]]:
    """A matrix first, then kernels of 5 with output padding."""
    return [
        *(("project", nn.Linear(24, 48 * 49)), ("fold", nn.Unflatten(1, (48, 7, 7))), ("bn0", nn.BatchNorm2d(48))),
        ("a0", nn.ReLU()),
        *(("up1", _up(48, 32, 5, 2, 2, 1)), ("bn1", nn.BatchNorm2d(32)), ("a1", nn.ReLU())),
        *(("up2", _up(32, 3, 5, 2, 2, 1, bias=True)), ("a2", nn.Tanh())),
    ]


def _flat() -> list[tuple[str, nn.Module]]:
    """A matrix with a batch norm of its numbers, then kernels of 4, and a last convolution of 1 x 1."""
    return [
        *(("fc", nn.Linear(24, 32 * 16, bias=False)), ("fc_norm", nn.BatchNorm1d(32 * 16)), ("a0", nn.ReLU())),
        ("fold", nn.Unflatten(1, (32, 4, 4))),
        *(("up1", _up(32, 32, 4, 2, 1)), ("up1_norm", nn.BatchNorm2d(32)), ("a1", nn.ReLU())),
        *(("up2", _up(32, 24, 4, 2, 1)), ("up2_norm", nn.BatchNorm2d(24)), ("a2", nn.ReLU())),
        *(("up3", _up(24, 16, 4, 2, 1)), ("up3_norm", nn.BatchNorm2d(16)), ("a3", nn.ReLU())),
        *(("up4", _up(16, 3, 1, 1, 0, bias=True)), ("a4", nn.Tanh())),
    ]


def _large() -> list[tuple[str, nn.Module]]:
    widths = (40, 32, 24, 16)
    layers: list[nn.Module] = [_up(24, widths[0], 4, 1, 0), nn.BatchNorm2d(widths[0]), nn.ReLU()]
    for given, made in pairwise(widths):
        layers += [_up(given, made, 4, 2, 1), nn.BatchNorm2d(made), nn.ReLU()]
    return _main(*layers, _up(widths[-1], 3, 4, 2, 1), nn.Tanh())


STACKS: Final[dict[str, Stack]] = {
    "plain-32": Stack(
        layers=_plain, size=32, latent=24, stride=(1, 2, 2, 2), padding=(0, 1, 1, 1), activation=("relu",) * 3
    ),
    "grey-28": Stack(
        layers=_grey,
        size=28,
        latent=20,
        stride=(1, 2, 2),
        padding=(0, 1, 1),
        activation=("leaky-0.2",) * 2,
        prior="uniform",
    ),
    "uneven-28": Stack(
        layers=_uneven, size=28, latent=16, stride=(1, 1, 2, 2), padding=(0, 0, 0, 0), activation=("relu",) * 3
    ),
    "mixed-32": Stack(
        layers=_mixed,
        size=32,
        latent=24,
        stride=(1, 1, 2, 2, 2),
        padding=(0, 1, 1, 1, 1),
        activation=("none", "leaky-0.2", "leaky-0.2", "leaky-0.2"),
        prior="uniform",
    ),
    "odd-28": Stack(
        layers=_odd,
        size=28,
        latent=24,
        stride=(2, 2),
        padding=(2, 2),
        extra=(1, 1),
        activation=("relu",) * 2,
        flat=True,
    ),
    "flat-32": Stack(
        layers=_flat,
        size=32,
        latent=24,
        stride=(2, 2, 2, 1),
        padding=(1, 1, 1, 0),
        activation=("relu",) * 4,
        flat=True,
    ),
    "large-64": Stack(
        layers=_large,
        size=64,
        latent=24,
        stride=(1, 2, 2, 2, 2),
        padding=(0, 1, 1, 1, 1),
        activation=("relu",) * 4,
    ),
}
"""By name and size."""
