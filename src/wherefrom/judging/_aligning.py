"""Tables of the same images, joined by name and digest and never by row number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from wherefrom.core.errors import UsageError
from wherefrom.records.table import ScoreTable

__all__ = ["aligned"]


def aligned(tables: Mapping[str, ScoreTable]) -> dict[str, list[int]]:
    """For each table, the row of each image of the first.

    Args:
        tables: of the same images in any order, by a name that is shown; at least one.

    Raises:
        UsageError: when a table lacks an image of another, or an image has other pixels in two of them.
    """
    first_name, first = next(iter(tables.items()))
    keys = _keys(first)
    rows = {}
    for name, table in tables.items():
        if table is first:
            rows[name] = list(range(len(first)))
            continue
        place = {key: row for row, key in enumerate(_keys(table))}
        if set(place) != set(keys):
            odd = sorted(image for image, _ in set(place) ^ set(keys))
            raise UsageError(f"tables {first_name!r} and {name!r} are not of the same images, as {odd[0]}: score both")
        rows[name] = [place[key] for key in keys]
        for here, there in zip(first.images, (table.images[row] for row in rows[name]), strict=True):
            if here.pixel_digest and there.pixel_digest and here.pixel_digest != there.pixel_digest:
                raise UsageError(f"{here.name} has other pixels in table {first_name!r} than in {name!r}: score again")
    return rows


def _keys(table: ScoreTable) -> list[tuple[str, int]]:
    """A key a row: the name, and which of the rows of that name it is."""
    seen: Counter[str] = Counter()
    keys = []
    for facts in table.images:
        keys.append((facts.name, seen[facts.name]))
        seen[facts.name] += 1
    return keys
