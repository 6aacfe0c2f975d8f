"""Which of a folder's files hold its weights, in diffusers' layout."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.suffixes import FILES, STEM, VARIANTS, indexes, suffix_of

__all__ = ["LATENTS", "weights_in"]

LATENTS: Final = "latents.safetensors"
"""Statistics of an autoencoder's latents, which may lie beside its weights."""


def weights_in(path: Path) -> Path:
    """The folder's weight file or index: safetensors first, whole precision first.

    Args:
        path: a folder.

    Raises:
        ModelError: when it holds no weights, or several files that could be meant.
    """
    for variant in VARIANTS:
        for name in (f"{STEM}{variant}.safetensors", *indexes(variant)):
            if (path / name).is_file():
                return path / name
    for variant in VARIANTS:
        for name in (f"{STEM}{variant}.bin", *indexes(variant, ".bin")):
            if (path / name).is_file():
                return path / name
    others = sorted(file for file in path.iterdir() if suffix_of(file) in FILES and file.name != LATENTS)
    if len(others) == 1:
        return others[0]
    listed = ", ".join(file.name for file in others[:4]) or "no weight file"
    raise ModelError(f"{path} holds {listed}, need {STEM}.safetensors")
