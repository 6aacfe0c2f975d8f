"""What was learned of a decoder's grid, kept on the disk: learning takes seconds and gives the same every time."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from wherefrom.core.caches import cache_folder
from wherefrom.core.card import Card
from wherefrom.core.computing import computing_digest
from wherefrom.core.files import write_bytes
from wherefrom.methods.arithmetic.lattice import PATCH, Lattice, MatchedFilter, learned_lattice
from wherefrom.models.base import Autoencoder

__all__ = ["lattice_name", "lattice_of"]

_WEIGHTS: Final = ("lossless", "stored")
_IN_MEMORY: Final = 8
_Arrays = dict[str, npt.NDArray[np.generic]]

_lattices: dict[str, Lattice] = {}


def lattice_of(model: Autoencoder, *, cache: Path | None = None) -> Lattice:
    """What a decoder does within its cells: as this process knows it, as it was kept, or learned now and kept.

    A folder that cannot be written to costs the next learning and no more, and so does a file that is damaged.

    Args:
        model: one that takes images of any size, with a factor of at least 2.
        cache: folder in which lattices are kept; None is `lattices` in `wherefrom.core.caches.cache_folder`.
    """
    name = lattice_name(model)
    if name not in _lattices:
        place = (cache_folder("lattices") if cache is None else cache) / name
        lattice = _read(place, model.factor)
        if lattice is None:
            lattice = learned_lattice(model)
            _keep(_arrays(lattice), place)
        while len(_lattices) >= _IN_MEMORY:
            _lattices.pop(next(iter(_lattices)))
        _lattices[name] = lattice
    return _lattices[name]


def lattice_name(model: Autoencoder) -> str:
    """The file of a lattice, named for all that it depends on: both halves of the autoencoder, where it runs, the code.

    Args:
        model: see `lattice_of`.
    """
    facts = {name: model.card.facts.get(name) for name in ("architecture", "encoder", "decoder", "dtype", "device")}
    card = Card(kind="lattice", name="lattice", facts={**facts, "code": computing_digest()})
    return f"{card.digest[:32]}.npz"


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


def _keep(arrays: _Arrays, place: Path) -> None:
    """Write arrays, whole or not at all."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(place, file.getvalue())
