"""Fill the pages of results with the tables that `wherefrom bench` and the programs of this folder wrote.

    python -m benchmarks.page

A page has marks, and between a mark and `<!-- end -->` stands what JSON files of `benchmarks/results` say:

- `<!-- table: NAME -->`: the rows of `tables/NAME.json`, with the command, the machine and the date.
- `<!-- means: NAME -->`: of the same file a line for each method, with the images that it misses and claims on average.
- `<!-- edits: NAME -->`: of all files `tables/NAME_*.json` together, what every method finds after every edit.
- `<!-- models: NAME -->`: of the same files what `joint` finds after every edit, for each model, beside other methods.
- `<!-- joined: NAME -->`: the rows of all files `tables/NAME_*.json` of one table, with their commands.
- `<!-- kinds: NAME -->`: of the same files a line for each model, edit and kind of other images, and what every method
  finds against it.
- `<!-- measured: NAME -->`: what a program of this folder wrote to `NAME.json`, with its command. Of programs that are
  tables now (`benchmarks/earlier.py`) the command that makes the table now, and a line that says so.
- `<!-- summary: NAME -->`: a short table out of several files, made by `benchmarks/summary.py`.

What stands outside of such marks is left as it is.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import typer

from benchmarks import earlier, summary
from benchmarks.places import RESULTS
from wherefrom.bench import TableRun
from wherefrom.bench.edits_known import EDITS

DOCS: Final = RESULTS.parents[1] / "docs"
PAGES: Final = (DOCS / "results.md", *sorted((DOCS / "results").glob("*.md")))
TABLES: Final = RESULTS / "tables"
_MARKED: Final = re.compile(
    r"<!-- (?P<kind>table|joined|means|edits|models|kinds|measured|summary): (?P<name>[\w-]+) -->\n.*?<!-- end -->",
    re.DOTALL,
)
_EDITED: Final = re.compile(r"(?P<edit>\S+): (?P<method>.+), profile (?P<profile>untouched|alike)")
_PROFILES: Final = {"alike": "profile with the same edit", "untouched": "profile without an edit"}
_BESIDE: Final = {
    "joint": "`joint`",
    "control, two copies, weighted": "`control`, two copies, `weighted`",
    "control, two copies and the ratio's excess": "`control`, two copies and the ratio's excess",
    "spectral, easiest=0": "`spectral`",
    "aedr, the ratio alone": "`aedr`",
}
"""Methods whose means over the models stand beside what `joint` finds of each."""
_AT: Final = "0.01"
_PROGRAMS: Final = ("crowded", "devices", "inversion")
"""Programs of this folder whose `show` makes the table of the file of their name."""
Document = Mapping[str, Any]


def filled(page: str) -> str:
    """The page with every marked part as the documents say."""
    return _MARKED.sub(lambda found: section(found["kind"], found["name"]), page)


def shown(page: str) -> set[str]:
    """The names of the documents that a page shows."""
    return {stem for found in _MARKED.finditer(page) for stem in documents(found["kind"], found["name"])}


def documents(kind: str, name: str) -> dict[str, Document]:
    """What a marked part is made of, by the files' names without their ending."""
    if kind == "summary":
        stems = [stem for pattern in summary.TABLES[name].files for stem in sorted(RESULTS.glob(f"{pattern}.json"))]
        paths = list(dict.fromkeys(stems))
    elif kind == "measured":
        paths = [RESULTS / f"{name}.json"]
    else:
        several = kind in ("edits", "joined", "kinds", "models")
        paths = sorted(TABLES.glob(f"{name}_*.json")) if several else [TABLES / f"{name}.json"]
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def section(kind: str, name: str) -> str:
    """One marked part of the page."""
    found = documents(kind, name)
    every = list(found.values())
    made: dict[str, Callable[[], str]] = {
        "table": lambda: rows_of(every),
        "joined": lambda: rows_of(every),
        "means": lambda: methods(every[0]),
        "edits": lambda: edited(every),
        "models": lambda: by_model(every),
        "kinds": lambda: against_kinds(every),
        "measured": lambda: measured(name, every[0]),
        "summary": lambda: summary.TABLES[name].table(found),
    }
    commands = "\n".join(merged(command_of(key, one) for key, one in found.items()))
    lines = [f"```sh\n{commands}\n```", "", made[kind]()]
    old = [earlier.note(key, one) for key, one in found.items() if key in earlier.FILES]
    lines += ["", *old] if old and kind == "measured" else []
    if kind in ("table", "joined", "means", "edits", "kinds", "models"):
        left = dict.fromkeys(what for one in every for what in one["left out"])
        lines += [""] if lines[-1].endswith("|") else []  # or the list would be rows of the table
        lines += [f"- left out: {what}" for what in left]
        lines += dict.fromkeys(f"- machine: {one['machine']}, torch {one['torch']}, {one['date']}" for one in every)
    return "\n".join([f"<!-- {kind}: {name} -->", "", *lines, "", "<!-- end -->"])


def command_of(name: str, found: Document) -> str:
    """The command that makes a document now."""
    return earlier.FILES[name].now if name in earlier.FILES else str(found["command"])


def rows_of(found: Sequence[Document]) -> str:
    """The rows of documents of one table, as the table shows them."""
    (table,) = {one["table"] for one in found}
    whole = {**found[0], "rows": [row for one in found for row in one["rows"]]}
    return TableRun(name=table, document=whole, seconds=0.0).markdown


def merged(commands: Iterable[str]) -> list[str]:
    """Commands, where those that differ in nothing but the model they ask are one, and then those in the edit alone."""
    return _merged(_merged(commands, "--ask"), "--edit")


def _merged(commands: Iterable[str], flag: str) -> list[str]:
    """Commands of which those that differ in nothing but the values of a flag are one, with the flag repeated."""
    named: dict[str, list[str]] = {}
    for command in commands:
        values = re.findall(rf" {flag} (\S+)", command)
        named.setdefault(re.sub(rf"( {flag} \S+)+", f" {flag}", command), []).extend(values)
    return [
        command.replace(f" {flag}", "".join(f" {flag} {value}" for value in _ordered(values)))
        for command, values in named.items()
    ]


def _ordered(values: Sequence[str]) -> list[str]:
    """Each once: edits of the table `edits-known` in its order, others as they come."""
    once = list(dict.fromkeys(values))
    return sorted(once, key=EDITS.index) if set(once) <= set(EDITS) else once


def measured(name: str, found: Document) -> str:
    """The table that the program shows which wrote a document, or that stands for that program now."""
    if name in earlier.FILES:
        return earlier.FILES[name].show(found)
    if name not in _PROGRAMS:
        raise typer.BadParameter(f"{name} was written by none of {', '.join((*_PROGRAMS, *earlier.FILES))}")
    table: str = importlib.import_module(f"benchmarks.{name}").show(found)
    return table


def methods(found: Document) -> str:
    """For each method: its rows, and what they say on average."""
    rules = found["rules"]
    head = [
        "method",
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
    for profile, title in _PROFILES.items():
        names = list(dict.fromkeys(method for kind, _, method in cells if kind == profile))
        if not names:
            continue
        edits = dict.fromkeys(edit for kind, edit, _ in cells if kind == profile or edit == "none")
        lines += [_row([title, *names]), "| --- " * (1 + len(names)) + "|"]
        for edit in edits:
            rows = [cells.get((profile if edit != "none" else "untouched", edit, method)) for method in names]
            lines.append(_row([edit, *("" if one is None else _rates(one) for one in rows)]))
        lines.append("")
    models = {row["model"] for document in found for row in document["rows"]}
    return "\n".join([*lines, f"TPR at 1 % FPR: the mean over {len(models)} models, and the least.", ""])


def by_model(found: Sequence[Document]) -> str:
    """What `joint` finds after every edit of each model's images, and the means of `joint` and of other methods.

    Edits stand in the order of the table `edits-known`. Of rows of one edit and model in several documents those of the
    first count.
    """
    cells: dict[str, dict[str, dict[str, Mapping[str, Any]]]] = {}
    for row in (row for document in found for row in document["rows"]):
        edit, method = row["how"].rsplit(", profile ", 1)[0].split(": ", 1)
        cells.setdefault(edit, {}).setdefault(method, {}).setdefault(row["model"], row)
    models = sorted({model for methods in cells.values() for model in methods["joint"]})
    head = ["edit", *models, *(f"mean of {title}" for title in _BESIDE.values())]
    lines = [_row(head), "| --- " * len(head) + "|"]
    for edit, methods in sorted(cells.items(), key=lambda item: EDITS.index(item[0])):
        shown = ["" if row is None else _found(row) for row in map(methods["joint"].get, models)]
        means = [_rates(list(methods[name].values())) for name in _BESIDE]
        lines.append(_row([edit, *shown, *means]))
    return "\n".join(
        [*lines, "", "TPR at 1 % FPR. Of each model: the number of belongings judged. Of means: the least.", ""]
    )


def _found(row: Mapping[str, Any]) -> str:
    """The rate, and of how many images it is one."""
    counts = next(iter(row["rules"].values()))
    return f"{row['tpr'][_AT]['value']:.2f} ({counts['tp'] + counts['fn']})"


def against_kinds(found: Sequence[Document]) -> str:
    """What every method finds of a model's images at 1 % of false claims against each kind of others, with the AUC."""
    cells: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in (row for document in found for row in document["rows"]):
        edit, method = row["how"].rsplit(": ", 1)
        shown = "-" if row["tpr"][_AT] is None else f"{row['tpr'][_AT]['value']:.2f}"
        cells.setdefault((row["model"], edit, row["against"]), {})[method] = f"{shown} ({row['auc']['value']:.3f})"
    names = list(dict.fromkeys(method for line in cells.values() for method in line))
    lines = [_row(["model", "edit", "against", *names]), "| --- " * (3 + len(names)) + "|"]
    lines += [_row([*key, *(line.get(name, "") for name in names)]) for key, line in cells.items()]
    return "\n".join([*lines, "", "TPR at 1 % FPR, and the AUC in brackets.", ""])


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


def main() -> None:
    """Write the pages anew."""
    for page in PAGES:
        text = filled(page.read_text(encoding="utf-8"))
        page.write_text(text, encoding="utf-8")
        typer.echo(f"{page} shows {len(shown(text))} documents of {RESULTS}")


if __name__ == "__main__":
    typer.run(main)
