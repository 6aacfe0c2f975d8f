"""Which of a folder's files hold its weights, in diffusers' layout."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.suffixes import STEM, SUFFIXES

__all__ = ["LATENTS", "weights_in"]

LATENTS: Final = "latents.safetensors"
"""Statistics of an autoencoder's latents, which may lie beside its weights."""
_VARIANTS: Final = ("", ".fp16", ".bf16")


def weights_in(path: Path) -> Path:
    """The folder's weight file or index: safetensors first, whole precision first.

    Args:
        path: a folder.

    Raises:
        ModelError: when it holds no weights, or several files that could be meant.
    """
    for variant in _VARIANTS:
        for name in (
            f"{STEM}{variant}.safetensors",
            f"{STEM}.safetensors.index{variant}.json",
            f"{STEM}{variant}.safetensors.index.json",
        ):
            if (path / name).is_file():
                return path / name
    for variant in _VARIANTS:
        if (path / f"{STEM}{variant}.bin").is_file():
            return path / f"{STEM}{variant}.bin"
    others = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and file.name != LATENTS)
    if len(others) == 1:
        return others[0]
    held = ", ".join(file.name for file in others[:4]) or "no weight file"
    raise ModelError(f"{path} holds {held}, need {STEM}.safetensors")
