"""Small decoders to search, and searches of them, for the tests of inversion."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from tests.unit.models import tiny
from wherefrom.core.arrays import Seeds
from wherefrom.core.card import Card
from wherefrom.core.seeds import seeds_of
from wherefrom.core.tensors import Images, Latents, generator
from wherefrom.core.units import Metric
from wherefrom.inversion.distance import Distance
from wherefrom.inversion.invert import invert
from wherefrom.inversion.optimisers import Adam, Optimiser
from wherefrom.inversion.results import SearchResult, Step
from wherefrom.inversion.search import Plateau, Race, Search, Stop
from wherefrom.models.adapters.generator import adapted
from wherefrom.models.architectures.base import Built
from wherefrom.models.base import Autoencoder, Decoder
from wherefrom.models.opening.autoencoder import wrap_autoencoder
from wherefrom.models.toy import Toy

NAMES = ("toy", "dcgan", "vae", "kl", "tiny")
_WIDE = 8
_WIDTH = 4  # latents that the generators' adapter computes together


def _upwards(*first: nn.Module) -> nn.Sequential:
    """From 4 x 4 to 16 x 16 pixels in [0, 1], by transposed convolutions with batch norm."""
    layers = [nn.BatchNorm2d(_WIDE), nn.ReLU(), nn.ConvTranspose2d(_WIDE, _WIDE, 4, 2, 1, bias=False)]
    layers += [nn.BatchNorm2d(_WIDE), nn.ReLU(), nn.ConvTranspose2d(_WIDE, 3, 4, 2, 1), nn.Sigmoid()]
    return nn.Sequential(*first, *layers)


def _drawn(module: nn.Module, seed: int) -> nn.Module:
    """Weights from a seed of their own, of a spread that keeps outputs varied."""
    source = generator(seed)
    with torch.no_grad():
        for layer in module.modules():
            for value in layer.parameters(recurse=False):
                terms = value[0].numel() / (4 if isinstance(layer, nn.ConvTranspose2d) else 1)
                scale = 2 / terms**0.5 if value.ndim > 1 else 0.1
                value.copy_(scale * torch.randn(value.shape, generator=source))
            if isinstance(layer, nn.BatchNorm2d):
                layer.weight.add_(1)
                assert layer.running_var is not None
                layer.running_var.copy_(0.5 + torch.rand(_WIDE, generator=source))
    return module


def dcgan_network(seed: int = 1) -> nn.Module:
    """Latents `(8, 1, 1)` to images `(3, 16, 16)` in [0, 1]."""
    return _drawn(_upwards(nn.ConvTranspose2d(8, _WIDE, 4, bias=False)), seed)


def _dcgan() -> Decoder:
    def draw(source: torch.Generator) -> Latents:
        return torch.randn((8, 1, 1), generator=source)

    built = Built(network=dcgan_network(), latent_shape=(8, 1, 1), size=(16, 16), draw=draw, width=_WIDTH)
    return adapted(built, architecture="dcgan", name="dcgan", device="cpu", dtype="float32", notes={})


def _vae() -> Decoder:
    def draw(source: torch.Generator) -> Latents:
        return torch.randn((8,), generator=source)

    network = _drawn(_upwards(nn.Linear(8, 16 * _WIDE), nn.Unflatten(1, (_WIDE, 4, 4))), 2)
    down = [nn.Conv2d(3, _WIDE, 4, 2, 1), nn.ReLU(), nn.Conv2d(_WIDE, _WIDE, 4, 2, 1), nn.ReLU()]
    encoder = _drawn(nn.Sequential(*down, nn.Flatten(), nn.Linear(16 * _WIDE, 8)), 3)
    built = Built(network=network, latent_shape=(8,), size=(16, 16), draw=draw, encoder=encoder, width=_WIDTH)
    return adapted(built, architecture="vae", name="vae", device="cpu", dtype="float32", notes={})


@functools.cache
def model_of(name: str) -> Any:
    """One of `NAMES`, with weights that are always the same; all but `dcgan` have an encoder."""
    if name == "toy":
        return Toy(gain=0.8, bands=2)
    return {"dcgan": _dcgan, "vae": _vae}[name]() if name in ("dcgan", "vae") else wrap_autoencoder(tiny.build(name))


@dataclass(kw_only=True, slots=True)
class Watched:
    """A model that is watched, and spoilt where a test wants it spoilt.

    Attributes:
        model: what it is otherwise.
        width: latents an evaluation that it states.
        fits: with more latents at once it runs out of memory.
        spoil: what becomes of decoded images, given their latents.
        asked: latents of each call of `decode`.
        encoded: images of each call of `encode`.
    """

    model: Any
    width: int | None = None
    fits: int = 10**9
    spoil: Callable[[Images, Latents], Images] = lambda images, _: images
    asked: list[int] = field(default_factory=list)
    encoded: list[int] = field(default_factory=list)

    @property
    def card(self) -> Card:
        card: Card = self.model.card
        return card

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    @property
    def factor(self) -> int:
        return int(self.model.factor)

    @property
    def size(self) -> tuple[int, int] | None:
        size: tuple[int, int] | None = self.model.size
        return size

    def decode(self, latents: Latents) -> Images:
        self.asked.append(len(latents))
        if len(latents) > self.fits:
            raise torch.OutOfMemoryError(f"CUDA out of memory: {len(latents)} latents")
        return self.spoil(self.model.decode(latents), latents)

    def encode(self, images: Images) -> Latents:
        self.encoded.append(len(images))
        latents: Latents = self.model.encode(images)
        return latents

    def draw(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        latents: Latents = self.model.draw(seeds, size=size)
        return latents


def images_of(model: Any, count: int, seed: int = 0, side: int = 16) -> Images:
    """By turns what the model makes and a smooth image of other origin, both stored in 8 bits."""
    coarse = torch.rand((count, 3, 3, 3), generator=generator(seed))
    images = nn.functional.interpolate(coarse, size=(side, side), mode="bicubic").clamp(0, 1)
    with torch.no_grad():
        latents = model.encode(images) if isinstance(model, Autoencoder) else model.draw(seeds(count, "belonging"))
        images[::2] = model.decode(latents)[::2].clamp(0, 1)
    return (images * 255).round() / 255


def seeds(count: int, tag: str = "image") -> Seeds:
    """One an image."""
    return seeds_of(0, [f"{tag} {number}" for number in range(count)])


def drawn_for(model: Any, images: Images, restarts: int = 1) -> Callable[[int], Latents]:
    """Standard normal starts of the model's shape, from each image's own seed."""
    own = seeds(len(images))
    shape = (model.encode(images[:1]) if isinstance(model, Autoencoder) else model.draw(own[:1])).shape[1:]
    return lambda image: torch.randn((restarts, *shape), generator=generator(int(own[image])))


def search_of(
    *,
    steps: int = 300,
    optimiser: Optimiser | None = None,
    metric: Metric = "mse",
    quality: int | None = None,
    plateau: Plateau | None = None,
    race: Race | None = None,
    clamped: bool = False,
    checkpointing: bool = False,
) -> Search:
    """A search with the parts of its parts named side by side; where it starts is said to `find`."""
    return Search(
        optimiser=optimiser or Adam(),
        distance=Distance(metric=metric, quality=quality),
        stop=Stop(steps=steps, plateau=plateau, race=race),
        clamped=clamped,
        checkpointing=checkpointing,
    )


def find(
    model: Any,
    images: Images,
    search: Search,
    *,
    rows: Iterable[int] | None = None,
    restarts: int = 1,
    starts: Callable[[int], Latents] | None = None,
    cuts: torch.Tensor | None = None,
    trace: bool = True,
    report: Callable[[Step], None] | None = None,
) -> dict[int, SearchResult]:
    """Search for some of the images together, in that order; by number, in the order in which they settle.

    Args:
        model: searched.
        images: all there are.
        search: how.
        rows: the numbers of those that are searched; None: of all.
        restarts: starts an image, drawn from its own seed, where no `starts` are given.
        starts: of the image of a number.
        cuts: one for each of all images.
        trace: keep every measured loss.
        report: told after each step.
    """
    chosen = list(range(len(images)) if rows is None else rows)
    begin = drawn_for(model, images, restarts) if starts is None else starts
    bounds = None if cuts is None else cuts[chosen]
    asked = images[chosen]
    found = invert(model, asked, lambda i: begin(chosen[i]), search=search, cuts=bounds, trace=trace, report=report)
    return {chosen[one.image]: replace(one, image=chosen[one.image]) for one in found}
