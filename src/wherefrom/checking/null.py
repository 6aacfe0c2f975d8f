"""What known images of other origin say of an image: how far below 0 it has to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from wherefrom.core.arrays import Vector
from wherefrom.core.card import Card
from wherefrom.core.errors import UsageError
from wherefrom.methods.blind import Blind
from wherefrom.methods.symmetry import Symmetry

__all__ = ["ASYMMETRY", "MARGIN", "METHOD", "PHOTOS", "Null", "Pool", "asked_of"]

METHOD: Final = Symmetry()
"""What a check asks: how far an image's error is apart from those of its turned copies, and the standard error."""
PHOTOS: Final = "photos"
"""The pool of tiles as they are."""
ASYMMETRY: Final = 0.02
"""Standard deviation that the s of images of other origin is taken to have apart from chance: none is quite symmetric,
and in a large image, where chance is small, that shows. Among photos of 360 pixels it is about half of that."""
MARGIN: Final = 1.5
"""How many times as low as what other decoders draw an image has to be: decoders that were not measured may resemble
the one that is asked more than those that were."""

_SCALE: Final = "scale"
_FIND: Final = ("crop", "turns", _SCALE)


def asked_of(find: str) -> Symmetry | Blind:
    """What a check asks of images that may have been cropped, turned or resized.

    Args:
        find: what is searched for first, names joined by `+`: `crop` and `turns` as of `wherefrom.methods.blind`, and
            `scale`, by any of which the whole image may have been resized; empty for nothing.

    Raises:
        UsageError: when a name is none of these, or there twice.
    """
    if not find:
        return METHOD
    names = find.split("+")
    if unknown := [name for name in names if name not in _FIND]:
        raise UsageError(f"find={find!r}: {unknown[0]!r} is none of {', '.join(_FIND)}")
    if len(set(names)) < len(names):
        raise UsageError(f"find={find!r} names one twice: name each once")
    moved = "+".join(name for name in _FIND if name in names and name != _SCALE) or "crop"
    return Blind(method="symmetry", find=moved, scales="any" if _SCALE in names else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pool:
    """Known images of one kind under a decoder that did not make them.

    Attributes:
        mean: s of `wherefrom.methods.symmetry` for each, shape `(n,)`, finite.
        error: its standard error, above 0.
    """

    mean: Vector
    error: Vector

    def __len__(self) -> int:
        """How many images."""
        return len(self.mean)


@dataclass(frozen=True, kw_only=True, slots=True)
class Null:
    """How known images of other origin compare with their turned copies under one decoder.

    The parts of an image are not quite independent, so that its standard error is too small. By how much is known from
    the photos, whose s is 0 by symmetry but for chance. `ASYMMETRY` is added to it, so that large images, in which
    there is hardly any chance, are not claimed for next to nothing.

    Attributes:
        model: the decoder's card.
        pools: by kind, `PHOTOS` and what each embedded decoder makes of photos.
        side: pixels a side of the tiles.
        find: what was searched for in the tiles, as in the images that are checked; see `asked_of`.
    """

    model: Card
    pools: Mapping[str, Pool]
    side: int
    find: str = ""

    @property
    def count(self) -> int:
        """Tiles of the smallest pool, which says how small a p-value can be."""
        return min(len(pool) for pool in self.pools.values())

    @property
    def scale(self) -> float:
        """How many times as large as it is said to be the standard error is, by the photos; at least 1."""
        photos = self.pools[PHOTOS]
        return max(1.0, float(np.sqrt(np.mean((photos.mean / photos.error) ** 2))))

    def upper(self, mean: Vector, error: Vector) -> Vector:
        """The upper end of what s may be, the method's `doubt` standard errors above it.

        Args:
            mean: s of images.
            error: its standard errors, before they are enlarged by `scale`.
        """
        found: Vector = mean + METHOD.doubt * np.sqrt((self.scale * error) ** 2 + ASYMMETRY**2)
        return found

    def resemblance(self, pool: Pool) -> Vector:
        """How far below 0 images of another decoder are, apart from chance: s shrunk towards the pool's mean.

        The variance of s is that of the images' own values and that of chance, the squared standard error. The first is
        what is left of the variance over the pool, and the values are shrunk to have it: they are spread as the s of
        large images are, in which there is no chance.
        """
        chance = (self.scale * pool.error) ** 2
        variance = max(float(np.var(pool.mean) - np.mean(chance)), 0.0)
        centre = pool.mean.mean()
        found: Vector = centre + (pool.mean - centre) * np.sqrt(variance / (variance + chance))
        return found

    def p_value(self, upper: float) -> float:
        """Of "this decoder did not draw it": the largest of the image's ranks among the pools.

        A rank is `(1 + #{values <= upper}) / (n + 1)`. The photos' values are the upper ends of their own
        s. Those of another decoder's images are how far these are below 0 apart from chance, taken `MARGIN` times.

        Args:
            upper: of the image, as `upper` gives it.
        """
        ranks = []
        for name, pool in self.pools.items():
            if name == PHOTOS:
                values = self.upper(pool.mean, pool.error)
            else:
                low = self.resemblance(pool)
                values = np.minimum(low, MARGIN * low)
            ranks.append(float((1 + np.count_nonzero(values <= upper)) / (len(values) + 1)))
        return max(ranks)
