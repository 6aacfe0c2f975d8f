"""By how much an image was resized since the decoder made it. With torch.

Each factor that can have been is asked on small parts of the image by what the decoder leaves within its cells, the
likeliest again on larger ones. Where that does not settle it, the decoder is asked too. Of a large image that was
stored as JPEG the decoder alone is asked, about each factor: there is enough of the image, and a JPEG hides what is in
cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch

from wherefrom.images.convert import Pixels
from wherefrom.measures.jpeg_grid import shows_grid
from wherefrom.methods.arithmetic.kept_lattice import scale_lattice_of
from wherefrom.methods.arithmetic.lattice import PATCH
from wherefrom.methods.arithmetic.scale_candidates import Candidate, Tried, ranked, seen_planes
from wherefrom.methods.arithmetic.scale_lattice import Part, Planes, brought_back, planes_of
from wherefrom.methods.arithmetic.scale_questions import affordable, asked_in_turn
from wherefrom.models.base import Autoencoder

__all__ = ["ScaledImage", "find_scale"]

_LIKELY: Final = 16
"""Factors that are looked at again, on larger parts; as many as the decoder can be asked about where that is more, as
of large images."""
_CLEAR: Final = 12.0
"""Standard deviations by which the most evident factor has to be ahead, or the decoder is asked. It always is of images
stored as JPEG: a JPEG's grid falls together with that of some factors, among them 1, and looks like evidence."""
_PRICE: Final = 8.0
"""How many times as much as asking about places, asking about factors may cost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    """How much of an image is looked at: all of a small one, else square parts at some places of each side."""

    whole: int  # pixels a side up to which an image is looked at whole
    side: int  # of a part
    places: tuple[float, ...]  # of the parts' middles, as shares of a side


_COARSE: Final = _Look(whole=136, side=64, places=(0.28, 0.62))
_FINE: Final = _Look(whole=288, side=96, places=(0.17, 0.43, 0.72))
"""Places are no simple fractions of a side: at those, the grids of different factors fall together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaledImage:
    """What was found.

    Attributes:
        scale: the likeliest factor; 1 for none.
        evidence: for it, in standard deviations: of the pixels, or of the decoder with a quarter of theirs where it was
            asked.
        lead: by how much it is ahead of any other factor; 0 where the decoder was not asked about a likelier one.
    """

    scale: float
    evidence: float
    lead: float


@torch.inference_mode()
def find_scale(
    model: Autoencoder, pixels: Pixels, candidates: Sequence[Candidate], *, crop: bool, reconstructions: float = 2.0
) -> ScaledImage:
    """The likeliest factor among the candidates and 1.

    Args:
        model: one that takes images of any size, with a factor of at least 2.
        pixels: `(h, w, 3)` uint8, at least three cells a side.
        candidates: factors other than 1.
        crop: whether the grid of an image that was not resized may start anywhere.
        reconstructions: of the whole image; questions to the decoder may cost eight times as many together; at least 1.
    """
    planes, factor, stored, price = planes_of(pixels), model.factor, bool(shows_grid(pixels)), _PRICE * reconstructions
    height, width = (side // factor * factor for side in pixels.shape[:2])
    own = Candidate(scale=1.0, before=(height, width), seen=(height, width))

    def tried(one: Candidate, look: _Look) -> Tried:
        return _tried(model, planes, one, look, stored=stored, anywhere=crop and one is own)

    likely, most = list(candidates), affordable((own, *candidates), factor, price)
    if stored and most > len(likely):
        fine = [replace(tried(own, _FINE), evidence=0.0), *(Tried(candidate=one, evidence=0.0) for one in likely)]
    else:
        most = max(_LIKELY, most)
        if len(likely) > most:
            likely = [one.candidate for one in ranked(tried(one, _COARSE) for one in likely)[:most]]
        fine = ranked(tried(one, _FINE) for one in (own, *likely))
    if len(fine) > 1 and (stored or fine[0].evidence - fine[1].evidence < _CLEAR):
        fine = asked_in_turn(model, planes, fine, price, stored=stored)
    lead = max(0.0, fine[0].evidence - max(one.evidence for one in fine[1:])) if len(fine) > 1 else 0.0
    return ScaledImage(scale=fine[0].candidate.scale, evidence=fine[0].evidence, lead=lead)


def _tried(model: Autoencoder, planes: Planes, one: Candidate, look: _Look, *, stored: bool, anywhere: bool) -> Tried:
    """What the pixels say of one factor; the grid of an image that was not resized may start anywhere."""
    seen = seen_planes(planes, one)
    parts = [brought_back(seen, one.before, part) for part in _parts(one.before, look, model.factor)]
    found = scale_lattice_of(model, one.scale, stored=stored).evidence(parts)
    top, left = (int(place) for place in np.unravel_index(found.argmax(), found.shape)) if anywhere else (0, 0)
    return Tried(candidate=one, evidence=float(found[top, left]), start=(top, left))


def _parts(before: tuple[int, int], look: _Look, factor: int) -> list[Part]:
    """The parts of an image that are looked at, each from the first pixel of a cell."""
    rows, columns = (_along(side, look, factor) for side in before)
    return [Part(top=top, left=left, height=height, width=width) for top, height in rows for left, width in columns]


def _along(side: int, look: _Look, factor: int) -> list[tuple[int, int]]:
    """Start and length of the parts along one side."""
    length = look.side // factor * factor
    if side <= look.whole or length < factor + PATCH:
        return [(0, side)]
    return [(int(place * side - length / 2) // factor * factor, length) for place in look.places]
