"""AEDR's tables over many ways to divide the belongings, since one division says its own luck too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wherefrom.bench.base import ALPHA, Row, Table, averaged, row_of
from wherefrom.bench.shared.latent import RULES, asked, decoders, images, learning
from wherefrom.bench.shared.scored import profile_of
from wherefrom.bench.shared.setting import label
from wherefrom.evaluation import evaluate
from wherefrom.records.table import ScoreTable

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.methods.base import Method

__all__ = ["TABLE"]

_WAYS: Final = 50
"""Divisions of all belongings into two halves, one to make the cuts and one to be judged."""
_QUICK: Final = 10
_ALPHAS: Final = (ALPHA, 0.02)
"""The papers' share of missed belongings, at which no more than 97.5 % can be right on average, and a smaller one."""


def _rows(workspace: Workspace) -> Iterator[Row]:
    every, ways = decoders(workspace), _QUICK if workspace.setting.quick else _WAYS
    if workspace.setting.quick:
        workspace.skip(f"all but {_QUICK} ways to divide, in a quick run")
    for name in asked(workspace):
        own = images(workspace, name)
        others = {"photos": workspace.photos(workspace.setting.size)}
        others.update({label(other): images(workspace, other)[1] for other in every if other != name})
        for way, method in learning(workspace).items():
            belonging = ScoreTable.concatenate([workspace.table(name, method, paths) for paths in own])
            theirs = {against: workspace.table(name, method, paths) for against, paths in others.items()}
            yield from _over_ways(label(name), way, method, belonging, theirs, ways)


def _over_ways(
    name: str, way: str, method: Method[Any], belonging: ScoreTable, others: Mapping[str, ScoreTable], ways: int
) -> Iterator[Row]:
    """The mean row of each kind of others and each alpha; a method that learns does so anew for every division."""
    rng, rows = np.random.default_rng(_WAYS), dict[tuple[str, float], list[Row]]()
    for _ in range(ways):
        order = rng.permutation(len(belonging))
        known, own = (belonging.take(half) for half in np.array_split(order, 2))
        profile = profile_of(method, known)
        for alpha in _ALPHAS:
            evaluations = evaluate(profile, belonging=own, foreign=others, rules=RULES, alpha=alpha, method=method)
            for against, evaluation in evaluations.items():
                row = row_of(evaluation, model=name, against=against, how=f"{way}, alpha {alpha:g}")
                rows.setdefault((against, alpha), []).append(row)
    for against in others:
        for alpha in _ALPHAS:
            yield averaged(rows[against, alpha])


TABLE: Final = Table(
    title="AEDR: means over many ways to divide the belongings, in brackets nine of ten of them",
    rules=RULES,
    rows=_rows,
    goal=97.0,
)
