"""What files tell of the conditions of a profile, before any model is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from wherefrom.attribution import Candidate
from wherefrom.core.errors import ImageError
from wherefrom.core.facts import ImageFacts
from wherefrom.images.batches import read_ahead
from wherefrom.images.read import DEFAULT_LIMITS, ImageRecord, Limits
from wherefrom.images.sources import Source
from wherefrom.models.adapters.asked_part import asked_part
from wherefrom.models.adapters.through import THROUGH, through
from wherefrom.models.base import Model
from wherefrom.records.coverage import covered_by, uncovered
from wherefrom.records.profile import UNEDITED, Profile

__all__ = ["Look", "conditions_of", "look", "through_fact"]


def through_fact(condition: Profile) -> str:
    """The edit that a condition's model is asked through, `none` where it is asked as it is."""
    return str(condition.model.facts.get(THROUGH, UNEDITED))


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What an image's file tells of the conditions of a candidate's profile, before any model is asked.

    Attributes:
        facts: of the file; with an error where it cannot be read.
        outside: by condition, why it does not cover the image; None where it does.
    """

    facts: ImageFacts
    outside: Mapping[str, str | None]

    @property
    def covered(self) -> bool:
        """Whether a condition covers the image, or the file cannot be read, which the scores will say."""
        return self.facts.error is not None or None in self.outside.values()

    @property
    def reason(self) -> str:
        """Why no condition covers the image; of several conditions, each one's reason after its edit."""
        several = len(self.outside) > 1
        return "; ".join(f"{edit}: {why}" if several else str(why) for edit, why in self.outside.items())


def look(
    candidate: Candidate, images: Sequence[Source], *, edit: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> list[Look]:
    """Which conditions of a candidate's profile may count for each image.

    A condition may not that covers the image neither in the size in which it would be scored nor in that of its file.

    Args:
        candidate: with its model opened.
        images: in question.
        edit: the only condition that counts; None: all.
        limits: on bytes and pixels of a file.
    """
    conditions = conditions_of(candidate, edit)
    models = {name: through(candidate.model, through_fact(condition)) for name, condition in conditions.items()}
    found = []
    with closing(read_ahead(images, limits=limits)) as records:
        for record in records:
            facts = record.facts if isinstance(record, ImageRecord) else record
            outside = {}
            for name, condition in conditions.items():
                said = [uncovered(facts, size, covered_by(condition)) for size in _sizes(record, models[name])]
                outside[name] = None if None in said else said[0]
            found.append(Look(facts=facts, outside=outside))
    return found


def _sizes(record: ImageRecord | ImageFacts, model: Model) -> Iterator[tuple[int, int] | None]:
    """Of an image, `(height, width)` as it would be scored and as it is stored; None where it could not be read."""
    if not isinstance(record, ImageRecord):
        yield None
        return
    try:
        height, width, _ = asked_part(record.pixels, model).shape
    except ImageError:
        pass
    else:
        yield height, width
    facts = record.facts
    yield (facts.height, facts.width) if facts.height and facts.width else None


def conditions_of(candidate: Candidate, edit: str | None) -> Mapping[str, Profile]:
    """The conditions that count: all, or the only one that is named.

    Args:
        candidate: whose profile has them.
        edit: of the only one that counts; None: all.

    Raises:
        ProfileError: when the profile has none of this edit.
    """
    return candidate.profile.conditions if edit is None else {edit: candidate.profile.condition(edit)}
