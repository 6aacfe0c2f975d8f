"""How much of an accelerator's memory a batch takes."""

from __future__ import annotations

import torch

__all__ = ["BatchMemory"]


class BatchMemory:
    """Watches the memory of a device from here on.

    Args:
        device: where the batch is computed; only a CUDA device says how its memory is used.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        if device.type == "cuda":
            self._held = torch.cuda.memory_allocated(device)
            kept = torch.cuda.memory_reserved(device) - self._held  # by torch, for whoever asks next
            self._free = torch.cuda.mem_get_info(device)[0] + kept
            torch.cuda.reset_peak_memory_stats(device)

    def share(self) -> float:
        """The most that was taken since, as a share of what was free; 0 where that is not known."""
        if self._device.type != "cuda":
            return 0.0
        return (torch.cuda.max_memory_allocated(self._device) - self._held) / max(1, self._free)
