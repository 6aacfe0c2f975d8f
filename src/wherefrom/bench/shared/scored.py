"""What tables do with scores: make a profile of them, read them as another method would, count decoder calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from wherefrom.core.arrays import Scores
from wherefrom.judging import calibrate

if TYPE_CHECKING:
    from wherefrom.methods.base import Method
    from wherefrom.records.profile import Profile
    from wherefrom.records.table import ScoreTable

__all__ = ["after_steps", "mean_calls", "profile_of", "read_as"]


def profile_of(method: Method[Any], known: ScoreTable, foreign: Mapping[str, ScoreTable] | None = None) -> Profile:
    """A profile of known belongings; a method that learns is fitted on the first of them, the third and so on.

    The product divides by a hash of the pixels. Published tables were divided by place, so that they can be made again
    and compared, this division is named here.

    Args:
        method: whose statistic is taken.
        known: scores of belongings.
        foreign: scores of other images, by the name of their pool; None: no pool.
    """
    return calibrate(belonging=known, foreign=foreign, method=method, learn_from=range(0, len(known), 2))


def read_as(table: ScoreTable, method: Method[Any]) -> ScoreTable:
    """Scores of a question that has a method's columns among others, as if that method had asked.

    Args:
        table: of scores.
        method: whose columns are among them.
    """
    return replace(table, method=method.card, measure=method.measure, asked=method)


def after_steps(table: ScoreTable, steps: int) -> ScoreTable:
    """Scores of `traced` as its searches of the image and of the twin had them after so many steps.

    Only losses are cut short, not the columns by band: for methods that read losses alone.

    Args:
        table: of scores of searches that made at least so many steps.
        steps: after which the searches are taken to end.
    """
    columns = table.scores.columns
    cut = {name: columns[f"{name}_{steps}"] for name in ("loss", "twin") if f"{name}_{steps}" in columns}
    return replace(table, scores=Scores({**columns, **cut}))


def mean_calls(tables: Sequence[ScoreTable]) -> float | None:
    """Decoder calls that searches made for an image, the mean; None where the method does not count them.

    Args:
        tables: of scores.
    """
    counted = [table.scores["calls"] for table in tables if "calls" in table.scores.names]
    every = np.concatenate(counted) if counted else np.array([])
    finite = every[np.isfinite(every)]
    return float(np.mean(finite)) if len(finite) else None
