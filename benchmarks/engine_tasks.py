"""What `benchmarks/engines.py` sends to other processes, in a module that they can import by its name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wherefrom.engines.base import OpenedTask, Row, Task
from wherefrom.engines.columns import SCORES, schema_of
from wherefrom.engines.ray import Ray
from wherefrom.engines.running import run_job
from wherefrom.images.files import Source

__all__ = ["FILE", "Waiting", "run_once"]

FILE: Final = 20
"""Images whose rows are written together: few, so that two workers end at about the same time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A task that asks nothing and takes a time."""

    seconds: float

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"what": "waiting", "seconds": self.seconds}

    @property
    def schema(self) -> Any:
        return schema_of(SCORES)

    def open(self, device: str | None = None) -> OpenedTask:
        del device
        return OpenedWaiting(seconds=self.seconds)


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedWaiting:
    seconds: float
    digest: str = "0" * 64

    def rows(self, images: Sequence[Source], advance: Callable[[int, int], None]) -> Iterator[Sequence[Row]]:
        for image in images:
            time.sleep(self.seconds)
            advance(1, 0)
            yield [{"name": image.name, "scores": [("first", float(len(image.name)))]}]


def run_once(task: Task, images: Sequence[Source], folder: Path, address: str) -> None:
    """A run by two workers of Ray, in a process that will be killed."""
    run_job(task, images, folder=folder, engine=Ray(workers=2, address=address), images_a_file=FILE)
