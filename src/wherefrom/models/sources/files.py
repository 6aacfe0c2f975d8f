"""The files that a name leads to, fetched or found, before any of their weights are read. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wherefrom.core.errors import ModelError
from wherefrom.models.sources import hub, known, zoo
from wherefrom.models.sources.description import Description, describe_known, describe_zoo, notes_of
from wherefrom.models.sources.local import Place, find_place
from wherefrom.models.sources.names import HubName, PathName, Where, ZooName

if TYPE_CHECKING:
    from wherefrom.core.card import Fact

__all__ = ["ModelFiles", "find_files"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelFiles:
    """Where a model's files are, and what is known of it beside them.

    Attributes:
        place: its folder or file, with its configuration where there is one.
        written: its name as a person wrote it, for messages.
        name: what to call it; None leaves that to what is found in the files.
        notes: for its card: `source`, and `family`, `licence` and `sizes` where they are known.
    """

    place: Place
    written: str
    name: str | None
    notes: Mapping[str, Fact]


def find_files(name: ZooName | PathName | HubName) -> ModelFiles:
    """The files of a model: those of the zoo are checked, a path is looked into, those of the hub are fetched.

    Args:
        name: from `wherefrom.models.sources.names.parse`.

    Raises:
        ModelError: when there is no such model, it cannot be fetched, or what lies there is none or more than one.
    """
    match name:
        case ZooName():
            place = find_place(zoo.checked(name.name))
            notes = notes_of(describe_zoo(str(name)), str(name))
            return ModelFiles(place=place, written=str(name), name=str(name), notes=notes)
        case PathName():
            place = find_place(name.existing())
            return ModelFiles(place=place, written=str(name), name=None, notes={"source": str(place.path.resolve())})
        case HubName():
            return _of_hub(name)


def _of_hub(name: HubName) -> ModelFiles:
    """An autoencoder's files on the hub, or the file that is named, unless its class is known not to be supported."""
    row = known.find(name.repo, name.path)
    if row is not None and not known.family_of(row).supported:
        family = known.family_of(row)
        raise ModelError(
            f"{name.repo} holds {family.title} ({family.architecture}): {family.note or 'not supported'}"
            f" Supported are {', '.join(known.SUPPORTED)}"
        )
    fetched = hub.fetch(name)
    known_row = known.find(name.repo, fetched.inside)
    about = Description(name=str(name), where=Where.HUB) if known_row is None else describe_known(known_row, str(name))
    return ModelFiles(
        place=fetched.place,
        written=str(name),
        name=str(name),
        notes=notes_of(about, fetched.source),
    )
