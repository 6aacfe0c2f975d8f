"""A file opened by the one decoder of its format, and every error of a decoder as one of the file's."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from PIL import Image

from wherefrom.core.errors import ImageError, MissingExtra
from wherefrom.core.extras import require

__all__ = ["explained", "opened"]

_NO_DECODER: Final = (
    "unknown pixel mode",
    "unknown data organization",
    "cannot handle",
    "unsupported",
    "not supported",
)
_plugins: Final = threading.Lock()


@contextmanager
def explained(kind: str) -> Iterator[None]:
    """Every error of a decoder is one of the file's, with a reason that names the format.

    Args:
        kind: the format's name in Pillow.

    Raises:
        ImageError: in place of whatever a decoder raises.
    """
    try:
        yield
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError(f"{kind}: not enough memory to decode it") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(
            f"{kind}: {error}: this limit is Pillow's own, which --max-pixels raises too; in Python set"
            " PIL.Image.MAX_IMAGE_PIXELS"
        ) from error
    except Exception as error:  # decoders of hostile files raise anything, and each is that file's own error
        detail = " ".join(str(error).split())[:200] or type(error).__name__
        if "not identified by this driver" in detail:
            detail = "its header tells of no pixels"
        raise ImageError(f"{kind}: {_in_words(detail)}") from error


def _in_words(detail: str) -> str:
    """Whether a file is cut off, is no file for this decoder, or is damaged, told from what the decoder says."""
    message = detail.lower()
    if any(words in message for words in _NO_DECODER):
        return f"stored in a way that is not supported ({detail}): convert it to 8-bit RGB first"
    cut = any(words in message for words in ("truncated", "end of file", "no more images"))
    return f"the file is {'truncated' if cut else 'damaged'}: {detail}"


@contextmanager
def opened(kind: str, data: bytes) -> Iterator[Any]:
    """The header read by the one plugin that reads this format.

    `Image.open` would check the size against a limit of the whole process, as a warning, before the size is known here,
    and would hide the plugin's reason.

    Args:
        kind: the format's name in Pillow.
        data: all of the file.
    """
    with _plugins:  # loading plugins changes Pillow's tables
        if kind == "HEIF":
            _register_heif()
        if kind not in Image.OPEN:
            Image.init()
    factory, _ = Image.OPEN[kind]
    with factory(io.BytesIO(data), "") as image:
        yield image


def _register_heif() -> None:
    """Teach Pillow HEIC, once."""
    if "HEIF" in Image.OPEN:
        return
    try:
        require("pillow_heif", "heif").register_heif_opener()
    except MissingExtra as error:
        raise ImageError(f"HEIC: {error}") from error
