"""Which images show the same: near copies by the codes of what they look like, and tiles of one image.

Codes are those of `wherefrom.measures.appearance`. Both halves of a code must agree, so that images which are alike by
one of them by accident are told apart. An image without a code, since it is flat or too plain, is no copy of any.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from wherefrom.core.facts import ImageFacts

__all__ = ["NearCopies", "Related", "index_of", "origins", "related"]

_HALF: Final = 4
"""Words of 64 bits in each of the two hashes of a code."""
_LOW_FREQUENCIES: Final = 56
"""Bits of 256 in which the first hash of near copies may differ: a cut of one row and column of 64 left 95 of 100
photos within 42, and no two of 300 unrelated photos were within 89."""
_DIFFERENCES: Final = 72
"""... and the second, which agrees more often by accident, and is changed more by noise."""
_ROWS: Final = 256
"""Images that are compared with all others at once."""
_TILE: Final = re.compile(r"#\d+,\d+$")

_Words = npt.NDArray[np.uint64]
_Ints = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class NearCopies:
    """Known images, of which it can be asked which one another image looks like.

    Attributes:
        names: of the images with a code.
        words: their codes, `(n, 8)`.
    """

    names: tuple[str, ...]
    words: _Words

    def of(self, facts: ImageFacts) -> str | None:
        """The name of the known image that this one is nearest to; None where it is a near copy of none."""
        if facts.appearance is None or facts.appearance.code is None or not self.names:
            return None
        low, differences = _distances(_words([facts.appearance.code]), self.words)
        near = np.flatnonzero((low[0] <= _LOW_FREQUENCIES) & (differences[0] <= _DIFFERENCES))
        if not len(near):
            return None
        nearest = near[int(np.argmin(low[0, near] + differences[0, near]))]
        return self.names[int(nearest)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Related:
    """How many of some images are related to each other, and how many independent ones they are worth.

    Attributes:
        count: of images.
        copies: how many look like another of them.
        tiles: how many are tiles of an image of which others are there too.
        independent: how many independent images give a share of them the same precision: with groups of n_1, n_2, …
            related images, each taken as one image many times, that is (sum n)^2 / sum n^2. A cautious number, since
            tiles of one image differ.
    """

    count: int
    copies: int
    tiles: int
    independent: float


def index_of(images: Sequence[ImageFacts]) -> NearCopies:
    """Known images to compare others with.

    Args:
        images: those with an error, and those without a code, are left out.
    """
    codes = {facts.name: facts.appearance.code for facts in images if facts.error is None and facts.appearance}
    kept = {name: code for name, code in codes.items() if code is not None}
    return NearCopies(names=tuple(kept), words=_words(list(kept.values())))


def related(images: Sequence[ImageFacts]) -> Related:
    """Which images look like each other or were cut from one, and how many independent ones they are worth.

    Args:
        images: at least one.
    """
    count = len(images)
    known = [place for place, facts in enumerate(images) if facts.appearance and facts.appearance.code]
    words = _words([str(images[place].appearance.code) for place in known])  # type: ignore[union-attr]
    here, there = _pairs(words)
    first, second = np.array(known, dtype=np.intp)[here], np.array(known, dtype=np.intp)[there]
    parents = origins(images)
    _, same = np.unique(parents, return_inverse=True)
    groups = same
    if len(first):
        groups = _joined(count, np.concatenate([first, np.arange(count)]), np.concatenate([second, count + same]))
    sizes = np.bincount(groups)
    return Related(
        count=count,
        copies=len(np.unique(np.concatenate([first, second]))),
        tiles=int(sum(size for size in np.bincount(same) if size > 1)),
        independent=float(count**2 / np.sum(np.square(sizes, dtype=np.float64))),
    )


def origins(images: Sequence[ImageFacts]) -> list[str]:
    """What each image was cut from: the file, or where that is not known the name without a tile's place."""
    return [facts.file_digest or _TILE.sub("", facts.name) for facts in images]


def _joined(count: int, first: _Ints, second: _Ints) -> _Ints:
    """A group's number an image, where pairs are in one group; from `count` on they stand for what was cut."""
    from scipy.sparse import coo_array  # which takes longer to load than a verdict to judge
    from scipy.sparse.csgraph import connected_components

    nodes = 2 * count
    graph = coo_array((np.ones(len(first), dtype=np.int8), (first, second)), shape=(nodes, nodes))
    _, groups = connected_components(graph, directed=False)
    return np.asarray(groups[:count], dtype=np.intp)


def _pairs(words: _Words) -> tuple[_Ints, _Ints]:
    """Both places of every pair of near copies, the lower one first."""
    first, second = [np.empty(0, dtype=np.intp)], [np.empty(0, dtype=np.intp)]
    for start in range(0, len(words), _ROWS):
        part = words[start : start + _ROWS]
        low, differences = _distances(part, words[start:])
        here, there = np.nonzero((low <= _LOW_FREQUENCIES) & (differences <= _DIFFERENCES))
        later = there > here
        first.append(here[later] + start)
        second.append(there[later] + start)
    return np.concatenate(first), np.concatenate(second)


def _distances(some: _Words, others: _Words) -> tuple[_Ints, _Ints]:
    """Bits in which each half of the codes differs, `(n, m)` each."""
    differences = []
    for half in (slice(0, _HALF), slice(_HALF, 2 * _HALF)):
        differ = np.zeros((len(some), len(others)), dtype=np.intp)
        for a, b in zip(some[:, half].T, others[:, half].T, strict=True):
            differ += np.bitwise_count(a[:, None] ^ b[None, :])
        differences.append(differ)
    return differences[0], differences[1]


def _words(codes: Sequence[str]) -> _Words:
    """Codes as numbers, `(n, 8)`."""
    return np.frombuffer(b"".join(map(bytes.fromhex, codes)), dtype=">u8").astype(np.uint64).reshape(-1, 2 * _HALF)
