"""Images of known origin, as a trial of profiles: what was said of each, and how often that was right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wherefrom.core.errors import UsageError
from wherefrom.core.plain import plain
from wherefrom.evaluation.cllr import Cllr
from wherefrom.evaluation.curves import AUC, Sensitivity
from wherefrom.evaluation.errors import Confusion
from wherefrom.evaluation.likelihood import Likelihood
from wherefrom.evaluation.shares import Share
from wherefrom.records.verdict import Outcome, Verdict

__all__ = ["CandidateRates", "KindRates", "Trial", "TrialImage"]


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialImage:
    """One image of known origin, after one edit, under one candidate.

    Attributes:
        kind: its label: the name of a candidate whose images these are, or of a kind of foreign images.
        belongs: whether the candidate's decoder made it.
        edit: that it went through before it was scored.
        candidate: that was asked.
        verdict: what is said of it, after the correction where there are several candidates.
        answer: of all candidates together; None where there is one.
        likelihood: its likelihood ratio, where there is one.
        left_out: why it counts in no rate; None where it counts.
        abstention: why nothing is said of it, without its numbers; None where something is.
    """

    kind: str
    belongs: bool
    edit: str
    candidate: str
    verdict: Verdict
    answer: str | None = None
    likelihood: Likelihood | None = None
    left_out: str | None = None
    abstention: str | None = None

    def to_row(self) -> dict[str, Any]:
        """Plain cells, one a column."""
        verdict, ratio = self.verdict, self.likelihood
        return {
            "name": verdict.image.name,
            "kind": self.kind,
            "belongs": self.belongs,
            "edit": self.edit,
            "candidate": self.candidate,
            "outcome": str(verdict.outcome),
            **({} if self.answer is None else {"answer": self.answer}),
            "statistic": verdict.statistic,
            "p_belonging": verdict.p_belonging,
            "p_foreign": max(verdict.p_foreign.values(), default=None),
            "log10_lr": None if ratio is None else ratio.log10,
            "log10_lr_low": None if ratio is None else ratio.low,
            "log10_lr_high": None if ratio is None else ratio.high,
            "left_out": self.left_out,
            "abstention": self.abstention,
            "reason": verdict.reason,
            "error": verdict.image.error,
            "pixel_digest": verdict.image.pixel_digest,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class KindRates:
    """What was said of one kind of images under one candidate.

    Attributes:
        kind: its label.
        belongs: whether the candidate's decoder made them.
        images: how many count.
        outcomes: the share of them with each outcome.
        abstentions: how many were UNDECIDED, by reason.
        left_out: how many more were given and count in no rate, by reason.
        auc: of the statistic, between the candidate's belongings and these; None of belongings, and where undefined.
        tpr: the share of belongings found at the rate of false claims, by the best cut for these; None likewise.
    """

    kind: str
    belongs: bool
    images: int
    outcomes: Mapping[Outcome, Share]
    abstentions: Mapping[str, int]
    left_out: Mapping[str, int]
    auc: AUC | None = None
    tpr: Sensitivity | None = None

    @property
    def claimed(self) -> Share | None:
        """The share that is SUPPORTED: found belongings, or false claims; None without an image."""
        return self.outcomes.get(Outcome.SUPPORTED)

    @property
    def excluded(self) -> Share | None:
        """The share that is EXCLUDED: missed belongings, or foreign images that were turned away."""
        return self.outcomes.get(Outcome.EXCLUDED)


@dataclass(frozen=True, kw_only=True, slots=True)
class CandidateRates:
    """How often what was said under one candidate, of images after one edit, was right.

    Attributes:
        candidate: name of the profile.
        edit: that images went through before they were scored.
        kinds: rates by kind, the belongings first.
        confusion: counts over all kinds.
        accuracy: the share of decided images that were decided rightly; None where none was.
        right: the share of all images that were treated rightly: belongings claimed, foreign images not claimed.
        coverage: the share of all images that something was said of.
        missed: the share of belongings that are EXCLUDED; at most alpha is promised.
        found: the share of belongings that are SUPPORTED.
        false_claims: the share of all foreign images that are SUPPORTED; of each pool at most beta is promised.
        auc: of the statistic, over all kinds of foreign images together.
        tpr: the share of belongings found at the rate of false claims, over all kinds together, by the best cut.
        cllr: cost of the likelihood ratios, each kind weighted alike; None where there is no ratio.
        notes: why a number is not there.
    """

    candidate: str
    edit: str
    kinds: Mapping[str, KindRates]
    confusion: Confusion
    accuracy: Share | None
    right: Share | None
    coverage: Share | None
    missed: Share | None
    found: Share | None
    false_claims: Share | None
    auc: AUC | None
    tpr: Sensitivity | None
    cllr: Cllr | None
    notes: tuple[str, ...] = ()

    @property
    def abstentions(self) -> dict[str, int]:
        """How many images of any kind were UNDECIDED, by reason, the most frequent first."""
        total: Counter[str] = Counter()
        for kind in self.kinds.values():
            total.update(kind.abstentions)
        return dict(total.most_common())

    @property
    def left_out(self) -> dict[str, int]:
        """How many images of any kind count in no rate, by reason, the most frequent first."""
        total: Counter[str] = Counter()
        for kind in self.kinds.values():
            total.update(kind.left_out)
        return dict(total.most_common())


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """Profiles tried on images of known origin.

    Attributes:
        alpha: the bound on missed belongings.
        beta: the bound on false claims.
        rule: where it was cut.
        fpr: the rate of false claims at which the share of found belongings is given.
        confidence: of the intervals.
        profiles: digest of each candidate's profile, by its name.
        edits: that images went through, in order.
        rates: one a candidate and edit.
        answers: with several candidates, by edit and kind, the share of images with each answer.
        images: one an image, edit and candidate.
        version: of `wherefrom`.
        time: when it was done, in UTC.
    """

    alpha: float
    beta: float
    rule: str
    fpr: float
    confidence: float
    profiles: Mapping[str, str]
    edits: tuple[str, ...]
    rates: tuple[CandidateRates, ...]
    answers: Mapping[str, Mapping[str, Mapping[str, Share]]]
    images: tuple[TrialImage, ...] = field(repr=False)
    version: str
    time: str = field(compare=False)

    def of(self, candidate: str | None = None, edit: str = "none") -> CandidateRates:
        """The rates of a candidate after an edit.

        Args:
            candidate: its name; None where there is one.
            edit: its name.

        Raises:
            UsageError: when there are none of these names, or several candidates and none is named.
        """
        matching = [rates for rates in self.rates if rates.edit == edit and candidate in (None, rates.candidate)]
        if len(matching) != 1:
            raise UsageError(
                f"candidate={candidate!r} after edit={edit!r}: {len(matching)} rates; there are candidates"
                f" {', '.join(self.profiles)} after {', '.join(self.edits)}"
            )
        return matching[0]

    @property
    def failed(self) -> int:
        """How many images could not be scored, each counted once."""
        return len(
            {(image.verdict.image.name, image.kind) for image in self.images if image.verdict.image.error is not None}
        )

    def to_rows(self) -> list[dict[str, Any]]:
        """A plain dictionary a candidate, edit and kind, with counts and ends of intervals in columns of their own."""
        return [_row(rates, kind) for rates in self.rates for kind in rates.kinds.values()]

    def document(self) -> dict[str, Any]:
        """All rates as JSON has them; the images are rows of their own, see `TrialImage.to_row`."""
        whole: dict[str, Any] = plain({name: getattr(self, name) for name in self.__slots__ if name != "images"})
        for row, rates in zip(whole["rates"], self.rates, strict=True):
            row["abstentions"], row["left_out"] = rates.abstentions, rates.left_out
        return {"wherefrom": "evaluation", **whole}


def _row(rates: CandidateRates, kind: KindRates) -> dict[str, Any]:
    """One kind as a row of a table."""
    row: dict[str, Any] = {
        "candidate": rates.candidate,
        "edit": rates.edit,
        "kind": kind.kind,
        "belongs": kind.belongs,
        "images": kind.images,
        "left_out": sum(kind.left_out.values()),
    }
    for outcome in Outcome:
        row |= _interval(str(outcome).lower(), kind.outcomes.get(outcome), count=True)
    row |= _interval("auc", kind.auc) | _interval("tpr", kind.tpr)
    return row | {"abstentions": "; ".join(f"{count} {why}" for why, count in kind.abstentions.items())}


def _interval(name: str, figure: Share | AUC | Sensitivity | None, *, count: bool = False) -> dict[str, Any]:
    """Columns of a number and its interval, empty where there is none."""
    row: dict[str, Any] = {name: None, f"{name}_low": None, f"{name}_high": None}
    if figure is not None:
        row = {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
    counted = {f"{name}_count": figure.count if isinstance(figure, Share) else None} if count else {}
    return counted | row
