"""How tokenisers choose a code for each cell of an encoder's features. None has a gradient; decoders take any vectors.

Each answers the vectors that the decoder is given, `(n, d, h, w)`, and the codes that stand for them.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

__all__ = ["Codebook", "Gumbel", "Signs", "UnitCodebook"]

_CELLS = 4096
"""How many cells are compared with a whole codebook at once."""


def _best(features: torch.Tensor, table: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """The row of a table with the largest product with each cell, `(n, h, w)` int64.

    Args:
        features: `(n, d, h, w)`.
        table: `(codes, d)`.
        bias: `(codes,)`, added to the products.
    """
    cells = features.permute(0, 2, 3, 1).float()
    rows = table.float().mT
    added = 0.0 if bias is None else bias.float()
    chosen = [(part @ rows + added).argmax(1) for part in cells.flatten(0, 2).split(_CELLS)]
    return torch.cat(chosen).view(cells.shape[:3])


def _vectors(codes: torch.Tensor, table: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Rows of a table as `(n, d, h, w)`, in the arithmetic of `like`."""
    return functional.embedding(codes, table).permute(0, 3, 1, 2).to(like.dtype)


class UnitCodebook(nn.Module):
    """Of the codes, each brought to length 1, the nearest to the direction of the features: LlamaGen's, Janus's."""

    def __init__(self, codes: int, width: int) -> None:
        super().__init__()
        self.directions = nn.Embedding(codes, width)

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Features `(n, d, h, w)` to vectors and codes."""
        table = functional.normalize(self.directions.weight.float(), dim=1)
        codes = _best(features, table)
        return _vectors(codes, table, features), codes


class Codebook(nn.Module):
    """The code with the largest product with the features, whatever its length: that of IBQ (arXiv:2412.02692)."""

    def __init__(self, codes: int, width: int) -> None:
        super().__init__()
        self.scored = nn.Embedding(codes, width)

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Features `(n, d, h, w)` to vectors and codes."""
        codes = _best(features, self.scored.weight)
        return _vectors(codes, self.scored.weight, features), codes


class Gumbel(nn.Module):
    """The likeliest code by a layer of its own, where training drew one of them at random (arXiv:1611.01144)."""

    def __init__(self, codes: int, taken: int, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(taken, codes, 1)
        self.embed = nn.Embedding(codes, width)

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Features `(n, d, h, w)` to vectors and codes."""
        codes = _best(features, self.proj.weight[:, :, 0, 0], self.proj.bias)
        return _vectors(codes, self.embed.weight, features), codes


class Signs(nn.Module):
    """1 where a feature is above 0, else -1: no codebook is looked up (arXiv:2310.05737, section 3.1)."""

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Features `(n, d, h, w)` to vectors and codes."""
        positive = features > 0
        return torch.where(positive, 1.0, -1.0).to(features.dtype), positive
