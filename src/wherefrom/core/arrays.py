"""Arrays without torch: one number an image (`Vector`), one seed an image (`Seeds`), named columns (`Scores`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from wherefrom.core.errors import UsageError

__all__ = ["Matrix", "Rows", "Scores", "Seeds", "Vector"]

Vector: TypeAlias = npt.NDArray[np.float64]
"""One number an image, shape `(n,)`, float64; NaN where undefined."""
Matrix: TypeAlias = npt.NDArray[np.float64]
"""Several numbers an image, shape `(n, k)`, float64."""
Seeds: TypeAlias = npt.NDArray[np.uint64]
"""One seed an image, shape `(n,)`, uint64."""
Rows: TypeAlias = npt.NDArray[np.intp] | npt.NDArray[np.bool_]
"""Row numbers or a mask of rows."""
_NAMED: Final = 8
"""Columns that an error names, at most; a method can have a thousand."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What a model was asked about n images: named columns of float64, each of shape `(n,)`.

    Raises:
        UsageError: when a column is not one-dimensional, or two columns differ in length.
    """

    columns: Mapping[str, Vector]

    def __post_init__(self) -> None:
        """Freeze the columns as float64 copies and check their shape."""
        frozen: dict[str, Vector] = {}
        for name, values in self.columns.items():
            column = np.array(values, dtype=np.float64)
            if column.ndim != 1:
                raise UsageError(f"column {name!r} has shape {column.shape}, need one number an image: (n,)")
            column.setflags(write=False)
            frozen[name] = column
        lengths = {name: len(column) for name, column in frozen.items()}
        if len(set(lengths.values())) > 1:
            raise UsageError(f"columns differ in length: {lengths}")
        object.__setattr__(self, "columns", MappingProxyType(frozen))

    def __reduce__(self) -> tuple[type[Scores], tuple[dict[str, Vector]]]:
        """How it is copied and sent to another process: the view that keeps columns as they are cannot be."""
        return type(self), (dict(self.columns),)

    def __len__(self) -> int:
        """The number of images."""
        return len(next(iter(self.columns.values()), np.empty(0)))

    def __getitem__(self, name: str) -> Vector:
        """One column by name.

        Raises:
            UsageError: when there is no such column; the message names those there are, the first of many.
        """
        if name not in self.columns:
            there = sorted(self.columns)
            more = f" and {len(there) - _NAMED} more" if len(there) > _NAMED else ""
            raise UsageError(f"no column {name!r} among {', '.join(there[:_NAMED]) or 'none'}{more}")
        return self.columns[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(self.columns)

    def matrix(self, names: Sequence[str]) -> Matrix:
        """Several columns side by side, shape `(n, len(names))`."""
        return np.stack([self[name] for name in names], axis=1) if names else np.empty((len(self), 0))

    def take(self, rows: Rows) -> Scores:
        """The same columns for some of the images."""
        return Scores({name: column[rows] for name, column in self.columns.items()})

    @staticmethod
    def concatenate(parts: Sequence[Scores]) -> Scores:
        """The rows of several tables with the same columns, one after another.

        Raises:
            UsageError: when the columns' names differ.
        """
        if not parts:
            return Scores({})
        names = parts[0].names
        for part in parts[1:]:
            if set(part.names) != set(names):
                raise UsageError(f"columns differ: {sorted(set(part.names) ^ set(names))}")
        return Scores({name: np.concatenate([part[name] for part in parts]) for name in names})
