"""Fill docs/results.md with the tables that `wherefrom bench` wrote.

    python -m benchmarks.page

Between `<!-- table: NAME -->` and `<!-- end -->` the page has what `benchmarks/results/tables/NAME.json` says: the
command, the machine, the date and the table itself. `<!-- means: NAME -->` has a line for each way of asking in place
of its rows, with the images that it misses and claims on average. `<!-- edits: NAME -->` has, of all documents
NAME_*.json together, what every method finds after every edit. What stands outside of such marks is left as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import typer

from benchmarks.decoders import RESULTS
from wherefrom.bench._written import markdown

PAGE: Final = RESULTS.parents[1] / "docs" / "results.md"
TABLES: Final = RESULTS / "tables"
_MARKED: Final = re.compile(r"<!-- (?P<kind>table|means|edits): (?P<name>\w+) -->\n.*?<!-- end -->", re.DOTALL)
_EDITED: Final = re.compile(r"(?P<edit>\S+): (?P<method>.+), profile (?P<profile>untouched|alike)")
_AT: Final = "0.01"
Document = Mapping[str, Any]


def filled(page: str) -> str:
    """The page with every marked part as the documents say."""
    return _MARKED.sub(lambda found: section(found["kind"], found["name"]), page)


def shown(page: str) -> set[str]:
    """The names of the documents that a page shows."""
    return {stem for found in _MARKED.finditer(page) for stem in documents(found["kind"], found["name"])}


def documents(kind: str, name: str) -> dict[str, Document]:
    """What a marked part is made of, by the files' names without their ending."""
    paths = sorted(TABLES.glob(f"{name}_*.json")) if kind == "edits" else [TABLES / f"{name}.json"]
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def section(kind: str, name: str) -> str:
    """One marked part of the page."""
    found = list(documents(kind, name).values())
    made: dict[str, Callable[[], str]] = {
        "table": lambda: markdown(found[0]),
        "means": lambda: ways(found[0]),
        "edits": lambda: edited(found),
    }
    commands = "\n".join(one["command"] for one in found)
    left = [f"- left out: {what}" for what in dict.fromkeys(what for one in found for what in one["left out"])]
    machines = dict.fromkeys(f"- machine: {one['machine']}, torch {one['torch']}, {one['date']}" for one in found)
    lines = [f"```sh\n{commands}\n```", "", made[kind](), *left, *machines]
    return "\n".join([f"<!-- {kind}: {name} -->", "", *lines, "", "<!-- end -->"])


def ways(found: Document) -> str:
    """For each way of asking: its rows, and what they say on average."""
    rules = found["rules"]
    head = [
        "how",
        "rows",
        "AUC",
        "TPR at 1 % FPR (least)",
        *(f"accuracy by {rule}, % (missed, claimed)" for rule in rules),
    ]
    lines = [_row(head), "| --- " * len(head) + "|"]
    for way in dict.fromkeys(row["how"] for row in found["rows"]):
        rows = [row for row in found["rows"] if row["how"] == way]
        cells = [way, str(len(rows)), f"{_mean([row['auc']['value'] for row in rows]):.3f}", _rates(rows)]
        cells += [_right([row["rules"][rule] for row in rows]) for rule in rules]
        lines.append(_row(cells))
    return "\n".join([*lines, ""])


def edited(found: Sequence[Document]) -> str:
    """What every method finds after every edit: the mean and the least over the models, for both profiles."""
    cells: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for document in found:
        for row in document["rows"]:
            match = _EDITED.fullmatch(row["how"])
            if match is None:
                raise typer.BadParameter(f"{row['how']!r} is no edit, method and profile")
            cells.setdefault((match["profile"], match["edit"], match["method"]), []).append(row)
    lines = []
    for profile in ("alike", "untouched"):
        methods = list(dict.fromkeys(method for kind, _, method in cells if kind == profile))
        if not methods:
            continue
        edits = dict.fromkeys(edit for kind, edit, _ in cells if kind == profile or edit == "none")
        lines += [_row([f"profile {profile}", *methods]), "| --- " * (1 + len(methods)) + "|"]
        for edit in edits:
            rows = [cells.get((profile if edit != "none" else "untouched", edit, method)) for method in methods]
            lines.append(_row([edit, *("" if one is None else _rates(one) for one in rows)]))
        lines.append("")
    models = {row["model"] for document in found for row in document["rows"]}
    return "\n".join([*lines, f"TPR at 1 % FPR: the mean over {len(models)} models, and the least.", ""])


def _rates(rows: Sequence[Mapping[str, Any]]) -> str:
    values = [row["tpr"][_AT]["value"] for row in rows]
    return f"{_mean(values):.2f} ({min(values):.2f})"


def _right(cells: Sequence[Mapping[str, float]]) -> str:
    accuracy, missed, claimed = (_mean([cell[key] for cell in cells]) for key in ("accuracy", "fn", "fp"))
    return f"{100 * accuracy:.1f} ({missed:.2f}, {claimed:.3f})"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main(page: Path = PAGE) -> None:
    """Write the page anew."""
    text = filled(page.read_text(encoding="utf-8"))
    page.write_text(text, encoding="utf-8")
    typer.echo(f"{page} shows {len(shown(text))} documents of {TABLES}")


if __name__ == "__main__":
    typer.run(main)
