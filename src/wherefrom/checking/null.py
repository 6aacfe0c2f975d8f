"""How images that a decoder did not make compare with their turned copies: measured once a decoder, then kept."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wherefrom.core.arrays import Vector
from wherefrom.core.caches import cache_folder
from wherefrom.core.card import Card, Fact
from wherefrom.core.errors import ModelError
from wherefrom.core.files import write_json
from wherefrom.core.version import VERSION
from wherefrom.images.embedded import PROFILE_PHOTOS, TEST_PHOTOS, save_tiles
from wherefrom.images.labels import slug
from wherefrom.making import made_folder, round_trips
from wherefrom.methods.arithmetic.columns import APART
from wherefrom.methods.symmetry import Symmetry
from wherefrom.models.load import load_model
from wherefrom.scoring.run import score

if TYPE_CHECKING:
    from wherefrom.models.base import Autoencoder
    from wherefrom.scoring.progress import Progress

__all__ = [
    "DOUBT",
    "MARGIN",
    "METHOD",
    "PHOTOS",
    "SIDE",
    "TILES",
    "Null",
    "Pool",
    "as_json",
    "measured_null",
    "null_name",
]

METHOD: Final = Symmetry()
"""What a check asks: how far an image's error is apart from those of its turned copies, and the standard error."""
SIDE: Final = 128
"""Pixels a side of the photos' tiles. Larger images vary less than these, so that their ranks are on the safe side."""
TILES: Final = 199
"""Tiles of each pool, so that the smallest p-value is 0.005."""
OTHERS: Final = ("zoo:kl-f8-a", "zoo:kl-f8-b")
"""Embedded decoders, whose images are pools beside the photos: an image that another decoder made has a grid too."""
PHOTOS: Final = "photos"
"""The pool of tiles as they are."""
DOUBT: Final = 3.0
"""How many standard errors s has to be below what it is compared with."""
MARGIN: Final = 1.5
"""How many times as low as what other decoders draw an image has to be: decoders that were not measured may resemble
the one that is asked more than those that were."""
_SHIPPED: Final = Path(__file__).with_name("measured")
"""Of the models that come with the package."""


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
    the photos, whose s is 0 by symmetry but for chance.

    Attributes:
        model: the decoder's card.
        pools: by kind, `PHOTOS` and what each embedded decoder makes of photos.
        side: pixels a side of the tiles.
    """

    model: Card
    pools: Mapping[str, Pool]
    side: int

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
        """The upper end of what s may be, `DOUBT` standard errors above it; arguments are as of `Pool`."""
        found: Vector = mean + DOUBT * self.scale * error
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

        A rank is `(1 + #{values <= upper}) / (n + 1)`. The photos' values are the upper ends of their own s. Those of
        another decoder's images are how far these are below 0 apart from chance, taken `MARGIN` times.

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


def measured_null(
    model: Autoencoder, *, cache: Path | None = None, progress: Callable[[Progress], None] | None = None
) -> Null:
    """The null of a decoder: as it came with the package, as it was kept, or measured now and kept.

    Args:
        model: an autoencoder.
        cache: folder in which measured nulls are kept; None is `nulls` in `wherefrom.core.caches.cache_folder`.
        progress: told how far the measuring is.

    Raises:
        ModelError: when the model has no encoder, or takes no images of the tiles' size.
    """
    from wherefrom.methods.arithmetic.reconstructions import check_encoder

    check_encoder(model)
    name = null_name(model)
    folder = cache_folder("nulls") if cache is None else cache
    for place in (_SHIPPED / name, folder / name):
        if place.is_file() and (found := _read(place, model)) is not None:
            return found
    null = Null(model=model.card, pools=_measured(model, progress), side=SIDE)
    _keep(null, folder / name)
    return null


def null_name(model: Autoencoder) -> str:
    """The file of a null, named for what it depends on: both halves of the autoencoder, its arithmetic, the method."""
    facts: dict[str, Fact] = {
        name: model.card.facts.get(name) for name in ("architecture", "encoder", "decoder", "dtype")
    }
    facts |= {"method": METHOD.card.digest, "side": SIDE, "tiles": TILES, "others": OTHERS}
    return f"{Card(kind='null', name='symmetry', facts=facts).digest[:32]}.json"


def _measured(model: Autoencoder, progress: Callable[[Progress], None] | None) -> dict[str, Pool]:
    """The tiles by pool, those without a statistic left out; the decoder itself is no pool."""
    with tempfile.TemporaryDirectory() as place:
        tiles = save_tiles((*PROFILE_PHOTOS, *TEST_PHOTOS), Path(place), size=SIDE, count=TILES)
        pools = {PHOTOS: _pool(model, tiles, progress)}
        for name in OTHERS:
            other: Any = load_model(name, device=str(model.device))
            if other.card.facts.get("decoder") != model.card.facts.get("decoder"):
                folder = made_folder(Path(place) / slug(name))
                made = [one.path for one in round_trips(other, tiles, folder=folder) if one.path is not None]
                pools[f"photos passed through {name}"] = _pool(model, made, progress)
    return pools


def _pool(model: Autoencoder, paths: Sequence[Path], progress: Callable[[Progress], None] | None) -> Pool:
    table = score(paths, model=model, method=METHOD, progress=progress)
    if table.errors:
        raise ModelError(f"{model.card.name} cannot be checked without a profile: {next(iter(table.errors.values()))}")
    kept = table.scores.take(np.isfinite(METHOD.statistic(table.scores, {})))
    return Pool(mean=kept[APART[0]], error=kept[APART[1]])


def _read(place: Path, model: Autoencoder) -> Null | None:
    """A kept null; None where it is another version's or damaged, so that it is measured again."""
    try:
        found: Any = json.loads(place.read_text(encoding="utf-8"))
        pools = {str(name): _pool_of(numbers) for name, numbers in found["pools"].items()}
        if found["version"] != VERSION or PHOTOS not in pools:
            return None
        return Null(model=model.card, pools=pools, side=int(found["side"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _pool_of(numbers: Mapping[str, Sequence[float]]) -> Pool:
    """What `as_json` wrote.

    Raises:
        ValueError: when numbers are missing, or none that an image can have.
    """
    mean, error = (np.array(numbers[name], dtype=np.float64) for name in ("mean", "error"))
    if mean.ndim != 1 or mean.shape != error.shape or not len(mean):
        raise ValueError("not one mean and one standard error a tile")
    if not (np.isfinite(mean).all() and np.isfinite(error).all() and (error > 0).all()):
        raise ValueError("numbers that no tile can have")
    return Pool(mean=mean, error=error)


def _keep(null: Null, place: Path) -> None:
    """Write a null, whole or not at all; a folder that cannot be written to costs the next measuring and no more."""
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        write_json(place, as_json(null))


def as_json(null: Null) -> Mapping[str, Any]:
    """What a file of a null holds."""
    return {
        "schema": 2,
        "version": VERSION,
        "model": null.model.name,
        "decoder": null.model.facts.get("decoder"),
        "method": METHOD.card.to_json(),
        "photos": [f"{package}/{name}" for package, name in (*PROFILE_PHOTOS, *TEST_PHOTOS)],
        "side": null.side,
        "pools": {
            name: {kind: [float(f"{value:.9g}") for value in getattr(pool, kind)] for kind in ("mean", "error")}
            for name, pool in null.pools.items()
        },
    }
