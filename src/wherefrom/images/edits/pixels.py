"""What each edit does to pixels: one function a name, the work itself by Pillow, SciPy, scikit-image and pilgram."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance

from wherefrom.core.errors import ImageError
from wherefrom.core.extras import require
from wherefrom.core.seeds import seed_of
from wherefrom.images.convert import Pixels
from wherefrom.images.edits.steps import TURNED
from wherefrom.images.labels import DESCRIPTION
from wherefrom.images.read import DEFAULT_LIMITS, pixel_digest, read_image
from wherefrom.images.write import write_png

if TYPE_CHECKING:
    from wherefrom.images.edits.steps import Step

__all__ = ["CHANGES", "ENCODERS", "LEAST", "applied", "check", "check_size", "encoded"]

LEAST: Final = 8
"""The shortest side of an edited image, in pixels."""
_TRIMMED: Final = 8  # pixels of the screen at most, that a person cuts off each side of a screenshot

_Change: TypeAlias = Callable[..., Pixels]
_Encode: TypeAlias = Callable[..., bytes]


def applied(steps: Sequence[Step], pixels: Pixels, seed: int) -> Pixels:
    """The pixels after every step; see `Edit.apply`.

    Args:
        steps: from left to right.
        pixels: `(h, w, 3)` uint8 RGB; not changed.
        seed: the root seed.
    """
    check(pixels)
    for step in steps:
        if step.kind in ENCODERS:
            pixels = read_image(_stored(step, pixels, None)).pixels
        else:
            pixels = _changed(step, pixels, seed)
    return pixels


def encoded(steps: Sequence[Step], pixels: Pixels, seed: int, text: Mapping[str, str]) -> bytes:
    """The file after every step, which says what made it; see `Edit.encode`.

    Args:
        steps: from left to right; the last one says the format.
        pixels: `(h, w, 3)` uint8 RGB; not changed.
        seed: the root seed.
        text: what the file says of itself.
    """
    *before, last = steps
    if last.kind in ENCODERS:
        return _stored(last, applied(before, pixels, seed), json.dumps(dict(text)))
    file = io.BytesIO()
    write_png(file, applied(steps, pixels, seed), text)
    return file.getvalue()


def check(pixels: Pixels) -> None:
    """Refuse what is no 8-bit RGB image.

    Raises:
        ImageError: when it is none, or it is smaller than an edited image may be.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ImageError(f"an edit needs a uint8 array (h, w, 3), got {pixels.dtype} {pixels.shape}")
    check_size("the image", pixels.shape[1], pixels.shape[0])


def _changed(step: Step, pixels: Pixels, seed: int) -> Pixels:
    """After a step that leaves no file. Whatever draws numbers is seeded by the pixels that it is given."""
    random = (np.random.default_rng(seed_of(seed, pixel_digest(pixels))),) if step.seeded else ()
    if step.kind in TURNED:
        return _turned(step.kind, pixels)
    return CHANGES[step.kind](pixels, *step.values, *random)


def _stored(step: Step, pixels: Pixels, text: str | None) -> bytes:
    """A lossy file.

    Raises:
        ImageError: when the format cannot hold the image.
    """
    try:
        return ENCODERS[step.kind](pixels, *step.values, text)
    except (OSError, ValueError) as error:
        size = f"{pixels.shape[1]} x {pixels.shape[0]} pixels"
        bound = "JPEG holds 65500 a side, WebP 16383"
        raise ImageError(f"{step.name}: {size} cannot be stored ({error}): {bound}") from error


def check_size(what: str, width: int, height: int) -> None:
    """Refuse a result before it is made.

    Args:
        what: would be made, for the message.
        width: in pixels.
        height: in pixels.

    Raises:
        ImageError: when it is too small, or larger than any image that is read.
    """
    if min(width, height) < LEAST:
        raise ImageError(f"{what}: {max(width, 0)} x {max(height, 0)} pixels are too small: at least {LEAST} x {LEAST}")
    if width * height > DEFAULT_LIMITS.max_pixels:
        shown = f"{width} x {height} = {width * height:,} pixels"
        raise ImageError(f"{what}: {shown} are over the limit of {DEFAULT_LIMITS.max_pixels:,} pixels")


def _jpeg(pixels: Pixels, quality: int, text: str | None) -> bytes:
    file = io.BytesIO()
    comment = {} if text is None else {"comment": text.encode()}
    _image(pixels).save(file, "JPEG", quality=quality, subsampling="4:2:0", **comment)
    return file.getvalue()


def _webp(pixels: Pixels, quality: int, text: str | None) -> bytes:
    file, exif = io.BytesIO(), Image.Exif()
    exif[DESCRIPTION] = text
    described = {} if text is None else {"exif": exif}
    _image(pixels).save(file, "WEBP", quality=quality, lossless=False, **described)
    return file.getvalue()


def _same(pixels: Pixels) -> Pixels:
    return pixels


def _resize(pixels: Pixels, factor: float) -> Pixels:
    """By a factor, with Lanczos' filter."""
    return _resampled(pixels, _scaled("resize", pixels, factor), Image.Resampling.LANCZOS)


def _back(pixels: Pixels, factor: float) -> Pixels:
    """By a factor and back to the size it had, with Lanczos' filter both times."""
    there = _resampled(pixels, _scaled("back", pixels, factor), Image.Resampling.LANCZOS)
    return _resampled(there, (pixels.shape[1], pixels.shape[0]), Image.Resampling.LANCZOS)


def _crop(pixels: Pixels, left: int, top: int) -> Pixels:
    check_size(f"crop:{left},{top}", pixels.shape[1] - left, pixels.shape[0] - top)
    return np.ascontiguousarray(pixels[top:, left:])


def _turned(kind: str, pixels: Pixels) -> Pixels:
    """Mirrored left to right, or not, then turned against the clock."""
    quarters, mirrored = TURNED[kind]
    return np.ascontiguousarray(np.rot90(pixels[:, ::-1] if mirrored else pixels, quarters))


def _blur(pixels: Pixels, deviation: float) -> Pixels:
    """A Gaussian cut at four deviations; the image is mirrored at its edges."""
    from scipy.ndimage import gaussian_filter

    return _levels(gaussian_filter(pixels.astype(np.float64), deviation, mode="reflect", truncate=4.0, axes=(0, 1)))


def _noise(pixels: Pixels, deviation: float, random: np.random.Generator) -> Pixels:
    """Independent for every pixel and channel; what leaves [0, 1] is clipped."""
    from skimage.util import random_noise

    return _levels(random_noise(pixels, mode="gaussian", rng=random, clip=True, var=deviation**2) * 255)


def _brightness(pixels: Pixels, factor: float) -> Pixels:
    return np.asarray(ImageEnhance.Brightness(_image(pixels)).enhance(factor))


def _contrast(pixels: Pixels, factor: float) -> Pixels:
    return np.asarray(ImageEnhance.Contrast(_image(pixels)).enhance(factor))


def _screenshot(pixels: Pixels, scale: float, *how: int | np.random.Generator) -> Pixels:
    """Shown at a scale by bilinear resampling, then captured without some screen pixels of each side.

    Without those that `how` says, left, top, right, bottom; or without 1 to 8 that a generator draws.
    """
    drawn = [side for one in how for side in ([one] if isinstance(one, int) else one.integers(1, _TRIMMED + 1, size=4))]
    left, top, right, bottom = map(int, drawn)
    width, height = _scaled("screenshot", pixels, scale)
    check_size(f"screenshot:{scale:g}", width - left - right, height - top - bottom)
    shown = _resampled(pixels, (width, height), Image.Resampling.BILINEAR)
    return np.ascontiguousarray(shown[top : height - bottom, left : width - right])


def _filter(pixels: Pixels, name: str) -> Pixels:
    change = getattr(require("pilgram", "filters"), name)
    return np.asarray(change(_image(pixels)).convert("RGB"))


def _scaled(kind: str, pixels: Pixels, factor: float) -> tuple[int, int]:
    """`(width, height)` by a factor, rounded to whole pixels."""
    width, height = (round(side * factor) for side in (pixels.shape[1], pixels.shape[0]))
    check_size(f"{kind}:{factor:g}", width, height)
    return width, height


def _resampled(pixels: Pixels, size: tuple[int, int], how: Image.Resampling) -> Pixels:
    return np.asarray(_image(pixels).resize(size, how))


def _image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(pixels))


def _levels(values: npt.NDArray[np.float64]) -> Pixels:
    """Values on [0, 255] as 8 bits, rounded half up."""
    return np.floor(values + 0.5).astype(np.uint8)


CHANGES: Final[Mapping[str, _Change]] = {
    "back": _back,
    "blur": _blur,
    "brightness": _brightness,
    "contrast": _contrast,
    "crop": _crop,
    "filter": _filter,
    "noise": _noise,
    "none": _same,
    "resize": _resize,
    "screenshot": _screenshot,
}
"""Edits that leave pixels, those of `TURNED` apart."""
ENCODERS: Final[Mapping[str, _Encode]] = {"jpeg": _jpeg, "webp": _webp}
"""Edits that leave a file, which holds a text where one is given."""
