"""Scores of images under each candidate, and each condition of its profile that may count for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wherefrom import methods
from wherefrom.attribution import Candidate
from wherefrom.candidates.looking import Look, conditions_of, look, through_fact
from wherefrom.core.arrays import Scores
from wherefrom.core.card import as_asked
from wherefrom.images.read import DEFAULT_LIMITS, Limits
from wherefrom.images.sources import Source
from wherefrom.methods.base import Method
from wherefrom.models.adapters.through import through
from wherefrom.models.base import Model
from wherefrom.records.profile import Profile
from wherefrom.records.table import ScoreTable
from wherefrom.scoring.scorer import Cutter, Scorer, quietly

__all__ = ["score_candidates"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Question:
    """What is asked of one model for one or several conditions.

    Attributes:
        model: to be asked.
        method: what is asked.
        seed: the root seed.
        label: what the images are, for a person who waits.
        places: of the images that are asked about.
    """

    model: Model
    method: Method[Any]
    seed: int
    label: str
    places: set[int] = field(default_factory=set)

    @property
    def key(self) -> tuple[str, str, int]:
        """Questions of one key have the same answers."""
        return as_asked(self.model.card, self.method.measure).digest, self.method.measure.digest, self.seed


def score_candidates(
    images: Sequence[Source],
    candidates: Sequence[Candidate],
    *,
    edit: str | None = None,
    score: Scorer | None = None,
    cut: Cutter | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[Candidate, ...]:
    """The candidates with the scores of images under each condition; what asks the same of one model asks once.

    An image is asked about under the conditions that may count for it; see `look`. Under another condition it has a row
    that says so, and where none counts it is asked about under the first, so that its numbers can be seen.

    Args:
        images: in question.
        candidates: with their models opened, as by `open_candidates`.
        edit: what the images went through, where that is known: the only condition that is asked about.
        score: how; None shows and keeps nothing.
        cut: into the tiles that are scored; None leaves images whole.
        limits: on bytes and pixels of a file.

    Raises:
        ProfileError: when a profile has no condition of the edit.
        WherefromError: as `wherefrom.scoring.run.score`.
    """
    questions: dict[tuple[str, str, int], _Question] = {}
    asked: dict[tuple[str, str], _Question] = {}
    looked: dict[str, list[Look]] = {}
    given: dict[str, Sequence[Source]] = {}
    for candidate in candidates:
        conditions = conditions_of(candidate, edit)
        given[candidate.name] = images if cut is None else cut(images, candidate.model)
        looks = look(candidate, given[candidate.name], edit=edit, limits=limits) if len(conditions) > 1 else []
        looked[candidate.name] = looks
        for name, condition in conditions.items():
            question = _question(candidate, condition)
            question = questions.setdefault(question.key, question)
            question.places.update(_places(name, looks, len(given[candidate.name]), first=next(iter(conditions))))
            asked[candidate.name, name] = question
    answers = {key: _ask(question, next(iter(given.values())), score or quietly) for key, question in questions.items()}
    return tuple(
        replace(
            candidate,
            tables={
                name: replace(
                    _filled(
                        answers[asked[candidate.name, name].key], asked[candidate.name, name], looked[candidate.name]
                    ),
                    method=_method(candidate, condition).card,
                )
                for name, condition in conditions_of(candidate, edit).items()
            },
        )
        for candidate in candidates
    )


def _question(candidate: Candidate, condition: Profile) -> _Question:
    """What is asked under one condition of a candidate."""
    several = "" if not candidate.profile.further else f", condition {condition.edit}"
    return _Question(
        model=through(candidate.model, through_fact(condition)),
        method=_method(candidate, condition),
        seed=condition.seed,
        label=f"under {candidate.name}{several}",
    )


def _method(candidate: Candidate, condition: Profile) -> Method[Any]:
    return candidate.method or methods.from_card(condition.method, condition.asked)


def _places(name: str, looks: Sequence[Look], count: int, *, first: str) -> Iterator[int]:
    """Places of the images that are asked about under a condition."""
    if not looks:
        yield from range(count)
    for place, found in enumerate(looks):
        if found.facts.error is not None or found.outside[name] is None or (name == first and not found.covered):
            yield place


def _ask(question: _Question, images: Sequence[Source], score: Scorer) -> ScoreTable | None:
    """The scores of the images that a question is about; None where it is about none."""
    if not question.places:
        return None
    chosen = images if len(question.places) == len(images) else [images[place] for place in sorted(question.places)]
    return score(chosen, model=question.model, method=question.method, seed=question.seed, label=question.label)


def _filled(table: ScoreTable | None, question: _Question, looks: Sequence[Look]) -> ScoreTable:
    """A row an image: of those that were not asked about one that says so."""
    if table is not None and (not looks or len(table) == len(looks)):
        return table
    rows = {place: row for row, place in enumerate(sorted(question.places))}
    unasked = "not asked about under a condition that does not cover it"
    names = () if table is None else table.scores.names
    grid = {name: np.full(len(looks), np.nan) for name in names}
    for name, column in grid.items():
        assert table is not None
        column[list(rows)] = table.scores[name]
    return ScoreTable(
        images=tuple(
            table.images[rows[place]] if table is not None and place in rows else replace(found.facts, error=unasked)
            for place, found in enumerate(looks)
        ),
        sizes=tuple(
            table.sizes[rows[place]] if table is not None and place in rows else None for place in range(len(looks))
        ),
        scores=Scores(grid),
        model=question.model.card,
        method=question.method.card,
        measure=question.method.measure,
        seed=question.seed,
        asked=question.method,
    )
