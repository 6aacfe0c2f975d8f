"""Which columns of a score table a profile keeps: those that its method reads, and those that are named besides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from wherefrom.core.arrays import Scores
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.methods.arithmetic.columns import with_current_names
from wherefrom.methods.base import Method, Selective
from wherefrom.records.table import ScoreTable

__all__ = ["readable", "with_columns"]


def with_columns(table: ScoreTable, method: Method[Any], keep: Sequence[str]) -> ScoreTable:
    """A table with the columns that the method reads and those that `keep` names, in their order.

    Args:
        table: of a method that asks the model the same.
        method: whose statistic is taken; one that does not say what it reads keeps all.
        keep: names of further columns, with `*` for any letters, as `homogeneity_*`; `*` is all of them.

    Raises:
        UsageError: when a name is none of the table's.
    """
    names = table.scores.names
    for pattern in keep:
        if names and not any(fnmatchcase(name, pattern) for name in names):
            raise UsageError(
                f"keep={pattern!r} is no column: there are {len(names)}, as {', '.join(names[:4])}; write `*` for any"
                " letters"
            )
    if not isinstance(method, Selective):
        return table
    read = set(method.columns)
    kept = [name for name in names if name in read or any(fnmatchcase(name, pattern) for pattern in keep)]
    return replace(table, scores=Scores({name: table.scores[name] for name in kept}))


def readable(table: ScoreTable, method: Method[Any]) -> ScoreTable:
    """The table with the names that columns have now, refused where it is without a column that the method reads.

    Args:
        table: of this version or an earlier one.
        method: whose statistic is to be taken.

    Raises:
        ProfileError: with the column, and the way out.
    """
    table = replace(table, scores=with_current_names(table.scores))
    names = table.scores.names
    if not names or not isinstance(method, Selective):
        return table
    missing = sorted(set(method.columns) - set(names))
    if missing:
        raise ProfileError(
            f"the tables lack {len(missing)} columns that method {method.card.name!r} reads, as {missing[0]!r}: a"
            f" profile keeps what its own method reads ({table.method.name!r}), unless it is made with keep=['*']:"
            " score the images with this method"
        )
    return table
