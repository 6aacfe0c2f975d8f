"""A score table: what one model was asked by one method about n images, row by row, errors included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from wherefrom.core.arrays import Rows, Scores
from wherefrom.core.card import Card, as_asked
from wherefrom.core.errors import UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.records.rows import arrow, frame, table_rows

__all__ = ["ScoreTable"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ScoreTable:
    """What one model was asked by one method about n images. A row with an error has NaN in every column.

    Attributes:
        images: one entry a row, in the order in which the images were named.
        sizes: `(height, width)` that was scored, after the crop; None for a row with an error.
        scores: named columns, float64.
        model: the model's card.
        method: the method's card.
        measure: the card of what was asked; two methods that ask the same share it.
        seed: the root seed.
        asked: the method itself, where the table comes from `score` and not from a file: a method of one's own need not
            be registered, then. It is no part of the record.
    """

    images: tuple[ImageFacts, ...]
    sizes: tuple[tuple[int, int] | None, ...]
    scores: Scores
    model: Card
    method: Card
    measure: Card
    seed: int = 0
    asked: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Check that every part has one entry a row."""
        lengths = {"images": len(self.images), "sizes": len(self.sizes)}
        if self.scores.names:
            lengths["scores"] = len(self.scores)
        if len(set(lengths.values())) > 1:
            raise UsageError(f"parts of a score table differ in length: {lengths}")

    def __len__(self) -> int:
        """The number of rows, errors included."""
        return len(self.images)

    @property
    def scored(self) -> npt.NDArray[np.bool_]:
        """Which rows have no error, shape `(n,)`."""
        return np.array([facts.error is None for facts in self.images], dtype=np.bool_)

    @property
    def errors(self) -> Mapping[str, str]:
        """The reason by name, for every row that has one."""
        return {facts.name: facts.error for facts in self.images if facts.error is not None}

    def to_rows(self) -> list[dict[str, Any]]:
        """A plain dictionary an image: facts of its file, the size that was scored, and `score.NAME` for each score."""
        return table_rows(self)

    def to_arrow(self) -> Any:
        """The same as a `pyarrow.Table`."""
        return arrow(self.to_rows())

    def to_pandas(self) -> Any:
        """The same as a `pandas.DataFrame`.

        Raises:
            MissingExtra: when pandas is not installed.
        """
        return frame(self.to_rows())

    def take(self, rows: Rows) -> ScoreTable:
        """The same table for some of the rows."""
        indices = np.arange(len(self))[rows]
        return replace(
            self,
            images=tuple(self.images[i] for i in indices),
            sizes=tuple(self.sizes[i] for i in indices),
            scores=self.scores.take(indices) if self.scores.names else self.scores,
        )

    @property
    def key(self) -> tuple[str, str, int]:
        """Tables of one key were asked the same: model, measure and seed."""
        return as_asked(self.model, self.measure).digest, self.measure.digest, self.seed

    @staticmethod
    def concatenate(parts: Sequence[ScoreTable]) -> ScoreTable:
        """The rows of several tables of one model and method, one after another.

        Raises:
            UsageError: when there is no part, or two parts were asked differently.
        """
        if not parts:
            raise UsageError("no score table to concatenate")
        first = parts[0]
        for part in parts[1:]:
            if part.key != first.key:
                changed = (
                    *first.model.differences(part.model),
                    *first.measure.differences(part.measure),
                )
                raise UsageError(f"score tables were asked differently: {'; '.join(changed) or 'root seed'}")
        names = next((part.scores.names for part in parts if part.scores.names), ())
        return replace(
            first,
            images=tuple(facts for part in parts for facts in part.images),
            sizes=tuple(size for part in parts for size in part.sizes),
            scores=Scores.concatenate([_with_columns(part, names) for part in parts]),
        )


def _with_columns(part: ScoreTable, names: tuple[str, ...]) -> Scores:
    """A part's scores; all NaN under these names where no image of it could be scored, so that it has no columns."""
    return part.scores if part.scores.names else Scores(dict.fromkeys(names, np.full(len(part), np.nan)))
