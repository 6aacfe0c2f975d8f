"""The map of an image under a model: read, reconstruct the image and its copies, find the regions that support."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import ndimage

from wherefrom.core.card import Card, Fact
from wherefrom.core.errors import UsageError
from wherefrom.core.shares import check_share
from wherefrom.images.batches import to_images
from wherefrom.images.convert import Pixels
from wherefrom.images.read import DEFAULT_LIMITS, ImageRecord, Limits, pixel_digest, read_image
from wherefrom.images.sources import as_source
from wherefrom.mapping.errors import BLOCK, OWN, log_energies
from wherefrom.mapping.regions import SMOOTHING, found_regions
from wherefrom.methods.arithmetic.columns import SHIFT
from wherefrom.methods.control import Control
from wherefrom.models.adapters.asked_part import asked_part
from wherefrom.models.base import Autoencoder, SupportsParts
from wherefrom.records.maps import EvidenceMap, Flags

if TYPE_CHECKING:
    from wherefrom.images.sources import Image

__all__ = ["METHOD", "check_method", "evidence_map", "flat_cells", "map_of_record"]

METHOD: Final = Control(copies="turn180+mirror", form="losses", refine=True)
"""Two copies that no side exchanges, so that any shape of image will do; every reconstruction is corrected once."""
_FEWEST: Final = 2
_NEAR: Final = 5
"""Blocks a side of the neighbourhood that is flat where a cell is masked; a cell's number rests on about as many."""
_USUAL: Final = "float32"
"""The precision of which a map says nothing."""
_LEVELS: Final = 1
"""A block whose values span no more than so many levels of 8 bits in each colour is flat: rounding is all it shows."""


def evidence_map(
    image: Image,
    *,
    model: str | Path | Autoencoder,
    method: Control = METHOD,
    beta: float = 0.01,
    limits: Limits = DEFAULT_LIMITS,
) -> EvidenceMap:
    """Where in an image the pixels are consistent with a decoder, in cells of 4 x 4 pixels, without a profile.

    The whole image and each of its turned and mirrored copies are reconstructed once, and the errors are compared pixel
    on pixel: where the decoder drew the pixels, the image's own error is smaller than its copies'. So it costs what one
    score of `control` with these copies costs. Flat areas, clipped ones among them, are masked: every decoder
    reproduces them. Pixels some cells inside a pasted region's border are reconstructed worse, since the encoder sees
    both sides of it; how many is estimated (`wherefrom.mapping.fading`), so that a border is uncertain by some cells.

    Nothing is said of images that left the decoder's grid: what was resized, or moved by no multiple of the factor,
    shows no evidence.

    Args:
        image: a path, bytes of a file, an array `(height, width, 3)` of uint8, an image of Pillow's, or a source.
        model: an autoencoder, or what `load_model` takes for it.
        method: which copies, at least two and none shifted, and whether reconstructions are corrected; its form and
            `second` have no effect.
        beta: the bound on the chance that an image of other origin shows any region; `wherefrom.mapping.regions` says
            what it assumes.
        limits: on bytes and pixels of a file.

    Raises:
        ImageError: when the image cannot be read, or does not fit the model.
        ModelError: when the model cannot be loaded or has no encoder.
        UsageError: when beta is out of range, or the method has no two copies that can be laid over the image.
    """
    check_share("beta", beta)
    check_method(method)
    return map_of_record(read_image(as_source(image), limits), model=_opened(model), method=method, beta=beta)


def map_of_record(record: ImageRecord, *, model: Autoencoder, method: Control, beta: float) -> EvidenceMap:
    """The map of an image that has been read.

    Args:
        record: the image.
        model: an autoencoder.
        method: which copies, as `check_method` allows them.
        beta: as for `evidence_map`.

    Raises:
        ImageError: when the image does not fit the model.
        ModelError: when the model has no encoder.
    """
    pixels = asked_part(record.pixels, model)
    batch = to_images([pixels]).to(model.device)
    logs = log_energies(model, batch, method.names, refine=method.refine)
    masked = flat_cells(pixels)
    regions = found_regions(logs, OWN, masked, beta)
    return EvidenceMap(
        image=replace(record.facts, scored_digest=pixel_digest(pixels)),
        model=model.card.name,
        decoder=str(model.card.facts.get("decoder") or model.card.digest),
        method=_card(method, beta, str(model.card.facts.get("dtype", _USUAL))),
        statistic=np.where(masked, np.nan, regions.statistic),
        masked=masked,
        supports=regions.supports,
        stride=BLOCK,
        window=_NEAR * BLOCK,
        threshold=regions.threshold,
        strict=regions.strict,
        spread=regions.spread,
        chance=beta,
        chance_by_symmetry=1 / (1 + len(method.names)),
        corner=_corner(record, model),
    )


def check_method(method: Control) -> None:
    """Refuse copies that cannot be compared with the image pixel on pixel, or with each other.

    Args:
        method: which copies.

    Raises:
        UsageError: when there are fewer than two, or one is shifted.
    """
    if len(method.names) < _FEWEST or SHIFT in method.names:
        raise UsageError(
            f"copies={method.copies!r}: a map needs at least {_FEWEST} copies that are turned or mirrored and none that"
            f" is shifted, as {METHOD.copies}"
        )


def flat_cells(pixels: Pixels) -> Flags:
    """Cells of 4 x 4 pixels about which most blocks are flat, `(rows, columns)`.

    Args:
        pixels: `(h, w, 3)` uint8.
    """
    rows, columns = (side // BLOCK for side in pixels.shape[:2])
    blocks = pixels[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK, 3)
    span = blocks.max(axis=(1, 3)).astype(int) - blocks.min(axis=(1, 3))
    flat = (span <= _LEVELS).all(axis=-1)
    masked: Flags = ndimage.uniform_filter(flat.astype(np.float64), _NEAR, mode="nearest") > 0.5
    return masked


def _card(method: Control, beta: float, dtype: str) -> Card:
    """The method by which the map was made, with all options, and the precision where it is not the usual one."""
    facts: dict[str, Fact] = {"copies": method.copies, "refine": method.refine, "beta": beta, "smoothing": SMOOTHING}
    facts |= {} if dtype == _USUAL else {"dtype": dtype}
    return Card(kind="method", name="control, by cell", facts=facts)


def _opened(model: str | Path | Autoencoder) -> Any:
    if not isinstance(model, str | Path):
        return model
    from wherefrom.models.load import load_model

    return load_model(model)


def _corner(record: ImageRecord, model: Autoencoder) -> tuple[int, int]:
    """Row and column of the first pixel that the model was asked about."""
    if model.size is not None or not isinstance(model, SupportsParts):
        return (0, 0)
    top, left, _, _ = model.part((record.pixels.shape[0], record.pixels.shape[1]))
    return (top, left)
