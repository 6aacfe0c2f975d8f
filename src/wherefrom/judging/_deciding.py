"""A profile and the scores of other images in, verdicts out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import numpy as np

from wherefrom import methods, rules
from wherefrom.core.clock import timestamp
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.core.shares import check_share, fewest
from wherefrom.core.version import VERSION
from wherefrom.judging._calibrating import UNDEFINED, statistic_of
from wherefrom.judging._early import check_cut, whole_measure
from wherefrom.judging._ranks import can_bound, p_foreign
from wherefrom.methods.base import Method
from wherefrom.records.audit import STORE_ALIKE
from wherefrom.records.checks import same_asking
from wherefrom.records.coverage import covered_by
from wherefrom.records.coverage import outside as why_outside
from wherefrom.records.profile import Profile
from wherefrom.records.table import ScoreTable
from wherefrom.records.verdict import Outcome, Verdict, Verdicts
from wherefrom.records.warnings import image_warnings
from wherefrom.rules.base import Rule

__all__ = ["Outside", "decoder_of", "judge"]

Outside = Literal["undecided", "judge"]
"""What becomes of an image that the profile does not cover: no verdict, or one without its error rates."""
_OUTSIDE: Final = ("undecided", "judge")


def judge(
    table: ScoreTable,
    *,
    profile: Profile,
    alpha: float = 0.05,
    beta: float = 0.01,
    rule: Rule | str = "conformal",
    outside: Outside = "undecided",
    method: Method[Any] | None = None,
    when: datetime | None = None,
) -> Verdicts:
    """What can be said of each image of a table under one profile, one verdict a row.

    Promise, with rule `conformal`: of images exchangeable with the profile's belongings at most a share alpha is
    EXCLUDED. With every rule: of images exchangeable with any one of its pools at most a share beta is SUPPORTED. Both
    are averages over profiles of this size. Assumption: the images were made and stored as the profile's were; what can
    be checked of that, `Coverage` and `Audit` check.

    Args:
        table: scores under the profile's model, measure and seed.
        profile: of `calibrate`.
        alpha: the bound on missed belongings, in (0, 1).
        beta: the bound on false claims in each pool, in (0, 1).
        rule: where to cut: one of `rules.names()`, or a rule with its options.
        outside: what becomes of images that the profile does not cover: UNDECIDED, or judged without the promise, which
            the reason then says; such an image is never SUPPORTED.
        method: the profile's method, where it cannot be made from its card: one of your own that is not registered,
            with a profile and scores that were both read from files.
        when: the time that the verdicts say, with its zone; None is now, see `wherefrom.core.clock`.

    Raises:
        ProfileError: when the table was scored differently, its searches were left before these verdicts were known, or
            alpha needs more belongings than there are.
        UsageError: when alpha or beta is not in (0, 1), or the rule or `outside` is unknown.
    """
    if outside not in _OUTSIDE:
        raise UsageError(f"outside={outside!r} is none of {', '.join(_OUTSIDE)}")
    same_asking(
        "the scores",
        (table.model, whole_measure(table), table.seed),
        "the profile",
        (profile.model, profile.measure, profile.seed),
    )
    check_cut(table, profile, alpha=alpha, beta=beta, rule=rule)
    court = _court(profile, rules.load(rule) if isinstance(rule, str) else rule, alpha, beta, timestamp(when))
    numbers = _numbers(table, profile, _method_of(profile, method, table), court.rule)
    covered = covered_by(profile)
    return Verdicts(
        court.verdict(facts, why_outside(facts, size, covered), outside, own)
        for facts, size, own in zip(table.images, table.sizes, numbers, strict=True)
    )


def decoder_of(profile: Profile) -> str:
    """The digest of the decoder's weights, to which alone a verdict speaks; the model's digest where it names none."""
    return profile.decoder


def _numbers(table: ScoreTable, profile: Profile, method: Method[Any], rule: Rule) -> list[_Numbers]:
    """What the verdict on each row rests on."""
    statistic = statistic_of(method, table, profile.fit)
    p = rule.p_value(statistic, profile.statistic)
    pools = {name: p_foreign(statistic, values) for name, values in profile.foreign_statistic.items()}
    cut = table.method.facts.get("cut")
    left = statistic < float(cut) if isinstance(cut, int | float) else np.zeros(len(table), dtype=np.bool_)
    return [
        _Numbers(
            float(statistic[row]),
            float(p[row]),
            {name: float(column[row]) for name, column in pools.items()},
            bool(left[row]),
        )
        for row in range(len(table))
    ]


def _method_of(profile: Profile, method: Method[Any] | None, table: ScoreTable) -> Method[Any]:
    if method is None:
        return methods.from_card(profile.method, profile.asked, table.asked)
    if method.card.digest != profile.method.digest:
        changed = "; ".join(method.card.differences(profile.method)) or f"{method.card.name}, {profile.method.name}"
        raise ProfileError(f"the profile is of another method or other options ({changed}): use the profile's own")
    return method


def _unfit(profile: Profile, pool: str, beta: float) -> str | None:
    """Why a pool cannot bound false claims, with the way out; None when it can."""
    values = profile.foreign_statistic[pool]
    if not can_bound(values, beta):
        return f"pool {pool!r} has {len(values)} images, beta={beta:g} needs {fewest(beta)}"
    if profile.audit.confounded(pool):
        attributes = ", ".join(finding.attribute for finding in profile.audit.findings if finding.pool == pool)
        return f"pool {pool!r} can be told from the belongings by its files alone ({attributes}): {STORE_ALIKE}"
    return None


def _court(profile: Profile, rule: Rule, alpha: float, beta: float, time: str) -> _Court:
    """All that is the same for every image, worked out once."""
    check_share("beta", beta)
    return _Court(
        profile=profile,
        rule=rule,
        alpha=alpha,
        beta=beta,
        threshold=rule.threshold(profile.statistic, alpha),
        unfit={name: _unfit(profile, name, beta) for name in profile.foreign},
        known={
            digest: f"{facts.name} in pool {name!r}, a known non-belonging"
            for name, table in profile.foreign.items()
            for digest, facts in _of_the_profile(table)
        },
        own={
            digest: f"{facts.name} of the profile's belongings" for digest, facts in _of_the_profile(profile.belonging)
        },
        digest=profile.digest,
        time=time,
        warnings=profile.warnings,
    )


def _of_the_profile(table: ScoreTable) -> Iterator[tuple[str, ImageFacts]]:
    """Images that the profile was made of, by each digest by which they are known again."""
    return ((digest, facts) for facts in table.images if facts.error is None for digest in facts.digests)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """One image's statistic and p-values; NaN where undefined.

    Where its search was left early the statistic is an upper bound, `p` a lower and `foreign` upper ones.
    """

    statistic: float
    p: float
    foreign: Mapping[str, float]
    bounds: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Court:
    """One profile, one rule and two bounds."""

    profile: Profile
    rule: Rule
    alpha: float
    beta: float
    threshold: float
    unfit: Mapping[str, str | None]
    known: Mapping[str, str]
    own: Mapping[str, str]
    digest: str
    time: str
    warnings: tuple[str, ...]

    def verdict(self, facts: ImageFacts, why: str | None, outside: Outside, numbers: _Numbers) -> Verdict:
        """One image's verdict; `why` says that the profile does not cover it."""
        if facts.error is not None:
            outcome, reason = Outcome.UNDECIDED, f"not scored: {facts.error}"
        elif (same := _found(facts, self.own)) is not None:
            outcome, reason = Outcome.UNDECIDED, f"it is {same}: no error rate holds for what the profile was made of"
        elif math.isnan(numbers.statistic):
            outcome, reason = Outcome.UNDECIDED, UNDEFINED
        elif why is not None and outside == "undecided":
            outcome, reason = Outcome.UNDECIDED, why
        else:
            outcome, reason = self._decide(facts, numbers)
            if numbers.bounds:
                reason = f"{reason}; the search was left once that was sure: statistic and p-values are bounds"
            if why is not None:
                outcome = Outcome.COMPATIBLE if outcome is Outcome.SUPPORTED else outcome
                reason = f"{reason}; judged although no error rate holds for it: {why}"
        return self._write(facts, outcome, reason, numbers)

    def _decide(self, facts: ImageFacts, numbers: _Numbers) -> tuple[Outcome, str]:
        """The outcome of an image with a statistic, and why."""
        rank, ranks = self._rank(numbers)
        same = _found(facts, self.known)
        if not ranks:
            also = "" if same is None else f"; it is {same}"
            return Outcome.EXCLUDED, f"does not rank as a belonging ({rank}){also}"
        belongs = f"ranks as a belonging ({rank})"
        shown = ", ".join(f"{name}: p = {p:.4g}" for name, p in numbers.foreign.items())
        like = [name for name, p in numbers.foreign.items() if self.unfit[name] is None and p > self.beta]
        if same is not None:
            return Outcome.UNDECIDED, f"{belongs}, but it is {same}"
        if like:
            return Outcome.UNDECIDED, (
                f"{belongs}, but so do images of {' and '.join(like)} ({shown}; beta={self.beta:g}): "
                "images of both kinds score like this"
            )
        why = [reason for reason in self.unfit.values() if reason is not None]
        if not self.unfit:
            why = [f"there is no pool of non-belongings, add one of at least {fewest(self.beta)} images"]
        if why:
            return Outcome.COMPATIBLE, f"{belongs}, but false claims are not bounded: {'; '.join(why)}"
        return Outcome.SUPPORTED, f"{belongs} and not as any named non-belonging ({shown}; beta={self.beta:g})"

    def _rank(self, numbers: _Numbers) -> tuple[str, bool]:
        """The comparison in words, and whether the image ranks as a belonging."""
        if math.isnan(numbers.p):
            ranks = numbers.statistic < self.threshold
            sign = "<" if ranks else ">="
            return f"statistic {numbers.statistic:.6g} {sign} cut {self.threshold:.6g} of {self.rule.card.name}", ranks
        ranks = numbers.p > self.alpha
        return f"p = {numbers.p:.4g} {'>' if ranks else '<='} alpha={self.alpha:g}", ranks

    def _write(self, facts: ImageFacts, outcome: Outcome, reason: str, numbers: _Numbers) -> Verdict:
        defined = not math.isnan(numbers.statistic)
        return Verdict(
            image=facts,
            outcome=outcome,
            reason=reason,
            statistic=numbers.statistic if defined else None,
            threshold=self.threshold,
            p_belonging=None if math.isnan(numbers.p) else numbers.p,
            p_foreign=dict(numbers.foreign) if defined else {},
            alpha=self.alpha,
            beta=self.beta,
            model=self.profile.model.name,
            decoder=decoder_of(self.profile),
            method=self.profile.method.name,
            method_options=self.profile.method.facts,
            rule=self.rule.card.name,
            rule_options=self.rule.card.facts,
            profile=self.digest,
            seed=self.profile.seed,
            version=VERSION,
            time=self.time,
            warnings=(*self.warnings, *image_warnings(facts, self.profile)),
        )


def _found(facts: ImageFacts, known: Mapping[str, str]) -> str | None:
    """Which of the known images this one is, if any: by its pixels as scored, or as stored."""
    return next((known[digest] for digest in sorted(facts.digests) if digest in known), None)
