"""The network that is inverted: a latent in z, w or w+, truncation, then synthesis."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

import torch
from torch import nn

from wherefrom.core.card import Fact
from wherefrom.core.errors import UsageError
from wherefrom.models.architectures.base import Config
from wherefrom.models.architectures.base.options import Label, choice, drawing, label_of, whole

__all__ = ["OPTIONS", "Choices", "MappingNetwork", "SynthesisNetwork", "WholeGenerator", "choices", "drawn"]

Draw: TypeAlias = Callable[[torch.Generator, int | None], torch.Tensor]

_SPACES: Final = ("z", "w", "w+")
OPTIONS: Final = {
    "latent": "what is searched: z (default), w, or w+, a w of its own for each layer",
    "class": "number of the class, from 0, or search where it is not known; by default the label of zeros",
    "psi": "truncation: how far w goes from its mean; by default 1, all the way",
    "cutoff": "how many layers are truncated, from the first; by default all",
}
"""What both families can be told."""


class MappingNetwork(Protocol):
    """A mapping network, a module."""

    def __call__(self, z: torch.Tensor, label: int | torch.Tensor | None) -> torch.Tensor:
        """Latents `(n, z)` to w `(n, w)`, of one class or each of its own."""
        ...

    def centre(self, label: int | torch.Tensor | None) -> torch.Tensor:
        """The mean of w `(w,)`, or `(n, w)` where each class has its own and so has each image."""
        ...


class SynthesisNetwork(Protocol):
    """A synthesis network, a module."""

    @property
    def count(self) -> int:
        """How many w an image is made of."""
        ...

    def __call__(self, w: torch.Tensor) -> torch.Tensor:
        """One w for each layer, `(n, count, w)`, to images `(n, c, h, w)`, nominally in [-1, 1]."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What a person chose of `OPTIONS`.

    Attributes:
        space: `z`, `w` or `w+`.
        label: the class; without a number, and not searched, the label of zeros.
        psi: of truncation.
        cutoff: layers that are truncated; None is all of them.
    """

    space: str = "z"
    label: Label = field(default_factory=Label)
    psi: float = 1.0
    cutoff: int | None = None

    def facts(self) -> dict[str, Fact]:
        """For the card."""
        return {"latent": self.space, "class": self.label.fact, "psi": self.psi, "cutoff": self.cutoff}


def choices(config: Config, *, classes: int, layers: int) -> Choices:
    """What a configuration says of `OPTIONS`.

    Args:
        config: see `OPTIONS`.
        classes: how many classes the network knows; 0 where it has no labels.
        layers: how many w an image is made of.

    Raises:
        UsageError: when a value is out of range.
    """
    psi, cutoff = _psi(config.get("psi")), whole(config, "cutoff", below=layers + 1)
    return Choices(
        space=choice(config, "latent", _SPACES) or "z",
        label=label_of(config, classes or None, default=None),
        psi=1.0 if cutoff == 0 else psi,
        cutoff=None if psi == 1 or cutoff in (0, layers) else cutoff,
    )


def _psi(value: Fact) -> float:
    if value is None:
        return 1.0
    try:
        psi = float(str(value))
    except ValueError:
        psi = 0.0
    if not 0 < abs(psi) <= 10:
        raise UsageError(f"psi={value!r}, need a number other than 0 with |psi| <= 10: 1 is no truncation")
    return psi


class WholeGenerator(nn.Module):
    """Latents to images: `z` is mapped, `w` is taken as it is, both for every layer; `w+` is one w a layer.

    Truncation belongs to the generator in each of them: `w' = mean + psi (w - mean)` in the first `cutoff` layers. So
    the w of an image is its z mapped, whatever psi.

    Args:
        mapping: from z to w.
        synthesis: from w to images.
        chosen: space, label and truncation.
        centroids: means of w `(k, w)`, towards the nearest of which each w is drawn in place of the usual one.
    """

    mapping: MappingNetwork
    synthesis: SynthesisNetwork

    centroids: torch.Tensor | None

    def __init__(
        self,
        mapping: MappingNetwork,
        synthesis: SynthesisNetwork,
        chosen: Choices,
        centroids: torch.Tensor | None = None,
    ) -> None:
        super().__init__()
        self.mapping = mapping
        self.synthesis = synthesis
        self._chosen = chosen
        self.register_buffer("centroids", centroids, persistent=False)

    def styles(self, latents: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Latents to one truncated w for each layer, `(n, layers, w)`; labels `(n,)` where the class is searched.

        Args:
            latents: `(n, *shape)` of the space that is searched.
            labels: `(n,)` where the class is searched, else None.
        """
        chosen, count = self._chosen, self.synthesis.count
        label = chosen.label.number if labels is None else labels
        w = self.mapping(latents, label) if chosen.space == "z" else latents
        w = w if chosen.space == "w+" else w[:, None].expand(-1, count, -1)
        if chosen.psi == 1:
            return w
        mean = self._mean(w, label)
        if chosen.cutoff is None:
            return torch.lerp(mean, w, chosen.psi)
        return torch.cat([torch.lerp(mean, w[:, : chosen.cutoff], chosen.psi), w[:, chosen.cutoff :]], 1)

    def _mean(self, w: torch.Tensor, label: int | torch.Tensor | None) -> torch.Tensor:
        """Towards which w `(n, layers, w)` is drawn: `(w,)`, or `(n, 1, w)` by each image's first w or class."""
        if self.centroids is None:
            centre = self.mapping.centre(label)
            return centre if centre.ndim == 1 else centre[:, None]
        apart = (w[:, :1] - self.centroids).square().sum(2)
        return self.centroids[apart.argmin(1)][:, None]

    def forward(self, latents: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Latents, and labels `(n,)` where the class is searched, to images in [0, 1], not clamped.

        Args:
            latents: `(n, *shape)` of the space that is searched.
            labels: `(n,)` where the class is searched, else None.
        """
        return self.synthesis(self.styles(latents, labels)) * 0.5 + 0.5


def drawn(network: WholeGenerator, chosen: Choices, z_width: int) -> tuple[tuple[int, ...], Draw]:
    """The shape of a latent, and what draws one of a class as in training: z from the standard normal distribution.

    A w is the map of such a z, and a w+ that w for every layer, by a copy of the mapping network that stays on the CPU.

    Args:
        network: the whole generator.
        chosen: what options say of the latent.
        z_width: numbers of a z.
    """
    normal = drawing("normal", (z_width,))
    if chosen.space == "z":
        return (z_width,), lambda source, _label: normal(source)
    mapping, count = copy.deepcopy(network.mapping), network.synthesis.count

    @torch.no_grad()
    def mapped(source: torch.Generator, label: int | None) -> torch.Tensor:
        w = mapping(normal(source)[None], label)
        return w[0] if chosen.space == "w" else w.repeat(count, 1)

    width = len(mapping.centre(chosen.label.number))
    return (width,) if chosen.space == "w" else (count, width), mapped
