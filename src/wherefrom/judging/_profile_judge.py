"""The verdict on one image: its evidence under the conditions that cover it, two bounds, and the reason in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from wherefrom.core.facts import ImageFacts
from wherefrom.core.shares import check_share, fewest
from wherefrom.core.version import VERSION
from wherefrom.judging._calibrating import UNDEFINED
from wherefrom.judging.adding import adding, edit_for
from wherefrom.judging.evidence import Evidence, most_cautious
from wherefrom.judging.ranks import can_bound
from wherefrom.records.audit import STORE_ALIKE
from wherefrom.records.coverage import covered_by, uncovered
from wherefrom.records.near_copies import NearCopies, index_of
from wherefrom.records.profile import UNEDITED, Profile
from wherefrom.records.table import ScoreTable
from wherefrom.records.verdict import Outcome, Verdict
from wherefrom.records.warnings import image_warnings
from wherefrom.rules.base import Rule

__all__ = ["OUTSIDE", "Outside", "ProfileJudge", "decoder_of", "profile_judge"]

Outside = Literal["undecided", "judge"]
"""What becomes of an image that the profile does not cover: no verdict, or one without its error rates."""
OUTSIDE: Final = ("undecided", "judge")


def decoder_of(profile: Profile) -> str:
    """The digest of the decoder's weights, to which alone a verdict speaks; the model's digest where it names none."""
    return profile.decoder


def _unfit(profile: Profile, pool: str, beta: float) -> str | None:
    """Why a pool cannot bound false claims, with the way out; None when it can."""
    values = profile.foreign_statistic[pool]
    if not can_bound(values, beta):
        return f"pool {pool!r} has {len(values)} images, beta={beta:g} needs {fewest(beta)}"
    if profile.audit.confounded(pool):
        found = [finding.attribute for finding in profile.audit.findings if finding.pool == pool and finding.decides]
        attributes = ", ".join(found)
        if "brightness" in found:
            return f"pool {pool!r} can be told from the belongings without the model ({attributes})"
        return f"pool {pool!r} can be told from the belongings by its files alone ({attributes}): {STORE_ALIKE}"
    return None


def profile_judge(
    profile: Profile,
    conditions: Mapping[str, Profile],
    rule: Rule,
    bounds: tuple[float, float],
    time: str,
    file: str | Path | None,
) -> ProfileJudge:
    """All that is the same for every image, worked out once.

    Args:
        profile: with all of its conditions.
        conditions: those that may count, by their edits.
        rule: where to cut.
        bounds: on missed belongings, alpha, and on false claims, beta.
        time: that verdicts say.
        file: of the profile, as a reason names it.

    Raises:
        UsageError: when beta is not in (0, 1).
    """
    alpha, beta = bounds
    check_share("beta", beta)
    every = list(profile.conditions.values())
    known = {
        digest: f"{facts.name} in pool {name!r}, a known non-belonging"
        for one in every
        for name, table in one.foreign.items()
        for digest, facts in _of_the_profile(table)
    }
    belongings = {
        digest: f"{facts.name} of the profile's belongings"
        for one in every
        for digest, facts in _of_the_profile(one.belonging)
    }
    own_images = [facts for one in every for facts in one.belonging.images]
    pools = {name: [facts for one in every for facts in one.foreign[name].images] for name in profile.foreign}
    return ProfileJudge(
        profile=profile,
        rule=rule,
        alpha=alpha,
        beta=beta,
        unfit={
            edit: {name: _unfit(one, name, beta) for name in one.foreign_statistic} for edit, one in conditions.items()
        },
        known=known,
        belongings=belongings,
        looks_own=index_of(own_images),
        looks_known={name: index_of(images) for name, images in pools.items()},
        digest=profile.digest,
        time=time,
        warnings={edit: one.warnings for edit, one in conditions.items()},
        file=file,
    )


def _of_the_profile(table: ScoreTable) -> Iterator[tuple[str, ImageFacts]]:
    """Images that the profile was made of, by each digest by which they are known again."""
    return ((digest, facts) for facts in table.images if facts.error is None for digest in facts.digests)


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileJudge:
    """One profile, one rule and two bounds.

    Attributes:
        profile: with all of its conditions.
        rule: where to cut.
        alpha: the bound on missed belongings.
        beta: the bound on false claims.
        unfit: by condition and pool, why it cannot bound false claims; None where it can.
        known: images of pools by digest, in words.
        belongings: of the profile by digest, in words.
        looks_own: what belongings of the profile look like,
        looks_known: and images of each pool.
        digest: of the profile.
        time: that verdicts say.
        warnings: by condition.
        file: of the profile, where it is known.
    """

    profile: Profile
    rule: Rule
    alpha: float
    beta: float
    unfit: Mapping[str, Mapping[str, str | None]]
    known: Mapping[str, str]
    belongings: Mapping[str, str]
    looks_own: NearCopies
    looks_known: Mapping[str, NearCopies]
    digest: str
    time: str
    warnings: Mapping[str, tuple[str, ...]]
    file: str | Path | None

    def verdict(self, every: Sequence[Evidence], outside: Outside) -> Verdict:
        """One image's verdict.

        Args:
            every: the evidence under each condition that may count.
            outside: what becomes of it where none covers it.
        """
        covering = [each for each in every if each.why is None]
        used = covering or [each for each in every if each.facts.error is None] or list(every)
        failed = next((each for each in used if each.facts.error is not None), None)
        undefined = next((each for each in used if math.isnan(each.statistic)), None)
        evidence = failed or undefined or most_cautious(used)
        same = next((name for each in every if (name := _same_image(each.facts, self.belongings)) is not None), None)
        if failed is not None:
            outcome, reason = Outcome.UNDECIDED, f"not scored: {failed.facts.error}"
        elif same is not None:
            outcome, reason = Outcome.UNDECIDED, f"it is {same}: no error rate holds for what the profile was made of"
        elif undefined is not None:
            outcome, reason = Outcome.UNDECIDED, UNDEFINED
        elif not covering and outside == "undecided":
            outcome, reason = Outcome.UNDECIDED, self._way_out(every)
        else:
            outcome, reason = self._decide(evidence, used)
            if evidence.bounds:
                reason = f"{reason}; the search was left once that was sure: statistic and p-values are bounds"
            if not covering:
                outcome = Outcome.COMPATIBLE if outcome is Outcome.SUPPORTED else outcome
                reason = f"{reason}; judged although no error rate holds for it: {_uncovered(every)}"
        covering.sort(key=lambda each: each.condition is not evidence.condition)
        return self._write(evidence, outcome, reason + self._under(covering), tuple(covering))

    def _way_out(self, every: Sequence[Evidence]) -> str:
        """Why no condition covers an image, and at the end the command that adds one where there is such a command."""
        facts, size = every[0].facts, every[0].size
        command = adding(facts, size, self.profile, self.file)
        said = _uncovered(every)
        if command is None:
            return said if len(every) == 1 else f"{said}: make a profile with belongings saved the same way"
        if (edit_for(facts, size, self.profile) or "").startswith("resize:"):  # a larger one may have been made so
            again = "" if len(every) == 1 else ": make a profile with belongings of this size"
            return f"{said}{again}, or, where it was resized since the decoder made it, add the condition: {command}"
        return f"{said}, or add the condition: {command}" if len(every) == 1 else f"{said}: add it by {command}"

    def _under(self, covering: Sequence[Evidence]) -> str:
        """The conditions in words, where there are any to choose from."""
        if not covering or (self.profile.edit == UNEDITED and not self.profile.further):
            return ""
        if len(covering) == 1:
            return f"; under condition {covering[0].condition.edit}"
        return f"; the most cautious of conditions {', '.join(each.condition.edit for each in covering)}"

    def _decide(self, evidence: Evidence, used: Sequence[Evidence]) -> tuple[Outcome, str]:
        """The outcome of an image with a statistic, and why."""
        rank = self._rank(evidence)
        same = next((name for each in used if (name := _same_image(each.facts, self.known)) is not None), None)
        if not evidence.ranks:
            also = "" if same is None else f"; it is {same}"
            return Outcome.EXCLUDED, f"does not rank as a belonging ({rank}){also}"
        belongs = f"ranks as a belonging ({rank})"
        shown = ", ".join(f"{name}: p = {p:.4g}" for name, p in evidence.foreign.items())
        unfit = {name: self._unfit(name, used) for name in evidence.foreign}
        like = [name for name, p in evidence.foreign.items() if unfit[name] is None and p > self.beta]
        if same is not None:
            return Outcome.UNDECIDED, f"{belongs}, but it is {same}"
        if (like_own := self.looks_own.of(evidence.facts)) is not None:
            return Outcome.UNDECIDED, (
                f"{belongs}, but it looks like {like_own} of the profile's belongings, perhaps cut or saved again: no "
                "error rate holds for what the profile was made of"
            )
        if like:
            return Outcome.UNDECIDED, (
                f"{belongs}, but so do images of {' and '.join(like)} ({shown}; beta={self.beta:g}): "
                "images of both kinds score like this"
            )
        why = [reason for reason in unfit.values() if reason is not None]
        if not unfit:
            why = [f"there is no pool of non-belongings, add one of at least {fewest(self.beta)} images"]
        if why:
            return Outcome.COMPATIBLE, f"{belongs}, but false claims are not bounded: {'; '.join(why)}"
        return Outcome.SUPPORTED, f"{belongs} and not as any named non-belonging ({shown}; beta={self.beta:g})"

    def _unfit(self, pool: str, used: Sequence[Evidence]) -> str | None:
        """Why a pool cannot bound false claims under one of the conditions at least; None where it can under all."""
        return next((said for each in used if (said := self.unfit[each.condition.edit][pool]) is not None), None)

    def _rank(self, evidence: Evidence) -> str:
        """The comparison with the belongings in words."""
        if math.isnan(evidence.p):
            sign = "<" if evidence.ranks else ">="
            return f"statistic {evidence.statistic:.6g} {sign} cut {evidence.threshold:.6g} of {self.rule.card.name}"
        return f"p = {evidence.p:.4g} {'>' if evidence.ranks else '<='} alpha={self.alpha:g}"

    def _write(self, evidence: Evidence, outcome: Outcome, reason: str, covering: tuple[Evidence, ...]) -> Verdict:
        defined = not math.isnan(evidence.statistic)
        return Verdict(
            image=evidence.facts,
            outcome=outcome,
            reason=reason,
            statistic=evidence.statistic if defined else None,
            threshold=evidence.threshold,
            p_belonging=None if math.isnan(evidence.p) else evidence.p,
            p_foreign=dict(evidence.foreign) if defined else {},
            alpha=self.alpha,
            beta=self.beta,
            model=self.profile.model.name,
            decoder=decoder_of(self.profile),
            method=evidence.condition.method.name,
            method_options=evidence.condition.method.facts,
            rule=self.rule.card.name,
            rule_options=self.rule.card.facts,
            profile=self.digest,
            seed=self.profile.seed,
            version=VERSION,
            time=self.time,
            warnings=self._warnings(covering or (evidence,)),
            conditions=tuple(each.condition.edit for each in covering),
        )

    def _warnings(self, used: Sequence[Evidence]) -> tuple[str, ...]:
        """What speaks against the conditions on which a verdict rests, and against the image."""
        sentences = self._likenesses(used[0].facts)
        for each in used:
            edit = each.condition.edit
            said = (*self.warnings[edit], *image_warnings(each.facts, each.condition))
            sentences += [f"condition {edit}: {warning}" for warning in said] if self.profile.further else said
        return tuple(sentences)

    def _likenesses(self, facts: ImageFacts) -> list[str]:
        """Images of the profile that the image in question looks like, but is not."""
        if any(_same_image(facts, exact) is not None for exact in (self.belongings, self.known)):
            return []
        named = {"the profile's belongings": self.looks_own}
        named |= {f"pool {name!r}, known non-belongings": known for name, known in self.looks_known.items()}
        found = [(like, whose) for whose, known in named.items() if (like := known.of(facts)) is not None]
        return [f"it looks like {like} of {whose}: perhaps the same image, cut or saved again" for like, whose in found]


def _uncovered(every: Sequence[Evidence]) -> str:
    """Why the only condition does not cover an image, with the way out; or why none of several does."""
    if len(every) == 1:
        return str(every[0].why)
    said = (f"{each.condition.edit}: {uncovered(each.facts, each.size, covered_by(each.condition))}" for each in every)
    return f"no condition of the profile covers it ({'; '.join(said)})"


def _same_image(facts: ImageFacts, known: Mapping[str, str]) -> str | None:
    """Which of the known images this one is, if any: by its pixels as scored, or as stored."""
    return next((known[digest] for digest in sorted(facts.digests) if digest in known), None)
