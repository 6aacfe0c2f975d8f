"""Diffusers' present names and shapes of an autoencoder's tensors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import torch

__all__ = ["canonical", "canonical_name"]

_OLD_ATTENTION: Final = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}


def canonical_name(name: str) -> str:
    """Diffusers' present name of a tensor; attention had other names before its version 0.15."""
    part = r"(attentions\.\d+)\.(query|key|value|proj_attn)\.(weight|bias)$"
    return re.sub(part, lambda match: f"{match[1]}.{_OLD_ATTENTION[match[2]]}.{match[3]}", name)


def canonical(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same tensors under diffusers' present names, attention's 1 x 1 convolutions as matrices."""
    renamed = {canonical_name(name): tensor for name, tensor in state.items()}
    for name, tensor in renamed.items():
        if (
            re.search(r"attentions\.\d+\.to_(q|k|v|out\.0)\.weight$", name)
            and tensor.ndim == 4
            and tensor.shape[2:] == (1, 1)
        ):
            renamed[name] = tensor[:, :, 0, 0]
    return renamed
