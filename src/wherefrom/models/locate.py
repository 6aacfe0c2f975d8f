"""From what a person writes to a model that can be asked.

What is written is taken for the first of these that it can be:

- `zoo:NAME`: a small model that comes with the package, its files checked by SHA-256.
- `toy`, `toy:GAIN`: the closed-form autoencoder of tests and examples.
- `hub:owner/name[@revision][:path]`: a repository on the Hugging Face hub, whatever lies here.
- A path that exists, or that starts with `.`, `/` or `~`: a pipeline's folder, an autoencoder's folder, a file of
  weights, or a raw pair `NAME_encoder.safetensors`, `NAME_decoder.safetensors` (either file, or their folder).
- `module:attribute`: your own code, only with `trust=True`.
- A text that ends in `.safetensors`, without a colon: a path that is missing.
- `owner/name[@revision][:path]`: a repository on the hub; `path` is a folder or a `.safetensors` file in it.

Only `hub:` and the last use the network, and only for the autoencoder's own files. Where `owner` is a folder here, the
last is taken for a missing path, so that a mistyped path is not sent to the hub.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models import _folders, _hub, _zoo, known

if TYPE_CHECKING:
    from wherefrom.core.card import Fact
    from wherefrom.models.base import Model

__all__ = ["Description", "Where", "describe", "listing", "load_model", "where"]

_CODE: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


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


def load_model(name: str, *, device: str = "auto", dtype: str = "float32", trust: bool = False) -> Model:
    """The model of that name, ready to be asked.

    `card.notes["source"]` says where it was found, in a form that opens the same again from any folder: a hub's with
    the commit, a path's from the root. A model out of code that has its own card keeps it.

    Args:
        name: see the list at the top of this module; `listing()` has well-known ones.
        device: `cpu`, `cuda` (`cuda:1`), or `auto`: the first GPU where there is one.
        dtype: `float32`, or less by name, as `bfloat16`.
        trust: whether code that `name` points to may be run.

    Raises:
        ModelError: when there is no such model, or it cannot be fetched or opened; the message says what was tried.
        UsageError: when the name has a form that is never a model.
    """
    match where(name):
        case Where.ZOO:
            return _open(_zoo_place(name), name, device, dtype, _notes(describe(name), name))
        case Where.TOY:
            return _toy(name, device, dtype)
        case Where.PATH:
            place = _folders.find_place(_existing(name))
            return _open(place, None, device, dtype, _notes(describe(name), str(place.path.resolve())))
        case Where.CODE:
            from wherefrom.models._code import from_code

            return from_code(name, device=device, dtype=dtype, trust=trust)
        case Where.HUB:
            return _from_hub(name, device, dtype)


def where(name: str) -> Where:
    """What a name is taken for, without opening anything or using the network.

    Raises:
        UsageError: when it is none of the forms; the message lists them and the closest names.
    """
    for prefix, found in (("zoo:", Where.ZOO), ("toy:", Where.TOY), ("hub:", Where.HUB)):
        if name.startswith(prefix):
            return found
    if name == "toy":
        return Where.TOY
    if name.strip() and (name.startswith((".", "/", "~")) or _exists(name)):
        return Where.PATH
    if _CODE.fullmatch(name):
        return Where.CODE
    if name.endswith(".safetensors") and ":" not in name:
        return Where.PATH
    if _hub.parse(name) is not None:
        return Where.PATH if Path(name.partition("/")[0]).is_dir() else Where.HUB
    raise UsageError(
        f"{name!r} is no model's name: not zoo:NAME, not a path that exists, not module:attribute,"
        f" not owner/name[@revision][:path] on the hub{_closest(name)}"
    )


def describe(name: str) -> Description:
    """What can be said of a model without opening its weights, without torch and without the network.

    Raises:
        ModelError: when a path or a zoo name does not exist.
        UsageError: when the name has a form that is never a model.
    """
    match where(name):
        case Where.ZOO:
            return _describe_zoo(name)
        case Where.TOY:
            return Description(
                name=name, where=Where.TOY, title="closed form", factor=8, licence="Apache-2.0", family="toy"
            )
        case Where.PATH:
            place = _folders.find_place(_existing(name))
            return Description(name=name, where=Where.PATH, architecture=place.kind)
        case Where.CODE:
            return Description(name=name, where=Where.CODE, note="your own code: load_model runs it with trust=True")
        case Where.HUB:
            asked = _asked(name)
            row = known.find(asked.repo, asked.path)
            return Description(name=name, where=Where.HUB) if row is None else _describe_known(row, name)


def listing() -> tuple[Description, ...]:
    """The models of the zoo, then the well-known ones on the hub."""
    rows = known.known()
    usual = {row.id: row for row in reversed(rows)}
    hub_names = [row.id if usual[row.id] == row else f"{row.id}:{row.subfolder}" for row in rows]
    return (
        *(_describe_zoo(f"zoo:{name}") for name in _zoo.names()),
        *(_describe_known(row, name) for row, name in zip(rows, hub_names, strict=True)),
    )


def _describe_known(row: known.KnownModel, name: str) -> Description:
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


def _describe_zoo(name: str) -> Description:
    card = _zoo.card(name.removeprefix("zoo:"))
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


def _notes(about: Description, source: str) -> dict[str, Fact]:
    """What a model's card says of where it came from; not part of its digest."""
    notes: dict[str, Fact] = {"source": source}
    if about.family:
        notes["family"] = about.family
    if about.licence:
        notes["licence"] = about.licence
    if about.sizes:
        notes["sizes"] = about.sizes
    return notes


def _open(place: _folders.Place, name: str | None, device: str, dtype: str, notes: Mapping[str, Fact]) -> Model:
    from wherefrom.models.diffusers import open_autoencoder

    return open_autoencoder(place.path, kind=place.kind, device=device, dtype=dtype, name=name, notes=notes)


def _zoo_place(name: str) -> _folders.Place:
    return _folders.find_place(_zoo.checked(name.removeprefix("zoo:")))


def _toy(name: str, device: str, dtype: str) -> Model:
    if device not in ("cpu", "auto") or dtype != "float32":
        raise ModelError(f"{name} computes in float32 on the CPU alone, not in {dtype} on {device}")
    from wherefrom.models.toy import Toy

    if name == "toy":
        return Toy()
    try:
        gain = float(name.removeprefix("toy:"))
    except ValueError as error:
        raise UsageError(f"{name!r} is no toy: write toy, or toy:GAIN with a number between 0 and 1") from error
    return Toy(gain=gain)


def _asked(name: str) -> _hub.HubName:
    asked = _hub.parse(name.removeprefix("hub:"))
    if asked is None:
        raise UsageError(f"{name!r} is no repository: write hub:owner/name[@revision][:path]{_closest(name[4:])}")
    return asked


def _from_hub(name: str, device: str, dtype: str) -> Model:
    asked = _asked(name)
    row = known.find(asked.repo, asked.path)
    if row is not None and not known.family_of(row).supported:
        family = known.family_of(row)
        raise ModelError(
            f"{asked.repo} holds {family.title} ({family.architecture}): {family.note or 'not supported'}"
            f" Supported are {', '.join(known.SUPPORTED)}"
        )
    fetched = _hub.fetch(asked)
    inside = asked.path if fetched.place.kind is None else fetched.subfolder
    found = known.find(asked.repo, inside)
    about = Description(name=name, where=Where.HUB) if found is None else _describe_known(found, name)
    return _open(fetched.place, str(asked), device, dtype, _notes(about, fetched.source))


def _exists(name: str) -> bool:
    try:
        return Path(name).expanduser().exists()
    except (OSError, RuntimeError, ValueError):  # too long, no such user, a null byte: a name, but not of a file
        return False


def _existing(name: str) -> Path:
    """A path that exists, or the reason and what lies beside it."""
    if _exists(name):
        return Path(name).expanduser()
    folder = Path(name).parent
    beside = [str(path) for path in sorted(folder.iterdir())] if _exists(str(folder)) and folder.is_dir() else []
    close = get_close_matches(str(Path(name)), beside, n=3)
    hint = f": did you mean {', '.join(close)}?" if close else ""
    shadow = f"; to ask the hub write hub:{name}" if not hint and _hub.parse(name) is not None else ""
    raise ModelError(f"{name} does not exist{hint}{shadow}")


def _closest(name: str) -> str:
    """The closest names of the zoo, the table and this folder, for a message."""
    zoo = {key: f"zoo:{model}" for model in _zoo.names() for key in (model, f"zoo:{model}")}
    here = [path.name for path in sorted(Path().iterdir()) if path.is_dir() or path.suffix in _folders.FILES]
    found = [zoo[key] for key in get_close_matches(name, zoo, n=2)]
    found += [*known.closest(name, 2), *get_close_matches(name, here, n=1)]
    return f": did you mean {', '.join(dict.fromkeys(found))}?" if found else ""
