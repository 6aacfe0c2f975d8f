"""Which row waits for which pixels: same pixels are asked once, and every image that has them gets the answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from wherefrom.core.arrays import Scores, Vector
from wherefrom.core.errors import UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.scoring.batching import Size
from wherefrom.scoring.evaluating import Answers
from wherefrom.scoring.progress import Meter

__all__ = ["TableRows"]


@dataclass(kw_only=True, slots=True)
class TableRows:
    """The rows of a run, in the order of its images, and what is known of each so far.

    Attributes:
        meter: told of every row that is settled.
    """

    meter: Meter
    _images: list[ImageFacts] = field(init=False, default_factory=list)
    _sizes: list[Size | None] = field(init=False, default_factory=list)
    _digests: list[str | None] = field(init=False, default_factory=list)
    _waiting: dict[str, int] = field(init=False, default_factory=dict)
    _columns: tuple[str, ...] = field(init=False, default=())
    _rows: dict[str, Vector] = field(init=False, default_factory=dict)
    _errors: dict[str, str] = field(init=False, default_factory=dict)

    def refuse(self, facts: ImageFacts) -> None:
        """A row for an image that is not asked about; its facts hold the reason."""
        self._append(facts, None, None)
        self.meter.add(1, errors=1)

    def expect(self, facts: ImageFacts, digest: str, size: Size) -> bool:
        """A row that waits for these pixels' answer; whether they are new and somebody has to ask.

        Args:
            facts: of the image.
            digest: of its scored pixels.
            size: `(height, width)` of what is scored.
        """
        self._append(facts, digest, size)
        if digest in self._rows or digest in self._errors:
            self.meter.add(1, errors=int(digest in self._errors))
            return False
        self._waiting[digest] = self._waiting.get(digest, 0) + 1
        return self._waiting[digest] == 1

    def settle(self, answers: Answers, *, cached: bool) -> None:
        """Write answers into every row that waits for them.

        Args:
            answers: by pixel digest, each expected before.
            cached: whether they come from the store.

        Raises:
            UsageError: when the columns are not those of the rows before.
        """
        if answers.rows:
            self._columns = self._columns or answers.columns
            if answers.columns != self._columns:
                raise UsageError(f"columns of one method differ between images: {self._columns}, {answers.columns}")
        self._rows.update(answers.rows)
        self._errors.update(answers.errors)
        for digest in answers.rows:
            rows = self._waiting.pop(digest)
            self.meter.add(rows, cached=rows if cached else 0)
        for digest in answers.errors:
            rows = self._waiting.pop(digest)
            self.meter.add(rows, errors=rows)

    def images(self) -> tuple[ImageFacts, ...]:
        """The rows' facts, with the reason where there are no numbers."""
        return tuple(
            facts if digest is None or digest not in self._errors else replace(facts, error=self._errors[digest])
            for facts, digest in zip(self._images, self._digests, strict=True)
        )

    def sizes(self) -> tuple[Size | None, ...]:
        """What was scored of each row's image; None where nothing was."""
        return tuple(
            size if digest in self._rows else None for size, digest in zip(self._sizes, self._digests, strict=True)
        )

    def scores(self) -> Scores:
        """The rows' numbers, NaN in every column where there are none."""
        table = np.full((len(self._images), len(self._columns)), np.nan)
        for i, digest in enumerate(self._digests):
            if digest is not None and digest in self._rows:
                table[i] = self._rows[digest]
        return Scores({name: table[:, j] for j, name in enumerate(self._columns)})

    def _append(self, facts: ImageFacts, digest: str | None, size: Size | None) -> None:
        self._images.append(facts)
        self._sizes.append(size)
        self._digests.append(digest)
