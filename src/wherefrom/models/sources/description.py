"""What can be said of a model without opening its weights. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from wherefrom.models.sources import known, zoo

if TYPE_CHECKING:
    from wherefrom.core.card import Fact

__all__ = ["Description", "Where", "describe_known", "describe_zoo", "notes_of"]


class Where(StrEnum):
    """Where a model comes from."""

    ZOO = "zoo"
    TOY = "toy"
    PATH = "path"
    CODE = "code"
    HUB = "hub"


@dataclass(frozen=True, kw_only=True, slots=True)
class Description:
    """What can be said of a model without opening its weights.

    Attributes:
        name: what `load_model` takes.
        where: where it comes from.
        title: what a person calls it.
        architecture: its class; None where only opening it tells.
        family: its decoder's family; None where it is in no table.
        channels: channels of its latents.
        factor: pixels a side of one latent position.
        sizes: native sizes `(height, width)` in pixels; empty where there is none or it is not known.
        licence: of the weights, as last known.
        access: `included`, `open`, `gated`, `deleted`, or None where it is not known.
        confidence: how sure the family is: `stated`, `reported` or `unverified`.
        supported: whether this class of autoencoder can be opened.
        note: what else a person should know.
    """

    name: str
    where: Where
    title: str | None = None
    architecture: str | None = None
    family: str | None = None
    channels: int | None = None
    factor: int | None = None
    sizes: tuple[tuple[int, int], ...] = ()
    licence: str | None = None
    access: str | None = None
    confidence: str | None = None
    supported: bool = True
    note: str | None = None


def describe_known(row: known.KnownModel, name: str) -> Description:
    """A model of the table of well-known ones, under the name that opens it."""
    family = known.family_of(row)
    notes = [note for note in (row.note, family.note) if note]
    return Description(
        name=name,
        where=Where.HUB,
        title=family.title,
        architecture=family.architecture,
        family=family.name,
        channels=family.channels,
        factor=family.factor,
        sizes=row.sizes,
        licence=row.licence,
        access=row.access,
        confidence=row.confidence,
        supported=family.supported,
        note=" ".join(notes) or None,
    )


def describe_zoo(name: str) -> Description:
    """A model that comes with the package, by `zoo:NAME`.

    Raises:
        ModelError: when there is none of that name.
    """
    card = zoo.card(name.removeprefix("zoo:"))
    return Description(
        name=name,
        where=Where.ZOO,
        title=card.get("title"),
        architecture=card.get("architecture"),
        family=card.get("family", name.removeprefix("zoo:")),
        channels=card.get("channels"),
        factor=card.get("factor"),
        sizes=tuple((int(height), int(width)) for height, width in card.get("sizes", ())),
        licence=card.get("licence"),
        access="included",
        confidence="stated",
        note=card.get("note"),
    )


def notes_of(about: Description, source: str) -> dict[str, Fact]:
    """What a model's card says of where it came from; not part of its digest."""
    notes: dict[str, Fact] = {"source": source}
    if about.family:
        notes["family"] = about.family
    if about.licence:
        notes["licence"] = about.licence
    if about.sizes:
        notes["sizes"] = about.sizes
    return notes
