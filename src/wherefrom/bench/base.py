"""What a table is, and the row that all of them are made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from wherefrom import evaluation, rules
from wherefrom.core.arrays import Vector
from wherefrom.core.errors import ProfileError, UsageError

if TYPE_CHECKING:
    from wherefrom.bench._lab import Lab

__all__ = ["ALPHA", "Cuts", "Row", "Table", "averaged", "cuts", "judged"]

ALPHA: Final = 0.05
"""The share of missed belongings at which the papers cut."""
RATES: Final = (0.01, 0.001)
"""Shares of false claims at which the rate of found belongings is given."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One model asked about its own images and about one other kind.

    Attributes:
        model: who was asked.
        against: whose images the others are.
        how: method, options or edit, in a few words.
        profiled: belongings that the cuts are from.
        rules: for each rule, the cut at `ALPHA` and counts: `cut`, `tp`, `fp`, `fn`, `tn`, `accuracy`, and the ends of
            its Clopper-Pearson interval, `low` and `high`; None where the rule cannot be had from so few.
        auc: `value`, `low` and `high`.
        tpr: by rate of false claims: `value`, `low` and `high`; None where so few others allow none.
        undefined: images of either kind without a statistic; they count as not claimed.
        seconds: that an image took to be asked, where it was asked in this run.
        paper: accuracy in per cent of the paper's row that this stands beside.
    """

    model: str
    against: str
    how: str
    profiled: int
    rules: Mapping[str, Mapping[str, float] | None]
    auc: Mapping[str, float] | None
    tpr: Mapping[str, Mapping[str, float] | None]
    undefined: int
    seconds: float | None = None
    paper: float | None = None

    def accuracy(self, rule: str) -> float:
        """The share of images that a rule's cut puts on the right side; NaN where there is no cut."""
        found = self.rules.get(rule)
        return math.nan if found is None else float(found["accuracy"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table that can be run.

    Attributes:
        title: what it asks.
        paper: the paper's table that it stands beside; empty for one of our own.
        rules: whose cuts are shown, the paper's first.
        rows: its rows, one after the other; a lab that lacks what a row needs says so and leaves that row out.
        goal: the least average accuracy in per cent that the project asks of itself, by the first of the rules.
    """

    title: str
    rows: Callable[[Lab], Iterator[Row]]
    paper: str = ""
    rules: Sequence[str] = ("grubbs", "conformal")
    goal: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Cuts:
    """Where known belongings make rules cut; made once for all that is judged by them.

    Attributes:
        profiled: belongings that they are from.
        at: the cut by rule; None where the rule cannot be had from so few.
    """

    profiled: int
    at: Mapping[str, float | None]


def cuts(known: Vector, rules_of: Sequence[str] = ("grubbs", "conformal"), *, alpha: float = ALPHA) -> Cuts:
    """The cuts of known belongings' statistics; those that are not finite are left out.

    Args:
        known: statistics, high for images of other origin.
        rules_of: whose cuts to take.
        alpha: the share of missed belongings to cut at.
    """
    ranked = known[np.isfinite(known)]
    return Cuts(profiled=len(ranked), at={rule: _cut(rule, ranked, alpha) for rule in rules_of})


def judged(
    by: Cuts, own: Vector, other: Vector, *, model: str, against: str, how: str, paper: float | None = None
) -> Row:
    """A row from statistics, high for images of other origin.

    Args:
        by: what known belongings make.
        own: of further belongings.
        other: of images of another origin.
        model: as of the row, and so for the next three.
        against: whose images the others are.
        how: method, options or edit.
        paper: the paper's accuracy in per cent.

    Raises:
        UsageError: when no statistic of one kind is defined.
    """
    if not by.profiled or not len(own) or not len(other):
        raise UsageError(f"{model} against {against}: a kind without a defined statistic")
    return Row(
        model=model,
        against=against,
        how=how,
        paper=paper,
        profiled=by.profiled,
        rules={rule: None if cut is None else _counted(cut, own, other) for rule, cut in by.at.items()},
        auc=_area(own, other),
        tpr={f"{rate:g}": _found(own, other, rate) for rate in RATES},
        undefined=int(np.sum(~np.isfinite(own)) + np.sum(~np.isfinite(other))),
    )


def averaged(rows: Sequence[Row]) -> Row:
    """The mean of rows of one kind; an accuracy's ends are those between which nine of ten of the rows are.

    How many were profiled and how many are undefined is what the first row says.
    """
    means: dict[str, Mapping[str, float] | None] = {}
    for rule in rows[0].rules:
        found = [one for row in rows if (one := row.rules[rule]) is not None]
        means[rule] = mean = _mean(found)
        if mean is not None:
            low, high = np.quantile([one["accuracy"] for one in found], (0.05, 0.95))
            means[rule] = {**mean, "low": float(low), "high": float(high)}
    tpr = {rate: _mean([row.tpr[rate] for row in rows]) for rate in rows[0].tpr}
    return replace(rows[0], rules=means, auc=_mean([row.auc for row in rows]), tpr=tpr)


def _mean(found: Sequence[Mapping[str, float] | None]) -> Mapping[str, float] | None:
    """Number by number, of those that are there; None where none is."""
    there = [one for one in found if one is not None]
    return {key: float(np.mean([one[key] for one in there])) for key in there[0]} if there else None


def _cut(rule: str, known: Vector, alpha: float) -> float | None:
    if not len(known):
        return None
    try:
        return float(rules.load(rule).threshold(known, alpha))
    except ProfileError:
        return None


def _counted(cut: float, own: Vector, other: Vector) -> dict[str, float]:
    tp, fp = int(np.sum(own <= cut)), int(np.sum(other <= cut))  # what is undefined is never claimed
    right, total = tp + len(other) - fp, len(own) + len(other)
    low, high = evaluation.clopper_pearson(right, total)
    counts = {"tp": tp, "fp": fp, "fn": len(own) - tp, "tn": len(other) - fp}
    return {"cut": cut, **counts, "accuracy": right / total, "low": low, "high": high}


def _area(own: Vector, other: Vector) -> dict[str, float] | None:
    if not np.isfinite(own).any() or not np.isfinite(other).any():
        return None
    found = evaluation.auc(own, other)
    return {"value": found.value, "low": found.low, "high": found.high}


def _found(own: Vector, other: Vector, rate: float) -> dict[str, float] | None:
    """The true positive rate, where that many others can show such a rate at all."""
    if len(other) * rate < 1 or not np.isfinite(other).any():
        return None
    found = evaluation.tpr_at_fpr(own, other, rate)
    return {"value": found.value, "low": found.low, "high": found.high}
