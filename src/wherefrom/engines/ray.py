"""Workers of a Ray cluster: the one file that knows Ray. Locators of images travel, and numbers as files.

A worker is an actor, which opens the models once. Chunks go to whichever is free, a chunk a worker: what waits is
bounded by the number of workers, however many images there are. Ray starts a worker that was lost again and gives it
the chunk that it had, whose rows are not there, or are there whole. Why not Ray Data stands in `docs/decisions/`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Final

from wherefrom.core.errors import UsageError, WherefromError
from wherefrom.core.extras import require
from wherefrom.engines.base import Chunk, Job, Part

__all__ = ["ENGINE", "Ray", "cluster"]

_LOST: Final = 3  # times that a chunk is given to a worker again after the one that had it was lost


@dataclass(frozen=True, kw_only=True, slots=True)
class Ray:
    """Workers of a Ray cluster, each with the models in its memory; needs the extra `ray`.

    Attributes:
        workers: how many; None: as many as the cluster has room for at the start. More than that wait until a cluster
            that grows has room for them.
        cpus: processors that a worker is given, and threads that it computes with.
        gpus: GPUs that a worker is given, as 1 or 0.5; None: one where the cluster has any, else none.
        address: of the cluster, as `ray://HOST:10001` or `auto`; None: what `RAY_ADDRESS` says, else a cluster of this
            machine's processors and GPUs, which ends with the run, and listens to this machine alone unless the program
            has imported Ray before.

    Raises:
        UsageError: when a number is out of range.
    """

    workers: int | None = None
    cpus: int = 1
    gpus: float | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        """Refuse what leaves nobody to work."""
        if self.workers is not None and self.workers < 1:
            raise UsageError(f"workers={self.workers}, need at least 1, or None for as many as there is room for")
        if self.cpus < 1 or (self.gpus or 0) < 0:
            raise UsageError(f"cpus={self.cpus} and gpus={self.gpus}, need at least 1 processor and 0 GPUs a worker")

    def parts(self, job: Job, chunks: Iterable[Chunk]) -> Generator[Part, None, None]:
        """The part of every chunk, as they are finished; see `wherefrom.engines.base.Engine`.

        Raises:
            MissingExtra: when Ray is not installed.
            WherefromError: when the cluster cannot be reached or started; and as for every engine.
        """
        first = next(remaining := iter(chunks), None)
        if first is None:  # nothing to do, so no cluster is started
            return
        remaining = chain([first], remaining)
        with cluster(self.address) as ray, self._started(ray, job) as starting:
            pool = ray.util.ActorPool([])
            failure = _join(ray, pool, starting, wait=True)
            _give(pool, remaining if failure is None else iter(()))
            while pool.has_next():
                said = _said(ray, pool)
                failure = failure or (said if isinstance(said, WherefromError) else None)
                failure = failure or _join(ray, pool, starting, wait=False)
                _give(pool, remaining if failure is None else iter(()))
                if isinstance(said, Part):
                    if job.advance is not None:
                        job.advance(len(said.scored) + len(said.failed), len(said.failed))
                    yield said
        if failure is not None:
            raise failure

    @contextmanager
    def _started(self, ray: Any, job: Job) -> Iterator[dict[Any, Any]]:
        """The workers, each by what is there once it is ready; they end with the block."""
        there = ray.cluster_resources()
        gpus = (1 if there.get("GPU") else 0) if self.gpus is None else self.gpus
        options = {"num_cpus": self.cpus, "num_gpus": gpus, "max_restarts": -1, "max_task_retries": _LOST}
        kind, given = ray.remote(**options)(_Worker), (replace(job, advance=None), "cuda" if gpus else None)
        actors = [kind.remote(*given) for _ in range(self.workers or self._room(there, gpus))]
        try:
            yield {actor.ready.remote(): actor for actor in actors}
        finally:
            for actor in actors:
                ray.kill(actor)

    def _room(self, there: dict[str, float], gpus: float) -> int:
        """How many workers the cluster has room for, at least one."""
        room = there.get("CPU", 1.0) // self.cpus
        return max(1, int(min(room, there.get("GPU", 0.0) / gpus) if gpus else room))


class _Worker:
    """An actor: opens the models once and keeps them. Errors come back as values, as they were raised."""

    def __init__(self, job: Job, device: str | None) -> None:
        self._job = job
        self._device = device
        self._work: Callable[[Chunk], Part] | None = None

    def ready(self) -> WherefromError | None:
        """Opens the models, once there is room for the worker; why they cannot be opened."""
        try:
            self._opened()
        except WherefromError as error:
            return error
        return None

    def part(self, chunk: Chunk) -> Part | WherefromError:
        """The part of a chunk, or what no image is to blame for."""
        try:
            return self._opened()(chunk)
        except WherefromError as error:
            return error

    def _opened(self) -> Callable[[Chunk], Part]:
        """What asks; opened anew in a worker that was started again."""
        self._work = self._work or self._job.open(self._device)
        return self._work


def _join(ray: Any, pool: Any, starting: dict[Any, Any], *, wait: bool) -> WherefromError | None:
    """Take those into the pool that are ready; only they are given chunks, for others may never have room.

    Args:
        ray: the package.
        pool: of workers.
        starting: who has not joined yet.
        wait: whether to wait for at least one.

    Returns:
        Why one cannot open the models, where that is so.
    """
    if not starting:
        return None
    count, seconds = (1, None) if wait else (len(starting), 0)
    failure = None
    for there in ray.wait(list(starting), num_returns=count, timeout=seconds)[0]:
        actor, said = starting.pop(there), _opened(ray, there)
        failure = failure or said
        if said is None:
            pool.push(actor)
    return failure


def _opened(ray: Any, there: Any) -> WherefromError | None:
    """What a worker says that is ready, or why there is none."""
    try:
        said: WherefromError | None = ray.get(there)
    except ray.exceptions.RayActorError as error:
        return WherefromError(f"a worker could not start ({error}): look whether it has this release of wherefrom")
    return said


def _give(pool: Any, chunks: Iterator[Chunk]) -> None:
    """Give every free worker a chunk, while there are some."""
    while pool.has_free() and (chunk := next(chunks, None)) is not None:
        pool.submit(lambda actor, given: actor.part.remote(given), chunk)


def _said(ray: Any, pool: Any) -> Part | WherefromError:
    """What the next worker says; an error where Ray gave its chunk up, since every worker that had it was lost."""
    try:
        said: Part | WherefromError = pool.get_next_unordered()
    except ray.exceptions.RayActorError as error:
        return WherefromError(
            f"{_LOST + 1} workers were lost over the same images ({error}): look for memory that ran out, and give each"
            " worker more of the machine by cpus, or ask fewer images at a time by --batch"
        )
    return said


@contextmanager
def cluster(address: str | None) -> Iterator[Any]:
    """The package, connected to a cluster; one that is started here ends with the block, one that was there goes on.

    Whoever reaches a cluster can run code in it. So one that is started here keeps to this machine, by a variable that
    is named for the systems on which Ray does so by itself, and which is read when Ray is imported.

    Args:
        address: of a cluster that is there; None: what `RAY_ADDRESS` says, else one is started.

    Raises:
        MissingExtra: when Ray is not installed.
        WherefromError: when the cluster cannot be reached or started.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell Ray's makers of the cluster
    if not (address or os.environ.get("RAY_ADDRESS")):
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    ray = require("ray", "ray")
    if ray.is_initialized():
        yield ray
        return
    asked = address or os.environ.get("RAY_ADDRESS")
    try:
        ray.init(
            address=asked,
            logging_level=logging.ERROR,
            log_to_driver=False,
            **({} if asked else {"include_dashboard": False}),
        )
    except Exception as error:  # whatever Ray says: it has no class of its own for this
        where = f"at {asked}" if asked else "on this machine"
        raise WherefromError(
            f"no cluster of Ray {where} ({str(error).strip()}): start one by `ray start --head`, and name it by address"
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()


ENGINE: Final = Ray
