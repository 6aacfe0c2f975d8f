"""Where in an image the evidence for a decoder lies: the record of a map, as values and as a file. No torch."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from wherefrom.core.card import Card
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.core.files import write_bytes, write_json
from wherefrom.core.plain import plain

__all__ = ["EvidenceMap", "Flags", "Grid", "load_map", "map_from_json", "save_map"]

Grid = npt.NDArray[np.float64]
"""A number a cell, `(rows, columns)`."""
Flags = npt.NDArray[np.bool_]
"""Yes or no a cell, `(rows, columns)`."""

_KIND: Final = "map"
_SCHEMA: Final = 1
_GRIDS: Final = ("statistic", "masked", "supports")
_NUMBERS: Final = ("threshold", "strict", "spread", "chance", "chance_by_symmetry")
_MOST: Final = 64 * 2**20
"""Bytes of a file of a map, at most."""
_PARTLY: Final = (0.05, 0.95)
"""Shares of the judged area between which a map says that an image matches in part."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class EvidenceMap:
    """Where in an image the pixels are consistent with a decoder, cell by cell.

    Cell (r, c) stands for `stride` x `stride` pixels from row `top + r * stride` and column `left + c * stride` on.

    Attributes:
        image: the file's facts.
        model: the model's name.
        decoder: digest of the decoder's weights, to which alone the map speaks.
        method: how the map was made, with all options.
        statistic: about 0 where the decoder did not draw the pixels and lower where it did; NaN where masked.
        masked: where nothing can be judged, as in flat areas.
        supports: where the pixels are consistent with the decoder; never where masked.
        stride: pixels from one cell to the next, down and to the right.
        window: pixels across the area that most of a cell's number comes from.
        threshold: the statistic, smoothed by total variation, at which a region ends roughly; where it ends exactly
            also depends on how much evidence the picture can show in each cell (`wherefrom.mapping.outlines`).
        strict: below which the local mean of the statistic is somewhere in every region that supports.
        spread: the same mean of the image's control copies, where it is below 0: its root mean square.
        chance: a bound on the probability that an image of other origin has any cell that supports; see
            `wherefrom.mapping.regions` for what it assumes.
        chance_by_symmetry: the same where nothing is assumed but that such an image differs from its copies by chance.
        corner: row and column of the pixel with which cell (0, 0) begins.

    Raises:
        ProfileError: when the arrays differ in shape, a masked cell supports, or a cell that is not masked has no
            number.
    """

    image: ImageFacts
    model: str
    decoder: str
    method: Card
    statistic: Grid
    masked: Flags
    supports: Flags
    stride: int
    window: int
    threshold: float
    strict: float
    spread: float
    chance: float
    chance_by_symmetry: float
    corner: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        """Freeze the arrays and check that they say one thing."""
        for name, kind in zip(_GRIDS, (np.float64, np.bool_, np.bool_), strict=True):
            array: npt.NDArray[Any] = np.array(getattr(self, name), dtype=kind)
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        shapes = {getattr(self, name).shape for name in _GRIDS}
        if len(shapes) > 1 or self.statistic.ndim != 2 or not self.statistic.size:
            raise ProfileError(f"a map needs three arrays of one shape (rows, columns), got {sorted(shapes)}")
        if bool((self.masked & self.supports).any()):
            raise ProfileError("a map has cells that are masked and support: a masked cell says nothing")
        if not np.array_equal(np.isnan(self.statistic), self.masked):
            raise ProfileError("a map has a number in a masked cell, or none in another")

    @property
    def judged(self) -> int:
        """Cells that could be judged."""
        return int(np.count_nonzero(~self.masked))

    @property
    def share(self) -> float | None:
        """The share of the area that supports, among what could be judged; None where nothing could."""
        return np.count_nonzero(self.supports) / self.judged if self.judged else None

    @property
    def share_masked(self) -> float:
        """The share of the area that could not be judged."""
        return 1 - self.judged / self.masked.size

    @property
    def sentence(self) -> str:
        """What the map says of the image, in one sentence for a person who reads a verdict."""
        return _sentence(self.share, self.share_masked)

    def over_pixels(self, name: str) -> npt.NDArray[Any]:
        """One of the arrays with its cells repeated, `(rows * stride, columns * stride)`, from `corner` on.

        Args:
            name: `statistic`, `masked` or `supports`.

        Raises:
            UsageError: when there is no such array.
        """
        if name not in _GRIDS:
            raise UsageError(f"{name!r} is none of {', '.join(_GRIDS)}")
        enlarged: npt.NDArray[Any] = getattr(self, name).repeat(self.stride, 0).repeat(self.stride, 1)
        return enlarged

    def to_json(self) -> dict[str, Any]:
        """The whole map in plain values, NaN as null; `map_from_json` reads it back."""
        return {**self._about(), **{name: plain(getattr(self, name).tolist()) for name in _GRIDS}}

    def _about(self) -> dict[str, Any]:
        """All but the arrays, and what a reader wants first."""
        names = [item.name for item in fields(self) if item.name not in _GRIDS]
        kept = {name: plain(getattr(self, name)) for name in names}
        shares = {"share": self.share, "share_masked": self.share_masked, "sentence": self.sentence}
        return {"wherefrom": _KIND, "schema": _SCHEMA, **kept, **shares}


def _sentence(share: float | None, masked: float) -> str:
    """About the shares of an area; words alone where a number would say more than is known."""
    unknown = f" ({masked:.0%} of the image cannot be judged)" if masked >= 0.005 else ""
    if share is None:
        return "no part of the image can be judged: it is flat, or too small"
    if share == 0:
        return f"no part of the area that can be judged is consistent with this decoder{unknown}"
    if share < _PARTLY[0]:
        return (
            f"about {share:.1%} of the area that can be judged is consistent with this decoder, the rest is not: a"
            f" small part may have been inpainted or pasted in{unknown}"
        )
    if share > _PARTLY[1]:
        return f"about {share:.0%} of the area that can be judged is consistent with this decoder{unknown}"
    return (
        f"about {share:.0%} of the area that can be judged is consistent with this decoder, the rest is not: the image"
        f" may be a composite{unknown}"
    )


def map_from_json(found: Mapping[str, Any]) -> EvidenceMap:
    """The map that `to_json` wrote.

    Args:
        found: its plain values.

    Raises:
        ProfileError: when something is missing or of another kind.
    """
    try:
        if found["wherefrom"] != _KIND or found["schema"] != _SCHEMA:
            raise ProfileError(f"this is no map of schema {_SCHEMA}: read it by the version that wrote it")
        return EvidenceMap(
            image=_facts(found["image"]),
            model=str(found["model"]),
            decoder=str(found["decoder"]),
            method=Card.from_json(found["method"]),
            statistic=np.array(found["statistic"], dtype=np.float64),
            masked=_flags(found["masked"]),
            supports=_flags(found["supports"]),
            stride=int(found["stride"]),
            window=int(found["window"]),
            **{name: float(found[name]) for name in _NUMBERS},
            corner=(int(found["corner"][0]), int(found["corner"][1])),
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ProfileError(f"this is no map that can be read: {error!r}") from error


def _facts(facts: Mapping[str, Any]) -> ImageFacts:
    """The facts of an image; tuples are lists in JSON."""
    tables = tuple(tuple(int(value) for value in table) for table in facts["jpeg_tables"])
    return ImageFacts(**{**facts, "jpeg_tables": tables, "changes": tuple(map(str, facts["changes"]))})


def _flags(values: Any) -> Flags:
    """Yes or no, and nothing that would be taken for it."""
    array = np.array(values)
    if array.dtype != np.bool_:
        raise ValueError(f"flags are {array.dtype}, need true or false")
    return array


def save_map(found: EvidenceMap, path: str | Path) -> None:
    """Write a map: all of it as `.json`, or as `.npz` the arrays under their names and the rest as JSON in `about`.

    Args:
        found: to write.
        path: replaced when it exists, whole or not at all.

    Raises:
        UsageError: when the suffix is another, or the file cannot be written.
    """
    path = Path(path)
    _check_suffix(path)
    try:
        if path.suffix.lower() == ".json":
            write_json(path, found.to_json(), indent=None)
            return
        held = io.BytesIO()
        arrays = {name: getattr(found, name) for name in _GRIDS}
        np.savez_compressed(held, about=np.array(json.dumps(found._about(), allow_nan=False)), **arrays)
        write_bytes(path, held.getvalue())
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error


def load_map(path: str | Path) -> EvidenceMap:
    """The map that `save_map` wrote; nothing in the file is run.

    Args:
        path: `.json` or `.npz`.

    Raises:
        UsageError: when the suffix is another, or there is no such file.
        ProfileError: when the file is damaged, or no map.
    """
    path = Path(path)
    _check_suffix(path)
    try:
        if path.stat().st_size > _MOST:
            raise ProfileError(f"{path} has more than {_MOST} bytes: no map is so large")
        if path.suffix.lower() == ".json":
            return map_from_json(json.loads(path.read_bytes()))
        with np.load(path, allow_pickle=False) as held:
            return map_from_json({**json.loads(str(held["about"])), **{name: held[name] for name in _GRIDS}})
    except FileNotFoundError as error:
        raise UsageError(f"no file {path}") from error
    except (OSError, ValueError, KeyError, TypeError, EOFError, RecursionError, zipfile.BadZipFile) as error:
        raise ProfileError(f"cannot read {path}: {error}") from error


def _check_suffix(path: Path) -> None:
    if path.suffix.lower() not in (".json", ".npz"):
        raise UsageError(f"{path} ends in {path.suffix or 'no suffix'!r}: use .json or .npz")
