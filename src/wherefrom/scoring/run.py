"""Ask a model about many images: every image gets a row, whatever becomes of it.

    images -> read ahead, crop -> in the store? -> buckets of one size -> ask -> store -> rows in the images' order

An image's numbers depend on its pixels, the model, the method and the seed alone: never on its name, and never on its
neighbours on a CPU, where two passes are the same to the last bit and searches to 1e-4 relative. On a GPU images go
through a network together, and a row moves with its batch as sums in another order do, by 1e-3 of a loss of two passes
or so; with `batch=1` it has no neighbours there either.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from wherefrom.core.card import as_asked
from wherefrom.core.errors import UsageError
from wherefrom.core.given import refuse_name
from wherefrom.core.options import check_number
from wherefrom.images.in_memory import single
from wherefrom.images.read import DEFAULT_LIMITS, Limits
from wherefrom.methods.base import FindsParts, Method
from wherefrom.models.base import Model
from wherefrom.records.table import ScoreTable
from wherefrom.scoring import leases
from wherefrom.scoring.batching import BatchSize, Buckets, Given, Item
from wherefrom.scoring.evaluating import Answers, evaluate
from wherefrom.scoring.progress import Meter, Progress
from wherefrom.scoring.reading import Ready, images_for_model, usual_workers
from wherefrom.scoring.store import Question, Store
from wherefrom.scoring.table_rows import TableRows

__all__ = ["score"]

_log: Final = logging.getLogger(__name__)
ModelT = TypeVar("ModelT", bound=Model)
_PAUSE: Final = 0.01  # seconds before the first look at what other processes ask; doubled up to a hundred times that
_WORD: Final = 10.0  # seconds of waiting after which it is logged, and again
_WAITING: Final = (
    "%s: waiting for images of this run, %s; they are asked here once they are given up, or that process is seen to"
    " have ended, or has not written to the store for %.0f s"
)


def score(
    images: Iterable[Given],
    *,
    model: ModelT,
    method: Method[ModelT],
    seed: int = 0,
    store: str | Path | Store | None = None,
    batch: int | None = None,
    sizes: BatchSize | None = None,
    workers: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[Progress], None] | None = None,
) -> ScoreTable:
    """Ask a model about many images; one row an image, in their order, errors included.

    Images are cropped to the model's factor, never resampled. Same pixels are asked once. Memory does not grow with the
    number of images, but for the rows themselves.

    Args:
        images: what `load_images` gives, single paths, the bytes of files, arrays `(height, width, 3)` of uint8, images
            of Pillow's, or images already read; an iterator is read as it is needed.
        model: asked on its device.
        method: what is asked.
        seed: the root seed; an image's own seed comes from this and its scored pixels.
        store: where rows are kept after every batch, so that a stopped run resumes and a second run asks nothing.
        batch: images a batch; None finds it. Changes the speed, and on a GPU numbers as sums in another order do.
        sizes: what earlier calls on this model and method learned of batches, in place of `batch`; None starts anew.
        workers: threads that read and decode; None: two, and on an accelerator, which waits for them, up to sixteen.
        limits: on bytes and pixels of a file; one over them is a row with that error.
        progress: told how far the run is, at most ten times a second and at the end.

    Raises:
        UsageError: when an argument is outside its range, or a name stands for the model or the method.
        StoreError: when the store cannot be opened or written.
        ModelError: when the model lacks what the method needs; what one image is to blame for is that image's row.
    """
    refuse_name("model", model, "wf.load_model")
    refuse_name("method", method, "wf.methods.load")
    _check(images, seed, batch, workers)
    with ExitStack() as stack:
        run = _Run(
            model=model,
            method=method,
            question=Question(
                model=as_asked(model.card, method.measure).digest, measure=method.measure.digest, seed=seed
            ),
            store=stack.enter_context(Store(store)) if isinstance(store, str | Path) else store,
            sizes=sizes or BatchSize(device=model.device.type, fixed=batch),
            workers=workers or usual_workers(model.device.type),
            limits=limits,
            table=TableRows(meter=Meter(report=progress, total=len(images) if isinstance(images, Sized) else None)),
        )
        asked_elsewhere = run.first(images)
        while asked_elsewhere:
            asked_elsewhere = run.again(asked_elsewhere)
    run.table.meter.tell()
    return ScoreTable(
        images=run.table.images(),
        sizes=run.table.sizes(),
        scores=run.table.scores(),
        model=model.card,
        method=method.card,
        measure=method.measure,
        seed=seed,
        asked=method,
    )


def _check(images: object, seed: int, batch: int | None, workers: int | None) -> None:
    """Refuse arguments outside their range."""
    if single(images):
        way_out = f": give wf.load_images({str(images)!r})" if isinstance(images, str | Path) else ", or wf.load_images"
        raise UsageError(f"images is one {type(images).__name__}, need several, as a list{way_out}")
    seed = check_number("seed", seed, int)
    workers = None if workers is None else check_number("workers", workers, int)
    batch = None if batch is None else check_number("batch", batch, int)
    if seed < 0:
        raise UsageError(f"seed={seed}, need 0 or more")
    if batch is not None and batch < 1:
        raise UsageError(f"batch={batch}, need at least 1, or None to find it")
    if workers is not None and workers < 1:
        raise UsageError(f"workers={workers}, need at least 1 thread that reads, or None for the usual")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    """One call of `score`: what is asked, and where the answers go.

    Pixels are claimed in the store only while they are asked about: no two processes ever wait for each other.
    """

    model: Model
    method: Method[Any]
    question: Question
    store: Store | None
    sizes: BatchSize
    workers: int
    limits: Limits
    table: TableRows

    def first(self, images: Iterable[Given]) -> dict[str, Given]:
        """Give every image its row and ask about it; returns, by digest, what another process is asking about."""
        elsewhere: dict[str, Given] = {}
        buckets = Buckets(sizes=self.sizes)
        with closing(self._ready(images)) as incoming:
            for facts, item in incoming:
                if item is None:
                    self.table.refuse(facts)
                elif self.table.expect(facts, item.digest, item.size) and not self._kept([item.digest]):
                    for ready in buckets.add(item):
                        elsewhere |= self._ask(ready)
        for ready in buckets.rest():
            elsewhere |= self._ask(ready)
        return elsewhere

    def _ready(self, images: Iterable[Given]) -> Ready:
        """The images as they are asked about."""
        whole = isinstance(self.method, FindsParts) and self.method.takes_whole_images
        return images_for_model(images, model=self.model, workers=self.workers, limits=self.limits, whole=whole)

    def again(self, elsewhere: dict[str, Given]) -> dict[str, Given]:
        """Wait for what other processes ask; what they gave up or died over is read again and asked here."""
        free = self._wait(elsewhere)
        still_elsewhere = {digest: given for digest, given in elsewhere.items() if digest not in free}
        buckets = Buckets(sizes=self.sizes)
        with closing(self._ready(free.values())) as incoming:
            for digest, (_, item) in zip(free, incoming, strict=True):
                if item is None or item.digest != digest:
                    error = "the file changed while the run was going on: run again"
                    self.table.settle(Answers(errors={digest: error}), cached=False)
                    continue
                for ready in buckets.add(item):
                    still_elsewhere |= self._ask(ready)
        for ready in buckets.rest():
            still_elsewhere |= self._ask(ready)
        return still_elsewhere

    def _wait(self, elsewhere: dict[str, Given]) -> dict[str, Given]:
        """Until all was answered elsewhere, or nobody asks about some of it any more, which is returned."""
        assert self.store is not None
        pause, said = _PAUSE, time.monotonic()
        while True:
            for digest in self._kept(list(elsewhere)):
                del elsewhere[digest]
            look = self.store.look(self.question, elsewhere)
            if look.free or not elsewhere:
                self.table.meter.wait(None)
                return {digest: given for digest, given in elsewhere.items() if digest in look.free}
            self.table.meter.wait(str(look))
            if time.monotonic() - said >= _WORD:
                said = time.monotonic()
                _log.warning(_WAITING, self.store.path, look, leases.LEASE)
            time.sleep(pause)
            pause = min(2 * pause, 100 * _PAUSE)

    def _kept(self, digests: Sequence[str]) -> frozenset[str]:
        """Settle what the store has; returns which that was."""
        rows = self.store.find(self.question, digests) if self.store else {}
        if self.store and rows:
            columns = self.store.columns(self.question) or ()
            self.table.settle(Answers(columns=columns, rows=rows), cached=True)
        return frozenset(rows)

    def _ask(self, batch: list[Item]) -> dict[str, Given]:
        """Ask about a batch and keep the answers; returns what another process is asking about."""
        if self.store is None:
            for answers in self._answers(batch):
                self.table.settle(answers, cached=False)
            return {}
        mine = self.store.claim(self.question, [item.digest for item in batch])
        try:
            asked = [item for item in batch if item.digest in mine]
            if asked:
                for answers in self._answers(asked):
                    if answers.rows:
                        self.store.keep(self.question, answers.columns, answers.rows)
                    self.table.settle(answers, cached=False)
        finally:
            self.store.release(self.question, mine)
        others = {item.digest: item.given for item in batch if item.digest not in mine}
        kept = self._kept(list(others)) if others else frozenset()
        return {digest: given for digest, given in others.items() if digest not in kept}

    def _answers(self, items: list[Item]) -> Iterator[Answers]:
        return evaluate(
            items,
            model=self.model,
            method=self.method,
            seed=self.question.seed,
            sizes=self.sizes,
            report=self.table.meter.during,
        )
