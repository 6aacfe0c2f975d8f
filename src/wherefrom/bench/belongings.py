"""How many belongings a profile needs: cuts from 20 to 500 of them, each drawn many times from one large set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from wherefrom.bench._latent import METHODS, ZOO
from wherefrom.bench.base import Row, Table, averaged, cuts, judged

if TYPE_CHECKING:
    from wherefrom.bench._lab import Lab
    from wherefrom.core.arrays import Vector

__all__ = ["TABLE"]

_SIZES: Final = (20, 50, 100, 200, 500)
_DRAWN: Final = 200
"""Profiles of each size."""
_RULES: Final = ("grubbs", "kde", "conformal")


def _rows(lab: Lab) -> Iterator[Row]:
    method, (name, other) = METHODS["aedr, the ratio alone"], ZOO
    fits = [size for size in _SIZES if size <= _most(lab)]
    known = method.statistic(lab.scores(name, method, lab.draws(name, range(_most(lab)))), {})
    later = range(_most(lab), _most(lab) + lab.setting.count)
    own = method.statistic(lab.scores(name, method, lab.draws(name, later)), {})
    theirs = method.statistic(lab.scores(name, method, lab.own(other)), {})
    for size in fits:
        yield _average(known[np.isfinite(known)], own, theirs, size, against=f"{other.removeprefix('zoo:')}'s draws")
    if lab.setting.quick:
        lab.skip(f"profiles of more than {_most(lab)} belongings, in a quick run")


def _most(lab: Lab) -> int:
    return min(_SIZES[-1], 2 * lab.setting.count if lab.setting.quick else _SIZES[-1])


def _average(known: Vector, own: Vector, theirs: Vector, size: int, *, against: str) -> Row:
    """The mean over profiles of one size; the ends are those between which nine of ten profiles are."""
    rng = np.random.default_rng(size)
    return averaged(
        [
            judged(
                cuts(rng.choice(known, min(size, len(known)), replace=False), _RULES),
                own,
                theirs,
                model=ZOO[0].removeprefix("zoo:"),
                against=against,
                how=f"{size} belongings",
            )
            for _ in range(_DRAWN)
        ]
    )


TABLE: Final = Table(
    title=f"How many belongings a profile needs: means over {_DRAWN} profiles, in brackets 90 % of the profiles",
    rules=_RULES,
    rows=_rows,
)
