"""The five short tables of docs/results.md, each out of files that hold far more rows.

`benchmarks/page.py` puts them on the page; this file says which files and which rows of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["METHODS", "TABLES", "Summary", "found_after"]

Document = Mapping[str, Any]
Rows = Sequence[Mapping[str, Any]]

METHODS: Final[Mapping[str, str]] = {
    "aedr, times homogeneity": "AEDR as in the paper",
    "aedr, the ratio alone": "AEDR without its weight (`aedr`)",
    "spectral": "`spectral`, smooth images undecided (`easiest=0.02`)",
    "recompressed": "`recompressed`",
}
"""Rows of `wherefrom bench` that the page of results shows, and what it calls them."""
_STATISTICS: Final[Mapping[str, str]] = {
    "one loss": "error of one reconstruction (`reconstruction`)",
    "t x homogeneity": METHODS["aedr, times homogeneity"],
    "t": METHODS["aedr, the ratio alone"],
    "spectral": METHODS["spectral"],
}
_SPLITS: Final[Mapping[str, str]] = {
    "aedr, times homogeneity": METHODS["aedr, times homogeneity"],
    "aedr, the ratio alone": METHODS["aedr, the ratio alone"],
    "aedr, band by band": "AEDR's two errors band by band (`aedr`, `adjustment=bands`)",
    "spectral": METHODS["spectral"],
    "spectral, easiest=0": "`spectral`, smooth images judged too (`easiest=0`)",
}
_RONAN: Final[Mapping[str, tuple[str, str]]] = {
    "ronan_2": ("training data and unseen data", "ronan"),
    "ronan_3": ("other architectures", "ronan"),
    "ronan_4": ("the same architecture, trained on other data", "ronan"),
    "ronan_7": ("the same architecture, trained on an overlapping part of the same data", "ronan"),
    "ronan_8": ("own images after a colour filter, others unfiltered", "recoloured, profile untouched"),
}
_EDITS: Final[Mapping[str, str]] = {
    "none": "none",
    "crop:3,5": "crop off the decoder's grid",
    "resize:0.5": "resized to one half",
    "screenshot:1.25,3,5,4,2": "screenshot at 125 %",
    "noise:0.02": "noise of 0.02",
    "jpeg:90": "JPEG, quality 90",
    "jpeg:75": "JPEG, quality 75",
    "jpeg:50": "JPEG, quality 50",
    "webp:75": "WebP, quality 75",
    "resize:0.5+jpeg:85": "resized to one half, then JPEG 85",
    "screenshot:1.25,3,5,4,2+jpeg:75": "screenshot, then JPEG 75",
}
_USUAL: Final[Mapping[str, str]] = {
    "joint": "`joint`, the default",
    "control, two copies, weighted": "`control`, weighted",
    "spectral, easiest=0": "`spectral`",
    "aedr, the ratio alone": METHODS["aedr, the ratio alone"],
}
_TIMED: Final = (
    "aedr",
    "spectral",
    "traced",
    "latenttracer",
    "latenttracer, the paper's",
    "ronan",
    "ronan, the paper's",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """A short table.

    Attributes:
        files: patterns of the files it is made of, below `benchmarks/results`, without `.json`.
        table: the table in Markdown, from the documents by their names.
    """

    files: tuple[str, ...]
    table: Callable[[Mapping[str, Document]], str]


def found_after(found: Iterable[Document], edit: str, method: str) -> list[float]:
    """The share of own images that a method finds at 1 % false claims after an edit, one number a decoder.

    The profile has the same edit; without an edit it has none.

    Args:
        found: documents of the tables `edits` or `edits-known`.
        edit: as `jpeg:75`.
        method: as the rows name it.
    """
    how = f"{edit}: {method}, profile {'untouched' if edit == 'none' else 'alike'}"
    return [row["tpr"]["0.01"]["value"] for document in found for row in document["rows"] if row["how"] == how]


def _unedited(found: Mapping[str, Document]) -> str:
    """Found at 1 % false claims by size; wrong `SUPPORTED` over the sizes that can have any."""
    sizes = {name.rpartition("-")[2]: one["decoders"] for name, one in sorted(found.items())}
    lines = _head(["method", *(f"{size} px" for size in sizes), "false claims at beta 0.01"])
    for key, title in _STATISTICS.items():
        cells = [_mean_and_least([rows[key]["tpr"] for rows in of.values()]) for of in sizes.values()]
        pools = [
            pool["claimed"]
            for of in sizes.values()
            for rows in of.values()
            if any(one["supported"]["count"] for one in rows.values())  # else the pools are too small to support any
            for pool in rows[key]["pools"].values()
        ]
        wrong, of_all = sum(pool["count"] for pool in pools), sum(pool["of"] for pool in pools)
        lines.append(_row([title, *cells, f"{wrong} of {of_all}"]))
    return "\n".join(lines)


def _accuracy(found: Mapping[str, Document]) -> str:
    """The papers' own measure at alpha 0.05, on photos and on tiles at their own scale."""
    places = {"reduced photos": found["aedr_splits"], "tiles, not reduced": found["aedr_splits_tiles"]}
    heads = [f"{place}: accuracy % (missed, claimed of 200)" for place in places]
    lines = _head(["method", *heads])
    for key, title in _SPLITS.items():
        rows = [_of(document, f"{key}, alpha 0.05") for document in places.values()]
        lines.append(_row([title, *(_right(one, "kde") for one in rows)]))
    return "\n".join(lines)


def _ronan(found: Mapping[str, Document]) -> str:
    """RONAN's tables beside the paper's figures."""
    lines = _head(["RONAN's table", "others", "here, paper's rule, %", "here, `conformal`, %", "paper, %"])
    for name, (others, how) in _RONAN.items():
        rows = [row for key, one in found.items() if key.startswith(name) for row in _of(one, how)]
        ours = [100 * _mean([row["rules"][rule]["accuracy"] for row in rows]) for rule in ("grubbs", "conformal")]
        theirs = [row["paper"] for one in _named(found, name) for row in one["rows"] if row["paper"] is not None]
        cells = [f"{value:.1f}" for value in (*ours, _mean(theirs))]
        lines.append(_row([name.rpartition("_")[2], others, *cells]))
    return "\n".join(lines)


def _edited(found: Mapping[str, Document]) -> str:
    """Found at 1 % false claims after each edit, and of how many decoders."""
    lines = _head(["edit", "decoders", *_USUAL.values()])
    for edit, title in _EDITS.items():
        values = [found_after(found.values(), edit, key) for key in _USUAL]
        if all(values):
            lines.append(_row([title, str(len(values[0])), *map(_mean_and_least, values)]))
    return "\n".join(lines)


def _cost(found: Mapping[str, Document]) -> str:
    """Seconds an image by method, the least and the most over the models."""
    rows = found["times"]["rows"]
    lines = _head(["method", "models", "seconds an image, least to most"])
    for how in _TIMED:
        of = [row for row in rows if row["how"] == how]
        seconds = [row["seconds"] for row in of]
        kind = "generators of 32 px" if how.startswith("ronan") else "autoencoders, 192 px"
        lines.append(_row([f"`{how}`" if "," not in how else how, f"{len(of)} {kind}", _from_to(seconds)]))
    return "\n".join(lines)


def _of(document: Document, how: str) -> Rows:
    return [row for row in document["rows"] if row["how"] == how]


def _named(found: Mapping[str, Document], start: str) -> list[Document]:
    return [one for name, one in found.items() if name.startswith(start)]


def _right(rows: Rows, rule: str) -> str:
    accuracy, missed, claimed = (_mean([row["rules"][rule][key] for row in rows]) for key in ("accuracy", "fn", "fp"))
    return f"{100 * accuracy:.1f} ({missed:.1f}, {claimed:.1f})"


def _mean_and_least(values: Sequence[float]) -> str:
    return f"{_mean(values):.2f} ({min(values):.2f})"


def _from_to(values: Sequence[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _head(cells: Sequence[str]) -> list[str]:
    return [_row(cells), "| --- " * len(cells) + "|"]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


TABLES: Final[Mapping[str, Summary]] = {
    "unedited": Summary(files=("decoders-*",), table=_unedited),
    "accuracy": Summary(files=("tables/aedr_splits", "tables/aedr_splits_tiles"), table=_accuracy),
    "ronan": Summary(
        files=("tables/ronan_2", "tables/ronan_3*", "tables/ronan_4", "tables/ronan_7", "tables/ronan_8"), table=_ronan
    ),
    "edits": Summary(files=("tables/edits_known_192_tiles_*",), table=_edited),
    "cost": Summary(files=("tables/times",), table=_cost),
}
"""The tables of the page, by the name in their mark."""
