"""Images asked about again after each change, under every candidate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

from wherefrom.attribution import Candidate, attribute
from wherefrom.candidates import score_candidates
from wherefrom.candidates.looking import look
from wherefrom.images.in_memory import single
from wherefrom.images.read import DEFAULT_LIMITS, Limits
from wherefrom.images.sources import Image, Source, given_images
from wherefrom.records.coverage import covered_by
from wherefrom.records.profile import Profile
from wherefrom.records.stability import AfterChange, Stability
from wherefrom.records.verdict import Outcome, Verdict
from wherefrom.rules.base import Rule
from wherefrom.scoring.scorer import Scorer
from wherefrom.stability.changes import Change, changed, changes_for

__all__ = ["changes_of", "deciding_changes", "measure_stability"]

_AT_ONCE: Final = 64
"""Images whose changed copies are in memory together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asking:
    """How images are asked about and judged; see `measure_stability`."""

    candidates: Sequence[Candidate]
    alpha: float
    beta: float
    rule: Rule | str
    edit: str | None
    score: Scorer | None
    limits: Limits


def changes_of(candidates: Sequence[Candidate]) -> tuple[Change, ...]:
    """The changes that are tried for candidates: one is by whole cells of all their grids.

    Args:
        candidates: with their models opened.
    """
    return changes_for(math.lcm(*(int(each.model.factor) for each in candidates)))


def deciding_changes(candidates: Sequence[Candidate]) -> tuple[Change, ...]:
    """Those of the changes after which an answer may count, by the conditions of the candidates' profiles.

    Args:
        candidates: with their models opened.
    """
    profiles = [each.profile for each in candidates]
    return tuple(change for change in changes_of(candidates) if any(_may_count(change, one) for one in profiles))


def _may_count(change: Change, profile: Profile) -> bool:
    """Whether a profile speaks for any image after a change; of a JPEG where it covers JPEG files."""
    conditions = profile.conditions
    if not change.covered_by(tuple(conditions)):
        return False
    jpeg = any(covered_by(condition).jpeg_quality is not None for condition in conditions.values())
    return jpeg or not change.edit.startswith("jpeg")


def measure_stability(
    images: Image | Iterable[Image],
    candidates: Candidate | Sequence[Candidate],
    *,
    alpha: float = 0.05,
    beta: float = 0.01,
    rule: Rule | str = "conformal",
    edit: str | None = None,
    score: Scorer | None = None,
    limits: Limits = DEFAULT_LIMITS,
    changes: Sequence[Change] | None = None,
) -> tuple[Stability, ...]:
    """What is said of images after each of several harmless changes, under every candidate.

    An image after a change is judged as any other. One that no candidate's profile covers is not asked about. The
    answers that harmless changes leave are made by `wherefrom.attribution.steady_verdicts` and `steady_attributions`.

    Args:
        images: in question, as for `load_images`; what that gave is taken as it is.
        candidates: one or several, with their models opened, as by `open_candidates`.
        alpha: as for `attribute`.
        beta: as for `attribute`.
        rule: as for `attribute`.
        edit: what the images went through, where that is known: only this condition of each profile counts.
        score: how images are scored; None shows and keeps nothing.
        limits: on bytes and pixels of a file.
        changes: that are tried, at least one; None are all of `changes_of`.

    Returns:
        One an image, in their order, with a row a change.

    Raises:
        ProfileError: as `attribute`.
        WherefromError: as `wherefrom.scoring.run.score`.
    """
    candidates = (candidates,) if isinstance(candidates, Candidate) else candidates
    sources = _listed(images)
    asking = _Asking(candidates=candidates, alpha=alpha, beta=beta, rule=rule, edit=edit, score=score, limits=limits)
    tried = changes_of(candidates) if changes is None else changes
    found: list[Stability] = []
    for start in range(0, len(sources), _AT_ONCE):
        some = sources[start : start + _AT_ONCE]
        columns = [list(_after(some, change, asking)) for change in tried]
        found += [
            Stability(name=image.name, rows=rows) for image, rows in zip(some, zip(*columns, strict=True), strict=True)
        ]
    return tuple(found)


def _listed(images: Image | Iterable[Image]) -> Sequence[Source]:
    """Images as sources, those that are sources as they are."""
    if single(images):
        return given_images(images)
    several = tuple(cast("Iterable[Image]", images))
    sources = [each for each in several if isinstance(each, Source)]
    return sources if len(sources) == len(several) else given_images(several)


def _after(images: Sequence[Source], change: Change, asking: _Asking) -> Iterator[AfterChange]:
    """What is said of each image after one change."""
    copies = [changed(image, change, limits=asking.limits) for image in images]
    looks = [look(each, copies, edit=asking.edit, limits=asking.limits) for each in asking.candidates]
    places = [place for place in range(len(copies)) if any(found[place].covered for found in looks)]
    said = dict(zip(places, _judged([copies[place] for place in places], asking), strict=True)) if places else {}
    names = [each.name for each in asking.candidates]
    for place in range(len(copies)):
        verdicts = said.get(place, {})
        yield AfterChange(
            change=change.name,
            words=change.words,
            outcomes={name: verdicts[name].outcome if verdicts else Outcome.UNDECIDED for name in names},
            statistics={name: verdicts[name].statistic if verdicts else None for name in names},
            covered={name: bool(verdicts) and change.covered_by(verdicts[name].conditions) for name in names},
        )


def _judged(images: Sequence[Source], asking: _Asking) -> list[dict[str, Verdict]]:
    """The verdicts on each image, by the candidates' names."""
    bare = [replace(each, tables={}) for each in asking.candidates]
    scored = score_candidates(images, bare, edit=asking.edit, score=asking.score, limits=asking.limits)
    if len(scored) == 1:
        (only,) = scored
        verdicts = attribute(
            only.tables,
            profile=only.profile,
            alpha=asking.alpha,
            beta=asking.beta,
            rule=asking.rule,
            edit=asking.edit,
            method=only.method,
        )
        return [{only.name: verdict} for verdict in verdicts]
    found = attribute(scored, alpha=asking.alpha, beta=asking.beta, rule=asking.rule, edit=asking.edit)
    return [dict(zip(item.candidates, item.verdicts, strict=True)) for item in found]
