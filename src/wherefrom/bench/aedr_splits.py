"""AEDR's tables over many ways to divide the belongings, since one division says its own luck too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wherefrom.bench._lab import halved, label
from wherefrom.bench._latent import RULES, asked, decoders, images, learning
from wherefrom.bench.base import ALPHA, Row, Table, averaged, cuts, judged
from wherefrom.core.arrays import Scores

if TYPE_CHECKING:
    from wherefrom.bench._lab import Lab
    from wherefrom.methods.base import Method

__all__ = ["TABLE"]

_WAYS: Final = 50
"""Divisions of all belongings into two halves, one to make the cuts and one to be judged."""
_QUICK: Final = 10
_ALPHAS: Final = (ALPHA, 0.02)
"""The papers' share of missed belongings, at which no more than 97.5 % can be right on average, and a smaller one."""


def _rows(lab: Lab) -> Iterator[Row]:
    every, ways = decoders(lab), _QUICK if lab.setting.quick else _WAYS
    if lab.setting.quick:
        lab.skip(f"all but {_QUICK} ways to divide, in a quick run")
    for name in asked(lab):
        own = images(lab, name)
        others = {"photos": lab.photos(lab.setting.size)}
        others.update({label(other): images(lab, other)[1] for other in every if other != name})
        for how, method in learning(lab).items():
            belonging = Scores.concatenate([lab.scores(name, method, paths) for paths in own])
            theirs = {against: lab.scores(name, method, paths) for against, paths in others.items()}
            yield from _over_ways(label(name), how, method, belonging, theirs, ways)


def _over_ways(
    name: str, how: str, method: Method[Any], belonging: Scores, others: Mapping[str, Scores], ways: int
) -> Iterator[Row]:
    """The mean row of each kind of others and each alpha; a method that learns does so anew for every division."""
    rng, found = np.random.default_rng(_WAYS), dict[tuple[str, float], list[Row]]()
    for _ in range(ways):
        order = rng.permutation(len(belonging))
        known, own = (belonging.take(half) for half in np.array_split(order, 2))
        fit, ranked = halved(method, known)
        mine = method.statistic(own, fit)
        by = {alpha: cuts(ranked, RULES, alpha=alpha) for alpha in _ALPHAS}
        for against, scores in others.items():
            theirs = method.statistic(scores, fit)
            for alpha, cut in by.items():
                row = judged(cut, mine, theirs, model=name, against=against, how=f"{how}, alpha {alpha:g}")
                found.setdefault((against, alpha), []).append(row)
    for rows in found.values():
        yield averaged(rows)


TABLE: Final = Table(
    title="AEDR: means over many ways to divide the belongings, in brackets nine of ten of them",
    rules=RULES,
    rows=_rows,
    goal=97.0,
)
