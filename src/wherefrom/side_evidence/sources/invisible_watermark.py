"""The package `invisible-watermark`: fixed bits that some generators' own programs put into every image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from wherefrom.core.errors import ImageError
from wherefrom.core.extras import require
from wherefrom.side_evidence.findings import Finding, State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wherefrom.side_evidence.image_file import ImageFile

__all__ = ["KNOWN", "SOURCE", "InvisibleWatermark", "chance"]


def _bits(message: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in message)


KNOWN: Final[Mapping[str, str]] = {
    "Stable Diffusion 1 (CompVis's program)": _bits(b"StableDiffusionV1"),
    "Stable Diffusion 2 (Stability AI's program)": _bits(b"SDV2"),
    "Stable Diffusion XL (diffusers and others)": f"{0b101100111110110010010000011110111011000110011110:b}",
    "FLUX (Black Forest Labs' program)": f"{0b001010101111111010000111100111001111010100101110:b}",
}
"""Bits that programs embed by `dwtDct`, as they embed them: without zeros in front where they write a number."""
_FEWEST_PIXELS: Final = 256 * 256
_METHOD: Final = "dwtDct"


@dataclass(frozen=True, kw_only=True, slots=True)
class InvisibleWatermark:
    """Watermarks that are known by their bits, read by the package `invisible-watermark` (`imwatermark`).

    A watermark counts as present where so many of its bits are read that as many would be by tossing coins at most once
    in `1 / chance` images. JPEG, resizing and cropping remove it, and from many
    images it is never read, so that its absence says nothing.

    Attributes:
        chance: that tossed coins agree as well with one of the known watermarks, in (0, 1).
    """

    name: ClassVar[str] = "invisible_watermark"
    title: ClassVar[str] = "Invisible watermark (dwtDct)"

    chance: float = 1e-6

    def look(self, file: ImageFile) -> Finding:
        """Compare the bits of an image with each known watermark.

        Args:
            file: from outside.

        Raises:
            ImageError: when its pixels cannot be read, or are too few.
            MissingExtra: when the package is not installed.
        """
        package = require("imwatermark", "watermarks")
        pixels = file.pixels
        if pixels.shape[0] * pixels.shape[1] < _FEWEST_PIXELS:
            height, width = pixels.shape[:2]
            raise ImageError(f"{width} x {height} pixels are too few: the package reads images of 256 x 256 and more")
        mirrored = np.ascontiguousarray(pixels[..., ::-1])  # OpenCV has blue first
        agree = {name: _agreeing(package, mirrored, bits) for name, bits in KNOWN.items()}
        facts = {name: f"{count} of {len(KNOWN[name])} bits agree" for name, count in agree.items()}
        found = [name for name, count in agree.items() if chance(count, len(KNOWN[name])) * len(KNOWN) <= self.chance]
        if not found:
            said = "No known watermark was read, which says little: it is often lost, even in untouched files."
            return Finding(source=self.name, title=self.title, state=State.ABSENT, summary=said, facts=facts)
        return Finding(
            source=self.name,
            title=self.title,
            state=State.PRESENT,
            summary=f"The image carries the watermark of {' and of '.join(found)}; anybody can embed it.",
            facts=facts,
        )


def chance(agreeing: int, bits: int) -> float:
    """How often at least so many of some bits agree by tossing coins.

    Args:
        agreeing: how many agree.
        bits: how many there are.
    """
    from scipy.special import bdtrc

    return float(bdtrc(agreeing - 1, bits, 0.5)) if agreeing else 1.0


def _agreeing(package: object, pixels: object, bits: str) -> int:
    """How many bits of a watermark are read from an image."""
    read = package.WatermarkDecoder("bits", len(bits)).decode(pixels, _METHOD)  # type: ignore[attr-defined]
    return int(sum(bool(one) == (other == "1") for one, other in zip(read, bits, strict=True)))


SOURCE: Final = InvisibleWatermark
