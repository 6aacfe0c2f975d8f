"""Whether the images of a profile differ in anything but the decoder: what else tells a pool from the belongings?

A pool whose files can be told apart by their format, size or compression shows nothing about their content: anything
separates them, and its images are no stand-in for a stranger's file that is stored like a belonging. So it is with a
pool that is much darker or lighter than the belongings.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Final

from wherefrom.core.facts import ImageFacts
from wherefrom.records.findings import ALL, CONTENT, CONTRAST, Audit, Finding
from wherefrom.records.table import ScoreTable
from wherefrom.records.together import FEWEST, by_chance, guess_together

__all__ = ["FILES", "GRID_KEPT", "STORE_ALIKE", "audit", "guess_accuracy"]

ACCURACY: Final = 0.75
"""A guess from the files alone that is right more often than this makes a pool confounded."""
ACCURACY_OF_LOOKS: Final = 0.9
"""... and this a guess from what images look like: kinds of content may differ a little, as photos and draws do."""
ACCURACY_OF_ALL: Final = 0.95
"""... and this a guess from both together, which has more to guess from."""
CHANCE: Final = 0.01
"""... unless so many right guesses would come from coin tosses with at least this probability (very small pools)."""

GRID_KEPT: Final = "a JPEG saved again as PNG keeps what the JPEG did to it"
STORE_ALIKE: Final = f"make and store both in the same way from the start ({GRID_KEPT})"


def _octave(value: float) -> int:
    """Half octaves: values within about 20 % of each other mostly share one."""
    return round(2 * math.log2(value))


def _pixels(facts: ImageFacts) -> Hashable:
    return _octave(facts.width * facts.height) if facts.width and facts.height else None


def _shape(facts: ImageFacts) -> Hashable:
    return _octave(facts.width / facts.height) if facts.width and facts.height else None


def _quality(facts: ImageFacts) -> Hashable:
    return None if facts.jpeg_quality is None else round(facts.jpeg_quality / 5)


def _log_pixels(facts: ImageFacts) -> float | None:
    return math.log2(facts.width * facts.height) if facts.width and facts.height else None


def _log_shape(facts: ImageFacts) -> float | None:
    return math.log2(facts.width / facts.height) if facts.width and facts.height else None


_ATTRIBUTES: Final[Mapping[str, Callable[[ImageFacts], Hashable]]] = {
    "format": lambda facts: facts.format,
    "loss": lambda facts: facts.lossy,
    "stored size": lambda facts: (facts.width, facts.height),
    "number of pixels": _pixels,
    "shape": _shape,
    "jpeg quality": _quality,
    "jpeg tables": lambda facts: facts.jpeg_tables,
    "changes": lambda facts: facts.changes,
    "orientation": lambda facts: facts.orientation,
}
_WORDS: Final = {name: read for name, read in _ATTRIBUTES.items() if read not in (_pixels, _shape, _quality)}
_NUMBERS: Final[Mapping[str, Callable[[ImageFacts], float | None]]] = {
    "number of pixels": _log_pixels,
    "shape": _log_shape,
    "jpeg quality": lambda facts: facts.jpeg_quality,
}
_LOOK_NUMBERS: Final[Mapping[str, Callable[[ImageFacts], float | None]]] = {
    "brightness": lambda facts: facts.appearance.brightness if facts.appearance else None,
    CONTRAST: lambda facts: facts.appearance.contrast if facts.appearance else None,
    CONTENT: lambda facts: facts.appearance.content if facts.appearance else None,
}
_STEPS: Final = {"brightness": 32.0, CONTRAST: 16.0, CONTENT: 0.125}
"""Values within about this much of each other count as one."""
FILES: Final = "all attributes of the files together"


def audit(belonging: ScoreTable, foreign: Mapping[str, ScoreTable]) -> Audit:
    """Whether attributes of the images tell a pool from the belongings.

    A finding is a balanced accuracy of the best guess from one attribute, each image guessed from all the others
    (`guess_accuracy`), above 0.75 for attributes of files and above 0.9 for brightness, contrast and size of content,
    where as many right guesses would come by chance with a probability under 0.01. Where no single attribute tells a
    pool, a guess from all of them together is tried, at 0.75 for the files' and 0.95 for both kinds. What images look
    like, and all together, is asked of 20 images a side or more. Contrast, size of content and all together are said
    and do not make a pool confounded: a model's images may themselves be paler or emptier than photos.

    Args:
        belonging: known belongings; rows with an error count for nothing.
        foreign: the named pools.
    """
    ours = _scored(belonging)
    findings = [finding for pool, table in foreign.items() for finding in _of_pool(pool, ours, _scored(table))]
    return Audit(findings=tuple(findings))


def guess_accuracy(first: Sequence[Hashable], second: Sequence[Hashable]) -> float:
    """Balanced accuracy in [0, 1] of guessing the class of each value from all the other values.

    The guess is the class in which the value is the more frequent, the guessed image left out; a draw is half right.
    All values that occur once are taken as one value, "unlike any other": many unique sizes on both sides then tell
    nothing, as they should, while unique sizes against a single one tell everything.

    Args:
        first: one value an image of the first class.
        second: one value an image of the second class.

    Returns:
        About 0.5 or less where values tell nothing; 0.5 when a class is empty.
    """
    if not first or not second:
        return 0.5
    total = Counter(first) + Counter(second)
    ours, theirs = (Counter(value if total[value] > 1 else _Rare for value in side) for side in (first, second))
    return (_share(ours, theirs) + _share(theirs, ours)) / 2


class _Rare:
    """Stands for every value that occurs once."""


def _share(values: Counter[Hashable], other: Counter[Hashable]) -> float:
    """The share of a class that is guessed rightly, each image with the rest as its evidence."""
    n, m = values.total(), other.total()
    right = 0.0
    for value, count in values.items():
        here, there = (count - 1) / max(1, n - 1), other[value] / m
        right += count * (1.0 if here > there else 0.5 if here == there else 0.0)
    return right / n


def _of_pool(pool: str, ours: Sequence[ImageFacts], theirs: Sequence[ImageFacts]) -> list[Finding]:
    """What tells one pool from the belongings: single attributes, or where none does all together."""
    findings = [finding for name in _ATTRIBUTES if (finding := _finding(pool, name, ours, theirs)) is not None]
    findings += [finding for name in _LOOK_NUMBERS if (finding := _looking(pool, name, ours, theirs)) is not None]
    if findings:
        return findings
    tried = [(FILES, _NUMBERS, ACCURACY)]
    if all(facts.appearance for facts in (*ours, *theirs)):  # scores of an earlier version have none
        tried.append((ALL, {**_NUMBERS, **_LOOK_NUMBERS}, ACCURACY_OF_ALL))
    for name, numbers, bound in tried:
        accuracy, smaller = guess_together(ours, theirs, words=_WORDS, numbers=numbers)
        if accuracy > bound and by_chance(accuracy, smaller) < CHANCE:
            message = f"{name} tell pool {pool!r} from the belongings, right {accuracy:.0%} of the time: {STORE_ALIKE}"
            return [Finding(pool=pool, attribute=name, accuracy=accuracy, message=message)]
    return []


def _finding(pool: str, attribute: str, ours: Sequence[ImageFacts], theirs: Sequence[ImageFacts]) -> Finding | None:
    """Whether one attribute of the files tells a pool from the belongings."""
    read = _ATTRIBUTES[attribute]
    accuracy = guess_accuracy([read(facts) for facts in ours], [read(facts) for facts in theirs])
    if accuracy <= ACCURACY or by_chance(accuracy, min(len(ours), len(theirs))) >= CHANCE:
        return None
    message = (
        f"{attribute} alone tells pool {pool!r} from the belongings, right {accuracy:.0%} of the time "
        f"({_common(attribute, ours)} against {_common(attribute, theirs)}): {STORE_ALIKE}"
    )
    return Finding(pool=pool, attribute=attribute, accuracy=accuracy, message=message)


def _looking(pool: str, attribute: str, ours: Sequence[ImageFacts], theirs: Sequence[ImageFacts]) -> Finding | None:
    """Whether one attribute of what images look like does; images of which it is not known are left out."""
    read, step = _LOOK_NUMBERS[attribute], _STEPS[attribute]
    sides = [[value for facts in side if (value := read(facts)) is not None] for side in (ours, theirs)]
    accuracy = guess_accuracy(*([round(value / step) for value in side] for side in sides))
    smaller = min(map(len, sides))
    if smaller < FEWEST or accuracy <= ACCURACY_OF_LOOKS or by_chance(accuracy, smaller) >= CHANCE:
        return None
    first, second = (sum(side) / len(side) for side in sides)
    message = (
        f"{attribute} alone tells pool {pool!r} from the belongings, right {accuracy:.0%} of the time "
        f"({first:.3g} against {second:.3g} on average): take images of the pool that are like the belongings in this"
    )
    return Finding(pool=pool, attribute=attribute, accuracy=accuracy, message=message)


def _common(attribute: str, images: Sequence[ImageFacts]) -> str:
    """The most frequent value in words, with its share."""
    shown = Counter(_shown(attribute, facts) for facts in images)
    value, count = shown.most_common(1)[0]
    return f"{value} in {count} of {len(images)}"


def _shown(attribute: str, facts: ImageFacts) -> str:
    if attribute in ("stored size", "number of pixels", "shape"):
        return f"{facts.width} x {facts.height}"
    words: Mapping[str, str] = {
        "format": facts.format or "no format",
        "loss": {True: "lossy", False: "lossless", None: "unknown"}[facts.lossy],
        "jpeg quality": "no quality" if facts.jpeg_quality is None else f"quality {facts.jpeg_quality:g}",
        "jpeg tables": f"tables of sum {sum(map(sum, facts.jpeg_tables))}" if facts.jpeg_tables else "no tables",
        "changes": ", ".join(facts.changes) or "unchanged",
    }
    return words.get(attribute, f"{attribute} {facts.orientation}")


def _scored(table: ScoreTable) -> list[ImageFacts]:
    return [facts for facts in table.images if facts.error is None]
