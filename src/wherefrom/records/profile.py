"""A profile: how known belongings, and named pools of known non-belongings, score under one model and method.

A profile may hold several conditions: the same images after each of several edits, since an image is rarely met as the
decoder left it. Each condition is a profile by itself, of the images as its edit left them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from wherefrom.core.arrays import Vector
from wherefrom.core.card import Card
from wherefrom.core.errors import ProfileError
from wherefrom.core.facts import ImageFacts
from wherefrom.records.findings import Audit, Finding
from wherefrom.records.table import ScoreTable

__all__ = ["UNEDITED", "Audit", "Coverage", "Finding", "Omission", "Profile"]

UNEDITED: Final = "none"
"""The condition of images as they were given."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """For which images a profile speaks: those of the kind that it was made from.

    Attributes:
        pixels: the smallest and the largest number of scored pixels, with the tolerated factor already applied.
        lossless: whether belongings were stored without loss.
        jpeg_quality: the lowest and highest estimated JPEG quality of belongings, with tolerance; None without JPEGs.
        other_lossy: names of other lossy formats among belongings.
        changes: what had to be converted in reading belongings, every combination that occurs, the empty one for those
            that were taken as they are; None in a profile of an earlier version, for which its belongings say it.
    """

    pixels: tuple[int, int]
    lossless: bool
    jpeg_quality: tuple[float, float] | None = None
    other_lossy: tuple[str, ...] = ()
    changes: tuple[tuple[str, ...], ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Omission:
    """One image that was given to a profile and does not count.

    Attributes:
        pool: the pool's name; None for a belonging.
        name: the image's name.
        reason: the row's error, or of a belonging that the statistic is undefined.
    """

    pool: str | None
    name: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Profile:
    """How known belongings and named pools of non-belongings score under one model and method.

    The fields are those of the first condition; `conditions` has all of them, each as a profile by itself.

    Attributes:
        model: the model's card; scores of another card are refused.
        method: the method's card, options included.
        measure: the card of what was asked of the model.
        seed: the root seed of the scores.
        fit: what the method learned from the first half of the belongings; empty for a method that learns nothing.
        belonging: all belongings, with the raw columns that the method reads; further ones where they were named, so
            that another method can be tried without the model.
        ranked: which rows of `belonging` are ranked against: all that have a statistic or, for a method that learns,
            those of the half that was not learned from.
        foreign: the named pools.
        statistic: statistics of the ranked belongings, shape `(n,)`, finite.
        foreign_statistic: statistics of each pool, +inf for an image whose statistic is undefined, which is never
            claimed; profiles of earlier versions lack such images.
        coverage: for which images the profile speaks.
        audit: whether the files differ in anything but content.
        omitted: images that were given but do not count, each with its reason; never removed silently.
        version: the version of `wherefrom` that made it.
        asked: the method itself, where the profile was just made; None for one that was read from a file.
        edit: what was done to the images before they were scored, as `jpeg:75`; `none` for images as they were given.
        further: the conditions after the first, each under another edit.
    """

    model: Card
    method: Card
    measure: Card
    seed: int
    fit: Mapping[str, Vector]
    belonging: ScoreTable
    ranked: tuple[int, ...]
    foreign: Mapping[str, ScoreTable]
    statistic: Vector
    foreign_statistic: Mapping[str, Vector]
    coverage: Coverage
    audit: Audit = field(default_factory=Audit)
    omitted: tuple[Omission, ...] = ()
    version: str = ""
    asked: Any = field(default=None, repr=False)
    edit: str = UNEDITED
    further: tuple[Profile, ...] = ()

    def __post_init__(self) -> None:
        """Refuse conditions that do not belong together.

        Raises:
            ProfileError: when two are of one edit, or one is of another decoder, seed or set of pools.
        """
        named = [self.edit]
        for other in self.further:
            if other.further:
                raise ProfileError(f"condition {other.edit} has further conditions of its own: give each by itself")
            if other.edit in named:
                raise ProfileError(f"two conditions of the profile are of the edit {other.edit}: keep one of them")
            named.append(other.edit)
            for what, here, there in (
                ("decoder", self.decoder, other.decoder),
                ("root seed", self.seed, other.seed),
                ("pools", sorted(self.foreign), sorted(other.foreign)),
            ):
                if here != there:
                    raise ProfileError(
                        f"conditions {self.edit} and {other.edit} of the profile differ in their {what}"
                        f" ({here}, {there}): make a profile for each"
                    )

    @property
    def conditions(self) -> Mapping[str, Profile]:
        """All conditions by their edits, each as a profile by itself, in the order in which they were added."""
        first = dataclasses.replace(self, further=()) if self.further else self
        return {each.edit: each for each in (first, *self.further)}

    def condition(self, edit: str) -> Profile:
        """One of the conditions as a profile by itself.

        Raises:
            ProfileError: when there is none of this edit; the message names those that there are.
        """
        condition = self.conditions.get(edit)
        if condition is None:
            raise ProfileError(
                f"the profile has no condition {edit}, only {', '.join(self.conditions)}: add it by"
                f" `wherefrom profile --add-edit {edit}`, or name one of these"
            )
        return condition

    @property
    def decoder(self) -> str:
        """The digest of the decoder's weights; of the model where it names none."""
        return str(self.model.facts.get("decoder") or self.model.digest)

    @property
    def unranked(self) -> int:
        """How many belongings that were not learned from have no rank: no statistic, or an error.

        A method that learns has halves of the images that it could score; of those with an error half is counted, as
        none was drawn for them.
        """
        scored = int(np.count_nonzero(self.belonging.scored))
        failed = len(self.belonging) - scored
        if self.fit:
            scored, failed = scored - scored // 2, failed - failed // 2
        return scored - len(self.ranked) + failed

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why its verdicts are worth less than they look, in sentences; see `wherefrom.records.warnings`."""
        from wherefrom.records.warnings import profile_warnings

        if not self.further:
            return profile_warnings(self)
        return tuple(
            f"condition {edit}: {warning}"
            for edit, condition in self.conditions.items()
            for warning in condition.warnings
        )

    @property
    def digest(self) -> str:
        """SHA-256 of all that a verdict depends on, hexadecimal.

        That is the cards, the images' digests, their raw columns, the statistics, what was learned, what is covered and
        what the audit found; not the files' names, nor the notes on the cards. A profile of images as they were given,
        and of no other condition, has the digest of its content alone.
        """
        if self.edit == UNEDITED and not self.further:
            return self._content_digest
        conditions = [[each.edit, each._content_digest] for each in (self, *self.further)]
        return hashlib.sha256(json.dumps(conditions).encode()).hexdigest()

    @property
    def _content_digest(self) -> str:
        """SHA-256 of what a verdict under the first condition depends on."""
        content: dict[str, Any] = {
            "cards": [self.model.digest, self.method.digest, self.measure.digest, self.seed],
            "belonging": _content(self.belonging),
            "ranked": list(self.ranked),
            "statistic": _hex(self.statistic),
            "fit": {name: _hex(values) for name, values in sorted(self.fit.items())},
            "foreign": {
                name: [_content(table), _hex(self.foreign_statistic[name])]
                for name, table in sorted(self.foreign.items())
            },
            "coverage": {
                name: value for name, value in dataclasses.asdict(self.coverage).items() if (name, value) != _NO_CHANGES
            },
            "audit": [dataclasses.asdict(finding) for finding in self.audit.findings],
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


_NO_CHANGES: Final = ("changes", None)
"""What profiles of earlier versions, whose digests were taken without it, lack of their coverage."""


def _hex(values: Vector) -> str:
    """The exact bits of the numbers, the same on every machine."""
    return hashlib.sha256(np.ascontiguousarray(values, dtype="<f8").tobytes()).hexdigest()


def _content(table: ScoreTable) -> list[Any]:
    """What a table says of its images, without their names."""
    images = [[facts.file_digest, facts.pixel_digest, facts.error is None, *_later(facts)] for facts in table.images]
    return [images, table.sizes, {name: _hex(table.scores[name]) for name in sorted(table.scores.names)}]


def _later(facts: ImageFacts) -> list[Any]:
    """Facts that tables of earlier versions lack, whose digests were taken without them."""
    later: list[Any] = [facts.scored_digest, facts.origin, facts.origin_decoder, facts.jpeg_grid]
    if facts.appearance is not None:
        later.append(dataclasses.astuple(facts.appearance))
    return later if any(fact is not None for fact in later) else []
