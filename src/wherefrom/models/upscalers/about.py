"""What can be said of upscalers without torch: which networks open, the options of their files, and the filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from PIL import Image

__all__ = ["NETWORKS", "OPTIONS", "REDUCTIONS", "UpscalerNetwork"]


@dataclass(frozen=True, kw_only=True, slots=True)
class UpscalerNetwork:
    """A network that enlarges images, whose files can be opened.

    Attributes:
        name: a short name, on the card as `architecture`; for those of a package the package's.
        published: well-known models of this network.
        files: how the names of their files end.
        paper: where it is described, as `arXiv:NUMBER`.
        needs: the extra of this package that it is opened with; None where none is needed.
    """

    name: str
    published: tuple[str, ...]
    files: tuple[str, ...]
    paper: str
    needs: str | None = None


_FILES: Final = (".pth", ".pt", ".safetensors")
NETWORKS: Final = (
    UpscalerNetwork(
        name="rrdbnet",
        published=("RealESRGAN_x4plus", "RealESRGAN_x4plus_anime_6B", "RealESRGAN_x2plus", "ESRGAN"),
        files=_FILES,
        paper="arXiv:1809.00219",
    ),
    UpscalerNetwork(
        name="srvgg",
        published=("realesr-animevideov3", "realesr-general-x4v3"),
        files=_FILES,
        paper="arXiv:2107.10833",
    ),
    UpscalerNetwork(
        name="spandrel",
        published=("SwinIR", "HAT", "DAT", "SPAN", "others that spandrel knows"),
        files=_FILES,
        paper="arXiv:2108.10257",
        needs="upscalers",
    ),
)
"""Upscalers that can be opened: those of Real-ESRGAN, and those that the package spandrel recognises."""

REDUCTIONS: Final = {
    "area": Image.Resampling.BOX,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
"""Filters by which an image can be reduced, each with Pillow's weights."""

OPTIONS: Final[Mapping[str, str]] = {
    "reduction": f"the filter by which an image is reduced to a small one, {', '.join(REDUCTIONS)}; by default area",
    "part": "which of several tables of weights in one file, as params_ema",
}
"""What the weights of an upscaler do not say."""
