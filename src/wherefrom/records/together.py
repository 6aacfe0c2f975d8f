"""A guess of the pool from all attributes of the images together: what no single attribute tells, several may."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from wherefrom.core.facts import ImageFacts
from wherefrom.records.near_copies import origins

__all__ = ["FEWEST", "by_chance", "guess_together"]

FEWEST: Final = 20
"""Images of a side, tiles of one image as one, from which on more is guessed from than single attributes of files."""
_FOLDS: Final = 5
_MOST: Final = 1_000
"""Images of a side that are looked at: evenly spread, so that the time does not grow."""
_WORDS: Final = 8
"""Different values of an attribute that are told apart, the most frequent ones; the others are one value."""


def by_chance(accuracy: float, smaller: int) -> float:
    """How often coin tosses would guess as well: a balanced accuracy where the smaller side has so many images.

    Args:
        accuracy: in [0, 1].
        smaller: images of the smaller side.
    """
    from scipy import stats  # which takes longer to load than a verdict to judge

    return float(stats.binom.sf(np.ceil(accuracy * 2 * smaller) - 1, 2 * smaller, 0.5))


def guess_together(
    ours: Sequence[ImageFacts],
    theirs: Sequence[ImageFacts],
    *,
    words: Mapping[str, Callable[[ImageFacts], Hashable]],
    numbers: Mapping[str, Callable[[ImageFacts], float | None]],
) -> tuple[float, int]:
    """The balanced accuracy of guessing the side of each image from all attributes, by a tree that did not see it.

    A small tree of decisions (scikit-learn) is grown on four fifths of the images and guesses the last fifth, five
    times. Tiles of one image stand in one fifth, so that none is known by its neighbour.

    Args:
        ours: of the belongings.
        theirs: of a pool.
        words: attributes by name that are equal or not.
        numbers: attributes by name with an order; None where an image has no such number.

    Returns:
        The accuracy, about 0.5 or less where attributes tell nothing, and how many images the smaller side has, tiles
        of one image as one: of that many chance is to be judged. 0.5 where no attribute differs or a side is too small.
    """
    sides = [_spread(ours), _spread(theirs)]
    images = [facts for side in sides for facts in side]
    theirs_too = np.repeat([0, 1], [len(side) for side in sides])
    _, came_from = np.unique(origins(images), return_inverse=True)
    smaller = min(len(np.unique(came_from[theirs_too == side])) for side in (0, 1)) if all(sides) else 0
    columns = _columns(images, words, numbers)
    if smaller < FEWEST or not columns.shape[1]:
        return 0.5, smaller
    return _accuracy(columns, theirs_too, came_from), smaller


def _spread(images: Sequence[ImageFacts]) -> list[ImageFacts]:
    places = (
        np.unique(np.linspace(0, len(images) - 1, _MOST).astype(int)) if len(images) > _MOST else range(len(images))
    )
    return [images[place] for place in places]


def _accuracy(columns: npt.NDArray[np.float64], side: npt.NDArray[np.intp], came_from: npt.NDArray[np.intp]) -> float:
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(max_depth=4, min_samples_leaf=5, class_weight="balanced", random_state=0)
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a fold that lacks a side, which then counts as guessed wrongly
        guessed = cross_val_predict(tree, columns, side, groups=came_from, cv=folds)
        return float(balanced_accuracy_score(side, guessed))


def _columns(
    images: Sequence[ImageFacts],
    words: Mapping[str, Callable[[ImageFacts], Hashable]],
    numbers: Mapping[str, Callable[[ImageFacts], float | None]],
) -> npt.NDArray[np.float64]:
    """A column for each frequent value of an attribute, and one for each number; those that never vary are left out."""
    columns: list[list[float]] = []
    for read in words.values():
        values = [read(facts) for facts in images]
        frequent = [value for value, count in Counter(values).most_common(_WORDS) if count > 1]
        columns += [[float(value == frequent_value) for value in values] for frequent_value in frequent]
    for number in numbers.values():
        known = [number(facts) for facts in images]
        columns.append([-1.0 if value is None else value for value in known])
    varying = [column for column in columns if len(set(column)) > 1]
    return np.array(varying, dtype=np.float64).reshape(len(varying), len(images)).T
