"""What a person should know of a profile before its verdicts are believed: worked out from what it holds, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import numpy as np

from wherefrom.core.arrays import Vector
from wherefrom.core.card import Card
from wherefrom.core.facts import ImageFacts
from wherefrom.core.shares import fewest, rounded_up
from wherefrom.core.units import GRID_ALARMS
from wherefrom.records.audit import GRID_KEPT
from wherefrom.records.findings import Audit
from wherefrom.records.near_copies import index_of, related
from wherefrom.records.table import ScoreTable

__all__ = ["apart_by_chance", "image_warnings", "profile_warnings", "reversed_pools"]

_ALPHA: Final = 0.05
"""The bound on misses that a profile is expected to hold."""
_CHANCE: Final = 1e-3
"""What would come by chance with at least this probability is no cause for a warning."""
_BETA: Final = 0.01
"""The bound on false claims that a profile is expected to hold."""
_COPIES: Final = 0.1
"""A share of near copies that is worth a word."""
_FILLED: Final = 0.75
"""Near copies or tiles fill what is worth less than this share of its number."""
_MANY: Final = 1_000
"""Images from which on a table is not counted exactly."""
_ROUND_TRIP: Final = "round trip"


class Warned(Protocol):
    """What is read here of a `wherefrom.records.profile.Profile`, which in turn asks for its warnings."""

    @property
    def model(self) -> Card: ...
    @property
    def decoder(self) -> str: ...
    @property
    def fit(self) -> Mapping[str, Vector]: ...
    @property
    def belonging(self) -> ScoreTable: ...
    @property
    def ranked(self) -> tuple[int, ...]: ...
    @property
    def foreign(self) -> Mapping[str, ScoreTable]: ...
    @property
    def statistic(self) -> Vector: ...
    @property
    def foreign_statistic(self) -> Mapping[str, Vector]: ...
    @property
    def audit(self) -> Audit: ...


def profile_warnings(profile: Warned) -> tuple[str, ...]:
    """Why a profile is not as good as it looks, each with the way out; empty for a good one.

    That is what the audit found, too few belongings, a pool that scores below the belongings, images that say of
    themselves that they are on the wrong side, a JPEG's grid in the pixels of one side only, and images that look like
    each other or were cut from one.
    """
    sentences = [finding.message for finding in profile.audit.findings if finding.decides]
    sentences += _too_few(profile) + _swapped(profile) + _origins(profile) + _grids(profile)
    sentences += _related(profile) + _on_both_sides(profile)
    return tuple(sentences)


def image_warnings(facts: ImageFacts, profile: Warned) -> tuple[str, ...]:
    """What a person should know of an image in question before the verdict on it is believed.

    Args:
        facts: of the image.
        profile: under which it is judged.
    """
    sentences = []
    if facts.origin == _ROUND_TRIP:
        sentences.append(
            "the file says that it is a round trip: an image of other origin that a decoder made anew from its encoding"
        )
    if facts.jpeg_grid and not any(own.jpeg_grid for own in profile.belonging.images):
        sentences.append(
            "its pixels show the 8 x 8 grid of a JPEG, those of the belongings none: it was stored with loss before, "
            "which by itself moves the statistic upwards"
        )
    return tuple(sentences)


def _too_few(profile: Warned) -> list[str]:
    count, needed = len(profile.ranked), fewest(_ALPHA)
    if count >= needed:
        return []
    twice = f" ({2 * needed} in all, since half of them are learned from)" if profile.fit else ""
    way = f"add images, or ask for alpha >= {rounded_up(1 / (count + 1)):g}"
    return [f"{count} belongings are ranked, alpha={_ALPHA:g} needs {needed}{twice}: {way}"]


def reversed_pools(profile: Warned) -> tuple[str, ...]:
    """Names of pools whose images score lower than the belongings, by more than chance."""
    lower = {name: values for name, values in profile.foreign_statistic.items() if _lower(values, profile.statistic)}
    if not lower:  # as in most profiles: no test is needed, and loading it takes longer than to judge a verdict
        return ()
    from scipy import stats

    return tuple(
        name
        for name, values in lower.items()
        if stats.mannwhitneyu(profile.statistic, values, alternative="greater").pvalue < _CHANCE
    )


def _lower(values: Vector, belonging: Vector) -> bool:
    """Whether a value is below a belonging's more often than above it."""
    order = np.sort(values)
    below, not_above = (np.searchsorted(order, belonging, side=side).sum() for side in ("left", "right"))
    return bool(below + not_above > len(values) * len(belonging))


def _swapped(profile: Warned) -> list[str]:
    return [
        f"images of pool {name!r} score lower than the belongings, as if they were the model's own: "
        "are the two swapped, or is the model another one?"
        for name in reversed_pools(profile)
    ]


def _origins(profile: Warned) -> list[str]:
    """Of images that say of themselves that they are not what they were given as."""
    decoder = profile.model.facts.get("decoder")  # a digest of the whole model would be another one on another device
    ours = _scored(profile.belonging)
    sentences = []
    if trips := [facts for facts in ours if facts.origin == _ROUND_TRIP]:
        sentences.append(
            f"{_count(trips, ours)} belongings say that they are round trips: such a profile may exclude what the "
            "model generates: generate the belongings"
        )
    if decoder and (strange := [facts for facts in ours if facts.origin_decoder not in (None, decoder)]):
        sentences.append(
            f"{_count(strange, ours)} belongings say that another decoder made them: give images that this one made"
        )
    for name, table in profile.foreign.items():
        theirs = _scored(table)
        if decoder and (same := [facts for facts in theirs if facts.origin_decoder == decoder]):
            sentences.append(
                f"{_count(same, theirs)} images of pool {name!r} say that this very decoder made them: a pool is of "
                "images that it did not make"
            )
    return sentences


def _by_chance(shown: int, count: int) -> float:
    """How often so many of so many images without a JPEG's grid would be taken for ones with it."""
    from scipy import stats

    return float(stats.binom.sf(shown - 1, count, GRID_ALARMS))


def apart_by_chance(shown: Sequence[int], sides: Sequence[int]) -> float:
    """How often two sides would differ so much in how many show a grid, if both had it alike: Fisher's exact test.

    Args:
        shown: how many images of each side show one.
        sides: how many images each side has.
    """
    if sum(sides) > _MANY:
        from scipy import stats

        table = np.array([shown, np.subtract(sides, shown)])
        return float(stats.fisher_exact(table).pvalue)
    both = sum(shown)
    tables = {  # counted exactly, since `scipy.stats` takes longer to load than a bundle to verify
        count: math.comb(sides[0], count) * math.comb(sides[1], both - count)
        for count in range(max(0, both - sides[1]), min(both, sides[0]) + 1)
    }
    return sum(ways for ways in tables.values() if ways <= tables[shown[0]]) / sum(tables.values())


def _grids(profile: Warned) -> list[str]:
    """Pools of which more images show a JPEG's grid than belongings do, and belongings that show one.

    Belongings that say that this decoder made them, and nothing else, are believed: a decoder may work in such cells.
    """
    ours = _looked_at(profile.belonging)
    sentences = []
    unsaid = [facts for facts in ours if facts.origin_decoder is None or facts.origin_decoder != profile.decoder]
    shown_own = [facts for facts in unsaid if facts.jpeg_grid]
    if shown_own and _by_chance(len(shown_own), len(unsaid)) < _CHANCE:
        sentences.append(
            f"{_count(shown_own, ours)} belongings show the 8 x 8 grid of a JPEG in their pixels: {GRID_KEPT}, so that "
            "the profile says little of images without: take belongings as the model leaves them"
        )
    for name, table in profile.foreign.items():
        theirs = _looked_at(table)
        if not ours or not theirs:
            continue
        shown = [sum(bool(facts.jpeg_grid) for facts in side) for side in (ours, theirs)]
        sides = (len(ours), len(theirs))
        if shown[0] * len(theirs) < shown[1] * len(ours) and apart_by_chance(shown, sides) < _CHANCE:
            sentences.append(
                f"{shown[1]} of {len(theirs)} images of pool {name!r} show the 8 x 8 grid of a JPEG in their pixels, "
                f"{shown[0]} of {len(ours)} belongings: {GRID_KEPT}, so that the pool says little of images without; "
                "take images that never were JPEG, or store belongings and pool as JPEG of one quality"
            )
    return sentences


def _related(profile: Warned) -> list[str]:
    """Sides that near copies or tiles of few images fill: ranks among them are worth less than their number."""
    ranked = [profile.belonging.images[row] for row in profile.ranked]
    sides = [("belongings", ranked, f"alpha={_ALPHA:g}", fewest(_ALPHA))]
    for name, table in profile.foreign.items():
        sides.append((f"images of pool {name!r}", _scored(table), f"beta={_BETA:g}", fewest(_BETA)))
    sentences = []
    for what, images, bound, needed in sides:
        if not images:
            continue
        relation = related(images)
        problem = f"{relation.copies} of {relation.count} {what} look like another of them"
        if relation.tiles:
            problem = f"{problem}, {relation.tiles} are tiles of images of which other tiles are there too"
        worth = f"they are worth about {relation.independent:.3g} independent images at least"
        if relation.independent < min(needed, _FILLED * relation.count) and needed <= relation.count:
            sentences.append(
                f"{problem}: {worth}, {bound} needs {needed}: take more different images, one tile of each"
            )
        elif relation.copies > _COPIES * relation.count:
            sentences.append(f"{problem}: {worth}: keep one of each")
    return sentences


def _on_both_sides(profile: Warned) -> list[str]:
    """Pools with images that look like belongings."""
    own = index_of(profile.belonging.images)
    sentences = []
    for name, table in profile.foreign.items():
        theirs = _scored(table)
        pairs = [(facts.name, like) for facts in theirs if (like := own.of(facts)) is not None]
        if pairs:
            sentences.append(
                f"{len(pairs)} of {len(theirs)} images of pool {name!r} look like belongings, as {pairs[0][0]} like "
                f"{pairs[0][1]}: where they are the same images, cut or saved again, take them out of the pool"
            )
    return sentences


def _scored(table: ScoreTable) -> list[ImageFacts]:
    return [facts for facts in table.images if facts.error is None]


def _looked_at(table: ScoreTable) -> list[ImageFacts]:
    return [facts for facts in _scored(table) if facts.jpeg_grid is not None]


def _count(some: Sequence[ImageFacts], every: Sequence[ImageFacts]) -> str:
    return f"{len(some)} of {len(every)}"
