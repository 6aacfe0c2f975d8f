"""A profile card: what a profile was made of, how often it is right, and what speaks against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any, Final

from wherefrom.core.clock import timestamp
from wherefrom.core.errors import ProfileError
from wherefrom.core.facts import ImageFacts
from wherefrom.core.plain import plain
from wherefrom.core.version import VERSION
from wherefrom.evaluation import CrossFit, LikelihoodRatio, cross_fit, likelihood_ratio
from wherefrom.records.coverage import covered_by
from wherefrom.records.profile import Coverage, Profile
from wherefrom.records.table import ScoreTable
from wherefrom.rules.base import Rule

__all__ = ["CardOfCondition", "ProfileCard", "Side", "profile_card"]

_FOLDERS: Final = 6
"""Folders that are named of a side, at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """The belongings or one pool of a condition.

    Attributes:
        name: of the pool; `belongings`.
        folders: images by the folder that they were read from, the largest first; more than six as one.
        images: that were given.
        learned: images that the method learned from, and which are not ranked.
        ranked: images that are ranked among; in a pool those without a statistic count as never claimed.
        omitted: images that do not count, by reason.
        stored: images by format, and what is seen of how they were stored.
    """

    name: str
    folders: Mapping[str, int]
    images: int
    learned: int
    ranked: int
    omitted: Mapping[str, int]
    stored: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class CardOfCondition:
    """One condition of a profile.

    Attributes:
        edit: what was done to the images first.
        method: the method's name.
        options: of the method.
        sides: the belongings, then the pools.
        covers: for which images it speaks, a sentence each.
        rates: error rates, by cross-fitting; None where the images are too few.
        without_rates: why there are none.
        likelihood: the likelihood ratio that can be learned; None where none can.
        without_likelihood: why there is none.
        findings: of the audit of the files.
        warnings: what else speaks against it.
    """

    edit: str
    method: str
    options: Mapping[str, str]
    sides: tuple[Side, ...]
    covers: tuple[str, ...]
    rates: CrossFit | None
    without_rates: str | None
    likelihood: LikelihoodRatio | None
    without_likelihood: str | None
    findings: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileCard:
    """What a person should know of a profile before its verdicts are used.

    Attributes:
        name: of the profile.
        digest: of the profile.
        model: the model's name.
        source: where the model was read from, where that is known.
        decoder: digest of the decoder's weights, to which alone verdicts speak.
        model_facts: all that changes the model's numbers.
        seed: the root seed.
        alpha: the bound on missed belongings at which the rates were measured.
        beta: the bound on false claims.
        rule: where it was cut.
        confidence: of the intervals.
        conditions: each of the profile's.
        version: of `wherefrom` that made the profile.
        file_changed: when the profile's file was last written, in UTC; None where there is no file.
        written: when the card was written, in UTC.
        card_version: of `wherefrom` that wrote the card.
    """

    name: str
    digest: str
    model: str
    source: str | None
    decoder: str
    model_facts: Mapping[str, str]
    seed: int
    alpha: float
    beta: float
    rule: str
    confidence: float
    conditions: tuple[CardOfCondition, ...]
    version: str
    file_changed: str | None
    written: str
    card_version: str = VERSION

    def document(self) -> dict[str, Any]:
        """Every number of the card, as JSON has it."""
        return {"wherefrom": "profile card", **plain(self)}


def profile_card(
    profile: Profile,
    *,
    name: str,
    alpha: float = 0.05,
    beta: float = 0.01,
    rule: Rule | str = "conformal",
    confidence: float = 0.95,
    file: Path | None = None,
    when: datetime | None = None,
) -> ProfileCard:
    """The card of a profile, with error rates measured by cross-fitting; see `wherefrom.evaluation.cross_fit`.

    Args:
        profile: of one condition or several.
        name: that is shown.
        alpha: the bound on missed belongings, in (0, 1).
        beta: the bound on false claims, in (0, 1).
        rule: where to cut.
        confidence: of the intervals, in (0, 1).
        file: that holds the profile, where there is one.
        when: the time that the card says; None is now.
    """
    conditions = tuple(
        _condition(condition, alpha=alpha, beta=beta, rule=rule, confidence=confidence)
        for condition in profile.conditions.values()
    )
    return ProfileCard(
        name=name,
        digest=profile.digest,
        model=profile.model.name,
        source=None if (source := profile.model.notes.get("source")) is None else str(source),
        decoder=profile.decoder,
        model_facts=_words(profile.model.facts),
        seed=profile.seed,
        alpha=alpha,
        beta=beta,
        rule=rule if isinstance(rule, str) else rule.card.name,
        confidence=confidence,
        conditions=conditions,
        version=profile.version,
        file_changed=None if file is None else _changed(file),
        written=timestamp(when),
    )


def _changed(file: Path) -> str:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC).isoformat(timespec="seconds")


def _words(facts: Mapping[str, Any]) -> dict[str, str]:
    return {key: "none" if value is None else str(value) for key, value in facts.items()}


def _condition(profile: Profile, *, alpha: float, beta: float, rule: Rule | str, confidence: float) -> CardOfCondition:
    rates, without_rates = None, None
    try:
        rates = cross_fit(profile, alpha=alpha, beta=beta, rule=rule, confidence=confidence)
    except ProfileError as error:
        without_rates = str(error)
    likelihood, without_likelihood = None, None
    try:
        likelihood = likelihood_ratio(profile)
    except ProfileError as error:
        without_likelihood = str(error)
    findings = tuple(finding.message for finding in profile.audit.findings)
    return CardOfCondition(
        edit=profile.edit,
        method=profile.method.name,
        options=_words(profile.method.facts),
        sides=(_side(profile, None), *(_side(profile, pool) for pool in profile.foreign)),
        covers=_covers(covered_by(profile)),
        rates=rates,
        without_rates=without_rates,
        likelihood=likelihood,
        without_likelihood=without_likelihood,
        findings=findings,
        warnings=tuple(warning for warning in profile.warnings if warning not in findings),
    )


def _side(profile: Profile, pool: str | None) -> Side:
    table = profile.belonging if pool is None else profile.foreign[pool]
    ranked = len(profile.ranked) if pool is None else len(profile.foreign_statistic[pool])
    scored = sum(facts.error is None for facts in table.images)
    learned = scored // 2 if pool is None and profile.fit else 0
    return Side(
        name="belongings" if pool is None else pool,
        folders=_folders(table),
        images=len(table),
        learned=learned,
        ranked=ranked,
        omitted=_frequent(
            [_shared(omission.reason, omission.name) for omission in profile.omitted if omission.pool == pool]
        ),
        stored=_frequent([_stored(facts) for facts in table.images if facts.error is None]),
    )


def _shared(reason: str, name: str) -> str:
    """A reason in words that it shares with others of its sort."""
    return reason.replace(name, "the file")


def _folders(table: ScoreTable) -> dict[str, int]:
    """How many images came from each folder."""
    counts = _frequent([str(PurePath(facts.name).parent) for facts in table.images])
    if len(counts) <= _FOLDERS:
        return counts
    named = dict(list(counts.items())[: _FOLDERS - 1])
    return named | {f"{len(counts) - len(named)} more folders": len(table) - sum(named.values())}


def _stored(facts: ImageFacts) -> str:
    size = f"{facts.width} x {facts.height}" if facts.width and facts.height else "unknown size"
    quality = "" if facts.jpeg_quality is None else f" of quality {facts.jpeg_quality:g}"
    return f"{facts.format or 'unknown format'}{quality}, {size}"


def _frequent(values: Sequence[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())


def _covers(coverage: Coverage) -> tuple[str, ...]:
    """What a condition speaks for, in sentences."""
    sentences = [f"Images of {coverage.pixels[0]} to {coverage.pixels[1]} scored pixels."]
    if coverage.lossless:
        sentences.append("Images stored without loss.")
    if coverage.jpeg_quality is not None:
        sentences.append(f"JPEG files of quality {coverage.jpeg_quality[0]:g} to {coverage.jpeg_quality[1]:g}.")
    sentences += [f"Files stored with loss as {name}." for name in coverage.other_lossy]
    for changes in coverage.changes or ():
        sentences.append(
            f"Images converted in reading: {', '.join(changes)}." if changes else "Images taken as stored."
        )
    return tuple(sentences)
