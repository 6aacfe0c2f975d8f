"""What can be said of upscalers without torch: the filters that reduce an image, and the options of their files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PIL import Image

__all__ = ["OPTIONS", "REDUCTIONS"]

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
