"""Runs tables, one after the other or several at once, each in a process of its own."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wherefrom.core.errors import WherefromError
from wherefrom.core.processors import usable

if TYPE_CHECKING:
    from wherefrom.bench.shared.setting import Setting

__all__ = ["TableRun", "run_tables", "usable"]

_TIMED: Final = "times"
"""A table that says how long things take, and so runs when nothing else does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableRun:
    """A table that was run.

    Attributes:
        name: its name.
        document: its document, as it is kept.
        seconds: that it took.
    """

    name: str
    document: dict[str, Any]
    seconds: float

    @property
    def found(self) -> dict[str, Any]:
        """The former name of `document`, which answers for one version more."""
        warnings.warn("TableRun.found is now called document: use that", DeprecationWarning, stacklevel=2)
        return self.document

    @property
    def markdown(self) -> str:
        """The table as it is shown."""
        from wherefrom.bench.shared import tables
        from wherefrom.bench.shared.written import markdown

        shown = tables.load(self.name).markdown or markdown
        return shown(self.document)


def run_tables(names: Sequence[str], setting: Setting, out: Path, *, jobs: int) -> Iterator[TableRun]:
    """Tables as they are done: in their order with one job; with several, one that measures time alone and last.

    Args:
        names: the tables.
        setting: what each is given; progress is shown with one job alone.
        out: where each leaves its document and its figure.
        jobs: processes, which share the processors and what is in the work folder.

    Raises:
        WherefromError: what the first table to fail says; those that are running end before.
    """
    together = [name for name in names if name != _TIMED]
    jobs = min(jobs, len(together))
    if jobs > 1:
        yield from _at_once(together, setting, out, jobs)
        names = [name for name in names if name == _TIMED]
    for name in names:
        yield _run(name, setting, out)


def _at_once(names: Sequence[str], setting: Setting, out: Path, jobs: int) -> Iterator[TableRun]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool

    from wherefrom.bench.shared.setting import unseen

    quiet = replace(setting, shown=unseen)
    pool = ProcessPoolExecutor(
        jobs,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_share,
        initargs=(max(1, usable() // jobs),),
    )
    try:
        for done in as_completed([pool.submit(_run, name, quiet, out) for name in names]):
            yield done.result()
    except BrokenProcessPool as error:
        raise WherefromError(
            "a process that ran a table was ended from outside, perhaps for want of memory: run again with --jobs 1,"
            " which goes on from what is kept"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _share(threads: int) -> None:
    """Leave the other processes their processors."""
    import torch

    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(threads)


def _run(name: str, setting: Setting, out: Path) -> TableRun:
    """One table: its document is written after every row, so a stopped run leaves what it had."""
    from wherefrom.bench.shared import tables
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.bench.shared.written import document, draw, write

    started = time.monotonic()
    table, workspace = tables.load(name), Workspace(setting)
    rows: list[Any] = []
    facts = {"command": _typed(name, setting), "device": setting.device}
    written = document(name, table, rows, **facts, skipped=workspace.skipped)
    for row in table.rows(workspace):
        rows.append(row)
        written = document(name, table, rows, **facts, skipped=workspace.skipped)
        write(written, out)
    if not rows:
        write(written := document(name, table, rows, **facts, skipped=workspace.skipped), out)
    draw(written, out / f"{name}.png")
    return TableRun(name=name, document=written, seconds=time.monotonic() - started)


def _typed(name: str, setting: Setting) -> str:
    """What was typed, folders and files by their names alone."""
    parts = ["wherefrom bench", name.replace("_", "-")]
    parts += ["--quick"] if setting.quick else []
    parts += [f"--count {setting.count}", f"--size {setting.size}"]
    named = {"decoder": setting.decoders, "generator": setting.generators, "ask": setting.asked}
    named |= {"edit": setting.edits}
    for flag, values in named.items():
        parts += [f"--{flag} {value if ':' in value else Path(value).name}" for value in values]
    for flag, folder in (("cifar10", setting.cifar10), ("photos", setting.photos)):
        parts += [] if folder is None else [f"--{flag} {folder.name}"]
    parts += [f"--{flag}" for flag, on in (("tiles", setting.tiles), ("alike", setting.alike)) if on]
    parts += [] if setting.dtype == "float32" else [f"--dtype {setting.dtype}"]
    return " ".join(parts)
