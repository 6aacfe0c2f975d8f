"""Endings of files of weights, and the names that diffusers gives them."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

__all__ = ["FILES", "PICKLED", "SAFE", "STEM", "SUFFIXES", "VARIANTS", "WEIGHTS", "indexes", "suffix_of"]

SAFE: Final = (".safetensors", ".sft", ".safetensor")
"""Endings of files of tensors alone: the usual one, a short one, and a common slip."""
SUFFIXES: Final = (*SAFE, ".bin", ".pt", ".pth", ".ckpt", ".pkl", ".tar")
"""How files of weights usually end, in small letters; what a file is, its content says.

Some programs call a PyTorch file `.tar`.
"""
FILES: Final = frozenset(SUFFIXES)
"""The same as a set."""
PICKLED: Final = frozenset({".bin", ".ckpt", ".pkl", ".pickle", ".pt", ".pth", ".tar"})
"""Suffixes of pickles, which can run code when they are opened carelessly; none is ever downloaded."""
STEM: Final = "diffusion_pytorch_model"
"""How the names of weights begin in diffusers' layout."""
WEIGHTS: Final = f"{STEM}.safetensors"
"""The file that holds an autoencoder's weights in diffusers' layout."""
VARIANTS: Final = ("", ".fp16", ".bf16")
"""What stands in the names of copies in another precision, in the order in which copies are preferred."""


def indexes(variant: str, suffix: str = ".safetensors") -> tuple[str, ...]:
    """The names that the index of a sharded copy may have: the variant's place changed between releases of diffusers.

    Args:
        variant: one of `VARIANTS`.
        suffix: of the shards.
    """
    return tuple(dict.fromkeys((f"{STEM}{suffix}.index{variant}.json", f"{STEM}{variant}{suffix}.index.json")))


def suffix_of(name: str | PurePath) -> str:
    """The ending of a file's name in small letters.

    Args:
        name: of a file, or its path.
    """
    return PurePath(name).suffix.lower()
