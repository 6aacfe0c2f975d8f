"""What a file looks like that is not what was wanted, for messages: by its first bytes, or by its tensors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

from wherefrom.models.checkpoints.base import Shapes

__all__ = ["looks_like", "looks_like_file", "looks_like_part"]

_IMAGE: Final = (1, 3)
_SIGNS: Final = (
    (re.compile(r"(^|\.)b\d+\.fromrgb\.weight$"), "a discriminator of StyleGAN2"),
    (re.compile(r"^img_code_s16\."), "a discriminator of StackGAN-v2, AttnGAN or ControlGAN"),
    (re.compile(r"^rnn\.weight_ih_l0$"), "a text encoder"),
    (re.compile(r"^emb_cnn_code\."), "an image encoder of AttnGAN or ControlGAN"),
)
_PARTS: Final = (
    (re.compile(r"lora_|\.lora\."), "a LoRA, which is no model of its own"),
    (
        re.compile(r"model\.diffusion_model\.|time_embed|time_embedding\."),
        "a diffusion model (UNet) without its autoencoder",
    ),
    (re.compile(r"transformer_blocks\.|double_blocks\.|single_blocks\.|joint_blocks\."), "a diffusion transformer"),
    (re.compile(r"text_model\.|encoder\.block\.0\.layer|token_embedding"), "a text encoder"),
    (re.compile(r"^(encoder|decoder)\."), "an autoencoder of a kind that is not known"),
)
_OPTIMISER: Final = re.compile(r"(^|\.)(exp_avg|exp_avg_sq|momentum_buffer|square_avg)$")


def looks_like(shapes: Shapes) -> str | None:
    """What a file is that makes no images, or none that is supported; None where that is not certain.

    Args:
        shapes: of its tensors by name, in the file's order.
    """
    if shapes and any(_OPTIMISER.search(name) for name in shapes):
        return "the state of an optimiser"
    for sign, what in _SIGNS:
        if any(sign.search(name) for name in shapes):
            return what
    if "synthesis.input.freqs" in shapes and ("mapping.embed.bias" in shapes or "mapping.embed.weight" not in shapes):
        return "a StyleGAN3 generator, which is not supported"
    layers = [shape for name, shape in shapes.items() if name.endswith(("weight", "weight_orig")) and len(shape) > 1]
    if len(layers) < 2 or len(layers[0]) != 4 or layers[0][1] not in _IMAGE:
        return None
    onward = all(_follows(first, second) for first, second in pairwise(layers))
    if not onward or layers[0][0] <= layers[0][1]:
        return None
    if layers[-1][0] == 1:
        return "a discriminator"
    return "a classifier or an encoder" if len(layers[-1]) == 2 else None


def _follows(first: tuple[int, ...], second: tuple[int, ...]) -> bool:
    """Whether a layer takes what the one before it gives: the same channels, or after flattening a multiple of them."""
    return second[1] == first[0] or (len(first) == 4 and len(second) == 2 and second[1] % first[0] == 0)


def looks_like_part(names: Iterable[str]) -> str | None:
    """What of a generator, if not its autoencoder, a file is; None where that is not certain.

    Args:
        names: of its tensors.
    """
    held = tuple(names)
    return next((what for sign, what in _PARTS if any(sign.search(name) for name in held)), None)


def looks_like_file(path: Path) -> str:
    """What a file that could not be read looks like, as ` (it looks like ...)`, or nothing.

    Args:
        path: of a file that exists.
    """
    with path.open("rb") as file:
        head = file.read(64)
    return next((f" (it looks like {what})" for what in _guesses(head, path)), "")


def _guesses(head: bytes, path: Path) -> Iterator[str]:
    text = head.lstrip()
    if head.startswith(b"version https://git-lfs"):
        yield "a Git LFS pointer, not the weights: run `git lfs pull`"
    if text.startswith((b"{", b"[")):
        yield "JSON text"
    if text.startswith(b"<"):
        yield "a web page or XML"
    if head.startswith(b"PK\x03\x04"):
        yield "PyTorch weights: name it .pt or convert it"
    if head.startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")) and path.suffix != ".pkl":
        yield "PyTorch weights or a pickled network: name it .pt or .pkl, or convert it"
    if head.startswith(b"\x1f\x8b"):
        yield "a compressed file: unpack it"
    promised, held = _promised(path), path.stat().st_size
    if promised is not None and promised > held:
        yield f"a download cut short: its header promises {promised} bytes, it has {held}"


def _promised(path: Path) -> int | None:
    """How long a safetensors file should be by its own header; None where that cannot be told."""
    held = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= 100_000_000:
            return None
        header = file.read(length)
    if len(header) < length:
        return 8 + length if header.startswith(b"{") and held < 8 + length else None
    try:
        entries = json.loads(header)
        ends = [entry["data_offsets"][1] for name, entry in entries.items() if name != "__metadata__"]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None
    return 8 + length + max(ends, default=0)
