"""The search of method `blind`, and the question about each image put back. With torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from wherefrom.core.arrays import Scores, Seeds
from wherefrom.core.errors import ImageError
from wherefrom.core.tensors import Images, check_images
from wherefrom.core.units import ROUNDING
from wherefrom.measures.distances import mse
from wherefrom.methods.arithmetic.columns import TURNS
from wherefrom.methods.arithmetic.control_copies import turned
from wherefrom.methods.arithmetic.poses import AS_IT_IS, PosedImage, find_pose, has_grid, put_back
from wherefrom.methods.arithmetic.reconstructions import check_encoder
from wherefrom.methods.arithmetic.wrapping import settled_rows
from wherefrom.methods.base import Method, Settled
from wherefrom.models.adapters.through import through
from wherefrom.models.base import Autoencoder, SupportsParts

if TYPE_CHECKING:
    from wherefrom.inversion.results import Report

__all__ = ["FoundImage", "Search", "put_back_and_ask"]

_COPY = "turn180"


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """What is searched for.

    Attributes:
        crop: where the grid starts.
        turns: which way the image was turned.
        scales: by which it may have been resized, apart from 1.
        reconstructions: of the whole image, that asking the decoder how it lies may cost.
    """

    crop: bool
    turns: bool
    scales: tuple[float, ...]
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
    asked = {1.0: model, **{scale: through(model, f"resize:{scale:g}") for scale in search.scales}}
    found_images = [_found(search, asked, image) for image in images.split(1)]
    groups: dict[tuple[float, int, int], list[int]] = {}
    for row, one in enumerate(found_images):
        groups.setdefault((one.scale, *one.image.shape[2:]), []).append(row)
    for (scale, *_), rows in groups.items():
        together = torch.cat([found_images[row].image for row in rows])
        for settled in settled_rows(method, asked[scale], together, seeds[rows], report):
            yield _with_columns(settled, rows, found_images)


def _with_columns(settled: Settled, rows: Sequence[int], found_images: Sequence[FoundImage]) -> Settled:
    """The answer about an image of a group, as that about its row of the batch."""
    row = rows[settled.row]
    if settled.scores is None:
        return Settled(row=row, error=settled.error)
    added = {name: np.array([float(value)]) for name, value in found_images[row].columns.items()}
    return Settled(row=row, scores=Scores({**settled.scores.columns, **added}))


def _found(search: Search, asked: dict[float, Any], image: Images) -> FoundImage:
    """One image put back; of several scales the one at which it stands out most from its own copy."""
    model = asked[1.0]
    parts = {scale: _part(asked[scale], image) for scale in search.scales}
    upright = PosedImage(pose=AS_IT_IS)
    resized = [
        FoundImage(image=part, posed=upright, searched=True, scale=scale)
        for scale, part in parts.items()
        if part is not None
    ]
    every = [_posed(search, model, image), *resized]
    if not resized:
        return every[0]
    return min(every, key=lambda one: _against_copy(asked[one.scale], one.image))


def _posed(search: Search, model: Autoencoder, image: Images) -> FoundImage:
    """One image put back on the grid, at its own scale."""
    if not has_grid(model, (image.shape[2], image.shape[3])):
        return FoundImage(image=image, posed=PosedImage(pose=AS_IT_IS), searched=False)
    posed = find_pose(model, image, crop=search.crop, turns=search.turns, reconstructions=search.reconstructions)
    return FoundImage(image=put_back(image, posed.pose, model.factor), posed=posed, searched=True)


def _part(model: Any, image: Images) -> Images | None:
    """The part of an image that a resized model can be asked about; None where there is none."""
    assert isinstance(model, SupportsParts)
    try:
        top, left, height, width = model.part((image.shape[2], image.shape[3]))
    except ImageError:
        return None
    return image[:, :, top : top + height, left : left + width].contiguous()


@torch.inference_mode()
def _against_copy(model: Autoencoder, image: Images) -> float:
    """The log loss of an image minus that of its copy turned upside down: near 0 unless the decoder made it so."""
    both = [image, turned(image, _COPY)]
    image_loss, copy = (float(mse(model.decode(model.encode(one)), one).double()[0] + ROUNDING) for one in both)
    return float(np.log(image_loss / copy))
