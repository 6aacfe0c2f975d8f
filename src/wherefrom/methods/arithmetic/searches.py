"""What the methods that search share: starts, one row an image, columns. Torch only inside the functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from wherefrom.core.arrays import Scores, Seeds
from wherefrom.core.errors import ImageError, ModelError
from wherefrom.methods.base import Settled

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images, Latents
    from wherefrom.inversion.results import Report, SearchResult
    from wherefrom.inversion.search import Search
    from wherefrom.models.base import Decoder

__all__ = ["columns", "gathered", "search_from", "starts_of"]

_FEWEST: Final = 32
_EACH_CLASS: Final = 8
_MOST: Final = 256
"""Starts an image where their number is not given: at least, for each class that is searched, and at most."""


def starts_of(search: Search, model: Decoder, images: Images, seeds: Seeds) -> Callable[[int], Latents]:
    """The starts of image i, `(restarts, ...)`: the encoder's latent first where it is one of them, then draws.

    Draw r of an image comes from a seed of its own that depends on the image's seed and r alone. Where latents carry
    their class, the draws are spread over the classes; a latent model without statistics of its latents starts from
    normal ones in the units of its generator.

    Args:
        search: its `start` and `restarts`.
        model: on its device.
        images: `(n, 3, h, w)` in [0, 1], on the model's device.
        seeds: one an image.

    Raises:
        ModelError: when the encoder's latent is asked for and the model has no encoder.
    """
    import torch

    from wherefrom.models.base import Autoencoder, search_starts_of

    if search.start in ("encoder", "both") and not isinstance(model, Autoencoder):
        raise ModelError(f"{model.card.name} has no encoder, which start={search.start!r} needs: use start='random'")
    by_encoder = search.start != "random" and isinstance(model, Autoencoder)
    draws = 0 if search.start == "encoder" else _restarts_of(search, model) - by_encoder
    size = (int(images.shape[2]), int(images.shape[3]))
    draw = search_starts_of(model)

    def start(image: int) -> Latents:
        parts = []
        if by_encoder and isinstance(model, Autoencoder):
            parts.append(model.encode(images[image : image + 1]))
        if draws:
            own = np.random.SeedSequence(int(seeds[image])).generate_state(draws, np.uint64) >> np.uint64(1)
            parts.append(draw(own, size=size).to(images.device))
        return torch.cat(parts)

    return start


def _restarts_of(search: Search, model: Decoder) -> int:
    """How many starts an image has: as asked for, else by how many classes are searched."""
    from wherefrom.models.base import ClassConditional

    if search.restarts is not None:
        return search.restarts
    classes = model.classes if isinstance(model, ClassConditional) else None
    return min(max(_FEWEST, _EACH_CLASS * (classes or 0)), _MOST)


def search_from(
    search: Search,
    model: Decoder,
    images: Images,
    seeds: Seeds,
    *,
    cut: float | None = None,
    report: Report | None = None,
) -> Iterator[Settled]:
    """A search of each image as one row, as soon as it is there.

    Args:
        search: how.
        model: on its device.
        images: `(n, 3, h, w)` in [0, 1], on the model's device.
        seeds: one an image.
        cut: the loss below which an image leaves; None: none leaves early.
        report: told after each step of the batch.
    """
    import torch

    from wherefrom.inversion.invert import invert

    cuts = None if cut is None else torch.full((len(images),), cut, dtype=torch.float64, device="cpu")
    starts = starts_of(search, model, images, seeds)
    columns_of = _columns_of(model)
    for result in invert(model, images, starts, search=search, cuts=cuts, report=report):
        if result.error is not None:
            yield Settled(row=result.image, error=result.error)
        else:
            yield Settled(row=result.image, scores=columns_of(result))


def columns(result: SearchResult) -> Scores:
    """What a search found as one row: the loss that remains, that of the start, decoder calls, the best restart."""
    numbers = {"loss": result.loss, "start": result.start, "calls": result.calls, "restart": result.restart}
    return Scores({name: np.array([value], dtype=np.float64) for name, value in numbers.items()})


def _columns_of(model: Decoder) -> Callable[[SearchResult], Scores]:
    """`columns`; of a model whose latents carry their class, `class` too: that of the best latent."""
    from wherefrom.models.base import ClassConditional

    if not isinstance(model, ClassConditional) or model.classes is None:
        return columns

    def more(result: SearchResult) -> Scores:
        assert result.latent is not None
        return Scores({**columns(result).columns, "class": np.array([float(result.latent[-1])])})

    return more


def gathered(rows: Iterable[Settled], count: int) -> Scores:
    """All rows of a batch in their order.

    Args:
        rows: one an image, in any order.
        count: how many images there are.

    Raises:
        ImageError: when an image has no numbers, with the reason of the first.
    """
    ordered = sorted(rows, key=lambda row: row.row)
    for row in ordered:
        if row.error is not None:
            raise ImageError(f"image {row.row + 1} of {count}: {row.error}")
    return Scores.concatenate([row.scores for row in ordered if row.scores is not None])
