"""Fill docs/results.md with the tables that `wherefrom bench` wrote.

    python -m benchmarks.page

Between `<!-- table: NAME -->` and `<!-- end -->` the page has what `benchmarks/results/tables/NAME.json` says: the
command, the machine, the date and the table itself. What stands outside of such marks is left as it is.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import typer

from benchmarks.decoders import RESULTS
from wherefrom.bench._written import markdown

PAGE: Final = RESULTS.parents[1] / "docs" / "results.md"
TABLES: Final = RESULTS / "tables"
_MARKED: Final = re.compile(r"<!-- table: (?P<name>\w+) -->\n.*?<!-- end -->", re.DOTALL)


def filled(page: str) -> str:
    """The page with every marked table as its JSON says."""
    return _MARKED.sub(lambda found: section(found["name"]), page)


def section(name: str) -> str:
    """One marked part of the page."""
    found = json.loads((TABLES / f"{name}.json").read_text(encoding="utf-8"))
    said = f"{found['machine']}, torch {found['torch']}, {found['date']}"
    left = [f"- left out: {what}" for what in found["left out"]]
    lines = [f"```sh\n{found['command']}\n```", "", markdown(found), *left, f"- machine: {said}"]
    return "\n".join([f"<!-- table: {name} -->", "", *lines, "", "<!-- end -->"])


def main(page: Path = PAGE) -> None:
    """Write the page anew."""
    page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
    typer.echo(f"{page} has {len(_MARKED.findall(page.read_text(encoding='utf-8')))} tables of {TABLES}")


if __name__ == "__main__":
    typer.run(main)
