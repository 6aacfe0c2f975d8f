"""From what a person writes to a model that can be asked.

What is written is taken for the first of these that it can be:

- `zoo:NAME`: a small model that comes with the package, its files checked by SHA-256.
- `toy`, `toy:GAIN`: the closed-form autoencoder of tests and examples.
- `hub:owner/name[@revision][:path]`: a repository on the Hugging Face hub, whatever lies here.
- A path that exists, or that starts with `.`, `/` or `~`: a pipeline's folder, an autoencoder's folder, a file of
  weights of a generator (`wherefrom.models.architectures`) or of an autoencoder, or a raw pair
  `NAME_encoder.safetensors`, `NAME_decoder.safetensors` (either file, or their folder).
- `module:attribute`: your own code, only with `trust=True`.
- A text that ends in `.safetensors`, without a colon: a path that is missing.
- `owner/name[@revision][:path]`: a repository on the hub; `path` is a folder or a `.safetensors` file in it.

Only `hub:` and the last use the network, and only for the autoencoder's own files. Where `owner` is a folder here, the
last is taken for a missing path, so that a mistyped path is not sent to the hub.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wherefrom.core.errors import ModelError, NoSuchModel, UsageError
from wherefrom.core.options import checked_facts
from wherefrom.models.checkpoints import suffixes
from wherefrom.models.sources import hub, known, local, zoo
from wherefrom.models.sources.description import Description, Where, describe_known, describe_zoo, notes_of

if TYPE_CHECKING:
    from wherefrom.core.card import Fact
    from wherefrom.images.edits import Edit
    from wherefrom.models.base import Model

__all__ = ["Description", "Where", "describe", "listing", "load_model", "where"]

_CODE: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


def load_model(
    name: str,
    *,
    device: str = "auto",
    dtype: str = "float32",
    trust: bool = False,
    options: Mapping[str, Fact] | None = None,
    through: str | Edit | None = None,
) -> Model:
    """The model of that name, ready to be asked.

    `card.notes["source"]` says where it was found, in a form that opens the same again from any folder: a hub's with
    the commit, a path's from the root. A model out of code that has its own card keeps it.

    Args:
        name: see the list at the top of this module; `listing()` has well-known ones.
        device: `cpu`, `cuda` (`cuda:1`), or `auto`: the first GPU where there is one.
        dtype: `float32`, or less by name, as `bfloat16`.
        trust: whether code that `name` points to may be run.
        options: what a generator's weights do not say, as `{"prior": "uniform"}`; see `wherefrom models options`.
        through: an edit that images went through since the model made them, as `resize:0.5`; see
            `wherefrom.models.through`.

    Raises:
        ModelError: when there is no such model, or it cannot be fetched or opened; the message says what was tried.
        UsageError: when the name has a form that is never a model, the model has no such option, or there is no such
            edit.
    """
    if through is None:
        return _opened(name, device, dtype, trust=trust, options=options)
    from wherefrom.models.through import edit_of
    from wherefrom.models.through import through as behind

    edit = edit_of(through)  # so that a mistyped name does not wait for the model
    return behind(_opened(name, device, dtype, trust=trust, options=options), edit)


def _opened(name: str, device: str, dtype: str, *, trust: bool, options: Mapping[str, Fact] | None) -> Model:
    """The model as it is."""
    given, found = checked_facts(options, example="{'prior': 'uniform'}"), where(name)
    if given and found not in (Where.PATH, Where.CODE):
        raise UsageError(f"{name} has no options, got {', '.join(given)}: options are for files of generators")
    match found:
        case Where.ZOO:
            return _from_zoo(name, device, dtype)
        case Where.TOY:
            return _toy(name, device, dtype)
        case Where.PATH:
            return _from_path(name, device, dtype, given)
        case Where.CODE:
            from wherefrom.models.opening.user_code import from_code

            return from_code(name, device=device, dtype=dtype, trust=trust, options=given)
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
    if hub.parse(name) is not None:
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
            return describe_zoo(name)
        case Where.TOY:
            return Description(
                name=name, where=Where.TOY, title="closed form", factor=8, licence="Apache-2.0", family="toy"
            )
        case Where.PATH:
            place = local.find_place(_existing(name))
            return Description(name=name, where=Where.PATH, architecture=place.kind)
        case Where.CODE:
            return Description(name=name, where=Where.CODE, note="your own code: load_model runs it with trust=True")
        case Where.HUB:
            asked = _asked(name)
            row = known.find(asked.repo, asked.path)
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


def _from_path(name: str, device: str, dtype: str, options: Mapping[str, Fact]) -> Model:
    """A generator where the path holds one that is known, else an autoencoder."""
    from wherefrom.models.opening.generator import open_generator, open_pipeline

    place = local.find_place(_existing(name))
    notes = notes_of(describe(name), str(place.path.resolve()))
    kind = local.PIPELINES.get(place.kind or "")
    if kind is not None:
        return open_pipeline(place.path, architecture=kind, options=options, device=device, dtype=dtype, notes=notes)
    if place.path.is_file():
        found = open_generator(place.path, options=options, device=device, dtype=dtype, notes=notes)
        if found is not None:
            return found
    if options:
        raise UsageError(f"{name} is no generator that is known, so it has no options {', '.join(options)}")
    return _open(place, None, device, dtype, notes)


def _open(place: local.Place, name: str | None, device: str, dtype: str, notes: Mapping[str, Fact]) -> Model:
    from wherefrom.models.opening.autoencoder import open_autoencoder

    return open_autoencoder(place.path, kind=place.kind, device=device, dtype=dtype, name=name, notes=notes)


def _from_zoo(name: str, device: str, dtype: str) -> Model:
    """A generator where the folder holds one file of weights of one, else an autoencoder."""
    from wherefrom.models.opening.generator import open_generator

    place = local.find_place(zoo.checked(name.removeprefix("zoo:")))
    notes = notes_of(describe(name), name)
    if place.path.is_file():
        found = open_generator(place.path, options={}, device=device, dtype=dtype, notes=notes, name=name)
        if found is not None:
            return found
    return _open(place, name, device, dtype, notes)


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


def _asked(name: str) -> hub.HubName:
    asked = hub.parse(name.removeprefix("hub:"))
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
    fetched = hub.fetch(asked)
    inside = asked.path if fetched.place.kind is None else fetched.subfolder
    found = known.find(asked.repo, inside)
    about = Description(name=name, where=Where.HUB) if found is None else describe_known(found, name)
    return _open(fetched.place, str(asked), device, dtype, notes_of(about, fetched.source))


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
    shadow = f"; to ask the hub write hub:{name}" if not hint and hub.parse(name) is not None else ""
    raise NoSuchModel(f"{name} does not exist{hint}{shadow}")


def _closest(name: str) -> str:
    """The closest names of the zoo, the table and this folder, for a message."""
    included = {key: f"zoo:{model}" for model in zoo.names() for key in (model, f"zoo:{model}")}
    here = [path.name for path in sorted(Path().iterdir()) if path.is_dir() or path.suffix in suffixes.FILES]
    found = [included[key] for key in get_close_matches(name, included, n=2)]
    found += [*known.closest(name, 2), *get_close_matches(name, here, n=1)]
    return f": did you mean {', '.join(dict.fromkeys(found))}?" if found else ""
