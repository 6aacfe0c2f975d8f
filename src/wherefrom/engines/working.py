"""A worker: chunks to rows that are written, and never twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from wherefrom.core.errors import UsageError
from wherefrom.engines import parts
from wherefrom.engines.folders import Folder
from wherefrom.engines.keys import key_of
from wherefrom.engines.tasks import Advance, Chunk, Part, Row, Task

__all__ = ["working"]

_OPENED: Final = "opened-"
"""How the file begins that says by its name which models the rows are of."""


def working(task: Task, folder: Folder, advance: Advance | None, device: str | None) -> Callable[[Chunk], Part]:
    """What `Job.open` gives: the models are opened now, and a chunk is asked about at each call.

    Args:
        task: what is asked.
        folder: that the rows go to.
        advance: told of images that are settled; None: nobody.
        device: to ask on; None is the task's own.

    Raises:
        UsageError: when the models are not those whose rows are in the folder.
    """
    opened = task.open(device)
    _check_models(folder, opened.digest)
    schema = task.schema

    def work(chunk: Chunk) -> Part:
        there = _there(folder, chunk.name)
        if there is not None:
            return there
        return _asked(folder, opened.rows(chunk.images, advance or _unwatched), schema, chunk)

    return work


def _there(folder: Folder, chunk: str) -> Part | None:
    """The part of a chunk whose rows are on the disk: another worker was given it too. The scored ones come last."""
    scored, failed = (parts.name_of(status, chunk) for status in (parts.SCORED, parts.FAILED))
    if not folder.exists(scored) and not (folder.exists(failed) and parts.is_alone(folder, failed)):
        return None
    return Part(name=chunk, scored=_keys(folder, scored), failed=_keys(folder, failed))


def _keys(folder: Folder, name: str) -> tuple[bytes, ...]:
    return tuple(parts.keys_in(folder, name)) if folder.exists(name) else ()


def _asked(folder: Folder, answers: Iterable[Sequence[Row]], schema: Any, chunk: Chunk) -> Part:
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
        parts.write_rows(folder, parts.name_of(parts.FAILED, chunk.name), rows[False], form)
    if rows[True]:
        parts.write_rows(folder, parts.name_of(parts.SCORED, chunk.name), rows[True], schema)
    return Part(name=chunk.name, scored=tuple(keys[True]), failed=tuple(keys[False]))


def _unwatched(settled: int, failed: int) -> None:
    del settled, failed


def _check_models(folder: Folder, digest: str) -> None:
    """Refuse rows of other weights, or of another kind of device, than those that are there."""
    own = f"{_OPENED}{digest}"
    held = [name for name in folder.names() if name.startswith(_OPENED)]
    if set(held) - {own}:
        raise UsageError(
            f"the models of this run are not those whose rows are in {folder} (other weights, another precision or"
            " another kind of device): name another folder"
        )
    if not held:
        folder.write(own, b"")
