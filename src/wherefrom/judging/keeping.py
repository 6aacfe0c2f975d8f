"""Which columns of a score table a profile keeps: those that its method reads, and those that are named besides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, Final

from wherefrom.core.arrays import Scores
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.suggestions import did_you_mean
from wherefrom.methods.arithmetic.columns import with_current_names
from wherefrom.methods.base import Method, Selective
from wherefrom.records.table import ScoreTable

__all__ = ["known_beforehand", "readable", "refuse_unknown", "with_columns"]

_NAMED: Final = 4
"""Columns that an error names, at most; a method can have a thousand."""


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
    refuse_unknown(names, keep)
    if not isinstance(method, Selective):
        return table
    read = set(method.columns)
    kept = [name for name in names if name in read or any(fnmatchcase(name, pattern) for pattern in keep)]
    return replace(table, scores=Scores({name: table.scores[name] for name in kept}))


def refuse_unknown(names: Sequence[str], keep: Sequence[str]) -> None:
    """Refuse a name of no column; where no image was scored there are no columns, and nothing can be refused.

    Args:
        names: of the columns that were measured.
        keep: names of columns, with `*` for any letters.

    Raises:
        UsageError: with the closest name, and some of those that there are.
    """
    for pattern in keep:
        if names and not any(fnmatchcase(name, pattern) for name in names):
            raise UsageError(
                f"keep={pattern!r} is no column: there are {len(names)}, as {', '.join(names[:_NAMED])}"
                f"{did_you_mean(pattern, names)}; write `*` for any letters"
            )


def known_beforehand(keep: Sequence[str], method: Method[Any]) -> bool:
    """Whether it is known before an image is scored that every name is one of a column: of those that are read.

    Args:
        keep: names of columns, with `*` for any letters.
        method: that is asked.
    """
    read = method.columns if isinstance(method, Selective) else ()
    return all(pattern == "*" or any(fnmatchcase(name, pattern) for name in read) for pattern in keep)


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
            f" profile keeps what its own method reads ({table.method.name!r}), unless it is made with keep=['*'], or"
            " --keep '*': score the images with this method"
        )
    return table
