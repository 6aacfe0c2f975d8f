"""What the architectures of this folder say of themselves, without torch: kept in `table.json`, made by running this.

A file of this folder imports torch, which a list of names should not wait for. An architecture that is not in the
table, as one from an entry point, is loaded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from wherefrom.models.architectures import load, names

__all__ = ["COMMON", "About", "listed", "made"]

COMMON: Final[Mapping[str, str]] = {
    "architecture": "one of `wherefrom models list`; by default told from the weights",
    "part": "which of several tables of weights in one file; by default the one whose name says generator",
}
"""Options of every file of weights."""

TABLE: Final = Path(__file__).with_name("table.json")
_FIELDS: Final = ("name", "title", "paper", "files", "latent", "sizes", "methods")


@dataclass(frozen=True, kw_only=True, slots=True)
class About:
    """An architecture, as `wherefrom.models.architectures.base.Architecture` says it.

    Attributes:
        name: of its file.
        title: what a person calls it.
        paper: where it is described.
        files: kinds of files.
        latent: what is searched.
        sizes: of its images.
        methods: which apply.
        options: what each option does.
    """

    name: str
    title: str
    paper: str
    files: tuple[str, ...]
    latent: str
    sizes: str
    methods: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)


def listed() -> tuple[About, ...]:
    """Every architecture, by name."""
    kept = {row["name"]: row for row in json.loads(TABLE.read_text(encoding="utf-8"))}
    return tuple(_about(kept[name]) if name in kept else _loaded(name) for name in names())


def _about(row: Mapping[str, Any]) -> About:
    lists = {key: tuple(row[key]) for key in ("files", "methods")}
    return About(**{**row, **lists})


def _loaded(name: str) -> About:
    architecture = load(name)
    return About(**{key: getattr(architecture, key) for key in _FIELDS}, options=dict(architecture.options))


def made() -> str:
    """The table as it should be, out of the architectures that come with the package."""
    own_names = [name for name in names() if load(name).build.__module__.startswith("wherefrom.")]
    return json.dumps([asdict(_loaded(name)) for name in own_names], indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TABLE.write_text(made(), encoding="utf-8")
