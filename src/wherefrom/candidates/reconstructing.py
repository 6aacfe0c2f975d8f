"""What the decoders of candidates make of an image, to be shown beside a verdict and never to decide by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import torch

from wherefrom.attribution import Candidate
from wherefrom.core.errors import ImageError
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.images.convert import Pixels
from wherefrom.images.read import ImageRecord
from wherefrom.models.adapters.asked_part import asked_part
from wherefrom.models.base import Autoencoder, SupportsParts
from wherefrom.records.reconstruction import Reconstruction

__all__ = ["reconstructions"]

_SIDE: Final = 256
"""Pixels of the longest side that is asked for: so many are seen at a glance, and cost a fraction of a whole image."""


def reconstructions(candidates: Sequence[Candidate]) -> Callable[[ImageRecord], Mapping[str, Reconstruction]]:
    """A function that gives, of an image, what the decoder of each candidate makes of it.

    A candidate without a model, or whose model has no encoder, has none, nor has one that cannot be asked about the
    image. A large image is asked about in its middle, at most 256 pixels a side.

    Args:
        candidates: with their models opened, as by `open_candidates`.
    """
    models = {each.name: each.model for each in candidates if isinstance(each.model, Autoencoder)}

    def made(record: ImageRecord) -> dict[str, Reconstruction]:
        pairs = {name: _made_again(model, record.pixels) for name, model in models.items()}
        return {name: pair for name, pair in pairs.items() if pair is not None}

    return made


def _made_again(model: Autoencoder, pixels: Pixels) -> Reconstruction | None:
    """The middle of what the model can be asked about, and what it makes of that; None where it cannot be asked."""
    if isinstance(model, SupportsParts):
        return None  # its part is no rectangle of its own grid that could be cut smaller
    try:
        part = asked_part(pixels, model)
    except ImageError:
        return None
    top = left = 0
    if model.size is None:
        (top, height), (left, width) = (_middle(side, model.factor) for side in part.shape[:2])
        part = part[top : top + height, left : left + width]
    with torch.inference_mode():
        again = model.decode(model.encode(to_images([part]).to(model.device)))
    return Reconstruction(part=part, again=to_pixels(again)[0], left=left, top=top)


def _middle(side: int, factor: int) -> tuple[int, int]:
    """Where the middle of a side begins and how long it is, on the grid of the decoder."""
    length = min(side, max(1, _SIDE // factor) * factor)
    return (side - length) // 2 // factor * factor, length
