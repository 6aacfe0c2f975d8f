"""The task of `wherefrom score`: a row an image, of what one model was asked by one method."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wherefrom.core.arrays import Vector
from wherefrom.core.card import Fact, as_asked
from wherefrom.core.facts import ImageFacts
from wherefrom.core.version import VERSION
from wherefrom.engines.columns import SCORES, schema_of
from wherefrom.engines.tasks import Advance, OpenedTask, Row
from wherefrom.images.files import Source
from wherefrom.images.read import DEFAULT_LIMITS, Limits
from wherefrom.judging import statistic_of
from wherefrom.methods.base import Method
from wherefrom.models.base import Model
from wherefrom.models.load import load_model
from wherefrom.records.table import ScoreTable
from wherefrom.scoring.batching import BatchSize
from wherefrom.scoring.progress import Progress
from wherefrom.scoring.run import score

__all__ = ["ScoreTask", "counted", "image_columns"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreTask:
    """What one model is asked by one method.

    Attributes:
        model: its name, as `load_model` takes it.
        method: what is asked.
        device: as for `load_model`; a worker can be given another.
        dtype: as for `load_model`.
        trust: as for `load_model`.
        options: as for `load_model`.
        through: as for `load_model`.
        seed: the root seed.
        batch: images at a time; None finds it.
        limits: on bytes and pixels of a file.
        store: where scores are kept beside the rows; on a disk of the worker's machine.
    """

    model: str
    method: Method[Any]
    device: str = "auto"
    dtype: str = "float32"
    trust: bool = False
    options: Mapping[str, Fact] = field(default_factory=dict)
    through: str | None = None
    seed: int = 0
    batch: int | None = None
    limits: Limits = DEFAULT_LIMITS
    store: Path | None = None

    @property
    def facts(self) -> Mapping[str, Any]:
        """All that changes a row."""
        return {
            "what": "scores",
            "model": self.model,
            "model options": dict(self.options),
            "dtype": self.dtype,
            "through": self.through,
            "method": self.method.card.to_json(),
            "seed": self.seed,
            "limits": [self.limits.max_bytes, self.limits.max_pixels],
        }

    @property
    def schema(self) -> Any:
        """Of the rows."""
        return schema_of(SCORES)

    def open(self, device: str | None = None) -> OpenedTask:
        """Open the model.

        Args:
            device: to ask on; None is the task's own.

        Raises:
            ModelError: as `load_model`.
        """
        opened = load_model(
            self.model,
            device=device or self.device,
            dtype=self.dtype,
            trust=self.trust,
            options=self.options,
            through=self.through,
        )
        return _OpenedScores(task=self, model=opened, sizes=BatchSize(device=opened.device.type, fixed=self.batch))


@dataclass(frozen=True, kw_only=True, slots=True)
class _OpenedScores:
    """The task with its model in memory, and what was learned of batches that fit."""

    task: ScoreTask
    model: Model
    sizes: BatchSize

    @property
    def digest(self) -> str:
        """Of the model's card, as far as the method depends on it."""
        return as_asked(self.model.card, self.task.method.measure).digest

    def rows(self, images: Sequence[Source], advance: Advance) -> Iterator[Sequence[Row]]:
        """One row an image; arguments as for `OpenedTask`."""
        table = score(
            images,
            model=self.model,
            method=self.task.method,
            seed=self.task.seed,
            store=self.task.store,
            sizes=self.sizes,
            limits=self.task.limits,
            progress=counted(advance),
        )
        asked = _asked_columns(table)
        statistic = None if self.task.method.learns else statistic_of(self.task.method, table, {})
        for place, (image, facts) in enumerate(zip(images, table.images, strict=True)):
            yield [
                {
                    **image_columns(image, facts, table.sizes[place]),
                    **asked,
                    "statistic": _number(statistic, place),
                    "scores": None if facts.error else [(n, table.scores[n][place]) for n in table.scores.names],
                }
            ]


def image_columns(image: Source, facts: ImageFacts, size: tuple[int, int] | None) -> dict[str, Any]:
    """What rows of every kind say of an image.

    Args:
        image: as it was listed.
        facts: as it was read.
        size: `(height, width)` that was scored; None where nothing was.
    """
    height, width = size or (None, None)
    plain = ("error", "file_digest", "pixel_digest", "scored_digest", "bytes", "format", "width", "height")
    return {
        "name": image.name,
        "path": image.address,
        **{name: getattr(facts, name) for name in (*plain, "orientation", "jpeg_quality", "lossy")},
        "changes": list(facts.changes),
        "scored_width": width,
        "scored_height": height,
        "given": [(name, _text(cell)) for name, cell in image.columns.items() if cell is not None],
        "version": VERSION,
    }


def counted(advance: Advance) -> Callable[[Progress], None]:
    """Progress of one run, which counts from its start, told as what came since it was told before.

    Args:
        advance: is told.
    """
    before = [0, 0]

    def report(now: Progress) -> None:
        advance(now.done - before[0], now.errors - before[1])
        before[:] = now.done, now.errors

    return report


def _asked_columns(table: ScoreTable) -> dict[str, Any]:
    """What was asked, the same in every row."""
    return {
        "model": table.model.name,
        "decoder": str(table.model.facts.get("decoder") or table.model.digest),
        "method": table.method.name,
        "method_options": json.dumps(dict(table.method.facts), sort_keys=True),
        "seed": table.seed,
    }


def _number(values: Vector | None, place: int) -> float | None:
    if values is None or not math.isfinite(values[place]):
        return None
    return float(values[place])


def _text(cell: object) -> str:
    return cell if isinstance(cell, str) else json.dumps(cell)
