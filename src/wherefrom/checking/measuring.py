"""How images that a decoder did not make compare with their turned copies: measured once a decoder, then kept."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wherefrom.checking.null import PHOTOS, Null, Pool, asked_of
from wherefrom.core.caches import cache_folder
from wherefrom.core.card import Card, Fact
from wherefrom.core.errors import ModelError
from wherefrom.core.files import write_json
from wherefrom.core.version import VERSION
from wherefrom.images.embedded import PROFILE_PHOTOS, TEST_PHOTOS, save_tiles
from wherefrom.images.labels import slug
from wherefrom.making import made_folder, round_trips
from wherefrom.methods.arithmetic.columns import APART
from wherefrom.models.load import load_model
from wherefrom.scoring.run import score

if TYPE_CHECKING:
    from wherefrom.models.base import Autoencoder
    from wherefrom.scoring.progress import Progress

__all__ = ["SIDE", "TILES", "as_json", "measured_null", "null_name"]

SIDE: Final = 128
"""Pixels a side of the photos' tiles. In larger images there is less chance, for which the null allows."""
TILES: Final = (199, 1019)
"""Tiles of each pool: as many as give a p-value of 0.005, or, where that is not small enough, so many that 999 are left
without those of which hardly anything has texture. The first lie side by side; there are only 367 such tiles, so that
the others overlap by half."""
OTHERS: Final = ("zoo:kl-f8-a", "zoo:kl-f8-b")
"""Embedded decoders, whose images are pools beside the photos: an image that another decoder made has a grid too."""
_SHIPPED: Final = Path(__file__).with_name("measured")
"""Of the models that come with the package."""


def measured_null(
    model: Autoencoder,
    *,
    find: str = "",
    tiles: int = TILES[0],
    cache: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Null:
    """The null of a decoder: as it came with the package, as it was kept, or measured now and kept.

    Args:
        model: an autoencoder.
        find: what is searched for in each image before it is asked; see `asked_of`.
        tiles: of each pool, one of `TILES`; those that have no statistic are left out then.
        cache: folder in which measured nulls are kept; None is `nulls` in `wherefrom.core.caches.cache_folder`.
        progress: told how far the measuring is.

    Raises:
        ModelError: when the model has no encoder, or takes no images of the tiles' size.
        UsageError: when there is nothing of that name to find.
    """
    from wherefrom.methods.arithmetic.reconstructions import check_encoder

    check_encoder(model)
    name = null_name(model, find, tiles)
    folder = cache_folder("nulls") if cache is None else cache
    for place in (_SHIPPED / name, folder / name):
        if place.is_file() and (found := _read(place, model, find)) is not None:
            return found
    null = Null(model=model.card, pools=_measured(model, find, tiles, progress), side=SIDE, find=find)
    _keep(null, folder / name)
    return null


def null_name(model: Autoencoder, find: str = "", tiles: int = TILES[0]) -> str:
    """The file of a null, named for what it depends on: both halves of the autoencoder, its arithmetic, what is asked.

    Args:
        model: an autoencoder.
        find: as for `measured_null`.
        tiles: as for `measured_null`.
    """
    facts: dict[str, Fact] = {
        name: model.card.facts.get(name) for name in ("architecture", "encoder", "decoder", "dtype")
    }
    facts |= {"measure": asked_of(find).measure.digest, "side": SIDE, "tiles": tiles, "others": OTHERS}
    return f"{Card(kind='null', name='symmetry', facts=facts).digest[:32]}.json"


def _measured(
    model: Autoencoder, find: str, tiles: int, progress: Callable[[Progress], None] | None
) -> dict[str, Pool]:
    """The tiles by pool, those without a statistic left out; the decoder itself is no pool."""
    with tempfile.TemporaryDirectory() as place:
        step = SIDE if tiles <= TILES[0] else SIDE // 2
        photos = save_tiles((*PROFILE_PHOTOS, *TEST_PHOTOS), Path(place), size=SIDE, count=tiles, step=step)
        pools = {PHOTOS: _pool(model, photos, find, progress)}
        for name in OTHERS:
            other: Any = load_model(name, device=str(model.device))
            if other.card.facts.get("decoder") != model.card.facts.get("decoder"):
                folder = made_folder(Path(place) / slug(name))
                made = [one.path for one in round_trips(other, photos, folder=folder) if one.path is not None]
                pools[f"photos passed through {name}"] = _pool(model, made, find, progress)
    return pools


def _pool(model: Autoencoder, paths: Sequence[Path], find: str, progress: Callable[[Progress], None] | None) -> Pool:
    method = asked_of(find)
    table = score(paths, model=model, method=method, progress=progress)
    if table.errors:
        raise ModelError(f"{model.card.name} cannot be checked without a profile: {next(iter(table.errors.values()))}")
    kept = table.scores.take(np.isfinite(method.statistic(table.scores, {})))
    return Pool(mean=kept[APART[0]], error=kept[APART[1]])


def _read(place: Path, model: Autoencoder, find: str) -> Null | None:
    """A kept null; None where it is another version's or damaged, so that it is measured again."""
    try:
        found: Any = json.loads(place.read_text(encoding="utf-8"))
        pools = {str(name): _pool_of(numbers) for name, numbers in found["pools"].items()}
        if found["version"] != VERSION or PHOTOS not in pools:
            return None
        return Null(model=model.card, pools=pools, side=int(found["side"]), find=find)
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
        "method": asked_of(null.find).card.to_json(),
        "photos": [f"{package}/{name}" for package, name in (*PROFILE_PHOTOS, *TEST_PHOTOS)],
        "side": null.side,
        "pools": {
            name: {kind: [float(f"{value:.9g}") for value in getattr(pool, kind)] for kind in ("mean", "error")}
            for name, pool in null.pools.items()
        },
    }
