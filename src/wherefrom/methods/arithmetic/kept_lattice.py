"""What was learned of a decoder's grid, kept on the disk: learning takes seconds and gives the same every time."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
import torch

from wherefrom.core.caches import cache_folder
from wherefrom.core.card import Card, Fact
from wherefrom.core.computing import computing_digest
from wherefrom.core.files import write_bytes
from wherefrom.images.convert import Pixels
from wherefrom.methods.arithmetic.lattice import PATCH, Lattice, MatchedFilter, learned_lattice, training_pictures
from wherefrom.methods.arithmetic.scale_lattice import ScaleLattice, learned_scale_lattice, nearest_scale
from wherefrom.models.base import Autoencoder

__all__ = ["lattice_name", "lattice_of", "scale_lattice_of"]

_WEIGHTS: Final = ("lossless", "stored")
_IN_MEMORY: Final = 8
_SCALES_IN_MEMORY: Final = 128
_Learned = TypeVar("_Learned")
_Arrays = dict[str, npt.NDArray[np.generic]]

_lattices: dict[str, Lattice] = {}
_scale_lattices: dict[str, ScaleLattice] = {}
_pictures: dict[str, tuple[list[Pixels], list[Pixels]]] = {}
"""What the last decoder was learned from, so that it is asked once for all factors."""


def lattice_of(model: Autoencoder, *, cache: Path | None = None) -> Lattice:
    """What a decoder does within its cells: as this process knows it, as it was kept, or learned now and kept.

    A folder that cannot be written to costs the next learning and no more, and so does a file that is damaged.

    Args:
        model: one that takes images of any size, with a factor of at least 2.
        cache: folder in which lattices are kept; None is `lattices` in `wherefrom.core.caches.cache_folder`.
    """
    name = lattice_name(model)
    if name not in _lattices:
        place = _folder(cache) / name
        lattice = _read(place, model.factor)
        if lattice is None:
            lattice = learned_lattice(model)
            _keep(_arrays(lattice), place)
        _remember(_lattices, name, lattice, most=_IN_MEMORY)
    return _lattices[name]


def scale_lattice_of(
    model: Autoencoder, scale: float, *, stored: bool = False, cache: Path | None = None
) -> ScaleLattice:
    """What a decoder leaves within its cells in images that were resized by about that factor, kept in the same way.

    Args:
        model: see `lattice_of`.
        scale: the factor; the nearest is taken of those for which something is learned.
        stored: for images that were stored as JPEG after they were resized.
        cache: see `lattice_of`.
    """
    learned = nearest_scale(scale, stored=stored)
    name = lattice_name(model, scale=learned, stored=stored)
    if name not in _scale_lattices:
        place = _folder(cache) / name
        lattice = _read_scale(place, learned, model.factor)
        if lattice is None:
            lattice = learned_scale_lattice(*_learned_from(model), learned, model.factor, stored=stored)
            _keep(_scale_arrays(lattice), place)
        _remember(_scale_lattices, name, lattice, most=_SCALES_IN_MEMORY)
    return _scale_lattices[name]


def _learned_from(model: Autoencoder) -> tuple[list[Pixels], list[Pixels]]:
    """Pictures as the model makes them, and as they were."""
    name = lattice_name(model)
    if name not in _pictures:
        _remember(_pictures, name, training_pictures(model), most=1)
    return _pictures[name]


def lattice_name(model: Autoencoder, *, scale: float | None = None, stored: bool = False) -> str:
    """The file of a lattice, named for all that it depends on: both halves of the autoencoder, where it runs, the code.

    Args:
        model: see `lattice_of`.
        scale: the factor of `scale_lattice_of`; None for `lattice_of`.
        stored: as for `scale_lattice_of`.
    """
    facts: dict[str, Fact] = {
        name: model.card.facts.get(name) for name in ("architecture", "encoder", "decoder", "dtype", "device")
    }
    facts |= {"code": computing_digest(), **({} if scale is None else {"scale": scale, "stored": stored})}
    return f"{Card(kind='lattice', name='lattice', facts=facts).digest[:32]}.npz"


def _read(place: Path, factor: int) -> Lattice | None:
    """A kept lattice; None where there is none, or its file is damaged."""
    try:
        with np.load(io.BytesIO(place.read_bytes()), allow_pickle=False) as file:
            filters = np.array(file["filters"])
            matched = {name: _matched(file[name], file[f"{name}_deviation"]) for name in _WEIGHTS}
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    shapes = {(factor, factor, len(filters)), *(one.weights.shape for one in matched.values())}
    if len(shapes) > 1 or filters.shape[1:] != (3, PATCH, PATCH) or filters.dtype != np.float32:
        return None
    return Lattice(filters=torch.from_numpy(filters), lossless=matched["lossless"], stored=matched["stored"])


def _matched(weights: npt.NDArray[np.complex128], deviation: npt.NDArray[np.float64]) -> MatchedFilter:
    """One filter of a file.

    Raises:
        ValueError: when a number is none.
    """
    if weights.dtype != np.complex128 or not np.isfinite(weights).all() or not 0 < float(deviation) < np.inf:
        raise ValueError("a matched filter that holds numbers of another kind")
    return MatchedFilter(weights=np.array(weights), deviation=float(deviation))


def _arrays(lattice: Lattice) -> _Arrays:
    """A lattice as the arrays of a file."""
    arrays: _Arrays = {"filters": lattice.filters.numpy()}
    for name in _WEIGHTS:
        matched: MatchedFilter = getattr(lattice, name)
        arrays |= {name: matched.weights, f"{name}_deviation": np.array(matched.deviation)}
    return arrays


def _scale_arrays(lattice: ScaleLattice) -> _Arrays:
    """The lattice of one factor as the arrays of a file."""
    return {
        "filters": lattice.filters.numpy(),
        "weights": lattice.matched.weights,
        "deviation": np.array(lattice.matched.deviation),
        "centre": lattice.centre,
        "pixels": np.array(lattice.pixels),
    }


def _read_scale(place: Path, scale: float, factor: int) -> ScaleLattice | None:
    """The kept lattice of one factor; None where there is none, or its file is damaged."""
    try:
        with np.load(io.BytesIO(place.read_bytes()), allow_pickle=False) as file:
            filters, centre = np.array(file["filters"]), np.array(file["centre"])
            matched, pixels = _matched(file["weights"], file["deviation"]), int(file["pixels"])
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    count = len(filters)
    shapes = (filters.shape[1:], matched.weights.shape, centre.shape)
    wanted = ((3, PATCH, PATCH), (factor, factor, count), (count, factor, factor))
    if shapes != wanted or filters.dtype != np.float32 or centre.dtype != np.float64:
        return None
    if pixels < 1 or not np.isfinite(centre).all():
        return None
    return ScaleLattice(
        scale=scale,
        filters=torch.from_numpy(filters),
        matched=matched,
        centre=centre,
        pixels=pixels,
    )


def _folder(cache: Path | None) -> Path:
    return cache_folder("lattices") if cache is None else cache


def _remember(known: dict[str, _Learned], name: str, learned: _Learned, *, most: int) -> None:
    """Hold what was learned in memory, in place of what was learned longest ago."""
    while len(known) >= most:
        known.pop(next(iter(known)))
    known[name] = learned


def _keep(arrays: _Arrays, place: Path) -> None:
    """Write arrays, whole or not at all."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(place, file.getvalue())
