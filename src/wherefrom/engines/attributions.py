"""The task of `wherefrom attribute`: a row an image and candidate, of what can be said of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wherefrom.attribution import Candidate, attribute
from wherefrom.candidates import Opening, open_candidates, score_candidates
from wherefrom.core.card import as_asked
from wherefrom.engines.columns import VERDICTS, schema_of
from wherefrom.engines.scores import image_columns
from wherefrom.engines.tasks import Advance, OpenedTask, Row
from wherefrom.images.files import Source
from wherefrom.images.read import DEFAULT_LIMITS, Limits
from wherefrom.methods.base import Method
from wherefrom.models.base import Model
from wherefrom.records.profile import Profile
from wherefrom.records.table import ScoreTable
from wherefrom.records.verdict import Attribution, Verdict
from wherefrom.rules.base import Rule
from wherefrom.scoring.batching import BatchSize
from wherefrom.scoring.run import score

__all__ = ["AttributeTask"]

_AS_PROFILED = Opening()


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeTask:
    """Under which profiles images are judged, and with which bounds.

    Attributes:
        profiles: by a name that is shown.
        rule: where to cut.
        opening: how their models are opened; the device may be another in each worker.
        alpha: the bound on missed belongings.
        beta: the bound on a false claim for any candidate.
        edit: what the images went through; None where that is not known.
        batch: images at a time; None finds it.
        limits: on bytes and pixels of a file.
        store: where scores are kept beside the rows; on a disk of the worker's machine.
        files: that hold the profiles, by their names, as a reason names them.
    """

    profiles: Mapping[str, Profile]
    rule: Rule
    opening: Opening = _AS_PROFILED
    alpha: float = 0.05
    beta: float = 0.01
    edit: str | None = None
    batch: int | None = None
    limits: Limits = DEFAULT_LIMITS
    store: Path | None = None
    files: Mapping[str, Path] = field(default_factory=dict)

    @property
    def facts(self) -> Mapping[str, Any]:
        """All that changes a row."""
        return {
            "what": "verdicts",
            "profiles": {name: profile.digest for name, profile in self.profiles.items()},
            "through": self.opening.through,
            "alpha": self.alpha,
            "beta": self.beta,
            "rule": self.rule.card.to_json(),
            "edit": self.edit,
            "limits": [self.limits.max_bytes, self.limits.max_pixels],
        }

    @property
    def schema(self) -> Any:
        """Of the rows."""
        return schema_of(VERDICTS)

    def open(self, device: str | None = None) -> OpenedTask:
        """Open the profiles' models.

        Args:
            device: to ask on; None is the task's own, or the profiles'.

        Raises:
            ProfileError: when a model is not the one that was profiled.
            ModelError: when one cannot be opened.
        """
        how = self.opening if device is None else replace(self.opening, device=device)
        return _OpenedAttributions(task=self, candidates=open_candidates(self.profiles, how, files=self.files))


@dataclass(frozen=True, kw_only=True, slots=True)
class _OpenedAttributions:
    """The task with its models in memory, and what was learned of batches that fit each."""

    task: AttributeTask
    candidates: tuple[Candidate, ...]
    sizes: dict[str, BatchSize] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Of the models' cards, as far as the methods depend on them."""
        cards = [as_asked(each.model.card, each.profile.measure).digest for each in self.candidates]
        return hashlib.sha256(" ".join(cards).encode()).hexdigest()

    def rows(self, images: Sequence[Source], advance: Advance) -> Iterator[Sequence[Row]]:
        """One row a candidate for each image; arguments as for `OpenedTask`."""
        scored = score_candidates(
            images, self.candidates, edit=self.task.edit, score=self._score, limits=self.task.limits
        )
        failed = 0
        for place, (image, found) in enumerate(zip(images, self._said(scored), strict=True)):
            rows = list(_rows(image, found, scored, place))
            failed += any(row["error"] is not None for row in rows)
            yield rows
        advance(len(images), failed)

    def _said(self, scored: Sequence[Candidate]) -> Sequence[Verdict | Attribution]:
        """The verdict of each image under the only candidate, or its attribution among several."""
        task = self.task
        bounds: dict[str, Any] = {"alpha": task.alpha, "beta": task.beta, "rule": task.rule, "edit": task.edit}
        if len(scored) > 1:
            return attribute(scored, **bounds)
        (only,) = scored
        return attribute(only.tables, profile=only.profile, file=only.file, **bounds)

    def _score(
        self, images: Sequence[Source], *, model: Model, method: Method[Any], seed: int, label: str
    ) -> ScoreTable:
        """Scores as the task says; arguments as for `Scorer`."""
        del label
        key = as_asked(model.card, method.measure).digest + method.measure.digest
        sizes = self.sizes.setdefault(key, BatchSize(device=model.device.type, fixed=self.task.batch))
        return score(
            images,
            model=model,
            method=method,
            seed=seed,
            store=self.task.store,
            sizes=sizes,
            limits=self.task.limits,
        )


def _rows(
    image: Source, found: Verdict | Attribution, candidates: Sequence[Candidate], place: int
) -> Iterator[dict[str, Any]]:
    """The rows of one image."""
    verdicts = (found,) if isinstance(found, Verdict) else found.verdicts
    answer = None if isinstance(found, Verdict) else found.answer
    for candidate, verdict in zip(candidates, verdicts, strict=True):
        yield {
            **image_columns(image, verdict.image, _size(candidate, place)),
            **{name: getattr(verdict, name) for name in _PLAIN},
            "method_options": json.dumps(dict(verdict.method_options), sort_keys=True),
            "rule_options": json.dumps(dict(verdict.rule_options), sort_keys=True),
            "candidate": candidate.name,
            "answer": answer,
            "outcome": str(verdict.outcome),
            "p_foreign": list(verdict.p_foreign.items()),
            "conditions": list(verdict.conditions),
            "warnings": list(verdict.warnings),
        }


_PLAIN = (
    *("model", "decoder", "method", "seed", "profile", "reason", "statistic", "threshold", "p_belonging"),
    *("alpha", "beta", "rule", "time"),
)
"""Columns that a verdict has as they are."""


def _size(candidate: Candidate, place: int) -> tuple[int, int] | None:
    """What was scored of an image under a candidate; None where nothing was."""
    return next((size for table in candidate.tables.values() if (size := table.sizes[place]) is not None), None)
