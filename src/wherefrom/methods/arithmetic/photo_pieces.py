"""Pieces of the photos that come with the package: what a decoder's grid is learned on. Always the same."""

from __future__ import annotations

from importlib import resources
from typing import Final

import numpy as np

from wherefrom.images.convert import Pixels
from wherefrom.images.embedded import PROFILE_PHOTOS
from wherefrom.images.read import read_image

__all__ = ["photo_pieces"]

_FLAT: Final = 2.0  # grey levels of standard deviation under which a piece shows nothing


def photo_pieces(count: int, side: int, *, seed: int = 0) -> list[Pixels]:
    """That many pieces, a photo in turn, each `(side, side, 3)`, from places that are drawn.

    They lie anywhere, so that the grid of a JPEG that a photo once was lies differently in each.

    Args:
        count: of pieces.
        side: in pixels; photos that are smaller are left out.
        seed: of the places.
    """
    rng = np.random.default_rng(seed)
    photos = [photo for photo in map(_photo, PROFILE_PHOTOS) if min(photo.shape[:2]) >= side]
    pieces: list[Pixels] = []
    while len(pieces) < count:
        for photo in photos:
            top, left = (int(rng.integers(0, length - side + 1)) for length in photo.shape[:2])
            piece = np.ascontiguousarray(photo[top : top + side, left : left + side])
            if piece.std() >= _FLAT:
                pieces.append(piece)
    return pieces[:count]


def _photo(place: tuple[str, str]) -> Pixels:
    """The pixels of one of them; grey ones become RGB."""
    package, name = place
    with resources.as_file(resources.files(package) / name) as path:
        return read_image(path).pixels
