"""Weights told apart by a digest of their values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import torch

from wherefrom.core.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["digest"]

_CHUNK: Final = 1 << 20


def digest(state: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 of names, shapes and values, hexadecimal: the same for float32, float16 and sharded copies of one value.

    Each tensor is hashed as little-endian float32 where that holds its values exactly, else as float64 or int64.
    -0 counts as 0, every NaN as the same NaN.

    Args:
        state: tensors by name; their order, device and layout in memory do not matter.

    Raises:
        ModelError: when a tensor is complex or quantised.
    """
    result = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach()
        if tensor.is_complex() or tensor.is_quantized:
            raise ModelError(f"tensor {name!r} is {tensor.dtype}: only real and integer weights have a digest")
        flat = tensor.reshape(-1)
        target = _canonical(flat)
        result.update(f"{name}\0{tuple(tensor.shape)}\0{target}\0".encode())
        for part in flat.split(_CHUNK):
            result.update(_values(part, target).data)
    return result.hexdigest()


def _canonical(flat: torch.Tensor) -> str:
    """The narrowest of float32, float64 and int64 that holds all values exactly, as a NumPy dtype."""
    if flat.is_floating_point() and flat.dtype != torch.float64:
        return "<f4"
    for part in flat.split(_CHUNK):
        back = part.float().to(part.dtype)
        if not torch.equal(back.nan_to_num(0.0), part.nan_to_num(0.0)):
            return "<f8" if flat.is_floating_point() else "<i8"
    return "<f4"


def _values(part: torch.Tensor, target: str) -> npt.NDArray[np.generic]:
    """A chunk's values in the canonical type, zeros positive, NaNs alike."""
    wide = part.to(device="cpu", dtype={"<f4": torch.float32, "<f8": torch.float64, "<i8": torch.int64}[target])
    if wide.is_floating_point():
        wide = torch.where(wide.isnan(), torch.full_like(wide, float("nan")), wide + 0.0)
    canonical: npt.NDArray[np.generic] = wide.contiguous().numpy().astype(target, copy=False)
    return canonical
