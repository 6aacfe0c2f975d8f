"""The row that the papers' tables are made of, and what makes one of an evaluation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from wherefrom.evaluation import AUC, Evaluation, RuleErrors, Sensitivity, share

__all__ = ["ALPHA", "Row", "averaged", "interval_of", "row_of", "share_cell", "share_of"]

ALPHA: Final = 0.05
"""The share of missed belongings at which the papers cut."""


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
        medians: of the statistic: of images that the model made, `belonging`, and of the others, `foreign`.
        calls: of the decoder that a search made for an image to judge, the mean; None for methods that do not count
            them. `traced` counts those for the image itself.
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
    medians: Mapping[str, float] = field(default_factory=dict)
    calls: float | None = None

    def accuracy(self, rule: str) -> float:
        """The share of images that a rule's cut puts on the right side; NaN where there is no cut."""
        errors = self.rules.get(rule)
        return math.nan if errors is None else float(errors["accuracy"])


def row_of(
    evaluation: Evaluation,
    *,
    model: str,
    against: str,
    how: str,
    paper: float | None = None,
    seconds: float | None = None,
    calls: float | None = None,
) -> Row:
    """An evaluation of a profile as a row of a table.

    An image of which nothing is said counts as not claimed.

    Args:
        evaluation: what the profile's verdicts on belongings and on one kind of other images got right.
        model: as of the row, and so for the next two.
        against: whose images the others are.
        how: method, options or edit.
        paper: the paper's accuracy in per cent.
        seconds: that an image took.
        calls: of the decoder.
    """
    return Row(
        model=model,
        against=against,
        how=how,
        paper=paper,
        seconds=seconds,
        profiled=evaluation.ranked,
        rules={rule: None if errors is None else _counts(errors) for rule, errors in evaluation.errors.items()},
        auc=interval_of(evaluation.auc),
        tpr={f"{rate:g}": interval_of(sensitivity) for rate, sensitivity in evaluation.tpr.items()},
        undefined=evaluation.undefined,
        medians=evaluation.medians,
        calls=calls,
    )


def averaged(rows: Sequence[Row]) -> Row:
    """The mean of rows of one kind; an accuracy's ends are those between which nine of ten of the rows are.

    How many were profiled, how many are undefined, medians and calls are what the first row says.
    """
    means: dict[str, Mapping[str, float] | None] = {}
    for rule in rows[0].rules:
        defined = [accuracy for row in rows if (accuracy := row.rules[rule]) is not None]
        means[rule] = mean = _mean(defined)
        if mean is not None:
            low, high = np.quantile([accuracy["accuracy"] for accuracy in defined], (0.05, 0.95))
            means[rule] = {**mean, "low": float(low), "high": float(high)}
    tpr = {rate: _mean([row.tpr[rate] for row in rows]) for rate in rows[0].tpr}
    return replace(rows[0], rules=means, auc=_mean([row.auc for row in rows]), tpr=tpr)


def _mean(values: Sequence[Mapping[str, float] | None]) -> Mapping[str, float] | None:
    """Number by number, of those that are there; None where none is."""
    there = [figures for figures in values if figures is not None]
    return {key: float(np.mean([figures[key] for figures in there])) for key in there[0]} if there else None


def _counts(errors: RuleErrors) -> dict[str, float]:
    """The cut, the counts with an undecided image not claimed, and the share of images treated rightly."""
    counted, right = errors.confusion.undecided_as_unclaimed(), errors.confusion.right
    counts = {"tp": counted.tp, "fp": counted.fp, "fn": counted.fn, "tn": counted.tn}
    return {"cut": errors.cut, **counts, "accuracy": right.value, "low": right.low, "high": right.high}


def interval_of(estimate: AUC | Sensitivity | None) -> dict[str, float] | None:
    """A number with its interval, as documents have it; None where there is none."""
    return None if estimate is None else {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def share_of(count: int, total: int) -> dict[str, float]:
    """A share with its interval, as documents have it.

    Args:
        count: how many.
        total: of how many.
    """
    estimate = share(count, total)
    return {"count": count, "of": total, "share": estimate.value, "low": estimate.low, "high": estimate.high}


def share_cell(share: Mapping[str, float]) -> str:
    """A share as a cell of a table has it, as `3/40 (0.016 to 0.204)`.

    Args:
        share: of `share_of`.
    """
    return f"{share['count']}/{share['of']} ({share['low']:.3f} to {share['high']:.3f})"
