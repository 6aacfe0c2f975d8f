"""The search for how an image lies on a decoder's grid. With torch.

The lattice tells the pose from the pixels, without a network. Where another pose is nearly as evident, as after a JPEG
or WebP or where the decoder's pattern is weak, the decoder is asked about all poses, or the most evident of them.
Whether the pixels show the grid of a JPEG says which of the lattice's filters is asked. Every image is searched in the
same way, whatever it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
import torch

from wherefrom.core.tensors import Images
from wherefrom.images.batches import to_pixels
from wherefrom.measures.jpeg_grid import shows_grid
from wherefrom.methods.arithmetic.columns import TURNS
from wherefrom.methods.arithmetic.control_copies import turned_back
from wherefrom.methods.arithmetic.kept_lattice import lattice_of
from wherefrom.methods.arithmetic.pose_questions import likeliest
from wherefrom.methods.arithmetic.poses import Pose
from wherefrom.models.base import Autoencoder

__all__ = ["CLEAR", "PosedImage", "find_pose"]

CLEAR: Final = 6.0
"""Standard deviations by which the most evident pose has to be ahead for the pixels to tell it alone."""
_MOST: Final = 64
"""Poses that the decoder is asked about, at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PosedImage:
    """What was found of one image.

    Attributes:
        pose: the likeliest.
        lattice: the evidence of its pixels for that pose, in standard deviations.
        lead: by how much the most evident pose is ahead of the next.
        margin: how much worse the image is reconstructed in the other poses that the decoder was asked about: the mean
            of their errors' log energies minus the pose's own. 0 where the pixels alone told it.
        stored: whether the pixels show the grid of a JPEG.
    """

    pose: Pose
    lattice: float = 0.0
    lead: float = 0.0
    margin: float = 0.0
    stored: bool = False


@torch.inference_mode()
def find_pose(
    model: Autoencoder, image: Images, *, crop: bool, turns: bool, reconstructions: float = 2.0
) -> PosedImage:
    """The likeliest pose of one image among all.

    Args:
        model: see `has_grid`.
        image: `(1, 3, h, w)` in [0, 1], on the model's device.
        crop: whether the grid may start anywhere; else in the top-left corner alone, before a turn.
        turns: whether the image may have been turned or mirrored.
        reconstructions: of the whole image, at least 1; the questions to the decoder may cost eight times as many.
    """
    stored = bool(shows_grid(to_pixels(image)[0]))
    evidence = _evidence(model, image, crop=crop, turns=turns, stored=stored)
    likely = sorted(evidence, key=lambda pose: -evidence[pose])
    lead = evidence[likely[0]] - evidence[likely[1]] if len(likely) > 1 else 0.0
    if lead >= CLEAR or len(likely) == 1:
        return PosedImage(pose=likely[0], lattice=evidence[likely[0]], lead=lead, stored=stored)
    asked, spread = likely[:_MOST], float(np.std(list(evidence.values()))) or 1.0
    pose, margin = likeliest(model, image, asked, [evidence[one] / spread for one in asked], reconstructions)
    return PosedImage(pose=pose, lattice=evidence[pose], lead=lead, margin=margin, stored=stored)


def _evidence(model: Autoencoder, image: Images, *, crop: bool, turns: bool, stored: bool) -> dict[Pose, float]:
    """What the lattice says of every pose."""
    factor, lattice = model.factor, lattice_of(model)
    by_pose: dict[Pose, float] = {}
    for turn in ("", *TURNS) if turns else ("",):
        fit = lattice.evidence(turned_back(image, turn) if turn else image, stored=stored)
        places = product(range(factor), repeat=2) if crop else [(0, 0)]
        by_pose |= {Pose(turn=turn, top=top, left=left): float(fit[top, left]) for top, left in places}
    return by_pose
