"""Weights that cannot be right, whatever they are of: values that are no numbers, and tensors of zeros alone."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from wherefrom.core.errors import ModelError

__all__ = ["check_values"]


def check_values(state: Mapping[str, torch.Tensor], source: str) -> None:
    """Refuse weights with NaN, infinite values, or matrices and kernels of zeros alone, by the names of the tensors.

    Biases and statistics may be zero. A kernel of zeros is what an interrupted download leaves in a file whose space
    was taken beforehand, and a network with one ignores what comes before it.

    Args:
        state: tensors by name.
        source: how to name the file in a message.

    Raises:
        ModelError: the message has the first names and how many there are.
    """
    floating = {name: tensor for name, tensor in state.items() if tensor.is_floating_point() and tensor.numel()}
    broken = [name for name, tensor in floating.items() if not _finite(tensor)]
    if broken:
        kinds = "NaN" if any(bool(floating[name].float().isnan().any()) for name in broken) else "infinite values"
        verb = "holds" if len(broken) == 1 else "hold"
        raise ModelError(
            f"{source}: {_some(broken)} {verb} {kinds}: no image can be scored with these weights; fetch the file"
            " again, or a copy in whole precision"
        )
    kernels = {name: tensor for name, tensor in floating.items() if tensor.ndim > 1 and tensor.numel() > 1}
    empty = [name for name, tensor in kernels.items() if not bool(tensor.any())]
    if empty:
        verb = "is" if len(empty) == 1 else "are"
        raise ModelError(
            f"{source}: {len(empty)} of {len(kernels)} kernels {verb} all zeros ({_some(empty)}), as after a download"
            " that was not finished: fetch the file again"
        )


def _finite(tensor: torch.Tensor) -> bool:
    """Whether every value is a finite number; a sum is enough where it is finite."""
    return bool(tensor.sum(dtype=torch.float64).isfinite()) or bool(tensor.float().isfinite().all())


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
