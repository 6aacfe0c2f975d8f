"""What a file is by its own bytes, whatever its name ends in: weights of a kind that can be read, or something else."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final

from wherefrom.core.errors import ModelError

__all__ = ["DAMAGES", "Content", "content_of", "damage_of", "other_content"]

TORCH_MAGIC: Final = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How files start that torch wrote before it wrote zip archives: a pickle of one number."""
DAMAGES: Final = (
    *(EOFError, IndexError, KeyError, OSError, OverflowError, RuntimeError, TypeError, ValueError, AttributeError),
    *(AssertionError, struct.error, zipfile.BadZipFile, zlib.error),
)
"""What readers of archives raise of damaged ones."""
_HEAD: Final = 512
_LONGEST_HEADER: Final = 100_000_000  # as safetensors itself bounds it
_PROTOCOLS: Final = tuple(b"\x80" + bytes([version]) for version in (2, 3, 4, 5))


class Content(StrEnum):
    """Files of weights that can be read."""

    SAFETENSORS = "safetensors"
    TORCH = "PyTorch's zip archive"
    OLD_TORCH = "PyTorch's format before version 1.6"
    PICKLE = "a pickle"


def _onnx(head: bytes) -> bool:
    """A version, then the name of the program that wrote it (Protocol Buffers, fields 1 and 2)."""
    return len(head) > 4 and head[0] == 0x08 and head[2] == 0x12 and head[4 : 4 + head[3]].isalpha()


def _message_pack(head: bytes) -> bool:
    """A table of up to 15 entries whose first key is a short text of letters."""
    if len(head) < 3 or not (0x81 <= head[0] <= 0x8F and 0xA1 <= head[1] <= 0xBF):
        return False
    return head[2 : 2 + head[1] - 0xA0].replace(b"_", b"a").isalpha()


_SIGNS: Final[tuple[tuple[Callable[[bytes], bool], str], ...]] = (
    (
        lambda head: head.startswith(b"version https://git-lfs"),
        "a Git LFS pointer, not the weights: run `git lfs pull`",
    ),
    (lambda head: b"/annex/objects/" in head, "a git-annex pointer, not the weights: run `git annex get`"),
    (lambda head: head.startswith(b"# xet"), "a Xet pointer, not the weights: fetch it with huggingface_hub"),
    (lambda head: _text(head).startswith((b"<!doctype html", b"<html")), "a web page: fetch the file itself"),
    (lambda head: _text(head).startswith(b"<"), "a web page or XML: fetch the file itself"),
    (lambda head: _text(head).startswith((b"{", b"[")), "JSON text: fetch the file of weights itself"),
    (lambda head: head.startswith(b"\x1f\x8b"), "a compressed file (gzip): unpack it with gunzip"),
    (lambda head: head.startswith(b"BZh"), "a compressed file (bzip2): unpack it"),
    (lambda head: head.startswith(b"\xfd7zXZ"), "a compressed file (xz): unpack it"),
    (lambda head: head.startswith(b"\x28\xb5\x2f\xfd"), "a compressed file (zstd): unpack it"),
    (lambda head: head.startswith(b"7z\xbc\xaf"), "a 7z archive: unpack it"),
    (lambda head: head.startswith(b"Rar!"), "a RAR archive: unpack it"),
    (lambda head: head[257:262] == b"ustar", "a tar archive: unpack it"),
    (lambda head: head.startswith(b"GGUF"), "a GGUF file of quantised weights: fetch the .safetensors file"),
    (lambda head: head.startswith(b"\x89HDF"), "an HDF5 file, as Keras writes: convert it to .safetensors"),
    (lambda head: head[4:8] == b"TFL3", "a TensorFlow Lite model: fetch the weights as .safetensors"),
    (_onnx, "an ONNX model, which is a program: fetch the weights as .safetensors"),
    (_message_pack, "MessagePack, as Flax writes: fetch the weights as .safetensors"),
    (lambda head: head.startswith(b"\x93NUMPY"), "an array of NumPy (.npy): need tensors by name, as .safetensors"),
    (lambda head: head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF")), "an image: name it as an image"),
    (lambda head: head.startswith(b"%PDF"), "a PDF"),
    (lambda head: head.startswith((b"\x7fELF", b"MZ")), "a program"),
)


def _text(head: bytes) -> bytes:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()


def content_of(path: Path) -> Content | None:
    """Which kind of weights a file holds; None of anything else.

    Args:
        path: of a file that can be read.

    Raises:
        ModelError: when there is no such file, it is empty, or it cannot be read.
    """
    head = _head(path)
    if head.startswith(b"PK\x03\x04"):
        return Content.TORCH if _torch_archive(path) else None
    if head.startswith(TORCH_MAGIC):
        return Content.OLD_TORCH
    # The length of a header can begin as a pickle does: 640 bytes are 80 02. No pickle has a brace in the ninth place.
    if head[8:].lstrip(b" ").startswith(b"{") and 2 <= int.from_bytes(head[:8], "little") <= _LONGEST_HEADER:
        return Content.SAFETENSORS
    return Content.PICKLE if head.startswith(_PROTOCOLS) else None


def other_content(path: Path) -> str:
    """What a file is that holds no weights that can be read, with the way out; empty where that is not known.

    Args:
        path: of a file of which `content_of` says None.
    """
    head = _head(path)
    if head.startswith(b"PK\x03\x04"):
        return _archive(path)
    described = next((what for fits, what in _SIGNS if fits(head)), "")
    if described:
        return described
    if not any(head):
        return "bytes that are all zero, as of a download that never arrived: fetch it again"
    return f"plain text ({_quoted(head)}): fetch the file of weights itself" if _is_text(head) else ""


def damage_of(path: Path) -> str:
    """What is wrong with a safetensors file by its own header, in words; empty where that cannot be told.

    Args:
        path: of a file that exists.
    """
    promised, actual = _promised(path), path.stat().st_size
    if promised is not None and promised > actual:
        return f"a download cut short: its header promises {promised} bytes, it has {actual}: fetch it again"
    if promised is not None and promised < actual:
        return f"a file with {actual - promised} bytes more than its header says: fetch it again"
    return ""


def _head(path: Path) -> bytes:
    if path.is_dir():
        raise ModelError(f"{path} is a folder, need a file of weights")
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except FileNotFoundError as error:
        raise ModelError(f"{path} does not exist") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
    if not head:
        raise ModelError(f"{path} is empty, need a file of weights: fetch it again")
    return head


def _names(path: Path) -> tuple[str, ...] | None:
    """Names of what is in a zip archive; None where it has no end, as when it is cut short."""
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(archive.namelist())
    except DAMAGES:
        return None


def _torch_archive(path: Path) -> bool:
    names = _names(path) or ()
    inner = {name.partition("/")[2] for name in names}
    return "data.pkl" in inner and "constants.pkl" not in inner


def _archive(path: Path) -> str:
    names = _names(path)
    if names is None:
        what = "a PyTorch file" if b"data.pkl" in _head(path) else "a zip archive"
        return f"{what} that was cut short or damaged, for it has no end: fetch it again"
    if any(name.endswith("constants.pkl") for name in names):
        return "a TorchScript program, which is code and is not run: save its state_dict as .safetensors"
    if names and all(name.endswith(".npy") for name in names):
        return "arrays of NumPy (.npz): convert them to .safetensors"
    if any(name.endswith("keras_metadata.pb") or name == "model.weights.h5" for name in names):
        return "a Keras archive: convert its weights to .safetensors"
    files = [name for name in names if not name.endswith("/")]
    listed = ", ".join(ascii(name)[1:-1][:60] for name in files[:3]) + (" ..." if len(files) > 3 else "")
    return f"a zip archive of {listed or 'nothing'}: unpack it and name what is in it"


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8", errors="ignore" if len(head) == _HEAD else "strict")
    except UnicodeDecodeError:
        return False
    return len(text) > 3 and all(letter.isprintable() or letter.isspace() for letter in text)


def _quoted(head: bytes) -> str:
    return ascii(" ".join(head.decode("utf-8", errors="replace").split())[:40])


def _promised(path: Path) -> int | None:
    """How long a safetensors file should be by its own header; None where that cannot be told."""
    actual = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= _LONGEST_HEADER:
            return None
        header = file.read(length)
    if len(header) < length:
        return 8 + length if header.startswith(b"{") and actual < 8 + length else None
    try:
        entries = json.loads(header)
        ends = [entry["data_offsets"][1] for name, entry in entries.items() if name != "__metadata__"]
        return 8 + length + max(ends, default=0)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return None
