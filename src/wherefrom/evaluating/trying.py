"""`wherefrom.evaluate`: profiles tried on images of known origin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom.attribution import Candidate
from wherefrom.candidates import open_candidates, score_candidates
from wherefrom.core.clock import timestamp
from wherefrom.core.errors import UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.core.given import check_names, refuse_name
from wherefrom.core.shares import check_share
from wherefrom.core.version import VERSION
from wherefrom.evaluation.counting import Asked, Label, answers_of, judged_images, rates_of
from wherefrom.evaluation.labelled import Trial, TrialImage
from wherefrom.images.batches import read_ahead
from wherefrom.images.edited import edited_images
from wherefrom.images.edits import Edit
from wherefrom.images.read import DEFAULT_LIMITS, ImageRecord, Limits
from wherefrom.images.sources import Source, given_images
from wherefrom.profiling.conditions import loaded_edits
from wherefrom.records.profile import UNEDITED, Profile
from wherefrom.rules import load as load_rule
from wherefrom.rules.base import Rule

if TYPE_CHECKING:
    from typing import Any

    from wherefrom.images.sources import Image
    from wherefrom.methods.base import Method
    from wherefrom.models.base import Model
    from wherefrom.records.table import ScoreTable
    from wherefrom.scoring.scorer import Scorer

__all__ = ["evaluate"]


def evaluate(
    candidates: Profile | Mapping[str, Profile] | Sequence[Candidate],
    *,
    belonging: Iterable[Image] | Mapping[str, Iterable[Image]],
    foreign: Mapping[str, Iterable[Image]] | None = None,
    edits: Sequence[str] = (UNEDITED,),
    alpha: float = 0.05,
    beta: float = 0.01,
    rule: Rule | str = "conformal",
    fpr: float = 0.01,
    confidence: float = 0.95,
    seed: int = 0,
    store: str | Path | None = None,
    score: Scorer | None = None,
    limits: Limits = DEFAULT_LIMITS,
    when: datetime | None = None,
) -> Trial:
    """How often what profiles say of images is right, measured on images of known origin.

    Each image goes through each edit in memory, is scored under each candidate and judged by
    `wherefrom.attribution.attribute`, as an image in question is: with several candidates that is attribution among all
    of them. Images that cannot be scored, that the profile was made of, or whose pixels are there twice count in no
    rate; they are counted by reason.

    Args:
        candidates: a profile, profiles by name, or what `wherefrom.open_candidates` gives.
        belonging: images that the model made; of several candidates, or by choice of one, by the candidates' names.
        foreign: images that no candidate made, by a name for each kind.
        edits: what the images go through first, as `("none", "jpeg:75")`.
        alpha: the bound on missed belongings of each candidate, in (0, 1).
        beta: the bound on a false claim for any candidate, in (0, 1).
        rule: where to cut.
        fpr: the rate of false claims at which the share of found belongings is given, in (0, 1).
        confidence: of the intervals, in (0, 1).
        seed: of edits that draw numbers.
        store: where scores are kept; see `wherefrom.score`.
        score: how images are scored, in place of `store`.
        limits: on bytes and pixels of a file.
        when: the time that verdicts say; None is now.

    Raises:
        UsageError: when belongings are not by the names of the candidates, a kind has a candidate's name or no image,
            or an edit is none or named twice.
        ProfileError: when a model is not the one that was profiled, or alpha needs more belongings than a profile has.

    Example:
        >>> import numpy as np, wherefrom as wf
        >>> model, rng = wf.load_model("toy"), np.random.default_rng(0)
        >>> def noise(count):
        ...     return list(rng.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8))
        >>> made = wf.profile(
        ...     belonging=noise(19), foreign={"noise": noise(9)}, model=model, method=wf.methods.load("aedr")
        ... )
        >>> trial = wf.evaluate(made, belonging=noise(5), foreign={"more noise": noise(5)}, beta=0.1)
        >>> trial.of().kinds["more noise"].images
        5
    """
    asked = Asked(
        alpha=check_share("alpha", alpha),
        beta=check_share("beta", beta),
        rule=load_rule(rule) if isinstance(rule, str) else rule,
        fpr=check_share("fpr", fpr),
        confidence=check_share("confidence", confidence),
    )
    wanted = loaded_edits(edits)
    several = _candidates(candidates)
    images, labels = _labelled(several, belonging, foreign or {})
    originals = _facts(images, limits) if wanted != loaded_edits([UNEDITED]) else None
    how = score or _keeping(store)
    found: list[TrialImage] = []
    rates, answers = [], {}
    for edit in wanted:
        edited = edited_images(images, edit, seed=seed, limits=limits)
        scored = score_candidates(edited, several, score=_named(how, edit), limits=limits)
        judged, notes = judged_images(scored, labels, edit=edit.name, asked=asked, originals=originals, when=when)
        found += judged
        rates += [
            rates_of(judged, candidate=each.name, edit=edit.name, asked=asked, notes=notes[each.name])
            for each in several
        ]
        if len(several) > 1:
            answers[edit.name] = answers_of(judged, edit=edit.name, asked=asked)
    return Trial(
        alpha=asked.alpha,
        beta=asked.beta,
        rule=asked.rule.card.name,
        fpr=asked.fpr,
        confidence=asked.confidence,
        profiles={each.name: each.profile.digest for each in several},
        edits=tuple(edit.name for edit in wanted),
        rates=tuple(rates),
        answers=answers,
        images=tuple(found),
        version=VERSION,
        time=timestamp(when),
    )


def _candidates(given: Profile | Mapping[str, Profile] | Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Candidates with their models opened.

    Raises:
        UsageError: when there is none.
    """
    refuse_name("profile", given, "wf.load_profile")
    if isinstance(given, Profile):
        given = {given.model.name: given}
    found = open_candidates(given) if isinstance(given, Mapping) else tuple(given)
    if not found:
        raise UsageError("no profile to evaluate: give at least one")
    return found


def _labelled(
    candidates: Sequence[Candidate],
    belonging: Iterable[Image] | Mapping[str, Iterable[Image]],
    foreign: Mapping[str, Iterable[Image]],
) -> tuple[tuple[Source, ...], list[Label]]:
    """All images, and a label for each.

    Raises:
        UsageError: when names do not fit.
    """
    check_names("foreign", foreign, "{'photos': photos}")
    names = [each.name for each in candidates]
    if isinstance(belonging, Mapping):
        own: Mapping[str, Iterable[Image]] = belonging
    elif len(candidates) == 1:
        own = {names[0]: belonging}
    else:
        raise UsageError(
            f"belongings of {len(names)} candidates: give them by the candidates' names, {', '.join(names)}"
        )
    odd = [name for name in own if name not in names]
    if odd:
        raise UsageError(f"belongings of {odd[0]!r}, which is none of the candidates {', '.join(names)}")
    twice = [name for name in foreign if name in names]
    if twice:
        raise UsageError(f"foreign images {twice[0]!r} have the name of a candidate: give them another name")
    images: list[Source] = []
    labels: list[Label] = []
    for kind, given in [*own.items(), *foreign.items()]:
        listed = given_images(given)
        if not listed:
            raise UsageError(f"{kind}: no image to evaluate on, give some")
        images += listed
        labels += [Label(kind=kind, candidate=kind if kind in own else None)] * len(listed)
    return tuple(images), labels


def _facts(images: Sequence[Source], limits: Limits) -> list[ImageFacts]:
    """Of each image before any edit, by whose pixels it is known again."""
    with closing(read_ahead(images, limits=limits)) as records:
        return [record.facts if isinstance(record, ImageRecord) else record for record in records]


def _keeping(store: str | Path | None) -> Scorer:
    """Scores that are kept in a file."""
    from wherefrom.scoring.run import score

    def kept(images: Sequence[Source], *, model: Model, method: Method[Any], seed: int, label: str) -> ScoreTable:
        del label
        return score(images, model=model, method=method, seed=seed, store=store)

    return kept


def _named(score: Scorer, edit: Edit) -> Scorer:
    """The same, with the edit said to a person who waits."""
    if edit.name == UNEDITED:
        return score

    def named(images: Sequence[Source], *, model: Model, method: Method[Any], seed: int, label: str) -> ScoreTable:
        return score(images, model=model, method=method, seed=seed, label=f"{label}, images after {edit}")

    return named
