"""Weights drawn for networks that were made without storage, so that outputs vary and norms are no identities."""

from __future__ import annotations

import torch
from torch import nn

from wherefrom.core.tensors import generator

__all__ = ["drawn"]


def drawn(network: nn.Module, seed: int = 0) -> dict[str, torch.Tensor]:
    """A value for each tensor of a network: matrices by their width, vectors near 1 or 0, variances above 0."""
    source = generator(seed)
    state: dict[str, torch.Tensor] = {}
    for name, tensor in network.state_dict().items():
        noise = torch.randn(tensor.shape, generator=source)
        if name.endswith("num_batches_tracked"):
            state[name] = torch.ones((), dtype=torch.long)
        elif name.endswith("running_var"):
            state[name] = noise.square() + 0.5
        elif tensor.ndim > 1:
            state[name] = noise / max(tensor[0].numel(), 1) ** 0.5
        else:
            state[name] = 0.2 * noise + (1 if name.endswith("weight") else 0)
    return state
