"""Any mode of Pillow's to 8-bit RGB: a change is put in words, and what would need a guess is refused."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from wherefrom.core.errors import ImageError

__all__ = ["Pixels", "profile_note", "to_rgb", "undo_orientation"]

Pixels = npt.NDArray[np.uint8]
"""`(h, w, 3)`, 8-bit RGB."""

_REFUSED = {
    "F": "floating-point pixels have no fixed range",
    "I": "32-bit integer pixels have no fixed range",
    "LAB": "CIELAB pixels need a colour transform",
    "HSV": "HSV pixels need a colour transform",
}
_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")
_PLAIN = ("RGB", "RGBX")
_COLOURS = ("CMYK", "YCbCr")
# How Pillow turns a stored image upright (EXIF 2.32, tag 274), and what turns it back.
_TURNS_BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def to_rgb(image: Image.Image, bits: int) -> tuple[Pixels, tuple[str, ...]]:
    """The pixels of a decoded image as 8-bit RGB, and in words what had to be changed.

    Sixteen bits become eight by keeping the high byte, `v >> 8`, which gives back the 8-bit original whether it was
    stored as `v * 257` or as `v * 256`. Alpha is dropped where every pixel is opaque. Palettes are looked up, grey is
    copied to three channels, CMYK is taken as ink without a profile.

    Args:
        image: loaded.
        bits: bits a channel as stored.

    Raises:
        ImageError: when a pixel is transparent, or the mode is floating point, 32-bit or CIELAB.
    """
    if image.mode in _REFUSED:
        raise ImageError(f"mode {image.mode}: {_REFUSED[image.mode]}: convert it to 8-bit RGB first")
    changes: list[str] = []
    if bits > 8:
        changes.append(
            f"{bits} bits a channel reduced to 8" + (" (high byte kept)" if bits == 16 else " by the decoder")
        )
    if image.mode.startswith("I;16"):
        return _from_grey16(image, bits, changes)
    if image.mode in ("P", "PA"):
        changes.append("palette looked up")
    if image.mode in ("1", "L", "LA", "La"):
        changes.append("grey copied to three channels")
    if image.mode in _COLOURS:
        changes.append(f"{image.mode} converted to RGB without a colour profile")
    if image.mode in _ALPHA or "transparency" in image.info:
        image = image.convert("LA" if image.mode == "La" else "RGBA").convert("RGBA")
        _check_opaque(np.asarray(image)[..., 3] < 255)
        changes.append("opaque alpha channel dropped")
    elif image.mode not in (*_PLAIN, *_COLOURS, "P", "1", "L"):
        raise ImageError(f"mode {image.mode} is not supported: convert it to 8-bit RGB first")
    pixels = np.array(image if image.mode == "RGB" else image.convert("RGB"), dtype=np.uint8)
    return pixels, tuple(changes)


def _from_grey16(image: Image.Image, bits: int, changes: list[str]) -> tuple[Pixels, tuple[str, ...]]:
    """Sixteen-bit grey, which Pillow keeps as it is."""
    if bits != 16:
        raise ImageError(f"{bits} bits a channel are not supported: convert it to 8-bit RGB first")
    values = np.asarray(image).astype(np.uint16)
    key = image.info.get("transparency")
    if isinstance(key, int):
        _check_opaque(values == key)
    grey = (values >> 8).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2), (*changes, "grey copied to three channels")


def _check_opaque(transparent: npt.NDArray[np.bool_]) -> None:
    count = int(transparent.sum())
    if count:
        message = (
            f"{count:,} of {transparent.size:,} pixels are transparent, and what shows through them is not in the file"
        )
        raise ImageError(f"{message}: flatten it onto a background and save it as RGB")


def undo_orientation(image: Image.Image, orientation: int) -> Image.Image:
    """The stored pixel grid of an image that Pillow has turned upright by itself, which it does for TIFF alone.

    Args:
        image: as Pillow loaded it.
        orientation: of its EXIF data, 1 to 8.
    """
    return image.transpose(_TURNS_BACK[orientation]) if orientation in _TURNS_BACK else image


def profile_note(info: Mapping[str | tuple[int, int], object]) -> tuple[str, ...]:
    """In words that an ICC profile other than sRGB was left unapplied; empty where there is none."""
    profile = info.get("icc_profile")
    if not isinstance(profile, bytes) or not profile:
        return ()
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except Exception:  # noqa: BLE001  (a profile is bytes from outside, and no way of being broken changes a pixel)
        return ("unreadable ICC profile left unapplied",)
    label = " ".join("".join(c if c.isprintable() else " " for c in name).split())[:60]
    return () if "srgb" in label.lower() else (f"ICC profile {label!r} left unapplied",)
