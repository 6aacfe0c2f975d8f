"""What can be said of a model without opening its weights. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom.models.sources import known, zoo
from wherefrom.models.sources.local import find_place
from wherefrom.models.sources.names import CodeName, HubName, PathName, ToyName, Where, ZooName, parse

if TYPE_CHECKING:
    from wherefrom.core.card import Fact

__all__ = ["Description", "describe", "describe_known", "describe_zoo", "listing", "notes_of"]


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


def describe(name: str) -> Description:
    """What can be said of a model without opening its weights, without torch and without the network.

    Args:
        name: what `load_model` takes.

    Raises:
        ModelError: when a path or a zoo name does not exist.
        UsageError: when the name has a form that is never a model.
    """
    match parse(name):
        case ZooName():
            return describe_zoo(name)
        case ToyName():
            return Description(
                name=name, where=Where.TOY, title="closed form", factor=8, licence="Apache-2.0", family="toy"
            )
        case PathName() as written:
            return Description(name=name, where=Where.PATH, architecture=find_place(written.existing()).kind)
        case CodeName():
            return Description(name=name, where=Where.CODE, note="your own code: load_model runs it with trust=True")
        case HubName() as written:
            row = known.find(written.repo, written.path)
            return Description(name=name, where=Where.HUB) if row is None else describe_known(row, name)


def listing() -> tuple[Description, ...]:
    """The models of the zoo, then the well-known ones on the hub."""
    rows = known.known()
    usual = {row.id: row for row in reversed(rows)}
    hub_names = [row.id if usual[row.id] == row else f"{row.id}:{row.subfolder}" for row in rows]
    return (
        *(describe_zoo(f"zoo:{name}") for name in zoo.names()),
        *(describe_known(row, name) for row, name in zip(rows, hub_names, strict=True)),
    )


def describe_known(row: known.KnownModel, name: str) -> Description:
    """A model of the table of well-known ones, under the name that opens it.

    Args:
        row: of the table.
        name: what `load_model` takes.
    """
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
    """What a model's card says of where it came from; not part of its digest.

    Args:
        about: what is known of the model.
        source: where it was found, in a form that opens it again.
    """
    notes: dict[str, Fact] = {"source": source}
    if about.family:
        notes["family"] = about.family
    if about.licence:
        notes["licence"] = about.licence
    if about.sizes:
        notes["sizes"] = about.sizes
    return notes
