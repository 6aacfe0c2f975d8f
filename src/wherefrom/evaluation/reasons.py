"""Why an image of known origin counts in no rate, and why nothing is said of it: in words that images share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from wherefrom.core.facts import ImageFacts
from wherefrom.records.coverage import covered_by, uncovered
from wherefrom.records.profile import Profile
from wherefrom.records.verdict import Outcome, Verdict

__all__ = ["abstention", "known_images", "left_out"]

_SAME_PIXELS: Final = "the same pixels were given under another label"
_REPEATED: Final = "the same pixels were given before"
_OWN: Final = "the profile was made of it"
_LOOKS_LIKE: Final = ", but it looks like "
"""In the reason of a verdict on a near copy, which names the image that it looks like."""
_NUMBER: Final = re.compile(r"[-+]?\d[\d.,]*(?:e[-+]?\d+)?")


def left_out(
    verdicts: Sequence[Verdict],
    kinds: Sequence[str],
    profile: Profile,
    originals: Sequence[ImageFacts] | None = None,
) -> list[str | None]:
    """Why each image counts in no rate: an error, pixels that were given before, or that the profile knows.

    Args:
        verdicts: on images after one edit.
        kinds: their labels.
        profile: by which they were judged.
        originals: of the images before the edit, in the same order.
    """
    shown = [verdict.image.digests for verdict in verdicts]
    if originals is not None:
        shown = [digests | facts.digests for digests, facts in zip(shown, originals, strict=True)]
    given: dict[str, set[str]] = {}
    for digests, kind in zip(shown, kinds, strict=True):
        for digest in digests:
            given.setdefault(digest, set()).add(kind)
    known = known_images(profile)
    seen: set[str] = set()
    reasons: list[str | None] = []
    for verdict, digests in zip(verdicts, shown, strict=True):
        if verdict.image.error is not None:
            reasons.append(f"not scored: {_NUMBER.sub('N', _without_name(verdict.image))}")
        elif any(len(given[digest]) > 1 for digest in digests):
            reasons.append(_SAME_PIXELS)
        elif known & digests:
            reasons.append(_OWN)
        else:
            reasons.append(_REPEATED if seen & digests else None)
        seen |= digests
    return reasons


def _without_name(facts: ImageFacts) -> str:
    """An error in words that it shares with others of its sort."""
    return str(facts.error).replace(facts.name, "the file")


def known_images(profile: Profile) -> frozenset[str]:
    """Digests of every image that a profile was made of."""
    conditions = profile.conditions.values()
    tables = [table for condition in conditions for table in (condition.belonging, *condition.foreign.values())]
    return frozenset(
        digest for table in tables for facts in table.images if facts.error is None for digest in facts.digests
    )


def abstention(verdict: Verdict, profile: Profile) -> str | None:
    """Why nothing is said of an image; None where something is.

    Args:
        verdict: on the image.
        profile: by which it was judged.
    """
    if verdict.outcome is not Outcome.UNDECIDED:
        return None
    if verdict.image.error is not None:
        return "not scored"
    if not verdict.conditions:
        return f"not covered by the profile: {_uncovered(verdict.image, profile)}"
    if verdict.statistic is None:
        return "the statistic is undefined: flat, or too smooth to tell"
    if _LOOKS_LIKE in verdict.reason:
        return "looks like an image that the profile was made of"
    like = [name for name, p in verdict.p_foreign.items() if p > verdict.beta]
    if like and verdict.p_belonging is not None and verdict.p_belonging > verdict.alpha:
        return f"ranks as a belonging and as an image of {' and '.join(like)}"
    return _NUMBER.sub("N", verdict.reason)


def _uncovered(facts: ImageFacts, profile: Profile) -> str:
    """Whether it is the storage or a conversion that no condition covers, or the size."""
    reasons = [uncovered(facts, None, covered_by(condition)) for condition in profile.conditions.values()]
    if None in reasons:
        return "another size"
    if all(str(why).startswith(("converted in reading", "taken as stored")) for why in reasons):
        return "converted in reading"
    return f"stored as {facts.format or 'an unknown format'}{' with loss' if facts.lossy else ''}"
