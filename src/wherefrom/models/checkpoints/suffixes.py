"""Endings of files of weights, and the names that diffusers gives them."""

from __future__ import annotations

from typing import Final

__all__ = ["FILES", "INDEX", "PICKLED", "STEM", "SUFFIXES", "WEIGHTS"]

SUFFIXES: Final = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".pkl", ".tar")
"""Weight files that can be read; all but the first are pickles, of which only tensors and plain values are accepted.

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
INDEX: Final = f"{WEIGHTS}.index.json"
"""The file that names the shards where the weights are in several."""
