"""The class label of a conditional generator: how its vector meets the latent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import nn

from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.architectures.base import Config, State
from wherefrom.models.architectures.base.options import SEARCH, Label, choice, label_of, whole
from wherefrom.models.architectures.dcgan.parts import Parts

__all__ = ["Join", "join_of"]

_ORDERS = ("last", "first")


@dataclass(frozen=True, kw_only=True, slots=True)
class Join:
    """How a label's vector meets the latent.

    Attributes:
        way: not at all, beside it, or multiplied with it.
        latent: numbers of the latent.
        classes: how many labels; 0 where there are none.
        label: the one that is meant, or that it is searched.
        orders: where the vector may stand beside the latent.
        table: name of the table of vectors; None where they are one-hot.
    """

    way: Literal["none", "beside", "times"]
    latent: int
    classes: int = 0
    label: Label = field(default_factory=Label)
    orders: tuple[str, ...] = ("last",)
    table: str | None = None

    def vectors(self, state: State) -> torch.Tensor:
        """One vector a class, `(classes, numbers)`."""
        return (
            torch.eye(self.classes, dtype=torch.float32, device="cpu")
            if self.table is None
            else state[self.table].float()
        )

    def mixed(self, latents: torch.Tensor, state: State, order: str, source: torch.Generator) -> torch.Tensor:
        """Latents `(n, latent)` with labels drawn from all classes: what the first layer takes.

        Args:
            latents: `(n, latent)`.
            state: the weights.
            order: where the label stands, `first` or `last`.
            source: what labels are drawn from.
        """
        if self.way == "none":
            return latents
        drawn = torch.randint(self.classes, (len(latents),), generator=source, dtype=torch.int64, device="cpu")
        return _joined(latents, self.vectors(state)[drawn], self.way, order)

    def module(self, state: State, order: str) -> nn.Module:
        """Latents `(n, latent)` to what the first layer takes, with the label that is meant, or each one's own.

        Args:
            state: the weights.
            order: where the label stands, `first` or `last`.
        """
        return nn.Identity() if self.way == "none" else _WithLabel(self, self.vectors(state), order)


class _WithLabel(nn.Module):
    """Latents with the vector of one label, or each with that of its own; its weights are all labels' vectors."""

    table: torch.Tensor

    def __init__(self, join: Join, vectors: torch.Tensor, order: str) -> None:
        super().__init__()
        self.way, self.label, self.order = join.way, join.label.number, order
        self.register_buffer("table", vectors)

    def forward(self, latents: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        own_vectors = self.table[self.label].expand(len(latents), -1) if labels is None else self.table[labels]
        return _joined(latents, own_vectors, self.way, self.order)


def _joined(latents: torch.Tensor, vectors: torch.Tensor, way: str, order: str) -> torch.Tensor:
    if way == "times":
        return latents * vectors
    return torch.cat([latents, vectors] if order == "last" else [vectors, latents], 1)


def join_of(parts: Parts, config: Config) -> Join:
    """How the label meets the latent, from the shapes and from options.

    Args:
        parts: of the network.
        config: options, and what stands beside the weights.

    Raises:
        ModelError: when the table of labels does not fit the first layer.
        UsageError: when there are classes and no label, a label and no classes, or one is out of range.
    """
    inputs, (classes, length) = parts.layers[0].inputs, parts.label_shape
    if parts.label is None:
        classes = length = whole(config, "classes", below=inputs) or 0
    if not classes:
        if config.get("label") is not None:
            raise UsageError(f"label={config['label']}: this generator has no classes; a one-hot label needs classes=N")
        return Join(way="none", latent=inputs)
    if length > inputs:
        raise ModelError(
            f"labels' vectors have {length} numbers, the first layer takes {inputs}: need as many or fewer"
        )
    label = label_of(config, classes, name="label", default=None)
    if label.fact is None:
        raise UsageError(
            f"this generator has {classes} classes: say which one by the option label=0 to {classes - 1}, or {SEARCH}"
        )
    order = choice(config, "label_order", _ORDERS)
    if length == inputs:
        return Join(way="times", latent=inputs, classes=classes, label=label, table=parts.label)
    return Join(
        way="beside",
        latent=inputs - length,
        classes=classes,
        label=label,
        orders=(order,) if order else _ORDERS,
        table=parts.label,
    )
