"""What a model must offer. An adapter satisfies these by shape; nothing inherits from them."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from wherefrom.core.arrays import Seeds
from wherefrom.core.card import Card

if TYPE_CHECKING:
    import torch

    from wherefrom.core.tensors import Images, Latents

__all__ = [
    "Autoencoder",
    "ClassConditional",
    "Decoder",
    "Model",
    "SupportsParts",
    "SupportsSearchStarts",
    "UpscalingAutoencoder",
    "former_spread",
    "search_starts_of",
]


@runtime_checkable
class Model(Protocol):
    """Anything with a card and a device.

    `card.facts` of a model hold at least `architecture`, `decoder` (digest of the decoder's weights), `dtype`, `device`
    (its type: `cpu`, `cuda`) and, for an autoencoder, `encoder`. `card.notes` hold `source`, `family`, `licence` and
    `sizes`. A model may also have `parameters`, how many numbers its weights are.
    """

    @property
    def card(self) -> Card:
        """Name and every fact that changes the numbers."""
        ...

    @property
    def device(self) -> torch.device:
        """Where images and latents must be."""
        ...

    @property
    def factor(self) -> int:
        """Both sides of an image must be multiples of this many pixels."""
        ...

    @property
    def size(self) -> tuple[int, int] | None:
        """The only `(height, width)` that the model makes, or None when any multiple of `factor` will do."""
        ...


@runtime_checkable
class SupportsParts(Model, Protocol):
    """A model that says itself which part of an image it can be asked about, as one behind an edit does."""

    def part(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Top, left, height and width in pixels of the part of an image that the model can be asked about.

        Args:
            size: `(height, width)` of the image.

        Raises:
            ImageError: when the image is too small for any.
        """
        ...


@runtime_checkable
class Decoder(Model, Protocol):
    """All that inversion needs: GAN, VAE, consistency model, the decoder of a latent model."""

    def decode(self, latents: Latents) -> Images:
        """Latents to images `(n, 3, h, w)` float32, nominally in [0, 1], not clamped; differentiable in `latents`.

        Row i depends on latent i alone, on a GPU but for the order of sums.
        """
        ...

    def draw(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        """Latents of new images, one a seed; the same seed gives the same latent on every device.

        Args:
            seeds: one a latent.
            size: `(height, width)` in pixels of the images wanted; None is the model's native size.

        Raises:
            ModelError: when the model cannot make that size, or cannot draw latents at all.
        """
        ...


@runtime_checkable
class Autoencoder(Decoder, Protocol):
    """A decoder with the encoder it was trained with."""

    def encode(self, images: Images) -> Latents:
        """Images `(n, 3, h, w)` in [0, 1] to latents: the posterior's mode, never a sample.

        Row i depends on image i alone, on a GPU but for the order of sums.

        Raises:
            ImageError: when the shape is not `(n, 3, h, w)` or a side is no multiple of `factor`.
        """
        ...


@runtime_checkable
class UpscalingAutoencoder(Autoencoder, Protocol):
    """An autoencoder whose latents are small images, `(n, 3, h, w)` in [0, 1]: an upscaler."""

    @property
    def multiple(self) -> int:
        """The sides of a small image are multiples of this."""
        ...


@runtime_checkable
class SupportsSearchStarts(Decoder, Protocol):
    """A decoder that knows better starts for a search than draws of its prior."""

    def search_starts(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        """As `draw`, for the starts of one search: over all classes, or from a prior that `draw` does not vouch for.

        Args:
            seeds: one a latent.
            size: `(height, width)` in pixels of the images wanted; None is the model's own.

        Raises:
            ModelError: when it makes no images of that size.
        """
        ...


@runtime_checkable
class ClassConditional(Decoder, Protocol):
    """A decoder whose latents may carry the class that they are decoded with, so that a search finds that too."""

    @property
    def classes(self) -> int | None:
        """How many; the last number of a flat latent is then its class. None where latents carry none."""
        ...

    def labels(self, seeds: Seeds) -> list[int]:
        """The class that `draw` draws with each seed; 0 where latents carry none."""
        ...


class DrawsLatents(Protocol):
    """Latents, one a seed: `Decoder.draw` and `SupportsSearchStarts.search_starts`."""

    def __call__(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents: ...


def search_starts_of(model: Decoder) -> DrawsLatents:
    """What gives the starts of a search in a decoder: its own starts where it knows better ones, else its draws.

    Args:
        model: to be searched. One whose starts still have their former name, `spread`, is told so by a warning.
    """
    if isinstance(model, SupportsSearchStarts):
        return model.search_starts
    former: DrawsLatents | None = getattr(model, "spread", None)
    if former is None:
        return model.draw
    text = f"{type(model).__name__}.spread is now called search_starts: rename it"
    warnings.warn(text, DeprecationWarning, stacklevel=2)
    return former


def former_spread(model: SupportsSearchStarts, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
    """The former name of `SupportsSearchStarts.search_starts`, which answers for one version more.

    Args:
        model: one of this package.
        seeds: one a latent.
        size: as for `search_starts`.
    """
    text = f"{type(model).__name__}.spread is now called search_starts: use that"
    warnings.warn(text, DeprecationWarning, stacklevel=2)
    return model.search_starts(seeds, size=size)


_FORMER_NAMES: Final = {
    "Classed": ClassConditional,
    "Enlarging": UpscalingAutoencoder,
    "Parting": SupportsParts,
    "Spreading": SupportsSearchStarts,
}
"""Names of before, which answer for one version more."""


def __getattr__(name: str) -> Any:
    if name not in _FORMER_NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    present = _FORMER_NAMES[name]
    text = f"{__name__}.{name} is now called {present.__name__}: use that"
    warnings.warn(text, DeprecationWarning, stacklevel=2)
    return present
