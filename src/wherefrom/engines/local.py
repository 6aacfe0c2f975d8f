"""The engine of one process: one worker, its models opened once, a chunk after another."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Final

from wherefrom.engines.base import Chunk, Job, Part

__all__ = ["ENGINE", "Local"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Local:
    """Chunks are worked on here, in order.

    Attributes:
        device: to ask on; None is the task's own.
    """

    device: str | None = None

    def parts(self, job: Job, chunks: Iterable[Chunk]) -> Generator[Part, None, None]:
        """The part of every chunk, in order; arguments as for `Engine`. Models are opened with the first chunk."""
        work = None
        for chunk in chunks:
            work = work or job.open(self.device)
            yield work(chunk)


ENGINE: Final = Local
