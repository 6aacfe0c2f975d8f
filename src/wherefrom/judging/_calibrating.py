"""Known images in, a profile out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from wherefrom import methods
from wherefrom.core.arrays import Vector
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.version import VERSION
from wherefrom.judging.keeping import readable, with_columns
from wherefrom.methods.base import ByStorage, Fit, Method
from wherefrom.records.audit import audit
from wherefrom.records.checks import halves, refuse_duplicates, refuse_other_provenance
from wherefrom.records.coverage import coverage_of
from wherefrom.records.profile import Omission, Profile
from wherefrom.records.table import ScoreTable

__all__ = ["UNDEFINED", "calibrate", "statistic_of"]

_Rows = npt.NDArray[np.intp]
_EDITED: Final = "edit"
"""The origin of an image that was edited: by what, its storage does not tell."""
UNDEFINED: Final = "the statistic is undefined: the image is flat or so smooth that any decoder reproduces it"


def calibrate(
    *,
    belonging: ScoreTable,
    foreign: Mapping[str, ScoreTable] | None = None,
    method: Method[Any] | None = None,
    keep: Sequence[str] = (),
    learn_from: Sequence[int] | None = None,
) -> Profile:
    """A profile: how known belongings, and named pools of known non-belongings, score under one model and method.

    Nothing is removed silently: rows with an error, and belongings with an undefined statistic, stand in
    `Profile.omitted`. A method that learns is fitted on one half of the belongings, chosen by a hash of their pixels,
    and the other half is ranked.

    An image of a pool whose statistic is undefined counts, at +inf: never claimed. That is no guess but what `judge`
    does: an image without a statistic is UNDECIDED, so it is no false claim. With such images placed above all numbers
    an image in question still has any rank among its like with the same chance, and beta holds at the full count. An
    image with an error is left out: what failed need not be the image, so it says nothing of its like.

    Args:
        belonging: scores of images that the model made, saved as the images in question are.
        foreign: scores of images that it did not make, by a name for each kind: `photos`, `another decoder`.
        method: whose statistic to take, when it is not the tables' own: any method that asks the model the same.
        keep: columns that the profile keeps beside those that the method reads, for statistics to be tried later; `*`
            stands for any letters, as in `homogeneity_*`, and alone for all.
        learn_from: rows of `belonging` that a method which learns is fitted on, about half of them, the others being
            ranked; None chooses one half by the hash. For repeating an experiment whose division is known.

    Raises:
        ProfileError: when tables were scored differently, the same pixels come twice, or no belonging can be ranked.
        UsageError: when the tables' method is not installed here, and they were read from files, `keep` names no
            column, or `learn_from` has a row that is none.
    """
    pools = dict(sorted((foreign or {}).items()))
    chosen = methods.from_card(belonging.method, belonging.asked) if method is None else method
    _refuse_unlike(belonging, pools, chosen)
    belonging, pools = readable(belonging, chosen), {name: readable(table, chosen) for name, table in pools.items()}
    refuse_duplicates(belonging, pools)
    rows = np.flatnonzero(belonging.scored)
    _refuse_unranked(belonging, rows)
    learned, ranked = _split(belonging, rows, learn_from) if chosen.learns else (rows[:0], rows)
    fit = _learning(chosen, belonging).fit(belonging.take(learned).scores) if chosen.learns else {}
    statistic = statistic_of(chosen, belonging, fit)
    against = {name: _never_claimed(table, statistic_of(chosen, table, fit)) for name, table in pools.items()}
    kept = ranked[np.isfinite(statistic[ranked])]
    _refuse_unranked(belonging, kept)
    omitted = _omitted(None, belonging, np.isfinite(statistic))
    omitted += [item for name, table in pools.items() for item in _omitted(name, table, table.scored)]
    return Profile(
        model=belonging.model,
        method=chosen.card,
        measure=belonging.measure,
        seed=belonging.seed,
        fit=fit,
        belonging=with_columns(belonging, chosen, keep),
        ranked=tuple(kept.tolist()),
        foreign={name: with_columns(table, chosen, keep) for name, table in pools.items()},
        statistic=statistic[kept],
        foreign_statistic=against,
        coverage=coverage_of(belonging),
        audit=audit(belonging, pools),
        omitted=tuple(omitted),
        version=VERSION,
        asked=chosen,
    )


def _refuse_unlike(belonging: ScoreTable, pools: Mapping[str, ScoreTable], method: Method[Any]) -> None:
    """Every table was asked in the way of the first, and the method reads what was asked, to its end."""
    if belonging.method.facts.get("cut") is not None:
        raise ProfileError(
            f"the belongings' searches were left early (cut={belonging.method.facts['cut']}), so their statistics are"
            " only bounds: score them without a cut"
        )
    asked = (belonging.model, belonging.measure, belonging.seed)
    for name, table in pools.items():
        refuse_other_provenance("the belongings", asked, f"pool {name!r}", (table.model, table.measure, table.seed))
    if method.measure.digest != belonging.measure.digest:
        changed = "; ".join(method.measure.differences(belonging.measure)) or f"{belonging.measure.name!r}"
        raise ProfileError(
            f"method {method.card.name!r} reads {method.measure.name!r}, but the tables were asked for {changed}: "
            "score the images with this method"
        )


def _split(belonging: ScoreTable, rows: _Rows, learn_from: Sequence[int] | None) -> tuple[_Rows, _Rows]:
    """Rows to learn from and rows to rank, none of them with an error."""
    if learn_from is not None:
        if outside := [row for row in learn_from if not 0 <= row < len(belonging)]:
            raise UsageError(f"learn_from has row {outside[0]}, but the belongings have rows 0 to {len(belonging) - 1}")
        chosen = np.isin(rows, np.asarray(learn_from, dtype=np.intp))
        return rows[chosen], rows[~chosen]
    learned, ranked = halves([str(belonging.images[row].pixel_digest) for row in rows])
    return rows[learned], rows[ranked]


def _learning(method: Method[Any], belonging: ScoreTable) -> Method[Any]:
    """The method as it learns from belongings stored as these are."""
    if not isinstance(method, ByStorage):
        return method
    scored = [facts for facts in belonging.images if facts.error is None]
    return method.for_storage(lossless=all(facts.lossy is False and facts.origin != _EDITED for facts in scored))


def statistic_of(method: Method[Any], table: ScoreTable, fit: Fit) -> Vector:
    """One number a row; NaN where it is undefined, infinite, or the row has an error.

    Args:
        method: whose statistic is taken.
        table: of its columns.
        fit: what the method learned from belongings.
    """
    if not table.scores.names:
        return np.full(len(table), np.nan)
    values = np.asarray(method.statistic(table.scores, fit), dtype=np.float64)
    return np.where(table.scored & np.isfinite(values), values, np.nan)


def _refuse_unranked(belonging: ScoreTable, rows: _Rows) -> None:
    """There is a belonging to rank; more images are of no use where each has an error."""
    if len(rows):
        return
    reason = next(iter(belonging.errors.values()), None)
    raise ProfileError(
        f"none of {len(belonging)} belonging images can be ranked ({np.count_nonzero(~belonging.scored)} with an error,"
        f" the others undefined or learned from): {'add images' if reason is None else f'the first says: {reason}'}"
    )


def _never_claimed(table: ScoreTable, statistic: Vector) -> Vector:
    """A pool's statistics, one a row without an error; +inf where undefined."""
    values: Vector = np.where(np.isnan(statistic), np.inf, statistic)[table.scored]
    return values


def _omitted(pool: str | None, table: ScoreTable, counted: npt.NDArray[np.bool_]) -> list[Omission]:
    return [
        Omission(pool=pool, name=facts.name, reason=facts.error or UNDEFINED)
        for facts, kept in zip(table.images, counted, strict=True)
        if not kept
    ]
