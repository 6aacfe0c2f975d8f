"""By how much an image was resized since the decoder made it. With torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch

from wherefrom.core.tensors import Images
from wherefrom.images.batches import to_pixels
from wherefrom.images.convert import Pixels
from wherefrom.methods.arithmetic.scale_candidates import Candidate, seen_planes
from wherefrom.methods.arithmetic.scale_parts import planes_of
from wherefrom.methods.arithmetic.scale_questions import Question, asked_in_turn
from wherefrom.models.base import Autoencoder

__all__ = ["ScaledImage", "find_scale"]

_PRICE: Final = 16.0
"""How many times as much as asking about places, asking about factors may cost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaledImage:
    """What was found.

    Attributes:
        scale: the likeliest factor; 1 for none.
        evidence: of the decoder for it, in standard deviations of wrong factors; 0 where there was nothing to ask.
        lead: by how much it is ahead of any other factor that the decoder was asked about; 0 where there is none.
    """

    scale: float
    evidence: float
    lead: float


@torch.inference_mode()
def find_scale(
    model: Autoencoder,
    pixels: Pixels,
    candidates: Sequence[Candidate],
    unresized: Images,
    reconstructions: float = 2.0,
    *,
    stored: bool,
) -> ScaledImage:
    """The likeliest factor among the candidates and 1.

    Args:
        model: one that takes images of any size, with a factor of at least 2.
        pixels: `(h, w, 3)` uint8, at least three cells a side.
        candidates: factors other than 1.
        unresized: `(1, 3, h, w)` in [0, 1], the image as it was made if it was not resized: whole cells.
        reconstructions: of the whole image, at least 1; questions about factors may cost sixteen times as many.
        stored: whether the pixels show the grid of a JPEG.
    """
    if not candidates:
        return ScaledImage(scale=1.0, evidence=0.0, lead=0.0)
    size = (unresized.shape[2], unresized.shape[3])
    own = Question(candidate=Candidate(scale=1.0, before=size, seen=size), planes=planes_of(to_pixels(unresized)[0]))
    planes = planes_of(pixels)
    questions = [own, *(Question(candidate=one, planes=seen_planes(planes, one)) for one in candidates)]
    asked = asked_in_turn(model, questions, _PRICE * reconstructions, stored=stored)
    (evidence, found), *others = asked
    return ScaledImage(scale=found.scale, evidence=evidence, lead=evidence - others[0][0] if others else 0.0)
