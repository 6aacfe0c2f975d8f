"""One process a device on this machine, as for several GPUs. No process ever waits for another."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing import connection, get_context
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from wherefrom.core.errors import UsageError, WherefromError
from wherefrom.core.processors import usable
from wherefrom.engines.base import Chunk, Job, Part

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

__all__ = ["ENGINE", "Devices"]

_ENDS: Final = 3  # processes that may end over one chunk before it is taken for the reason
_Said: TypeAlias = "Part | Exception | tuple[int, int]"
"""What a process says: a part; an error that no image is to blame for; how many images are settled, and failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Devices:
    """One process a device, each with the models in its memory. A process that ends is started again with its chunk.

    Attributes:
        devices: as `("cuda:0", "cuda:1")`; a device named twice has two processes, among which a processor's threads
            are divided.

    Raises:
        UsageError: when no device is named.
    """

    devices: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse no device, or one without a name."""
        object.__setattr__(self, "devices", tuple(self.devices))
        if not self.devices or not all(self.devices):
            raise UsageError(f"devices {','.join(self.devices)!r} name none: give them as cuda:0,cuda:1")

    def parts(self, job: Job, chunks: Iterable[Chunk]) -> Generator[Part, None, None]:
        """The part of every chunk, as they are finished; see `wherefrom.engines.base.Engine`."""
        processes: list[_Process] = []
        remaining, failure = iter(chunks), None
        try:
            for device, chunk in zip(self.devices, remaining, strict=False):
                processes.append(_Process(job=job, device=device, threads=self._threads()))
                processes[-1].give(chunk)
            while busy := {process.link: process for process in processes if process.chunk is not None}:
                for ready in connection.wait(list(busy)):
                    process = busy[ready]  # type: ignore[index]
                    said = process.hear()
                    if isinstance(said, Exception):
                        failure = failure or said
                    if not isinstance(said, tuple):  # before the part is yielded, for its reader may take its time
                        process.give(next(remaining, None) if failure is None else None)
                    if isinstance(said, Part):
                        yield said
            if failure is not None:
                raise failure
        finally:
            for process in processes:
                process.stop()

    def _threads(self) -> int:
        """Threads of each process, for what it computes on the processor."""
        return max(1, usable() // len(self.devices))


@dataclass(kw_only=True, slots=True)
class _Process:
    """A process with its device, and the chunk that it works on.

    Attributes:
        job: what it needs.
        device: its own.
        threads: of its computations.
        chunk: None where it has nothing to do.
        link: to it.
    """

    job: Job
    device: str
    threads: int
    chunk: Chunk | None = None
    link: Connection[Any, Any] = field(init=False)
    _process: SpawnProcess = field(init=False)
    _ended: int = 0  # processes, over this chunk

    def __post_init__(self) -> None:
        """Start it."""
        self._start()

    def give(self, chunk: Chunk | None) -> None:
        """Something to work on, or nothing more."""
        self.chunk, self._ended = chunk, 0
        if chunk is not None:
            self._send(chunk)

    def hear(self) -> _Said:
        """What the process says, or the images that it settled none of, where it ended and another took its chunk."""
        try:
            said: _Said = self.link.recv()
        except (EOFError, OSError):
            return self._again()
        if isinstance(said, tuple) and self.job.advance is not None:
            self.job.advance(*said)
        return said

    def stop(self) -> None:
        """End it, whatever it does."""
        self.link.close()
        self._process.terminate()
        self._process.join()

    def _start(self) -> None:
        context = get_context("spawn")  # a CUDA device is lost in a process that was forked
        self.link, theirs = context.Pipe()
        given = (theirs, replace(self.job, advance=None), self.device, self.threads)
        self._process = context.Process(target=_serve, args=given, name=f"wherefrom-{self.device}", daemon=True)
        self._process.start()
        theirs.close()  # so that the end of the process is the end of the link

    def _again(self) -> _Said:
        """Another process takes the chunk of the one that ended, unless too many have."""
        self.stop()
        self._ended += 1
        code = self._process.exitcode
        self._start()
        if self._ended >= _ENDS:
            return WherefromError(
                f"{_ENDS} processes on {self.device} ended over the same {len(self.chunk.images) if self.chunk else 0}"
                f" images, the last with exit code {code}: -9 is what the system does when memory runs out; ask fewer"
                " images at a time by --batch, or on fewer devices"
            )
        if self.chunk is not None:
            self._send(self.chunk)
        return (0, 0)

    def _send(self, chunk: Chunk) -> None:
        try:
            self.link.send(chunk)
        except OSError:
            return  # it has ended, as will be heard


def _serve(link: Connection[Any, Any], job: Job, device: str, threads: int) -> None:
    """What a process does: open the models at its first chunk, and work until nobody is there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the process that asked ends this one
    work: Callable[[Chunk], Part] | None = None
    watched = replace(job, advance=lambda settled, failed: link.send((settled, failed)))
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            chunk = link.recv()
            try:
                work = work or _opened(watched, device, threads)
                said: _Said = work(chunk)
            except WherefromError as error:
                said = error
            except Exception:  # noqa: BLE001  # told to who waits, with the place
                said = RuntimeError(f"a process on {device} failed:\n{traceback.format_exc()}")
            link.send(said)


def _opened(job: Job, device: str, threads: int) -> Callable[[Chunk], Part]:
    """The models, where they compute on a processor with this process's share of its threads."""
    work = job.open(device)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(min(threads, torch.get_num_threads()))
    return work


ENGINE: Final = Devices
