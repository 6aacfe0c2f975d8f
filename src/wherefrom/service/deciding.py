"""What the worker does with jobs: score their images together, decide each by itself, and write its report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wherefrom.attribution import Candidate, attribute
from wherefrom.candidates import score_candidates
from wherefrom.core.clock import now, timestamp
from wherefrom.core.facts import ImageFacts
from wherefrom.core.version import VERSION
from wherefrom.images.files import Source
from wherefrom.images.read import ImageRecord, Limits
from wherefrom.methods.base import Method
from wherefrom.models.base import Model
from wherefrom.records.table import ScoreTable
from wherefrom.records.verdict import Attribution, Verdict
from wherefrom.report.assembling import Assembly
from wherefrom.report.further import Further
from wherefrom.scoring.progress import Progress as Scored
from wherefrom.scoring.run import score
from wherefrom.service.answers import Attributions, File, ImageAnswer
from wherefrom.service.jobs import Cancelled, Decided, Job, Progress
from wherefrom.service.reporting import pages_of

__all__ = ["Deciding"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Deciding:
    """How jobs are answered.

    Attributes:
        candidates: of the service, with their models opened, by name.
        alpha: the bound on missed belongings.
        beta: the bound on false claims.
        rule: where to cut.
        batch: images that go through a model at a time; None finds it.
        limits: on bytes and pixels of an image.
    """

    candidates: Mapping[str, Candidate]
    alpha: float
    beta: float
    rule: str
    batch: int | None
    limits: Limits
    _assemblies: dict[tuple[str, ...], Assembly] = field(default_factory=dict)

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Decided]]:
        """Answer jobs of one question, one after another.

        Args:
            jobs: that were started.

        Raises:
            WherefromError: when the question cannot be answered.
            Cancelled: when nobody wants the answer any more.
        """
        question = jobs[0].question
        chosen = [self.candidates[name] for name in question.profiles]
        counts = [len(job.images) for job in jobs]
        images = [_renamed(image, f"{n} {image.name}") for n, job in enumerate(jobs) for image in job.images]
        watched = _Watched(jobs=jobs, batch=self.batch, limits=self.limits)
        scored = score_candidates(images, chosen, edit=question.edit, score=watched, limits=self.limits)
        start = 0
        for job, count in zip(jobs, counts, strict=True):
            rows = range(start, start + count)
            start += count
            if not job.cancelled.is_set():
                yield job, self._decided(job, tuple(_own_rows(each, rows) for each in scored))

    def _decided(self, job: Job, candidates: tuple[Candidate, ...]) -> Decided:
        """What is said of a job's images, with the report where one was asked for."""
        when, edit = now(), job.question.edit
        bounds: dict[str, Any] = {"alpha": self.alpha, "beta": self.beta, "rule": self.rule, "when": when, "edit": edit}
        found: Sequence[Verdict | Attribution]
        if len(candidates) == 1:
            found = attribute(candidates[0].tables, profile=candidates[0].profile, **bounds)
        else:
            found = attribute(candidates, **bounds)
        assembly = self._assembly(candidates)
        answer = Attributions(
            images=[_answer(one, assembly) for one in found],
            profiles=[each.name for each in candidates],
            version=VERSION,
            time=timestamp(when),
        )
        decided = Decided(
            answer=answer, found=found, candidates=tuple(replace(each, model=None) for each in candidates), when=when
        )
        if job.shown is None:
            return decided
        pages, maps = pages_of(job, found, assembly, candidates)
        return replace(decided, pages=pages, maps=maps)

    def _assembly(self, candidates: Sequence[Candidate]) -> Assembly:
        """The profiles of a question as reports compare with them; put together once."""
        names = tuple(each.name for each in candidates)
        if names not in self._assemblies:
            self._assemblies[names] = Assembly(profiles={each.name: each.profile for each in candidates})
        return self._assemblies[names]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Watched:
    """Scores images while jobs are told how far that is, and stops once nobody wants the answer."""

    jobs: Sequence[Job]
    batch: int | None
    limits: Limits

    def __call__(
        self, images: Sequence[Source], *, model: Model, method: Method[Any], seed: int, label: str
    ) -> ScoreTable:
        """The scores; arguments as for `wherefrom.scoring.scorer.Scorer`."""
        return score(
            images,
            model=model,
            method=method,
            seed=seed,
            batch=self.batch,
            limits=self.limits,
            progress=self._telling(f"scoring {label}"),
        )

    def _telling(self, stage: str) -> Callable[[Scored], None]:
        def tell(so_far: Scored) -> None:
            if all(job.cancelled.is_set() for job in self.jobs):
                raise Cancelled
            for job in self.jobs:
                job.progress = _progress(so_far, stage, job.progress.total)

        return tell


def _progress(so_far: Scored, stage: str, total: int) -> Progress:
    """How far a run is, as one job of it sees that; of a search with its steps."""
    step = so_far.search
    more = "" if step is None else f", step {step.step} of at most {step.steps}"
    return Progress(done=min(so_far.done, total), total=total, stage=stage + more, seconds_left=so_far.seconds_left)


def _renamed(image: Source, name: str) -> Source:
    """The same image under another name."""
    held = image.in_memory
    if isinstance(held, ImageRecord):
        held = replace(held, facts=replace(held.facts, name=name))
    elif isinstance(held, ImageFacts):
        held = replace(held, name=name)
    return replace(image, name=name, in_memory=held)


def _own_rows(candidate: Candidate, rows: range) -> Candidate:
    """A candidate with one job's rows alone, its images named as the job names them."""
    return replace(candidate, tables={edit: _own(table, rows) for edit, table in candidate.tables.items()})


def _own(table: ScoreTable, rows: range) -> ScoreTable:
    own = table.take(np.arange(rows.start, rows.stop))
    return replace(own, images=tuple(replace(one, name=one.name.partition(" ")[2]) for one in own.images))


def _answer(found: Verdict | Attribution, assembly: Assembly) -> ImageAnswer:
    """What is said of one image, as clients get it: the numbers of a report without pictures."""
    report = assembly.report(found, Further(), {})
    names = tuple(assembly.profiles)
    supported = found.supported if isinstance(found, Attribution) else names if found.outcome == "SUPPORTED" else ()
    return ImageAnswer.model_validate(
        {
            "name": found.image.name,
            "error": found.image.error,
            "kind": str(report.kind),
            "answer": report.answer,
            "question": report.question,
            "reason": report.reason,
            "supported": supported,
            "file": File.model_validate(report.image),
            "candidates": report.candidates,
            "would_change": report.would_change,
        }
    )
