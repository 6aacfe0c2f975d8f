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
from wherefrom.methods.symmetry import Symmetry
from wherefrom.models.load import load_model
from wherefrom.scoring.run import score

if TYPE_CHECKING:
    from wherefrom.models.base import Autoencoder
    from wherefrom.scoring.progress import Progress

__all__ = ["MARGIN", "METHOD", "PHOTOS", "SIDE", "TILES", "Null", "as_json", "measured_null", "null_name"]

METHOD: Final = Symmetry()
"""What a check asks: it learns nothing, so it needs no belongings."""
SIDE: Final = 128
"""Pixels a side of the photos' tiles. Larger images vary less than these, so that their ranks are on the safe side."""
TILES: Final = 199
"""Tiles of each pool, so that the smallest p-value is 0.005."""
OTHERS: Final = ("zoo:kl-f8-a", "zoo:kl-f8-b")
"""Embedded decoders, whose images are pools beside the photos: an image that another decoder made has a grid too."""
PHOTOS: Final = "photos"
"""The pool of tiles as they are."""
MARGIN: Final = 2.0
"""How many times as low as what other decoders draw an image has to be: decoders that were not measured may resemble
the one that is asked more than those that were."""
_SHIPPED: Final = Path(__file__).with_name("measured")
"""Of the models that come with the package."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Null:
    """The statistics of known images of other origin under one decoder.

    Attributes:
        model: the decoder's card.
        pools: by kind, `photos` and what each embedded decoder makes of photos: one number a tile, shape `(n,)`,
            finite; low is what a belonging scores.
        side: pixels a side of the tiles.
    """

    model: Card
    pools: Mapping[str, Vector]
    side: int

    @property
    def count(self) -> int:
        """Tiles of the smallest pool, which says how small a p-value can be."""
        return min(len(values) for values in self.pools.values())

    def p_value(self, statistic: float) -> float:
        """How often a tile scores at most as low, `(1 + #{tiles <= statistic}) / (n + 1)`, the largest of the pools.

        What other decoders draw counts as `MARGIN` times as far below 0 as it was measured.
        """
        ranks = []
        for name, values in self.pools.items():
            low = values if name == PHOTOS else np.minimum(values, MARGIN * values)
            ranks.append(float((1 + np.count_nonzero(low <= statistic)) / (len(low) + 1)))
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


def _measured(model: Autoencoder, progress: Callable[[Progress], None] | None) -> dict[str, Vector]:
    """The statistics of the tiles by pool, those without one left out; the decoder itself is no pool."""
    with tempfile.TemporaryDirectory() as place:
        tiles = save_tiles((*PROFILE_PHOTOS, *TEST_PHOTOS), Path(place), size=SIDE, count=TILES)
        pools = {PHOTOS: _statistics(model, tiles, progress)}
        for name in OTHERS:
            other: Any = load_model(name, device=str(model.device))
            if other.card.facts.get("decoder") != model.card.facts.get("decoder"):
                folder = made_folder(Path(place) / slug(name))
                made = [one.path for one in round_trips(other, tiles, folder=folder) if one.path is not None]
                pools[f"photos passed through {name}"] = _statistics(model, made, progress)
    return pools


def _statistics(model: Autoencoder, paths: Sequence[Path], progress: Callable[[Progress], None] | None) -> Vector:
    table = score(paths, model=model, method=METHOD, progress=progress)
    if table.errors:
        raise ModelError(f"{model.card.name} cannot be checked without a profile: {next(iter(table.errors.values()))}")
    values = METHOD.statistic(table.scores, {})
    found: Vector = values[np.isfinite(values)]
    return found


def _read(place: Path, model: Autoencoder) -> Null | None:
    """A kept null; None where it is another version's or damaged, so that it is measured again."""
    try:
        found: Any = json.loads(place.read_text(encoding="utf-8"))
        pools = {str(name): np.array(values, dtype=np.float64) for name, values in found["pools"].items()}
        whole = pools and all(
            values.ndim == 1 and len(values) and np.isfinite(values).all() for values in pools.values()
        )
        if found["version"] != VERSION or not whole:
            return None
        return Null(model=model.card, pools=pools, side=int(found["side"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _keep(null: Null, place: Path) -> None:
    """Write a null, whole or not at all; a folder that cannot be written to costs the next measuring and no more."""
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        write_json(place, as_json(null))


def as_json(null: Null) -> Mapping[str, Any]:
    """What a file of a null holds."""
    return {
        "schema": 1,
        "version": VERSION,
        "model": null.model.name,
        "decoder": null.model.facts.get("decoder"),
        "method": METHOD.card.to_json(),
        "photos": [f"{package}/{name}" for package, name in (*PROFILE_PHOTOS, *TEST_PHOTOS)],
        "side": null.side,
        "pools": {name: [float(f"{value:.9g}") for value in values] for name, values in null.pools.items()},
    }
