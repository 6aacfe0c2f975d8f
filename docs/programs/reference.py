"""Write the pages of the reference that are made from the code.

    python -m docs.programs.reference

`reference/commands.md` is what every command says with `--help`, `reference/options.md` has the options of methods and
rules, `reference/files.md` the fields of the records and the columns that methods measure, and
`reference/autoencoders.md` the classes of autoencoder. A test fails when a page
is not what this program would write.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import typer
from typer.testing import CliRunner

import wherefrom as wf
from docs.programs.autoencoders import autoencoders
from wherefrom.cli.app import program
from wherefrom.core.described import About, about
from wherefrom.engines.columns import SCORES, VERDICTS, Column, schema_of

__all__ = ["PAGES", "commands", "files", "options"]

REFERENCE: Final = Path(__file__).resolve().parents[1] / "reference"
_NOTE: Final = "<!-- Made by `python -m docs.programs.reference`: change the code, not this page. -->\n"
_WIDTH: Final = 100
_SIDE: Final = 64
_BAND: Final = re.compile(r"(?P<stem>.+)_(?:grey|redblue|green)_\d\d")
_NOT_MEASURED: Final = {
    "relative": "It measures what the method does that it divides, once under each of the two models.",
}
_ERRORS: Final = "Error 1 is that of the first reconstruction, 2 of the second."
_MEANINGS: Final = {
    r"first": "mean squared error of the first reconstruction, L1",
    r"second": "mean squared error of the second reconstruction, L2",
    r"first_(\w+)": "mean squared error of the first reconstruction of the control copy `{0}`",
    r"stored_first": "mean squared error of the reconstruction after storing it as JPEG",
    r"stored_second": "the same of a further reconstruction of that",
    r"homogeneity_(\w+)": "homogeneity of the grey image, {0} form: the weight in AEDR's paper",
    r"energy(\d)_COLOUR_UV": "mean energy of error {0} by band of 8 x 8 blocks",
    r"log(\d)_(\d)_COLOUR_UV": "mean over blocks of {1} x {1} pixels of the log energy of error {0}, by band",
    r"log_stored_(first|second)_(\d)_COLOUR_UV": "mean over blocks of {1} x {1} pixels of the log energy of the error"
    " in `stored_{0}`, by band",
    r"log_searched_(\d)_COLOUR_UV": "mean over blocks of {0} x {0} pixels of the log energy of what the search left,"
    " by band",
    r"log_searched_twin_(\d)_COLOUR_UV": "the same, {0} x {0} pixels, of what it left of the image's reconstruction,"
    " rounded to 8 bits",
    r"log_(\w+)_(\d)_COLOUR_UV": "the same, {1} x {1} pixels, of the control copy `{0}`",
    r"found_top": "rows before the first whole cell of the decoder's grid",
    r"found_left": "columns before the first whole cell of the decoder's grid",
    r"found_turn": "0 for an upright image, else the number of the turn that was undone",
    r"found_scale": "the scale that was undone",
    r"found_lattice": "evidence from the pixels alone, in standard deviations of pictures that no decoder made",
    r"found_lead": "by how much the most evident place is ahead of the next",
    r"found_margin": "by how much the mean log energy of error 1 is less than at the other places asked about",
    r"found_searched": "1 where the image was searched, 0 where it was asked as it is",
    r"loss": "the smallest loss over all starts and steps",
    r"loss_(\d+)": "the smallest loss within {0} steps",
    r"start": "the smallest loss among the starts",
    r"calls": "latents that the decoder was asked about",
    r"restart": "which start was the best, from 0",
    r"class": "the class of the best start",
    r"twin": "the smallest loss of the search of the image's own reconstruction",
    r"twin_(\d+)": "the same within {0} steps",
}
"""What columns hold, by a pattern of the name; a column that fits none has no text."""
_QUICK: Final[dict[str, dict[str, Any]]] = {
    "ronan": {"steps": 1, "start": "encoder", "race": None},
    "latenttracer": {"steps": 1},
}
"""Options with which a search ends at once; they change no column's name."""


def commands() -> str:
    """What every command says with `--help`."""
    lines = ["# Commands", "", _NOTE, "Each section is what the command itself says with `--help`.", ""]
    for words in _all_commands(typer.main.get_command(program()), ()):
        name = " ".join(("wherefrom", *words))
        lines += [f"## `{name}`", "", "```text", _help(words), "```", ""]
    return "\n".join(lines)


def _all_commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The words of a command and of all commands below it."""
    yield words
    for name, below in getattr(command, "commands", {}).items():
        yield from _all_commands(below, (*words, name))


def _help(words: Sequence[str]) -> str:
    """What a command says with `--help`, in lines of a fixed width."""
    found = CliRunner().invoke(program(), [*words, "--help"], prog_name="wherefrom", terminal_width=_WIDTH)
    if found.exit_code:
        raise RuntimeError(f"wherefrom {' '.join(words)} --help: {found.output}")
    return "\n".join(line.rstrip() for line in found.output.strip().splitlines())


def options() -> str:
    """The options of every method and rule."""
    lines = ["# Options of methods and rules", "", _NOTE]
    lines += ['In Python an option is a keyword, as in `wf.methods.load("aedr", adjustment="bands")`.', ""]
    kinds: tuple[tuple[str, str, Sequence[str], Callable[[str], About]], ...] = (
        ("Methods", "--option", wf.methods.names(), wf.methods.describe),
        ("Rules", "--rule-option", wf.rules.names(), wf.rules.describe),
    )
    for title, flag, names, describe in kinds:
        lines += [f"## {title}", "", f"On the command line: `{flag} NAME=VALUE`, once for each option.", ""]
        for name in names:
            found = describe(name)
            lines += [f"### `{name}`", "", found.title, ""] + ([found.text, ""] if found.text else [])
            lines += _table(
                ("option", "takes", "default", "what it means"),
                [
                    (
                        f"`{one.name}`",
                        one.takes,
                        "must be given" if one.required else _default(one.default),
                        one.meaning,
                    )
                    for one in found.options
                ],
            )
    return "\n".join(lines)


def _default(value: Any) -> str:
    return f"`{value:.4g}`" if isinstance(value, float) else f"`{value}`"


def files() -> str:
    """Fields of records, and columns by method."""
    from wherefrom.checking.answers import Check
    from wherefrom.core.facts import ImageFacts
    from wherefrom.records.profile import Coverage, Profile
    from wherefrom.records.table import ScoreTable
    from wherefrom.records.verdict import Attribution, Verdict

    lines = ["# Files and columns", "", _NOTE]
    lines += ["A record is a frozen dataclass in Python, and a JSON object or a row of a table in a file."]
    lines += [
        "`.json` and `.jsonl` files hold all fields. `.csv` and `.parquet` files have one row for each image: each",
        "part of a field is a column there, as `p_foreign:photos`, and scores are columns `score.NAME`.",
        "A file that `wherefrom` writes starts with its kind and a schema number, is written whole or not at all,",
        "and is checked when it is read.",
        "",
    ]
    sections: tuple[tuple[str, str, type[Any]], ...] = (
        ("Verdict", "What `attribute` says of one image under one profile.", Verdict),
        ("Attribution", "What `attribute` says of one image under several profiles.", Attribution),
        ("Check", "What `check` says of one image under one model.", Check),
        ("Image facts", "What is recorded of an image file, in every score and verdict.", ImageFacts),
        ("Table of scores", "What `score` writes.", ScoreTable),
        ("Profile", "What `profile` writes, as JSON.", Profile),
        ("Coverage", "The part of a profile that says for which files it speaks.", Coverage),
    )
    for title, text, kind in sections:
        lines += [f"## {title}", "", text, "", *_fields(kind)]
    lines += _rows("scores", "What `score --out DIR` writes, a row an image, model and method.", SCORES)
    lines += _rows("verdicts", "What `attribute --out DIR` writes, a row an image and candidate.", VERDICTS)
    return "\n".join([*lines, *_columns()])


def _rows(what: str, text: str, columns: Sequence[Column]) -> list[str]:
    """A table of the columns of rows in a folder, from their schema."""
    schema = schema_of(columns)
    rows = [(f"`{each.name}`", f"`{schema.field(each.name).type}`", each.meaning) for each in columns]
    head = [f"## Rows of {what} in a folder", "", f"{text} The column `status` is that of the partition.", ""]
    return [*head, *_table(("column", "Arrow type", "what it is"), rows)]


def _fields(kind: type[Any]) -> list[str]:
    """A table of a record's fields, from its own documentation."""
    found = about(kind)
    public = {item.name for item in dataclasses.fields(kind) if not item.name.startswith("_")}
    return _table(
        ("field", "what it is"), [(f"`{one.name}`", one.meaning) for one in found.options if one.name in public]
    )


def _columns() -> list[str]:
    """The columns that each method measures, with those of one kind in every band as one."""
    lines = ["## Columns of scores", ""]
    lines += [
        "The raw numbers that each method measures with its default options. `COLOUR` is one of the opponent colours",
        "`grey`, `redblue` and `green`, `UV` the row and the column of a coefficient in its block.",
        _ERRORS,
        "",
    ]
    for name in wf.methods.names():
        lines += [f"### Columns of `{name}`", ""]
        lines += (
            [_NOT_MEASURED[name], ""]
            if name in _NOT_MEASURED
            else _table(("column", "how many", "what it is"), _measured(name))
        )
    return lines


def _meaning(column: str) -> str:
    """What a column holds; empty where this program does not know it."""
    for pattern, text in _MEANINGS.items():
        match = re.fullmatch(pattern, column)
        if match:
            return text.format(*match.groups())
    return ""


def _measured(name: str) -> list[tuple[str, str, str]]:
    """Columns by the pattern of their names, from asking a tiny model about one image."""
    method = wf.methods.load(name, _QUICK.get(name, {}))
    image = np.random.default_rng(0).integers(0, 256, (_SIDE, _SIDE, 3), dtype=np.uint8)
    table = wf.score([image], model=wf.load_model("toy"), method=method)
    counts: dict[str, int] = {}
    for column in table.scores.names:
        match = _BAND.fullmatch(column)
        key = f"{match['stem']}_COLOUR_UV" if match else column
        counts[key] = counts.get(key, 0) + 1
    return [(f"`{key}`", str(count), _meaning(key)) for key, count in counts.items()]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table in Markdown, and an empty line."""
    if not rows:
        return ["None.", ""]
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    return [*lines, *(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows), ""]


PAGES: Final[dict[str, Callable[[], str]]] = {
    "autoencoders.md": autoencoders,
    "commands.md": commands,
    "options.md": options,
    "files.md": files,
}
"""By the file's name in docs/reference: who makes it."""


def main() -> None:
    """Write all pages."""
    for name, make in PAGES.items():
        (REFERENCE / name).write_text(make().rstrip() + "\n", encoding="utf-8")
        typer.echo(f"docs/reference/{name}")


if __name__ == "__main__":
    typer.run(main)
