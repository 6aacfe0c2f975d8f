"""What is said of one image: an outcome, the evidence for it, and the reason in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from wherefrom.core.card import Fact
from wherefrom.core.facts import ImageFacts
from wherefrom.records.rows import arrow, attribution_row, flat_rows, frame, verdict_row

__all__ = ["Attribution", "Attributions", "Outcome", "Verdict", "Verdicts"]


class Outcome(StrEnum):
    """What can be said of one image under one profile. "Made by" is never said: attribution is to a decoder."""

    SUPPORTED = "SUPPORTED"
    """Ranks as a belonging and under every named non-belonging pool: misses and false claims are bounded."""
    COMPATIBLE = "COMPATIBLE"
    """Ranks as a belonging, but no pool of non-belongings is fit to bound false claims."""
    EXCLUDED = "EXCLUDED"
    """Does not rank as a belonging."""
    UNDECIDED = "UNDECIDED"
    """Undefined, outside what the profile covers, or neither test decides; always with the reason."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What is said of one image under one profile.

    Attributes:
        image: the file's facts.
        outcome: see `Outcome`.
        reason: why, in one sentence that names the numbers.
        statistic: the method's number, high is foreign; None where undefined.
        threshold: the rule's cut at alpha; None where there is none.
        p_belonging: how often a belonging scores at least as high; None where the rule has no p-value.
        p_foreign: for each named pool, how often one of its images scores at most as low, `(1 + count) / (n + 1)`.
        alpha: the bound on missed belongings.
        beta: the bound on false claims, in each pool.
        model: the model's name.
        decoder: digest of the decoder's weights, to which alone the verdict speaks.
        method: the method's name.
        method_options: the method's options, all of them.
        rule: the rule's name.
        rule_options: the rule's options.
        profile: the profile's digest.
        seed: the root seed of the scores.
        version: of `wherefrom`.
        time: when it was said, in UTC, as `2026-01-31T12:00:00+00:00`; two verdicts that differ in nothing else are
            equal.
        warnings: what a person should know before the verdict is believed, of the profile and of the image, in
            sentences; empty where nothing speaks against it.
        conditions: edits of the profile's conditions that cover the image, on which the verdict rests, the one under
            which it ranks highest first: statistic and threshold are of that one. Empty where none covers it.
    """

    image: ImageFacts
    outcome: Outcome
    reason: str
    statistic: float | None
    threshold: float | None
    p_belonging: float | None
    p_foreign: Mapping[str, float]
    alpha: float
    beta: float
    model: str
    decoder: str
    method: str
    method_options: Mapping[str, Fact]
    rule: str
    rule_options: Mapping[str, Fact]
    profile: str
    seed: int
    version: str
    time: str = field(compare=False)
    warnings: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()

    @property
    def belonging(self) -> bool | None:
        """The papers' yes or no: whether it ranks as a belonging; None where that is undecided."""
        if self.outcome in (Outcome.SUPPORTED, Outcome.COMPATIBLE):
            return True
        return False if self.outcome is Outcome.EXCLUDED else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribution:
    """What is said of one image when several decoders are candidates.

    Attributes:
        image: the file's facts.
        verdicts: one a candidate profile, each after the correction for the number of candidates.
        supported: names of the candidates whose claim survives; two or more are a tie and are never ranked.
        answer: the name of the only survivor, `tie: …`, `none of these`, or `undecided`.
        reason: why, in one sentence.
        candidates: names of the profiles, in the order of `verdicts`.
    """

    image: ImageFacts
    verdicts: tuple[Verdict, ...]
    supported: tuple[str, ...]
    answer: str
    reason: str
    candidates: tuple[str, ...] = ()


class Verdicts(tuple[Verdict, ...]):
    """Verdicts of one profile, one an image, in the images' order."""

    __slots__ = ()

    def counts(self) -> dict[Outcome, int]:
        """How many images have each outcome."""
        counts = Counter(verdict.outcome for verdict in self)
        return {outcome: counts[outcome] for outcome in Outcome}

    def to_rows(self) -> list[dict[str, Any]]:
        """A plain dictionary a verdict, as the command line writes it to `.csv` and `.parquet`."""
        return flat_rows(verdict_row(verdict) for verdict in self)

    def to_arrow(self) -> Any:
        """The same as a `pyarrow.Table`."""
        return arrow(self.to_rows())

    def to_pandas(self) -> Any:
        """The same as a `pandas.DataFrame`.

        Raises:
            MissingExtra: when pandas is not installed.
        """
        return frame(self.to_rows())


class Attributions(tuple[Attribution, ...]):
    """Attributions among several profiles, one an image, in the images' order."""

    __slots__ = ()

    def counts(self) -> dict[str, int]:
        """How many images have each answer, the most frequent first."""
        return dict(Counter(item.answer for item in self).most_common())

    def to_rows(self) -> list[dict[str, Any]]:
        """A plain dictionary an image and candidate, as the command line writes it to `.csv` and `.parquet`."""
        return flat_rows(attribution_row(item, item.candidates) for item in self)

    def to_arrow(self) -> Any:
        """The same as a `pyarrow.Table`."""
        return arrow(self.to_rows())

    def to_pandas(self) -> Any:
        """The same as a `pandas.DataFrame`.

        Raises:
            MissingExtra: when pandas is not installed.
        """
        return frame(self.to_rows())
