"""The search of method `blind`, and the question about each image put back. With torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from wherefrom.core.arrays import Scores, Seeds
from wherefrom.core.tensors import Images, check_images
from wherefrom.images.batches import to_pixels
from wherefrom.methods.arithmetic.columns import TURNS
from wherefrom.methods.arithmetic.pose_search import CLEAR, PosedImage, find_pose
from wherefrom.methods.arithmetic.poses import AS_IT_IS, has_grid, put_back
from wherefrom.methods.arithmetic.reconstructions import check_encoder
from wherefrom.methods.arithmetic.scale_candidates import Candidate, named_candidates, possible_candidates
from wherefrom.methods.arithmetic.scales import ScaledImage, find_scale
from wherefrom.methods.arithmetic.wrapping import settled_rows
from wherefrom.methods.base import Method, Settled
from wherefrom.models.adapters.through import through
from wherefrom.models.base import Autoencoder, SupportsParts

if TYPE_CHECKING:
    from wherefrom.inversion.results import Report

__all__ = ["FoundImage", "Search", "put_back_and_ask"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """What is searched for.

    Attributes:
        crop: where the grid starts.
        turns: which way the image was turned.
        scales: by which it may have been resized, apart from 1; None for all that its size allows.
        reconstructions: of the whole image, that asking the decoder how it lies may cost.
    """

    crop: bool
    turns: bool
    scales: tuple[float, ...] | None
    reconstructions: float


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundImage:
    """An image as it is asked about, and what was found of it.

    Attributes:
        image: `(1, 3, h, w)`, put back.
        posed: how it lay.
        searched: whether it was large enough to be searched, and the model has a grid.
        scale: by which it was resized since the decoder made it.
    """

    image: Images
    posed: PosedImage
    searched: bool
    scale: float = 1.0

    @property
    def columns(self) -> dict[str, float]:
        """What was found, as numbers."""
        pose = self.posed.pose
        return {
            "found_top": pose.top,
            "found_left": pose.left,
            "found_turn": ("", *TURNS).index(pose.turn),
            "found_scale": self.scale,
            "found_lattice": self.posed.lattice,
            "found_lead": self.posed.lead,
            "found_margin": self.posed.margin,
            "found_searched": float(self.searched),
        }


def put_back_and_ask(
    method: Method[Any], search: Search, model: Autoencoder, images: Images, seeds: Seeds, report: Report | None
) -> Iterator[Settled]:
    """Each image searched, put back and asked about; images that come to one size and scale are asked together.

    Args:
        method: that asks.
        search: what is searched for.
        model: on its device.
        images: `(n, 3, h, w)` in [0, 1], on the model's device.
        seeds: one an image.
        report: told how far a method is that takes long.

    Raises:
        ImageError: when the shape is not `(n, 3, h, w)`.
        ModelError: when the model has no encoder.
    """
    check_images(images)
    check_encoder(model)
    found_images = [_found(search, model, image) for image in images.split(1)]
    groups: dict[tuple[float, int, int], list[int]] = {}
    for row, one in enumerate(found_images):
        groups.setdefault((one.scale, *one.image.shape[2:]), []).append(row)
    for (scale, *_), rows in groups.items():
        together = torch.cat([found_images[row].image for row in rows])
        asked = model if scale == 1 else through(model, f"resize:{scale:g}")
        for settled in settled_rows(method, asked, together, seeds[rows], report):
            yield _with_columns(settled, rows, found_images)


def _with_columns(settled: Settled, rows: Sequence[int], found_images: Sequence[FoundImage]) -> Settled:
    """The answer about an image of a group, as that about its row of the batch."""
    row = rows[settled.row]
    if settled.scores is None:
        return Settled(row=row, error=settled.error)
    added = {name: np.array([float(value)]) for name, value in found_images[row].columns.items()}
    return Settled(row=row, scores=Scores({**settled.scores.columns, **added}))


def _found(search: Search, model: Autoencoder, image: Images) -> FoundImage:
    """One image put back: on the grid at its own scale, or at the scale that the decoder tells."""
    if not has_grid(model, (image.shape[2], image.shape[3])):
        return FoundImage(image=_whole_cells(model, image), posed=PosedImage(pose=AS_IT_IS), searched=False)
    posed = find_pose(model, image, crop=search.crop, turns=search.turns, reconstructions=search.reconstructions)
    upright = put_back(image, posed.pose, model.factor)
    if (search.scales is None or search.scales) and not _shows_own_grid(posed):
        candidate, scaled = _scaled(search, model, image, upright, stored=posed.stored)
        if candidate is not None:
            posed = PosedImage(pose=AS_IT_IS, lattice=scaled.evidence, lead=scaled.lead)
            height, width = candidate.seen
            part = image[:, :, :height, :width].contiguous()
            return FoundImage(image=part, posed=posed, searched=True, scale=scaled.scale)
    return FoundImage(image=upright, posed=posed, searched=True)


def _shows_own_grid(posed: PosedImage) -> bool:
    """Whether the pixels alone tell where the grid starts, which they do not once an image was resized.

    After a JPEG they seem to: its grid may fall together with the decoder's.
    """
    return posed.lead >= CLEAR and not posed.stored


def _whole_cells(model: Autoencoder, image: Images) -> Images:
    """An image that is not searched, without the last rows and columns where a model that takes any size needs it."""
    if model.size is not None or isinstance(model, SupportsParts) or min(image.shape[2:]) < model.factor:
        return image
    return put_back(image, AS_IT_IS, model.factor)


def _scaled(
    search: Search, model: Autoencoder, image: Images, upright: Images, *, stored: bool
) -> tuple[Candidate | None, ScaledImage]:
    """By how much an image was resized, and the evidence; None for an image at its own scale.

    Args:
        search: what is searched for.
        model: on its device.
        image: `(1, 3, h, w)`.
        upright: the same, put back on the grid as if it had not been resized.
        stored: whether the pixels show the grid of a JPEG.
    """
    (pixels,), size = to_pixels(image), (image.shape[2], image.shape[3])
    candidates = (
        possible_candidates(size, model.factor)
        if search.scales is None
        else named_candidates(search.scales, size, model.factor)
    )
    scaled = find_scale(model, pixels, candidates, upright, search.reconstructions, stored=stored)
    return next((one for one in candidates if one.scale == scaled.scale), None), scaled
