"""How many belongings a profile needs: cuts from 20 to 500 of them, each drawn many times from one large set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wherefrom.bench.base import Row, Table, averaged, row_of
from wherefrom.bench.shared.latent import METHODS, ZOO
from wherefrom.evaluation import evaluate
from wherefrom.judging import calibrate

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.methods.base import Method
    from wherefrom.records.table import ScoreTable

__all__ = ["TABLE"]

_SIZES: Final = (20, 50, 100, 200, 500)
_DRAWN: Final = 200
"""Profiles of each size."""
_RULES: Final = ("grubbs", "kde", "conformal")


def _rows(workspace: Workspace) -> Iterator[Row]:
    method, (name, other) = METHODS["aedr, the ratio alone"], ZOO
    fits = [size for size in _SIZES if size <= _most(workspace)]
    known = workspace.table(name, method, workspace.draws(name, range(_most(workspace))))
    later = range(_most(workspace), _most(workspace) + workspace.setting.count)
    own = workspace.table(name, method, workspace.draws(name, later))
    theirs = workspace.table(name, method, workspace.own(other))
    for size in fits:
        yield _average(known, own, {f"{other.removeprefix('zoo:')}'s draws": theirs}, size, method)
    if workspace.setting.quick:
        workspace.skip(f"profiles of more than {_most(workspace)} belongings, in a quick run")


def _most(workspace: Workspace) -> int:
    return min(_SIZES[-1], 2 * workspace.setting.count if workspace.setting.quick else _SIZES[-1])


def _average(
    known: ScoreTable, own: ScoreTable, others: Mapping[str, ScoreTable], size: int, method: Method[Any]
) -> Row:
    """The mean over profiles of one size; the ends are those between which nine of ten profiles are."""
    rng = np.random.default_rng(size)
    defined = np.flatnonzero(np.isfinite(method.statistic(known.scores, {})))
    rows = []
    for _ in range(_DRAWN):
        drawn = known.take(rng.choice(defined, min(size, len(defined)), replace=False))
        profile = calibrate(belonging=drawn, method=method)
        evaluations = evaluate(profile, belonging=own, foreign=others, rules=_RULES, method=method)
        for against, evaluation in evaluations.items():
            rows.append(
                row_of(evaluation, model=ZOO[0].removeprefix("zoo:"), against=against, how=f"{size} belongings")
            )
    return averaged(rows)


TABLE: Final = Table(
    title=f"How many belongings a profile needs: means over {_DRAWN} profiles, in brackets 90 % of the profiles",
    rules=_RULES,
    rows=_rows,
)
