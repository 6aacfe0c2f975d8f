"""What is in a file of weights, in three words. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from wherefrom.core.card import Fact

if TYPE_CHECKING:
    import torch

__all__ = ["Config", "Shapes", "State"]

State: TypeAlias = "Mapping[str, torch.Tensor]"
"""Weights by name, as the file has them; the `module.` of DataParallel is gone."""
Shapes: TypeAlias = Mapping[str, tuple[int, ...]]
"""Shapes of weights by name."""
Config: TypeAlias = Mapping[str, Fact]
"""What is known beside the weights; an object inside an object has a dotted name, as `mapping_kwargs.num_layers`."""
