"""Tensors, each shape named once. The only file of this floor that imports torch."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Final, TypeAlias

import torch

from wherefrom.core.errors import ImageError

__all__ = ["Images", "Latents", "building", "check_images", "generator", "usual_defaults"]

Images: TypeAlias = torch.Tensor
"""`(n, 3, h, w)` float32, RGB in [0, 1]; a decoder's output may leave that range."""
Latents: TypeAlias = torch.Tensor
"""`(n, ...)` float32: what a decoder decodes, one latent an image."""


def check_images(images: Images) -> None:
    """Refuse a tensor that is not a batch of RGB images.

    Raises:
        ImageError: when the shape is not `(n, 3, h, w)` or the values are not floating point.
    """
    if images.ndim != 4 or images.shape[1] != 3:
        raise ImageError(f"images have shape {tuple(images.shape)}, need (n, 3, height, width): convert to RGB first")
    if not images.is_floating_point():
        raise ImageError(f"images are {images.dtype}, need floating point in [0, 1]: divide 8-bit values by 255")


def generator(seed: int) -> torch.Generator:
    """A generator of one image's random numbers, on the CPU so that every device draws the same."""
    return torch.Generator(device="cpu").manual_seed(int(seed) & 0x7FFF_FFFF_FFFF_FFFF)


_CPU: Final = torch.device("cpu")


class _UsualDtype:
    """The dtype of new tensors, set by the first thread that enters and restored by the last that leaves."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.depth = 0
        self.saved = torch.float32

    def enter(self) -> None:
        with self.lock:
            self.depth += 1
            if self.depth == 1:
                self.saved = torch.get_default_dtype()
                torch.set_default_dtype(torch.float32)

    def leave(self) -> None:
        with self.lock:
            self.depth -= 1
            if self.depth == 0:
                torch.set_default_dtype(self.saved)


_USUAL: Final = _UsualDtype()


@contextmanager
def usual_defaults() -> Iterator[None]:
    """New tensors are float32 and on the CPU unless they say otherwise, whatever the program around has set.

    For code that is not ours and may leave it out: networks, their constructors, readers of weights. The program's own
    settings are restored on leaving.
    """
    moved = torch.get_default_device() != _CPU
    _USUAL.enter()
    try:
        with _CPU if moved else nullcontext():
            yield
    finally:
        _USUAL.leave()


@contextmanager
def building() -> Iterator[None]:
    """In which every network is made and its weights are read: the usual defaults, outside of inference mode.

    Tensors that are made in inference mode could take no part in a gradient later.
    """
    with usual_defaults(), torch.inference_mode(mode=False):
        yield
