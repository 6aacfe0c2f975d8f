"""The error rates of a profile, measured with the images that it was made of and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from wherefrom import methods, rules
from wherefrom.core.arrays import Vector
from wherefrom.core.errors import ProfileError
from wherefrom.core.shares import fewest
from wherefrom.evaluation.curves import AUC, auc_if_defined
from wherefrom.evaluation.shares import Share, share
from wherefrom.judging import calibrate, judge, statistic_of
from wherefrom.judging.keeping import readable
from wherefrom.methods.base import Fit, Method
from wherefrom.records.profile import Profile
from wherefrom.records.table import ScoreTable
from wherefrom.records.verdict import Outcome, Verdict
from wherefrom.rules.base import Rule

__all__ = ["CrossFit", "cross_fit"]

_Rows = npt.NDArray[np.intp]
_PARTS: Final = (10, 20, 50, 100)
"""Into how many parts a table is divided: as few of these as leave enough images."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CrossFit:
    """What one condition of a profile says of its own images, each judged by a profile that it is no part of.

    Attributes:
        edit: of the condition.
        parts: into how many parts each table was divided, by pool; None is the key of the belongings.
        alpha: the bound on missed belongings that was asked for.
        beta: the bound on false claims in each pool.
        rule: where it was cut.
        missed: belongings that are EXCLUDED.
        found: belongings that are SUPPORTED; None where the profile can support nothing.
        undecided: belongings of which nothing is said.
        false_claims: by pool, images that are SUPPORTED; empty where the profile can support nothing.
        ranks: by pool, images that rank as a belonging, claimed or not.
        auc: by pool, of the statistic of the ranked belongings; None where it is undefined throughout.
        unfit: why the profile can support nothing; None where it can.
    """

    edit: str
    parts: Mapping[str | None, int]
    alpha: float
    beta: float
    rule: str
    missed: Share
    found: Share | None
    undecided: Share
    false_claims: Mapping[str, Share]
    ranks: Mapping[str, Share]
    auc: Mapping[str, AUC | None]
    unfit: str | None


def cross_fit(
    profile: Profile,
    *,
    alpha: float = 0.05,
    beta: float = 0.01,
    rule: Rule | str = "conformal",
    confidence: float = 0.95,
    method: Method[Any] | None = None,
) -> CrossFit:
    """The error rates of a profile of one condition, each image judged without having been learned from.

    The belongings are divided into parts by a hash of their pixels. Each part is judged by the profile that
    `wherefrom.judging.calibrate` makes of all other belongings, with the same pools; each part of a pool by the profile
    with the rest of that pool. What it covers and what its audit found are the whole profile's.

    Promise: a rate that this profile has, for images like those that it was made of, lies in its interval as often as
    the confidence says, over profiles. It is the rate of this profile: the average over profiles of this size need not
    lie there, since how low the lowest images of a pool score is the same for all parts. Assumption: the images of each
    side are independent; pieces of one photo are not. A profile of a few images less is a little stricter, so the
    counts tend to fewer false claims and not to more.

    Args:
        profile: of one condition.
        alpha: the bound on missed belongings, in (0, 1).
        beta: the bound on false claims in each pool, in (0, 1).
        rule: where to cut.
        confidence: of the intervals, in (0, 1).
        method: the profile's method, where it cannot be made from its card.

    Raises:
        ProfileError: when the profile has several conditions, or so few images that parts of it cannot decide.
    """
    if profile.further:
        raise ProfileError(
            f"the profile has conditions {', '.join(profile.conditions)}, each with error rates of its own: take"
            " profile.condition(EDIT)"
        )
    chosen = rules.load(rule) if isinstance(rule, str) else rule
    asked = methods.from_card(profile.method, profile.asked) if method is None else method
    parts = _Parts(profile=profile, alpha=alpha, beta=beta, rule=chosen, method=asked)
    judged = {name: parts.judged(name) for name in (None, *profile.foreign)}
    unfit = parts.unfit()

    def counted(name: str | None, *outcomes: Outcome) -> Share:
        matching = sum(verdict.outcome in outcomes for verdict in judged[name])
        return share(matching, len(judged[name]), confidence)

    pools = [name for name in profile.foreign if judged[name]]
    return CrossFit(
        edit=profile.edit,
        parts={name: parts.count(name) for name in judged},
        alpha=alpha,
        beta=beta,
        rule=chosen.card.name,
        missed=counted(None, Outcome.EXCLUDED),
        found=counted(None, Outcome.SUPPORTED) if unfit is None else None,
        undecided=counted(None, Outcome.UNDECIDED),
        false_claims={name: counted(name, Outcome.SUPPORTED) for name in pools} if unfit is None else {},
        ranks={name: share(_ranking(judged[name], alpha), len(judged[name]), confidence) for name in pools},
        auc={
            name: auc_if_defined(profile.statistic, profile.foreign_statistic[name], confidence=confidence)
            for name in pools
        },
        unfit=unfit,
    )


def _ranking(verdicts: Sequence[Verdict], alpha: float) -> int:
    """How many images rank as a belonging; by the threshold where the rule has no p-value."""
    return sum(
        verdict.p_belonging > alpha
        if verdict.p_belonging is not None
        else verdict.statistic is not None and verdict.threshold is not None and verdict.statistic < verdict.threshold
        for verdict in verdicts
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Parts:
    """A profile that is made again without some of its images, and asked about these."""

    profile: Profile
    alpha: float
    beta: float
    rule: Rule
    method: Method[Any]

    def table(self, name: str | None) -> ScoreTable:
        """The images of a side."""
        return self.profile.belonging if name is None else self.profile.foreign[name]

    def count(self, name: str | None) -> int:
        """Into how many parts a side is divided: as few as leave enough images, as many as there are at most."""
        total = int(np.count_nonzero(self.table(name).scored))
        needed = fewest(self.beta) if name is not None else self._fewest_belongings()
        enough = [parts for parts in _PARTS if total - -(-total // parts) >= needed]
        return max(min(enough[0] if enough else _PARTS[-1], total), 1)

    def _fewest_belongings(self) -> int:
        """How many belongings must be left for the rest of the profile to decide, of which some have no statistic."""
        ranked = self.rule.needs(self.alpha)
        learned = 2 if self.method.learns else 1
        return learned * ranked + self.profile.unranked * learned

    def judged(self, name: str | None) -> list[Verdict]:
        """What is said of each image of a side that could be scored.

        Raises:
            ProfileError: when so few belongings are left that nothing can be said.
        """
        table = self.table(name)
        verdicts: list[Verdict] = []
        for part in self._divided(table, self.count(name)):
            asked = table.take(part)
            if len(asked):
                verdicts += self._judge(name, asked, table.take(np.setdiff1d(np.arange(len(table)), part)))
        return verdicts

    def _judge(self, name: str | None, asked: ScoreTable, rest: ScoreTable) -> Iterator[Verdict]:
        known = {digest for facts in asked.images for digest in facts.digests}
        pools = {pool: rest if pool == name else _without(self.table(pool), known) for pool in self.profile.foreign}
        held_out = self.profile
        if name is None:  # what was learned is learned anew; of pools nothing is
            held_out = calibrate(belonging=rest, method=self.method)
        held_out = replace(
            held_out,
            foreign=pools,
            foreign_statistic={
                pool: self.profile.foreign_statistic[pool]
                if name is not None and table is self.table(pool)
                else self._against(table, held_out.fit)
                for pool, table in pools.items()
            },
            audit=self.profile.audit,
            coverage=self.profile.coverage,
        )
        try:
            yield from judge(
                asked, profile=held_out, alpha=self.alpha, beta=self.beta, rule=self.rule, method=self.method
            )
        except ProfileError as error:
            raise ProfileError(f"the profile has too few images for its own error rates: {error}") from error

    def _against(self, table: ScoreTable, fit: Fit) -> Vector:
        """A pool's statistics as a profile has them: one a row without an error, +inf where undefined."""
        values = statistic_of(self.method, readable(table, self.method), fit)
        statistic: Vector = np.where(np.isnan(values), np.inf, values)[table.scored]
        return statistic

    @staticmethod
    def _divided(table: ScoreTable, parts: int) -> Iterator[_Rows]:
        """Rows without an error in parts of about one size, by a hash of their pixels."""
        rows = np.flatnonzero(table.scored)
        keys = [hashlib.sha256(f"part:{table.images[row].pixel_digest}".encode()).digest() for row in rows]
        order = rows[sorted(range(len(rows)), key=keys.__getitem__)]
        for part in range(parts):
            yield np.sort(order[part::parts])

    def unfit(self) -> str | None:
        """Why the profile without some of its images can support nothing; None where it can."""
        if not self.profile.foreign:
            return (
                f"it has no pool of images that the model did not make: add one of {fewest(self.beta)} images or more"
            )
        for pool in self.profile.foreign:
            if self.profile.audit.confounded(pool):
                return f"pool {pool!r} can be told from the belongings by its files alone"
            total = int(np.count_nonzero(self.table(pool).scored))
            if total - -(-total // self.count(pool)) < fewest(self.beta):
                return (
                    f"pool {pool!r} has {total} images, of which {fewest(self.beta)} are needed beside those that are"
                    f" judged at beta={self.beta:g}: add images"
                )
        return None


def _without(table: ScoreTable, digests: set[str]) -> ScoreTable:
    """The images of a table but those of these pixels."""
    kept = np.array([not (facts.digests & digests) for facts in table.images], dtype=np.bool_)
    return table if kept.all() else table.take(np.flatnonzero(kept))
