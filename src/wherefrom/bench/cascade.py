"""AEDR first, a search for what it leaves undecided: what is found, and how many searches are saved.

AEDR's profile has pools of all other kinds, and its two bounds are the smallest that the profile allows: an image that
scores above every belonging of it is EXCLUDED, and one that scores below every image of every pool is SUPPORTED. The
others are asked by `traced`. Searches of other images are saved by the first of these cuts, searches of belongings by
the second, which rests on the smallest of a few numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wherefrom.bench.base import ALPHA, Table, interval_of
from wherefrom.bench.shared.latent import asked, decoders, images
from wherefrom.bench.shared.rows import share_cell, share_of
from wherefrom.bench.shared.scored import profile_of, read_as
from wherefrom.bench.shared.setting import label
from wherefrom.core.arrays import Vector
from wherefrom.evaluation import auc, tpr_at_fpr
from wherefrom.judging import calibrate, judge
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.traced import Traced
from wherefrom.records.table import ScoreTable
from wherefrom.records.verdict import Outcome, Verdicts

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.records.profile import Profile

__all__ = ["TABLE", "CascadeRow", "markdown"]

_RATE: Final = 0.01
_CURVES: Final = {"auc": 3, "tpr": 2}
"""Digits that are shown."""
_FIRST: Final = AEDR()
_SEARCH: Final = Traced()


@dataclass(frozen=True, kw_only=True, slots=True)
class CascadeRow:
    """One way of asking one decoder; a share has `count`, `of`, `share`, `low` and `high`.

    Attributes:
        model: the decoder.
        how: the way.
        own_searched: belongings that were searched, as a share.
        others_searched: other images that were.
        auc: `value`, `low` and `high`, of the search's statistic, where images that AEDR excludes are above all that
            are searched, and images that it supports below.
        tpr: at 1 % false positives, likewise.
        missed: belongings that are not claimed in the end, as a share.
        claimed: other images that are.
    """

    model: str
    how: str
    own_searched: Mapping[str, float]
    others_searched: Mapping[str, float]
    auc: Mapping[str, float] | None
    tpr: Mapping[str, float] | None
    missed: Mapping[str, float]
    claimed: Mapping[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Judged:
    """Images of one kind: what AEDR says of them at alpha and by its smallest bounds, and what the search says."""

    first: Verdicts
    surest: Verdicts
    search: Verdicts


@dataclass(frozen=True, kw_only=True, slots=True)
class _Counted:
    """What one way says of images of one kind.

    Attributes:
        claimed: how many are taken as belongings.
        searched: how many were searched.
        statistic: of each, high for images of other origin; NaN where undefined.
    """

    claimed: int
    searched: int
    statistic: Vector


def _first_alone(images: _Judged) -> _Counted:
    """AEDR's verdicts, nothing searched."""
    claimed = sum(verdict.belonging is True for verdict in images.first)
    return _Counted(claimed=claimed, searched=0, statistic=_statistic(images.first))


def _cascaded(images: _Judged, taken: Mapping[Outcome, bool]) -> _Counted:
    """The search's verdicts where AEDR leaves the answer open.

    Args:
        images: of one kind.
        taken: outcomes of AEDR, by its smallest bounds, for which nothing is searched, and whether they claim.
    """
    ends = np.finfo(np.float64)
    outcomes = [verdict.outcome for verdict in images.surest]
    sure = np.array(
        [float(ends.min if taken[outcome] else ends.max) if outcome in taken else np.nan for outcome in outcomes]
    )
    pairs = zip(outcomes, images.search, strict=True)
    return _Counted(
        claimed=sum(taken.get(outcome, verdict.belonging is True) for outcome, verdict in pairs),
        searched=sum(outcome not in taken for outcome in outcomes),
        statistic=np.where(np.isnan(sure), _statistic(images.search), sure),
    )


def _statistic(verdicts: Verdicts) -> Vector:
    return np.array(
        [np.nan if verdict.statistic is None else verdict.statistic for verdict in verdicts], dtype=np.float64
    )


_WAYS: Final[Mapping[str, Callable[[_Judged], _Counted]]] = {
    "aedr": _first_alone,
    "traced": partial(_cascaded, taken={}),
    "cascade, both cuts": partial(_cascaded, taken={Outcome.EXCLUDED: False, Outcome.SUPPORTED: True}),
    "cascade, upper cut alone": partial(_cascaded, taken={Outcome.EXCLUDED: False}),
}


def _rows(workspace: Workspace) -> Iterator[CascadeRow]:
    if workspace.setting.count < 40:
        workspace.skip(f"traced, which learns, from {workspace.setting.count} images: give --count 40 or more")
        return
    for name in asked(workspace):
        known, own = images(workspace, name)
        size = workspace.setting.size
        pools = {"photos": (workspace.photos(size, profiled=True), workspace.photos(size))}
        pools |= {label(other): images(workspace, other) for other in decoders(workspace) if other != name}
        learned = workspace.table(name, _SEARCH, known)
        first = calibrate(
            belonging=read_as(learned, _FIRST),
            foreign={pool: workspace.table(name, _FIRST, profiled) for pool, (profiled, _) in pools.items()},
            method=_FIRST,
        )
        search = profile_of(_SEARCH, learned)
        others = ScoreTable.concatenate([workspace.table(name, _SEARCH, paths) for _, paths in pools.values()])
        mine, theirs = (_judged(table, first, search) for table in (workspace.table(name, _SEARCH, own), others))
        yield from (_row(label(name), way, counted(mine), counted(theirs)) for way, counted in _WAYS.items())


def _judged(table: ScoreTable, first: Profile, search: Profile) -> _Judged:
    """Verdicts of both profiles; AEDR's smallest bounds are one image of its belongings and one of each pool."""
    asked_first = read_as(table, _FIRST)
    alpha = 1 / (len(first.statistic) + 1)
    beta = 1 / (min(map(len, first.foreign_statistic.values())) + 1)
    return _Judged(
        first=judge(asked_first, profile=first, alpha=ALPHA, outside="judge", method=_FIRST),
        surest=judge(asked_first, profile=first, alpha=alpha, beta=beta, outside="judge", method=_FIRST),
        search=judge(table, profile=search, alpha=ALPHA, outside="judge", method=_SEARCH),
    )


def _row(model: str, way: str, own: _Counted, others: _Counted) -> CascadeRow:
    """Counts and curves of one way."""
    mine, theirs = len(own.statistic), len(others.statistic)
    return CascadeRow(
        model=model,
        how=way,
        own_searched=share_of(own.searched, mine),
        others_searched=share_of(others.searched, theirs),
        auc=interval_of(auc(own.statistic, others.statistic)),
        tpr=interval_of(tpr_at_fpr(own.statistic, others.statistic, _RATE)) if theirs * _RATE >= 1 else None,
        missed=share_of(mine - own.claimed, mine),
        claimed=share_of(others.claimed, theirs),
    )


def markdown(document: Mapping[str, Any]) -> str:
    """The table in Markdown, from its document."""
    lines = [
        "| decoder | method | searched: belongings, others | AUC | TPR at 1 % FPR | missed at alpha 0.05 | claimed |",
        "| --- " * 7 + "|",
    ]
    for row in document["rows"]:
        searched = ", ".join(f"{100 * row[kind]['share']:.0f} %" for kind in ("own_searched", "others_searched"))
        curves = ("-" if row[name] is None else f"{row[name]['value']:.{digits}f}" for name, digits in _CURVES.items())
        counts = map(share_cell, (row["missed"], row["claimed"]))
        lines.append(f"| {' | '.join([row['model'], row['how'], searched, *curves, *counts])} |")
    return "\n".join(lines)


TABLE: Final = Table(
    title="AEDR first, and a search where AEDR leaves the answer open",
    rules=(),
    rows=_rows,
    markdown=markdown,
    facts={"alpha": ALPHA},
)
