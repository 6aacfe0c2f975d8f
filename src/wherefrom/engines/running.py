"""`run_job`: ask about every image that is not done, and leave its rows in a folder, whatever stops the run meanwhile.

FOLDER/job.json        what is asked; another question needs another folder
FOLDER/opened-DIGEST   the models whose rows these are
FOLDER/paths-begin-in  where relative paths of images begin
FOLDER/ledger.sqlite   which images are done; made anew from the rows where it is lost
FOLDER/rows/           status=scored/*.parquet, status=failed/*.parquet
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from wherefrom.core.computing import computing_digest
from wherefrom.core.errors import StoreError, UsageError
from wherefrom.core.files import json_bytes
from wherefrom.core.plain import plain
from wherefrom.core.version import VERSION
from wherefrom.engines import parts
from wherefrom.engines.base import Engine, Job
from wherefrom.engines.columns import SCHEMA_VERSION
from wherefrom.engines.folders import Folder, folder_of
from wherefrom.engines.keys import chunk_name
from wherefrom.engines.ledger import Ledger
from wherefrom.engines.local import Local
from wherefrom.engines.relative import same_beginning
from wherefrom.engines.tasks import Chunk, Task
from wherefrom.images.files import Source
from wherefrom.scoring.progress import Meter, Progress

__all__ = ["IMAGES_A_FILE", "JobResult", "run_job"]

IMAGES_A_FILE: Final = 512
"""Images whose rows are written together, unless asked otherwise."""
_LOCAL: Final = Local()
_JOB: Final = "job.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class JobResult:
    """What a run did, and how the folder stands after it.

    Attributes:
        rows: the folder of the rows, or their address: a dataset with Hive partitions.
        asked: images that this run asked about.
        failed_now: of them, those that failed.
        scored: images in the folder without an error.
        failed: images in the folder with one.
    """

    rows: Path | str
    asked: int
    failed_now: int
    scored: int
    failed: int


def run_job(
    task: Task,
    images: Iterable[Source],
    *,
    folder: str | Path,
    engine: Engine = _LOCAL,
    images_a_file: int = IMAGES_A_FILE,
    retry: bool = True,
    progress: Callable[[Progress], None] | None = None,
) -> JobResult:
    """Ask about every image that is not done, and leave its rows in a folder.

    A run that was stopped, by whatever, goes on when it is started again with the same arguments: nothing that was
    written is asked again, and nothing is there twice. Memory does not grow with the number of images.

    Args:
        task: what is asked.
        images: as `stream_images` lists them; pulled as workers need them.
        folder: for the rows, made when absent: a path on a disk that every worker of the engine writes to, or an
            address of object storage, as `s3://bucket/rows`.
        engine: where images are worked on.
        images_a_file: whose rows are written together, at least 1. A stop loses the work on at most one such file a
            worker.
        retry: whether images that failed in an earlier run are asked about again.
        progress: told how far the run is.

    Raises:
        UsageError: when the folder holds rows of another question, of other models or another release, or of relative
            paths that began in another folder.
        StoreError: when another process writes there, or it cannot be written.
        WherefromError: what no image is to blame for.
    """
    if images_a_file < 1:
        raise UsageError(f"images_a_file={images_a_file}, need at least 1")
    place = folder_of(folder)
    _check_free(place)
    place.prepare()
    with place.ledger() as file, Ledger(file, place) as ledger:
        _check_same(place, task)
        parts.clear_unfinished(place)
        ledger.absorb()
        ledger.tidy()
        meter = Meter(report=progress, total=None)
        job = Job(task=task, folder=place, advance=lambda settled, failed: meter.add(settled, errors=failed))
        chunks = _chunks(ledger.undone(same_beginning(place, images), retry=retry), images_a_file)
        asked = failed = 0
        with closing(engine.parts(job, chunks)) as done:
            for part in done:
                ledger.take(part)
                asked += len(part.scored) + len(part.failed)
                failed += len(part.failed)
        ledger.tidy()
        meter.tell()
        scored, left = ledger.counts()
    return JobResult(rows=place.rows, asked=asked, failed_now=failed, scored=scored, failed=left)


def _check_free(folder: Folder) -> None:
    """Refuse a folder that holds something else."""
    there = folder.names()
    if there and _JOB not in there:
        raise UsageError(f"{folder} is there, and its files are not of such a run: name a new folder")


def _chunks(undone: Iterable[tuple[bytes, Source]], size: int) -> Iterator[Chunk]:
    """The images that are to be asked about, so many at a time, under names that no other run gives."""
    run, remaining = secrets.token_hex(16), iter(undone)
    while some := list(islice(remaining, size)):
        name = chunk_name(run, (key for key, _ in some))
        yield Chunk(name=name, images=tuple(image for _, image in some))


def _check_same(folder: Folder, task: Task) -> None:
    """Write down what is asked, or refuse to ask something else where that is written already."""
    facts = plain({**task.facts, "computed by": computing_digest(), "schema": SCHEMA_VERSION})
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    if not folder.exists(_JOB):
        job = {"wherefrom": "job", "version": VERSION, "digest": digest, "facts": facts}
        folder.write(_JOB, json_bytes(job))
        return
    there = _read(folder)
    if there.get("digest") == digest:
        return
    held = there.get("facts") or {}
    changed = [_difference(name, held, facts) for name in sorted({*held, *facts}) if held.get(name) != facts.get(name)]
    release = f", by wherefrom {there.get('version')}" if held.get("computed by") != facts["computed by"] else ""
    raise UsageError(
        f"{folder} holds rows of another question{release} ({'; '.join(changed)}): name another folder, or ask the same"
    )


def _difference(name: str, held: dict[str, Any], facts: dict[str, Any]) -> str:
    if name == "computed by":
        return "the code that computes scores, or a package that it computes with, is another"
    return f"{name}: {json.dumps(held.get(name))} there, {json.dumps(facts.get(name))} here"


def _read(folder: Folder) -> dict[str, Any]:
    path = f"{folder}/{_JOB}"
    try:
        with folder.open(_JOB) as file:
            there = json.loads(file.read())
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read ({error}): name another folder") from error
    if not isinstance(there, dict) or there.get("wherefrom") != "job":
        raise StoreError(f"{path} is there and describes no job: name another folder")
    return there
