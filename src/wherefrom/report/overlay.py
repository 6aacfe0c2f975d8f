"""A map of evidence as a picture over its image, legible without telling colours apart. No torch."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from wherefrom.core.errors import UsageError
from wherefrom.images.convert import Pixels
from wherefrom.images.write import write_png
from wherefrom.records.maps import EvidenceMap
from wherefrom.report.figures import MADE
from wherefrom.report.further import MapShown
from wherefrom.report.numbers import MapNumbers

__all__ = ["map_picture", "map_shown"]

_BLUE: Final = (0, 114, 178)
_TINT: Final = 0.5
_DIMMED: Final = 0.55
"""How far what does not support is drawn towards white, so that the blue areas stand out also without their colour."""
_LEAST_SIDE: Final = 480
_HATCH: Final = 12
_EDGE: Final = 2
_FONT: Final = 13
_ROOM: Final = 8
_LEGEND: Final = (
    ("supports", "blue with an outline: consistent with this decoder"),
    ("rest", "pale: not consistent with it"),
    ("masked", "hatched: cannot be judged"),
)


def map_shown(candidate: str, pixels: Pixels, evidence_map: EvidenceMap) -> MapShown:
    """A map as a report shows it: the picture, and what it says in numbers.

    Args:
        candidate: the name of the candidate that it was made under.
        pixels: of the image, `(height, width, 3)` of uint8.
        evidence_map: of the image.

    Raises:
        UsageError: as `map_picture`.
    """
    numbers = MapNumbers(
        candidate=candidate,
        tile=evidence_map.window,
        judged=1 - evidence_map.share_masked,
        supports=evidence_map.share,
        note=evidence_map.sentence,
    )
    return MapShown(picture=map_picture(pixels, evidence_map), numbers=numbers)


def map_picture(pixels: Pixels, evidence_map: EvidenceMap) -> bytes:
    """The map over its image, with a legend below it, as a PNG.

    What supports is blue with a dark outline, the rest is pale, and what cannot be judged is hatched, so that nothing
    hangs on colour alone. Small images are enlarged by whole numbers.

    Args:
        pixels: `(h, w, 3)` uint8, the whole image.
        evidence_map: of that image.

    Raises:
        UsageError: when the map reaches beyond the image.
    """
    zoom = max(1, -(-_LEAST_SIDE // max(pixels.shape[:2])))
    supports = _laid(evidence_map, "supports", pixels, beyond=False, zoom=zoom)
    masked = _laid(evidence_map, "masked", pixels, beyond=True, zoom=zoom)
    drawn = _drawn(pixels.repeat(zoom, 0).repeat(zoom, 1), supports, masked)
    held = io.BytesIO()
    write_png(held, _with_legend(drawn), {"Software": MADE})
    return held.getvalue()


def _laid(evidence: EvidenceMap, name: str, pixels: Pixels, *, beyond: bool, zoom: int) -> npt.NDArray[np.bool_]:
    """One of the map's arrays over the pixels of the whole image; `beyond` where the map says nothing."""
    laid: npt.NDArray[np.bool_] = np.full(pixels.shape[:2], beyond)
    (top, left), (rows, columns) = evidence.corner, evidence.masked.shape
    height, width = rows * evidence.stride, columns * evidence.stride
    if top + height > pixels.shape[0] or left + width > pixels.shape[1]:
        raise UsageError(
            f"a map of {width} x {height} pixels from column {left} and row {top} on is of no image of"
            f" {pixels.shape[1]} x {pixels.shape[0]}: give the image that it was made of"
        )
    laid[top : top + height, left : left + width] = evidence.over_pixels(name)
    return laid.repeat(zoom, 0).repeat(zoom, 1)


def _drawn(pixels: Pixels, supports: npt.NDArray[np.bool_], masked: npt.NDArray[np.bool_]) -> Pixels:
    """Tint, outline and hatch."""
    picture = pixels.astype(np.float64)
    picture[~supports] = (1 - _DIMMED) * picture[~supports] + _DIMMED * 255
    picture[supports] = (1 - _TINT) * picture[supports] + _TINT * np.array(_BLUE)
    rows, columns = np.indices(masked.shape)
    picture[masked & ((rows + columns) % _HATCH < _EDGE)] = 60
    edge = supports & ~ndimage.binary_erosion(supports, iterations=_EDGE, border_value=1)
    picture[edge] = (0, 0, 0)
    return np.round(picture).astype(np.uint8)


def _with_legend(picture: Pixels) -> Pixels:
    """A line for each kind of area below the picture, with a patch drawn as in the picture."""
    font = ImageFont.load_default(_FONT)
    line = _FONT + _ROOM
    strip = Image.new("RGB", (picture.shape[1], _ROOM + line * len(_LEGEND)), "white")
    draw = ImageDraw.Draw(strip)
    for place, (_, words) in enumerate(_LEGEND):
        draw.text((2 * _ROOM + 2 * _FONT, _ROOM + place * line), words, fill=(34, 34, 34), font=font)
    below = np.array(strip)
    for place, (kind, _) in enumerate(_LEGEND):
        patch = np.full((_FONT, 2 * _FONT, 3), 120, dtype=np.uint8)
        inside = np.zeros(patch.shape[:2], dtype=np.bool_)
        inside[_EDGE:-_EDGE, _EDGE:-_EDGE] = True
        top = _ROOM + place * line
        whole = np.ones_like(inside)
        sample = _drawn(patch, inside if kind == "supports" else ~whole, whole if kind == "masked" else ~whole)
        below[top : top + _FONT, _ROOM : _ROOM + 2 * _FONT] = sample
    return np.concatenate([picture, below])
