"""Well-known repositories and the family of decoder each holds, read from `known.json`. No torch, no network."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.checkpoints.folders import weights_in
from wherefrom.models.sources.classes import OPENED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wherefrom.core.card import Fact

__all__ = [
    "SUPPORTED",
    "Family",
    "KnownModel",
    "closest",
    "families",
    "family_of",
    "find",
    "known",
    "known_as",
    "known_file",
]

SUPPORTED: Final = tuple(OPENED)
"""Classes of autoencoder that can be opened, by their name in diffusers' configurations."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """Models that hold one decoder: their images cannot be told apart by it.

    Attributes:
        name: a short name, as `sdxl_vae`.
        title: what a person calls it.
        architecture: the class in diffusers' configurations.
        channels: channels of the latents.
        factor: pixels a side of one latent position.
        supported: whether this class of autoencoder can be opened.
        shared: how sure it is that the members hold one decoder: `stated` by its makers, `reported` by others,
            `unverified`. Only equal digests of the weights prove it.
        note: what else a person should know.
    """

    name: str
    title: str
    architecture: str
    channels: int
    factor: int
    supported: bool
    shared: str
    note: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownModel:
    """A well-known repository, or one folder of it.

    Attributes:
        id: `owner/name` on the Hugging Face hub.
        family: name of its decoder's family.
        subfolder: the autoencoder's folder, empty for the root.
        sizes: native sizes `(height, width)` in pixels; empty where there is none.
        licence: SPDX identifier or name of the weights' licence, as last known.
        access: `open`, `gated` (a licence has to be accepted first) or `deleted`.
        confidence: how sure the family is: `stated`, `reported` or `unverified`.
        moved_to: the id to use in place of a deleted one.
        note: what else a person should know.
    """

    id: str
    family: str
    subfolder: str
    sizes: tuple[tuple[int, int], ...]
    licence: str
    access: str
    confidence: str
    moved_to: str | None
    note: str | None


def _model(row: dict[str, Any]) -> KnownModel:
    sizes = tuple((int(height), int(width)) for height, width in row["sizes"])
    return KnownModel(**{"moved_to": None, "note": None, **row, "sizes": sizes})


@cache
def _table() -> tuple[tuple[Family, ...], tuple[KnownModel, ...]]:
    text = resources.files(__package__).joinpath("known.json").read_text(encoding="utf-8")
    table = json.loads(text)
    families = tuple(Family(**{"note": None, **row}) for row in table["families"])
    return families, tuple(_model(row) for row in table["models"])


def families() -> tuple[Family, ...]:
    """Every family of decoder in the table."""
    return _table()[0]


def known() -> tuple[KnownModel, ...]:
    """Every repository in the table; one with two autoencoders has two rows, the usual one first."""
    return _table()[1]


def find(hub_id: str, subfolder: str | None = None) -> KnownModel | None:
    """The row of a repository, or None where the table does not have it.

    Args:
        hub_id: `owner/name`; upper and lower case are one, as on the hub.
        subfolder: the autoencoder's folder; None is the usual one.
    """
    rows = [row for row in known() if row.id.casefold() == hub_id.casefold()]
    if subfolder is not None:
        rows = [row for row in rows if row.subfolder == subfolder]
    return rows[0] if rows else None


def family_of(model: KnownModel | str) -> Family:
    """The family of a row, or of a family's name.

    Raises:
        UsageError: when there is no family of that name; the message has the closest.
    """
    name = model if isinstance(model, str) else model.family
    by_name = {family.name: family for family in families()}
    if name not in by_name:
        close = get_close_matches(name, by_name, n=3) or sorted(by_name)
        raise UsageError(f"no family {name!r}: did you mean {', '.join(close)}?")
    return by_name[name]


@cache
def _decoders() -> dict[str, str]:
    """What decoders of published weights are called, by the digest of their values."""
    text = resources.files(__package__).joinpath("known.json").read_text(encoding="utf-8")
    return {row["decoder"]: f"{row['title']}, {row['source']}" for row in json.loads(text)["decoders"]}


@cache
def _files() -> dict[tuple[int, str], str]:
    """Which published file has this length and SHA-256, as its makers or the hub state them."""
    text = resources.files(__package__).joinpath("known.json").read_text(encoding="utf-8")
    rows = json.loads(text)["files"]
    return {(row["bytes"], row["sha256"]): f"{row['file']} of {row['repository']}" for row in rows}


def known_file(path: Path) -> str | None:
    """Which well-known file of weights lies at a path, byte for byte; None where it is none of the table.

    Only a file of the length of one of these is read.

    Args:
        path: of a file, or of a folder with weights in diffusers' layout.
    """
    try:
        file = weights_in(path) if path.is_dir() else path
        length = file.stat().st_size
        if length not in {known_length for known_length, _ in _files()}:
            return None
        with file.open("rb") as content:
            return _files().get((length, hashlib.file_digest(content, "sha256").hexdigest()))
    except (ModelError, OSError):
        return None


def known_as(facts: Mapping[str, Fact], *, channels: int | None, factor: int, file: Path | None = None) -> str:
    """Which well-known decoder weights are.

    By their digest, else by that of their file, else the families that have their form, else nothing.

    Args:
        facts: of the model's card.
        channels: of its latents; None where it has no grid of latents.
        factor: pixels a side of one latent position.
        file: where its weights are, file or folder; None where that is not known.
    """
    exact = _decoders().get(str(facts.get("decoder")))
    if exact is not None:
        return f"{exact} (the weights are equal)"
    same = None if file is None else known_file(file)
    if same is not None:
        return f"{same} (the file is the same byte for byte)"
    alike = [
        family.name
        for family in families()
        if (family.architecture, family.channels, family.factor) == (facts.get("architecture"), channels, factor)
    ]
    if not alike:
        return "none that is known"
    return f"not known by its weights; of the form of {', '.join(alike)}"


def closest(hub_id: str, count: int = 3) -> tuple[str, ...]:
    """Ids of the table that look most like what was typed, with or without its owner, deleted ones left out.

    Args:
        hub_id: what was typed.
        count: at most this many.
    """
    ids = list(dict.fromkeys(row.id for row in known() if row.access != "deleted"))
    by_key = {key.casefold(): name for name in ids for key in (name.rpartition("/")[2], name)}
    tail = hub_id.casefold().rpartition("/")[2]
    keys = get_close_matches(hub_id.casefold(), by_key, n=count, cutoff=0.75)
    keys += get_close_matches(tail, by_key, n=count, cutoff=0.75)
    return tuple(dict.fromkeys(by_key[key] for key in keys))[:count]
