"""What a table is, and the row that most of them are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wherefrom.bench.shared.rows import ALPHA, Row, averaged, interval_of, row_of

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace

__all__ = ["ALPHA", "Row", "Table", "averaged", "interval_of", "row_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table that can be run.

    Attributes:
        title: what it asks.
        paper: the paper's table that it stands beside; empty for one of our own.
        rules: whose cuts are shown, the paper's first.
        rows: its rows, one after the other; a workspace that lacks what a row needs says so and leaves that row out.
            Each is a `Row`, or a frozen dataclass of the table's own with plain values.
        goal: the least average accuracy in per cent that the project asks of itself, by the first of the rules.
        markdown: the table in Markdown from its document, where its rows are not `Row`s; None for those that are.
        facts: what the document says beside the rows, by name.
        beside: which further numbers of a `Row` are shown, `medians` or `calls`.
    """

    title: str
    rows: Callable[[Workspace], Iterator[Any]]
    paper: str = ""
    rules: Sequence[str] = ("grubbs", "conformal")
    goal: float | None = None
    markdown: Callable[[Mapping[str, Any]], str] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    beside: Sequence[str] = ()
