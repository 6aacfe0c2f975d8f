"""Jobs at the same time, each in its own process: their progress together, and the first error ends all of them."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from wherefrom.cli._board import Board, Now, board
from wherefrom.cli._progress import Report, Show, words
from wherefrom.core.errors import WherefromError
from wherefrom.core.processors import usable

if TYPE_CHECKING:
    from wherefrom.scoring.progress import Progress

__all__ = ["at_once"]

T = TypeVar("T")
Job: TypeAlias = Callable[[Show], T]
"""A function that another process can be sent; it is given what draws its progress."""
_PATIENCE: Final = 5.0  # seconds that a process has to end by itself
_LOOK: Final = 1.0  # seconds between two looks at the clock while no process says anything


@dataclass(frozen=True, slots=True)
class _Done:
    """What a job returned."""

    result: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class _Child:
    """A process that does one job, and where it says how far it is."""

    title: str
    process: BaseProcess
    receiver: Connection


def at_once(jobs: Mapping[str, Job[T]], *, quiet: bool) -> list[T]:
    """Do all jobs at the same time; returns what they return, in their order.

    However it ends, no process is left: an error of one, or an interrupt, stops the others.

    Args:
        jobs: what to do, by the title that its progress has.
        quiet: whether no progress is shown.

    Raises:
        Exception: what the first job to fail raised.
        WherefromError: when a process was ended from outside.
    """
    children: list[_Child] = []
    try:
        with _no_interrupts():
            children += [_start(title, job, max(1, usable() // len(jobs))) for title, job in jobs.items()]
        with board(list(jobs), quiet=quiet) as shown:
            return _results(children, shown)
    finally:
        for child in children:
            _end(child)


def _start(title: str, job: Job[object], threads: int) -> _Child:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(job, threads, sender), name=title, daemon=True)
    process.start()
    sender.close()
    return _Child(title=title, process=process, receiver=receiver)


def _end(child: _Child) -> None:
    """End a process that still runs; one that does not end by itself is killed."""
    child.receiver.close()
    child.process.terminate()
    child.process.join(_PATIENCE)
    if child.process.is_alive():
        child.process.kill()
        child.process.join()


@contextmanager
def _no_interrupts() -> Generator[None, None, None]:
    """Start processes that a Ctrl-C does not reach: it is the parent's to end them."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _results(children: Sequence[_Child], shown: Board) -> list[Any]:
    """What the jobs return, once all have."""
    results: dict[str, Any] = {}
    running = {child.receiver: child for child in children}
    while running:
        for ready in wait(list(running), timeout=_LOOK):
            child = next(child for receiver, child in running.items() if receiver is ready)
            message = _heard(child)
            if isinstance(message, _Done):
                results[child.title] = message.result
                del running[child.receiver]
                message = Now(label="done", done=1, total=1)
            shown.update(child.title, message)
        shown.tick()
    return [results[child.title] for child in children]


def _heard(child: _Child) -> Now | _Done:
    """What a process says next.

    Raises:
        Exception: what it raised itself.
        WherefromError: when it was ended from outside.
    """
    try:
        message = child.receiver.recv()
    except (EOFError, ConnectionError):
        raise WherefromError(
            f"the process of {child.title!r} was ended from outside, perhaps for want of memory: run again with"
            " --jobs 1, which goes on from what is kept"
        ) from None
    if isinstance(message, Exception):
        raise message
    return message  # type: ignore[no-any-return]


def _work(job: Job[object], threads: int, sender: Connection) -> None:
    """Do a job in this process, which is its own; leave when the parent hears no more."""
    from wherefrom.cli._logs import log_visibly
    from wherefrom.core.memory import keep_freed_memory

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    keep_freed_memory()
    log_visibly()
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))  # torch, which is not imported yet, leaves the others theirs

    @contextmanager
    def show(label: str) -> Generator[Report, None, None]:
        sender.send(Now(label=label))
        yield lambda now: sender.send(_now(label, now))

    try:
        try:
            result: _Done | Exception = _Done(job(show))
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 - the parent raises it again
            result = _sendable(error)
        sender.send(result)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # all is said: whatever ends this process now needs no clean end
    except BrokenPipeError:
        return


def _now(label: str, now: Progress) -> Now:
    return Now(label=label, words=words(now), done=now.done, total=now.total)


def _sendable(error: Exception) -> Exception:
    """An error as it can be sent to another process, with where it arose for `--debug`."""
    where = "".join(traceback.format_exception(error))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301, TID251 - what this line wrote
    except Exception:  # noqa: BLE001 - whatever an error's class does there
        error = WherefromError(f"{type(error).__name__}: {error}")
    error.add_note(where)
    return error
