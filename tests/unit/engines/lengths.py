"""A task without a model, for the tests of runs: it says how long an image's name is, and who was asked how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from wherefrom.engines.base import Row
from wherefrom.images.files import Source

SCHEMA = pa.schema([("key", pa.binary(16)), ("name", pa.string()), ("error", pa.string()), ("length", pa.int64())])


@dataclass(kw_only=True)
class Lengths:
    """How long names are.

    Attributes:
        bad: names of images that fail.
        digest: of the models that it has none of.
        question: what is asked, in a word.
        asked: how often each name was asked about.
    """

    bad: set[str] = field(default_factory=set)
    digest: str = "0" * 64
    question: str = "length"
    asked: Counter[str] = field(default_factory=Counter)

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"question": self.question}

    @property
    def schema(self) -> Any:
        return SCHEMA

    def open(self, device: str | None = None) -> Lengths:
        del device
        return self

    def rows(self, images: Sequence[Source], advance: Callable[[int, int], None]) -> Iterator[Sequence[Row]]:
        for image in images:
            self.asked[image.name] += 1
            error = "bad" if image.name in self.bad else None
            advance(1, int(error is not None))
            yield [{"name": image.name, "error": error, "length": None if error else len(image.name)}]


def images(count: int) -> Iterator[Source]:
    """Images that are never read, by numbers as names, in order."""
    return (Source(name=f"{number}", path=Path(f"{number}.png")) for number in range(count))


def names_in(folder: Path, status: str | None = None) -> list[str]:
    """The names in the rows of a folder, sorted; of one status or of both."""
    table = ds.dataset(folder / "rows", partitioning="hive").to_table()
    pairs = zip(table["name"].to_pylist(), table["status"].to_pylist(), strict=True)
    return sorted(name for name, held in pairs if status in (None, held))
