"""The models that come with the package; each file is checked against its card before it is opened. No torch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from wherefrom.core.errors import ModelError, NoSuchModel
from wherefrom.models.checkpoints.configs import read_json

__all__ = ["CARD", "ZOO", "card", "checked", "names"]

ZOO: Final = Path(__file__).parents[1] / "zoo"
"""One folder a model."""
CARD: Final = "card.json"
"""What a model of the zoo is: `files` (SHA-256 by name), `title`, `architecture`, `channels`, `factor`, `sizes`
(`[[height, width], ...]`), `family`, `licence`, `note`."""


def names() -> tuple[str, ...]:
    """The models that come with the package: the folders that have a card."""
    return tuple(sorted(path.parent.name for path in ZOO.glob(f"*/{CARD}")))


def card(name: str) -> Mapping[str, Any]:
    """A model's card, as it was written.

    Raises:
        NoSuchModel: when there is no such model; the message has the closest and all names.
    """
    if name not in names():
        close = get_close_matches(name, names(), n=1)
        hint = f": did you mean zoo:{close[0]}?" if close else ""
        raise NoSuchModel(f"no model {name!r} in the zoo, which has {', '.join(names()) or 'none'}{hint}")
    return read_json(ZOO / name / CARD)


def checked(name: str) -> Path:
    """A model's folder, after every file in it was found to be the one that its card names.

    Raises:
        ModelError: when there is no such model, or a file is missing, changed or not on the card.
    """
    listed = card(name).get("files")
    if not isinstance(listed, dict) or not listed:
        raise ModelError(f"zoo:{name} has a card without `files`: install the package again")
    folder = ZOO / name
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {CARD}
    if there != set(listed):
        odd = sorted(there ^ set(listed))
        raise ModelError(f"zoo:{name}: {', '.join(odd)} missing, or not on its card: install the package again")
    for file, digest in listed.items():
        with (folder / file).open("rb") as opened:
            actual = hashlib.file_digest(opened, "sha256").hexdigest()
        if actual != digest:
            raise ModelError(
                f"zoo:{name}: {file} has SHA-256 {actual}, its card says {digest}: the file was changed or cut short,"
                f" install the package again"
            )
    return folder
