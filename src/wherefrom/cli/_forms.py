"""The forms of files that this program writes, each told by what it says of itself and never by its name."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

__all__ = [
    "BENCH",
    "BENCH_FIGURE",
    "BUNDLE",
    "CARD",
    "CHECKPOINT",
    "EVALUATION",
    "FIGURE",
    "MAP",
    "NOTES",
    "PROFILE",
    "SCORES",
    "VERDICTS",
    "Form",
]

_HEAD: Final = 4096
"""Bytes of a file that are looked at for what it says of itself at its start, or at its end."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form of file.

    Attributes:
        name: in words.
        readers: by suffix, whether a file was made by this program in this form; a file that cannot be read was not.
    """

    name: str
    readers: Mapping[str, Callable[[Path], bool]]

    @property
    def suffixes(self) -> tuple[str, ...]:
        """How such files may end."""
        return tuple(self.readers)

    def is_ours(self, path: Path) -> bool:
        """Whether this program made the file, in this form."""
        try:
            return self.readers[path.suffix.lower()](path)
        except Exception:  # noqa: BLE001 - whatever is wrong with it, it is not known to be ours
            return False


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _HEAD))
        return file.read()


def _object(kind: str) -> Callable[[Path], bool]:
    """JSON whose first object starts with what it is."""
    start = re.compile(rb'\s*\[?\s*\{\s*"wherefrom"\s*:\s*"' + kind.encode() + rb'"')
    return lambda path: start.match(_head(path)) is not None


def _csv(kind: str) -> Callable[[Path], bool]:
    """A CSV whose last column says what each row is; one with a column or row added has been worked on."""

    def read(path: Path) -> bool:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file, strict=True)
        return header[-1] == "wherefrom" and {row[-1] for row in rows} == {kind}

    return read


def _parquet(kind: str) -> Callable[[Path], bool]:
    def read(path: Path) -> bool:
        import pyarrow.parquet as pq

        stated = (pq.read_schema(path).metadata or {}).get(b"wherefrom", b"null")
        return bool(json.loads(stated)["wherefrom"] == kind)

    return read


def _picture(path: Path) -> bool:
    from wherefrom.report.figures import MADE

    return MADE.encode() in _head(path) or MADE.encode() in _tail(path)


def _safetensors(path: Path) -> bool:
    from safetensors import safe_open

    from wherefrom.models.convert import MADE

    with safe_open(path, framework="numpy") as file:
        metadata: Any = file.metadata() or {}
    return bool(metadata.get("wherefrom") == MADE)


def _map_arrays(path: Path) -> bool:
    import numpy as np

    with np.load(path, allow_pickle=False) as held:
        return bool(json.loads(str(held["about"]))["wherefrom"] == "map")


def _notes(path: Path) -> bool:
    return _head(path).startswith(b"# What is in this folder\n\nMade by `wherefrom demo`")


def _carded(path: Path) -> bool:
    from wherefrom.report.card_files import CARD_MARK

    return _head(path).startswith(CARD_MARK.encode())


def _page(path: Path) -> bool:
    from wherefrom.report.rendering import MADE

    return f'<meta name="generator" content="{MADE}">'.encode() in _head(path)


def _bench(path: Path) -> bool:
    document = json.loads(path.read_bytes())
    return bool({"table", "title", "paper", "goal", "rules", "command", "version", "rows"} <= document.keys())


def _bundle(path: Path) -> bool:
    import zipfile

    from wherefrom.bundle.names import ENVELOPE

    with zipfile.ZipFile(path) as archive:
        return ENVELOPE in archive.namelist()


def _table(kind: str) -> dict[str, Callable[[Path], bool]]:
    is_ours = _object(kind)
    return {".csv": _csv(kind), ".parquet": _parquet(kind), ".json": is_ours, ".jsonl": is_ours}


PROFILE: Final = Form("profile", {".json": _object("profile")})
SCORES: Final = Form("table of scores", _table("table"))
VERDICTS: Final = Form("table of verdicts", _table("verdict"))
EVALUATION: Final = Form("evaluation", {".json": _object("evaluation"), ".csv": _csv("evaluation")})
CARD: Final = Form("profile card", {".md": _carded, ".html": _page, ".json": _object("profile card")})
FIGURE: Final = Form("figure", {".png": _picture, ".svg": _picture, ".pdf": _picture})
CHECKPOINT: Final = Form("converted generator", {".safetensors": _safetensors})
MAP: Final = Form("map of evidence", {".json": _object("map"), ".npz": _map_arrays})
BENCH: Final = Form("table of `wherefrom bench`", {".json": _bench})
NOTES: Final = Form("notes of `wherefrom demo`", {".md": _notes})
BUNDLE: Final = Form("bundle", {".zip": _bundle})
BENCH_FIGURE: Final = Form("figure", {".png": _picture})
