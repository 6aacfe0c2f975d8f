"""A task without a model, for the tests of engines: it counts the bytes of images, and notes who asked."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wherefrom.core.errors import ModelError
from wherefrom.engines.base import Chunk, Job, Row
from wherefrom.engines.folders import LocalFolder
from wherefrom.engines.keys import chunk_name, key_of
from wherefrom.images.files import Source


@dataclass(frozen=True, kw_only=True, slots=True)
class Counting:
    """Rows of an image's name and its number of bytes.

    Attributes:
        notes: a folder in which every process that opened the task has a file, with a line for each image.
        seconds: that an image takes.
        breaks: the name of an image at which the process ends, the first time that it is met.
        refused: the name of an image that raises what no image is to blame for.
    """

    notes: Path
    seconds: float = 0.0
    breaks: str = ""
    refused: str = ""

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"task": "counting"}

    @property
    def schema(self) -> Any:
        import pyarrow as pa

        return pa.schema({"key": pa.binary(), "name": pa.string(), "bytes": pa.int64(), "error": pa.string()})

    def open(self, device: str | None = None) -> Opened:
        if device == "nowhere":
            raise ModelError("no device 'nowhere'")
        return Opened(task=self, place=self.notes / f"{os.getpid()}-{device}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    task: Counting
    place: Path

    @property
    def digest(self) -> str:
        return "0" * 64

    def rows(self, images: Sequence[Source], advance: Callable[[int, int], None]) -> Iterator[Sequence[Row]]:
        for image in images:
            if image.name == self.task.refused:
                raise ModelError(f"the model cannot be asked about {image.name}")
            if image.name == self.task.breaks and not (self.task.notes / "broke").exists():
                (self.task.notes / "broke").touch()
                os._exit(9)
            time.sleep(self.task.seconds)
            with self.place.open("a") as file:
                file.write(f"{image.name}\n")
            error = "it is empty" if not image.data else None
            advance(1, int(error is not None))
            yield [{"name": image.name, "bytes": len(image.data or b""), "error": error}]


def job_of(folder: Path, advance: Callable[[int, int], None] | None = None, **options: Any) -> Job:
    """A job that writes into a folder, and notes beside it who asked about what."""
    notes = folder / "notes"
    notes.mkdir(exist_ok=True)
    return Job(task=Counting(notes=notes, **options), folder=LocalFolder(folder), advance=advance)


def chunks_of(count: int, size: int) -> list[Chunk]:
    """Images in memory, named by their number; the third is empty."""
    images = [Source(name=f"{number}", data=b"" if number == 2 else b"x" * number) for number in range(1, count + 1)]
    parts = [tuple(images[start : start + size]) for start in range(0, count, size)]
    return [Chunk(name=chunk_name("run", map(key_of, part)), images=part) for part in parts]
