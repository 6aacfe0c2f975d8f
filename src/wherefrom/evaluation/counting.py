"""From candidates with the scores of images of known origin to rates, after one edit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from wherefrom.attribution import Candidate, attribute
from wherefrom.core.arrays import Vector
from wherefrom.core.errors import ProfileError
from wherefrom.core.facts import ImageFacts
from wherefrom.evaluation.cllr import Cllr, cllr
from wherefrom.evaluation.curves import auc_if_defined, tpr_if_shown
from wherefrom.evaluation.errors import confusion
from wherefrom.evaluation.labelled import CandidateRates, KindRates, TrialImage
from wherefrom.evaluation.likelihood import Likelihood, likelihoods
from wherefrom.evaluation.reasons import abstention, left_out
from wherefrom.evaluation.shares import Share, share
from wherefrom.records.profile import Profile
from wherefrom.records.verdict import Outcome, Verdict
from wherefrom.rules.base import Rule

__all__ = ["Asked", "Label", "answers_of", "judged_images", "rates_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """Where an image comes from.

    Attributes:
        kind: a candidate's name, or that of a kind of foreign images.
        candidate: whose decoder made it; None of foreign images.
    """

    kind: str
    candidate: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """How images are judged and counted.

    Attributes:
        alpha: the bound on missed belongings.
        beta: the bound on false claims.
        rule: where to cut.
        fpr: the rate of false claims at which the share of found belongings is given.
        confidence: of intervals.
    """

    alpha: float
    beta: float
    rule: Rule
    fpr: float
    confidence: float


def judged_images(
    candidates: Sequence[Candidate],
    labels: Sequence[Label],
    *,
    edit: str,
    asked: Asked,
    originals: Sequence[ImageFacts] | None = None,
    when: datetime | None = None,
) -> tuple[list[TrialImage], dict[str, list[str]]]:
    """What is said of each image under each candidate, by `wherefrom.attribution.attribute` as of any image.

    Args:
        candidates: with the scores of the images.
        labels: of the images, in their order.
        edit: that they went through.
        asked: how they are judged.
        originals: of the same images before the edit, so that one that a profile was made of is known again.
        when: the time that verdicts say; None is now.

    Returns:
        The images, and by candidate why there are no likelihood ratios, where there are none.
    """
    verdicts, answers = _decided(candidates, asked, when)
    images, notes = [], {}
    for each in candidates:
        decoders = {other.name for other in candidates if other.profile.decoder == each.profile.decoder}
        ratios, why = _ratios(each.profile, verdicts[each.name])
        notes[each.name] = [] if why is None else [why]
        reasons = left_out(verdicts[each.name], [label.kind for label in labels], each.profile, originals)
        for place, (verdict, reason) in enumerate(zip(verdicts[each.name], reasons, strict=True)):
            images.append(
                TrialImage(
                    kind=labels[place].kind,
                    belongs=labels[place].candidate in decoders,
                    edit=edit,
                    candidate=each.name,
                    verdict=verdict,
                    answer=None if answers is None else answers[place],
                    likelihood=ratios[place] if reason is None else None,
                    left_out=reason,
                    abstention=abstention(verdict, each.profile),
                )
            )
    return images, notes


def _decided(
    candidates: Sequence[Candidate], asked: Asked, when: datetime | None
) -> tuple[dict[str, tuple[Verdict, ...]], list[str] | None]:
    """Verdicts by candidate, and with several the answers."""
    if len(candidates) == 1:
        (only,) = candidates
        verdicts = attribute(
            only.tables,
            profile=only.profile,
            alpha=asked.alpha,
            beta=asked.beta,
            rule=asked.rule,
            when=when,
            file=only.file,
        )
        return {only.name: verdicts}, None
    decisions = attribute(candidates, alpha=asked.alpha, beta=asked.beta, rule=asked.rule, when=when)
    by_name = {each.name: tuple(item.verdicts[place] for item in decisions) for place, each in enumerate(candidates)}
    return by_name, [item.answer for item in decisions]


def _ratios(profile: Profile, verdicts: Sequence[Verdict]) -> tuple[list[Likelihood | None], str | None]:
    """Likelihood ratios, or why there are none."""
    try:
        return likelihoods(profile, verdicts), None
    except ProfileError as error:
        return [None] * len(verdicts), f"no likelihood ratios: {error}"


def rates_of(
    images: Sequence[TrialImage], *, candidate: str, edit: str, asked: Asked, notes: Sequence[str] = ()
) -> CandidateRates:
    """The rates of one candidate after one edit.

    Args:
        images: of any candidate and edit.
        candidate: whose rates.
        edit: after which.
        asked: how they were judged.
        notes: what is to be said beside them.
    """
    own = [image for image in images if image.candidate == candidate and image.edit == edit]
    counted = [image for image in own if image.left_out is None]
    ours = [image for image in counted if image.belongs]
    theirs = [image for image in counted if not image.belongs]
    several = _conditions(counted)
    if len(several) > 1:
        note = f"no curves: statistics under conditions {', '.join(several)} of the profile are on no common scale"
        notes = (*notes, note)
    kinds = sorted({image.kind: not image.belongs for image in own}.items(), key=lambda item: item[1])  # ours first
    counts = confusion((image.verdict for image in ours), (image.verdict for image in theirs))
    decided = counts.tp + counts.fp + counts.fn + counts.tn
    unclaimed = counts.undecided_as_unclaimed()
    scale = len(several) < 2
    own_statistic, other_statistic = _statistics(ours if scale else []), _statistics(theirs)
    return CandidateRates(
        candidate=candidate,
        edit=edit,
        kinds={kind: _kind([image for image in own if image.kind == kind], own_statistic, asked) for kind, _ in kinds},
        confusion=counts,
        accuracy=_share(counts.tp + counts.tn, decided, asked),
        right=_share(unclaimed.tp + unclaimed.tn, len(counted), asked),
        coverage=_share(decided, len(counted), asked),
        missed=_share(counts.fn, len(ours), asked),
        found=_share(counts.supported_belonging, len(ours), asked),
        false_claims=_share(counts.supported_foreign, len(theirs), asked),
        auc=auc_if_defined(own_statistic, other_statistic, confidence=asked.confidence),
        tpr=tpr_if_shown(own_statistic, other_statistic, asked.fpr, confidence=asked.confidence),
        cllr=_cllr(counted),
        notes=tuple(notes),
    )


def _kind(images: Sequence[TrialImage], ours: Vector, asked: Asked) -> KindRates:
    """The rates of one kind, with curves against the belongings' statistics."""
    counted = [image for image in images if image.left_out is None]
    counts = Counter(image.verdict.outcome for image in counted)
    belongs = images[0].belongs
    theirs = _statistics([] if belongs else counted)
    return KindRates(
        kind=images[0].kind,
        belongs=belongs,
        images=len(counted),
        outcomes={outcome: share(counts[outcome], len(counted), asked.confidence) for outcome in Outcome if counted},
        abstentions=_frequent(image.abstention for image in counted),
        left_out=_frequent(image.left_out for image in images),
        auc=auc_if_defined(ours, theirs, confidence=asked.confidence),
        tpr=tpr_if_shown(ours, theirs, asked.fpr, confidence=asked.confidence),
    )


def _frequent(reasons: Iterable[str | None]) -> dict[str, int]:
    """How often each reason occurs, the most frequent first."""
    return dict(Counter(reason for reason in reasons if reason is not None).most_common())


def _conditions(images: Sequence[TrialImage]) -> tuple[str, ...]:
    """The conditions of the profile that statistics are of; an image that none covers is scored under the first."""
    first = ""
    return tuple(
        sorted({(image.verdict.conditions or (first,))[0] for image in images if image.verdict.statistic is not None})
    )


def _statistics(images: Sequence[TrialImage]) -> Vector:
    """The statistic of each image, NaN where it is undefined."""
    return np.array(
        [np.nan if image.verdict.statistic is None else image.verdict.statistic for image in images], dtype=np.float64
    )


def _share(count: int, total: int, asked: Asked) -> Share | None:
    return share(count, total, asked.confidence) if total else None


def _cllr(images: Sequence[TrialImage]) -> Cllr | None:
    """The cost of the likelihood ratios; None where a side has none."""
    sides: dict[tuple[bool, str], list[float]] = {}
    for image in images:
        ratio = np.nan if image.likelihood is None else image.likelihood.log10
        sides.setdefault((image.belongs, "" if image.belongs else image.kind), []).append(ratio)
    ours = np.array(sides.pop((True, ""), []))
    pools = [np.array(values) for values in sides.values()]
    if not np.isfinite(ours).any() or not any(np.isfinite(pool).any() for pool in pools):
        return None
    return cllr(ours, pools)


def answers_of(images: Sequence[TrialImage], *, edit: str, asked: Asked) -> dict[str, dict[str, Share]]:
    """By kind, the share of images with each answer of all candidates together.

    Args:
        images: of any edit; of each, the first candidate's row is looked at, as the answer is the same in all.
        edit: after which.
        asked: how they were judged.
    """
    first = next((image.candidate for image in images), None)
    counted: dict[str, Counter[str]] = {}
    for image in images:
        if image.candidate == first and image.edit == edit and image.answer is not None and image.left_out is None:
            counted.setdefault(image.kind, Counter())[image.answer] += 1
    return {
        kind: {answer: share(count, answers.total(), asked.confidence) for answer, count in answers.most_common()}
        for kind, answers in counted.items()
    }
