"""From a latent z, and a label, to w: the mapping networks of StyleGAN2-ADA and of StyleGAN-XL."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import torch
from torch import nn

from wherefrom.models.architectures.base.stylegan.layers import Linear, unit

__all__ = ["Label", "Mapping", "MappingPlan", "MappingXL"]

Label: TypeAlias = int | torch.Tensor | None
"""The class: one for all latents, each one's own `(n,)` int64, or none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MappingPlan:
    """The sizes and options of a mapping network.

    Attributes:
        z_width: of z.
        classes: length of a label; 0 where there are no labels.
        embedded: width of a label as it is stored.
        widths: of what the layers give, the last is w's.
        rate: of the layers' learning.
        act: after each layer.
    """

    z_width: int
    classes: int
    embedded: int
    widths: tuple[int, ...]
    rate: float
    act: str = "lrelu"


class Mapping(nn.Module):
    """`w = fc_n(... fc_0([unit(z), unit(embed(label))]))` (arXiv:1912.04958, arXiv:2006.06676)."""

    def __init__(self, plan: MappingPlan) -> None:
        super().__init__()
        self.embed = Linear(plan.classes, plan.embedded) if plan.classes else None
        self._layers = _layers(self, plan, plan.z_width + plan.embedded)
        self.register_buffer("w_avg", torch.empty(plan.widths[-1]))

    def forward(self, z: torch.Tensor, label: Label) -> torch.Tensor:
        """Latents `(n, z)` to w `(n, w)`; `label` None is the label of zeros.

        Args:
            z: `(n, z)`.
            label: `(n, classes)`, or None of a network without classes.
        """
        x = unit(z)
        if self.embed is not None:
            x = torch.cat([x, unit(self._embedded(self.embed, label)).expand(len(z), -1)], 1)
        return _through(self, x, self._layers)

    @staticmethod
    def _embedded(embed: Linear, label: Label) -> torch.Tensor:
        """Of one label `(1, embedded)`, or of each one's own."""
        if isinstance(label, torch.Tensor):
            return embed.columns(label)
        one_hot = embed.weight.new_zeros((1, embed.weight.shape[1]))
        if label is not None:
            one_hot[0, label] = 1
        embedding: torch.Tensor = embed(one_hot)
        return embedding

    def centre(self, _label: Label) -> torch.Tensor:
        """The mean of w `(w,)`, towards which truncation draws."""
        return self.get_buffer("w_avg")


class _Table(nn.Module):
    """Rows by number: torch's own embedding draws random numbers first, even without storage, which takes seconds."""

    def __init__(self, rows: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(rows, width))


class MappingXL(nn.Module):
    """As `Mapping`, with a table of classes out of a pretrained network (arXiv:2202.00273, section 3.1).

    Args:
        plan: its sizes.
        rows: of the table of classes, which files without labels have too.
        centres: shape of the means of w: `(w,)`, or `(classes, w)`, one for each class.
    """

    def __init__(self, plan: MappingPlan, *, rows: int, centres: tuple[int, ...]) -> None:
        super().__init__()
        self.embed = _Table(rows, plan.embedded)
        self.embed_proj = Linear(plan.embedded, plan.z_width, act="lrelu") if plan.classes else None
        self._layers = _layers(self, plan, plan.z_width * (2 if plan.classes else 1))
        self.register_buffer("w_avg", torch.empty(centres))

    def forward(self, z: torch.Tensor, label: Label) -> torch.Tensor:
        """Latents `(n, z)` to w `(n, w)`; `label` None is class 0, as the label of zeros is to this network.

        Args:
            z: `(n, z)`.
            label: `(n, classes)`, or None of a network without classes.
        """
        x = unit(z)
        if self.embed_proj is not None:
            row = self.embed.weight[label] if isinstance(label, torch.Tensor) else self.embed.weight[label or 0][None]
            x = torch.cat([x, unit(self.embed_proj(row)).expand(len(z), -1)], 1)
        return _through(self, x, self._layers)

    def centre(self, label: Label) -> torch.Tensor:
        """The mean of w `(w,)` towards which truncation draws; of the class, or `(n, w)`, where each has its own."""
        means = self.get_buffer("w_avg")
        return means if means.ndim == 1 else means[label if isinstance(label, torch.Tensor) else label or 0]


def _layers(network: nn.Module, plan: MappingPlan, inputs: int) -> int:
    """Give the network its layers `fc0`, `fc1` and so on; how many there are."""
    for number, (before, after) in enumerate(pairwise((inputs, *plan.widths))):
        network.add_module(f"fc{number}", Linear(before, after, rate=plan.rate, act=plan.act))
    return len(plan.widths)


def _through(network: nn.Module, x: torch.Tensor, layers: int) -> torch.Tensor:
    for number in range(layers):
        x = network.get_submodule(f"fc{number}")(x)
    return x
