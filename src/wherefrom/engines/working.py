"""A worker: chunks to rows on the disk, and never twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from wherefrom.core.errors import UsageError
from wherefrom.engines import parts
from wherefrom.engines.keys import key_of
from wherefrom.engines.tasks import Advance, Chunk, Part, Row, Task

__all__ = ["working"]

_OPENED: Final = "opened-"
"""How the file begins that says by its name which models the rows are of."""


def working(task: Task, rows: Path, advance: Advance | None, device: str | None) -> Callable[[Chunk], Part]:
    """What `Job.open` gives: the models are opened now, and a chunk is asked about at each call.

    Args:
        task: what is asked.
        rows: the folder that they go to.
        advance: told of images that are settled; None: nobody.
        device: to ask on; None is the task's own.

    Raises:
        UsageError: when the models are not those whose rows are in the folder.
    """
    opened = task.open(device)
    _check_models(rows.parent, opened.digest)
    schema = task.schema

    def work(chunk: Chunk) -> Part:
        there = _there(rows, chunk.name)
        if there is not None:
            return there
        return _asked(rows, opened.rows(chunk.images, advance or _unwatched), schema, chunk)

    return work


def _there(rows: Path, name: str) -> Part | None:
    """The part of a chunk whose rows are on the disk: another worker was given it too. The scored ones come last."""
    scored, failed = (parts.path_of(rows, status, name) for status in (parts.SCORED, parts.FAILED))
    if not scored.exists() and not (failed.exists() and parts.is_alone(failed)):
        return None
    return Part(name=name, scored=_keys(scored), failed=_keys(failed))


def _keys(path: Path) -> tuple[bytes, ...]:
    return tuple(parts.keys_in(path)) if path.exists() else ()


def _asked(folder: Path, answers: Iterable[Sequence[Row]], schema: Any, chunk: Chunk) -> Part:
    """Ask about a chunk, and write its rows: first of the failed, so that the others say that all are there."""
    keys: dict[bool, list[bytes]] = {True: [], False: []}
    rows: dict[bool, list[Row]] = {True: [], False: []}
    for image, said in zip(chunk.images, answers, strict=True):
        key = key_of(image)
        fine = all(row.get("error") is None for row in said)
        keys[fine].append(key)
        rows[fine] += [{parts.KEY: key, **row} for row in said]
    if rows[False]:
        form = schema if rows[True] else parts.alone(schema)
        parts.write_rows(parts.path_of(folder, parts.FAILED, chunk.name), rows[False], form)
    if rows[True]:
        parts.write_rows(parts.path_of(folder, parts.SCORED, chunk.name), rows[True], schema)
    return Part(name=chunk.name, scored=tuple(keys[True]), failed=tuple(keys[False]))


def _unwatched(settled: int, failed: int) -> None:
    del settled, failed


def _check_models(folder: Path, digest: str) -> None:
    """Refuse rows of other weights, or of another kind of device, than those that are there."""
    own = folder / f"{_OPENED}{digest}"
    others = [path for path in folder.glob(f"{_OPENED}*") if path != own]
    if others:
        raise UsageError(
            f"the models of this run are not those whose rows are in {folder} (other weights, another precision or"
            " another kind of device): name another folder"
        )
    own.touch()
