"""A generator out of a user's own code: a plain network that says what it takes and what it makes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import nn

from wherefrom.core.card import Fact
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.core.tensors import building, generator
from wherefrom.models.adapters.generator import adapted
from wherefrom.models.architectures.base import Built
from wherefrom.models.architectures.base.options import PRIORS, choice, drawing, numbers
from wherefrom.models.base import Decoder

__all__ = ["OPTIONS", "RANGES", "wrap_generator"]

OPTIONS: Final[Mapping[str, str]] = {
    "latent_shape": "shape of one latent, as 100 or 100,1,1; by default the module's attribute latent_shape",
    "size": "of its images in pixels, WIDTHxHEIGHT or one side; by default the attribute size, (height, width)",
    "range": "of its outputs, -1,1 or 0,1; by default the attribute range",
    "prior": "of its latents, normal or uniform; by default the attribute prior, else normal",
}
RANGES: Final = ("-1,1", "0,1")
"""Ranges of a network's outputs that can be named."""

_PROBES: Final = 4


class _Scaled(nn.Module):
    """Outputs in [-1, 1] as images in [0, 1]."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        images: torch.Tensor = self.network(latents)
        return images * 0.5 + 0.5


def wrap_generator(
    module: nn.Module, *, name: str, options: Mapping[str, Fact], device: str, dtype: str, notes: Mapping[str, Fact]
) -> Decoder:
    """A network built in memory as a decoder; it is copied and left as it is.

    Args:
        module: called as `module(latents)`, gives `(n, 1 | 3, h, w)`.
        name: for the card and for messages.
        options: `OPTIONS`, over the module's own attributes.
        device: as in `load_model`.
        dtype: as in `load_model`.
        notes: for the card.

    Raises:
        ModelError: when it does not say what it takes and makes, or makes something else.
        UsageError: when an option is none of `OPTIONS`, or has a wrong value.
    """
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise UsageError(f"{name} has no option {', '.join(unknown)}: a generator of your own has {', '.join(OPTIONS)}")
    config = {**_stated(module), **options}
    shape, size = numbers(config, "latent_shape"), _size(config, options)
    if shape is None or size is None:
        absent = "latent_shape" if shape is None else "size"
        raise ModelError(
            f"{name} is a network ({type(module).__name__}) that does not state its {absent}: give it the attribute"
            f" {absent}, or the option {absent}={'100' if shape is None else '64x64'}"
        )
    prior = choice(config, "prior", PRIORS) or "normal"
    with building(), torch.no_grad():
        copied = copy.deepcopy(module)
        network = _ranged(
            copied, config, name, torch.stack([drawing(prior, shape)(generator(n)) for n in range(_PROBES)])
        )
        built = Built(
            network=network,
            latent_shape=shape,
            size=size,
            draw=drawing(prior, shape),
            facts={"range": RANGES[0] if network is not copied else RANGES[1], "prior": prior},
        )
    recorded = {"options": tuple(sorted(options.items()))} if options else {}
    return adapted(
        built, architecture=type(module).__name__, name=name, device=device, dtype=dtype, notes={**recorded, **notes}
    )


def _stated(module: nn.Module) -> dict[str, Any]:
    """What the module's attributes say."""
    return {key: getattr(module, key) for key in OPTIONS if getattr(module, key, None) is not None}


def _size(config: Mapping[str, Any], options: Mapping[str, Fact]) -> tuple[int, int] | None:
    """`(height, width)`: the attribute's order, or of a person's WIDTHxHEIGHT."""
    stated = numbers(config, "size")
    if stated is None:
        return None
    sides = stated * 2 if len(stated) == 1 else stated
    if len(sides) != 2 or min(sides) < 1:
        raise UsageError(f"size={config['size']!r}, need one side or WIDTHxHEIGHT in pixels")
    return (sides[1], sides[0]) if isinstance(options.get("size"), str) else (sides[0], sides[1])


def _ranged(network: nn.Module, config: Mapping[str, Any], name: str, latents: torch.Tensor) -> nn.Module:
    """The network with outputs in [0, 1]; without a word on its range, the reason why none is guessed."""
    stated = config.get("range")
    text = ",".join(f"{float(end):g}" for end in stated) if isinstance(stated, tuple | list) else stated
    if text is not None:
        known = choice({"range": str(text).replace(" ", "")}, "range", RANGES)
        return _Scaled(network) if known == RANGES[0] else network
    try:
        images = network.cpu().float().eval()(latents)
        seen = f"{float(images.min()):.3g} to {float(images.max()):.3g}"
    except Exception as error:  # whatever the user's code raises
        raise ModelError(
            f"{name} failed on latents {tuple(latents.shape)} ({type(error).__name__}: {error})"
        ) from error
    raise ModelError(
        f"{name} does not state the range of its outputs: {len(latents)} draws ran from {seen}; give it the attribute"
        f" range, or the option range=-1,1 or range=0,1"
    )
