"""What a row says of an image beside where it is: the cells that a table can hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wherefrom.images.files import Cell

__all__ = ["cells", "is_cell"]


def cells(row: Mapping[str, Any]) -> Iterator[tuple[str, Cell]]:
    """The cells of a row that a table can hold; an object `more` stands for the cells in it.

    Args:
        row: by column.
    """
    for key, cell in row.items():
        if key == "more" and isinstance(cell, dict):
            yield from cells(cell)
        elif key and (cell is None or isinstance(cell, str | int | float)):
            yield key, cell


def is_cell(kind: Any) -> bool:
    """Whether the type of an Arrow column is text, a number, yes or no: what a cell of a table can be.

    Args:
        kind: a `pyarrow.DataType`.
    """
    import pyarrow.types as types

    if types.is_dictionary(kind):
        kind = kind.value_type
    is_text = types.is_string(kind) or types.is_large_string(kind)
    return bool(is_text or types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind))
