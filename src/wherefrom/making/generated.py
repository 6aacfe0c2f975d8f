"""Images that a model made, as PNG files that say so."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wherefrom.core.errors import ImageError, ModelError, UsageError
from wherefrom.images.labels import is_there, slug, text_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from wherefrom.core.tensors import Latents
    from wherefrom.images.read import ImageRecord, Limits
    from wherefrom.images.sources import Source
    from wherefrom.models.base import Autoencoder, Decoder, Model
    from wherefrom.scoring.progress import Progress

__all__ = ["Made", "draws", "made_folder", "round_trips", "slug"]

Report = Callable[["Progress"], None]
_SAME: Final = ("decoder", "settings", "kind", "seed", "size", "class", "source")
_NO_SETTINGS: Final = frozenset(
    {"architecture", "config", "decoder", "device", "dtype", "encoder", "latents", "scaling"}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """One image that a model made.

    Attributes:
        path: the file; None where none could be made.
        kind: `draw`, or `round trip` of an image that something else made.
        decoder: digest of the decoder's weights.
        seed: of a draw.
        source: name of the image that was passed through.
        label: class of a draw, where the model draws the class too.
        kept: whether the file was there already.
        error: why there is no file.
    """

    path: Path | None
    kind: str
    decoder: str
    seed: int | None = None
    source: str | None = None
    label: int | None = None
    kept: bool = False
    error: str | None = None

    @property
    def name(self) -> str | None:
        """What a message calls it."""
        return self.source


def made_folder(path: Path) -> Path:
    """The folder, made when absent.

    Raises:
        UsageError: when it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {path}: {error.strerror or error}") from error
    return path


def draws(
    model: Decoder,
    *,
    folder: Path,
    places: Sequence[int],
    seed: int,
    size: tuple[int, int] | None,
    batch: int = 1,
    stem: str | None = None,
    report: Report | None = None,
) -> list[Made]:
    """New images of a model, one a place; image i depends on the seed and on i alone.

    Args:
        model: a decoder that can draw latents.
        folder: where files go; those that are there and whole are kept.
        places: numbers of the images.
        seed: the root seed.
        size: `(height, width)`; None is the model's own.
        batch: images at a time.
        stem: how files' names start.
        report: told how far it is.

    Raises:
        ModelError: when the model cannot draw, or not at this size.
        UsageError: when a file of that name was made otherwise.
    """
    from wherefrom.core.seeds import seed_of
    from wherefrom.scoring.progress import Meter

    meter = Meter(report=report, total=len(places))
    stem = stem or f"{slug(model.card.name)}-draw-{seed}"
    found: list[Made] = []
    for start in range(0, len(places), batch):
        wanted = [
            (folder / f"{stem}-{place:06}.png", seed_of(seed, f"draw:{place}"))
            for place in places[start : start + batch]
        ]
        made = _drawn(model, wanted, size)
        found += made
        meter.add(len(made), cached=sum(one.kept for one in made))
    meter.tell()
    return found


def _drawn(model: Decoder, wanted: Sequence[tuple[Path, int]], size: tuple[int, int] | None) -> list[Made]:
    """The images of one batch, by file and seed; those that are there already are kept."""
    import numpy as np

    from wherefrom.images.write import save_png

    labels = _labels(model, [seed for _, seed in wanted])
    shape = f"{size[1]}x{size[0]}" if size else "native"
    texts = [
        _text(model, "draw", seed=str(seed), size=shape, **({} if label is None else {"class": str(label)}))
        for (_, seed), label in zip(wanted, labels, strict=True)
    ]
    there = [is_there(path, text, _SAME) for (path, _), text in zip(wanted, texts, strict=True)]
    todo = [index for index, kept in enumerate(there) if not kept]
    if todo:
        latents = model.draw(np.array([wanted[index][1] for index in todo], dtype=np.uint64), size=size)
        for index, pixels in zip(todo, _decoded(model, latents), strict=True):
            save_png(pixels, wanted[index][0], texts[index])
    decoder = _decoder(model)
    return [
        Made(path=path, kind="draw", decoder=decoder, seed=seed, label=label, kept=kept)
        for (path, seed), label, kept in zip(wanted, labels, there, strict=True)
    ]


def round_trips(
    model: Autoencoder,
    sources: Iterable[Source | str | Path],
    *,
    folder: Path,
    stem: str | None = None,
    limits: Limits | None = None,
    report: Report | None = None,
) -> list[Made]:
    """Images passed once through a model: decoded by it, but not drawn by it.

    Args:
        model: an autoencoder.
        sources: the images; one that cannot be read is an entry with its error.
        folder: where files go; those that are there and whole are kept.
        stem: how files' names start.
        limits: on bytes and pixels of a file; None are the reader's own.
        report: told how far it is.

    Raises:
        ModelError: when the model has no encoder.
        UsageError: when a file of that name was made otherwise.
    """
    from wherefrom.core.facts import ImageFacts
    from wherefrom.images.batches import read_ahead
    from wherefrom.images.read import DEFAULT_LIMITS
    from wherefrom.scoring.progress import Meter

    if not hasattr(model, "encode"):
        raise ModelError(f"{model.card.name} has no encoder, so nothing can be passed through it: give --count N")
    listed = list(sources)
    meter = Meter(report=report, total=len(listed))
    stem = stem or f"{slug(model.card.name)}-roundtrip"
    found: list[Made] = []
    with closing(read_ahead(listed, limits=limits or DEFAULT_LIMITS)) as incoming:
        for record in incoming:
            made = (
                Made(path=None, kind="round trip", decoder=_decoder(model), source=record.name, error=record.error)
                if isinstance(record, ImageFacts)
                else _round_trip(model, record, folder, stem)
            )
            found.append(made)
            meter.add(1, errors=int(made.error is not None), cached=int(made.kept))
    meter.tell()
    return found


def _round_trip(model: Autoencoder, record: ImageRecord, folder: Path, stem: str) -> Made:
    """One image passed through, or why it cannot be."""
    import torch

    from wherefrom.images.batches import to_images
    from wherefrom.images.write import save_png
    from wherefrom.models.fitting import fitted

    facts = record.facts
    path = folder / f"{stem}-{slug(Path(facts.name).stem)}-{str(facts.pixel_digest)[:8]}.png"
    text = _text(model, "round trip", source=str(facts.pixel_digest))
    made = Made(path=path, kind="round trip", decoder=_decoder(model), source=facts.name)
    try:
        if is_there(path, text, _SAME):
            return replace(made, kept=True)
        images = to_images([fitted(record.pixels, model)]).to(model.device)
        with torch.inference_mode():
            latents = model.encode(images)
        save_png(_decoded(model, latents)[0], path, text)
    except ImageError as error:
        return replace(made, path=None, error=str(error))
    return made


def _labels(model: Decoder, seeds: Sequence[int]) -> list[int] | list[None]:
    """The class that each seed draws, where the model draws the class."""
    import numpy as np

    from wherefrom.models.base import Classed

    if not isinstance(model, Classed) or model.classes is None:
        return [None] * len(seeds)
    return model.labels(np.array(seeds, dtype=np.uint64))


def _decoder(model: Model) -> str:
    return str(model.card.facts.get("decoder") or model.card.digest)


def _decoded(model: Decoder, latents: Latents) -> npt.NDArray[np.uint8]:
    """Latents as 8-bit pixels, `(n, h, w, 3)`."""
    import torch

    from wherefrom.images.batches import to_pixels

    with torch.inference_mode():
        return to_pixels(model.decode(latents))


def _text(model: Model, kind: str, **more: str) -> dict[str, str]:
    """What a file says of itself."""
    return text_of({"kind": kind, "model": model.card.name, "decoder": _decoder(model), **_settings(model), **more})


def _settings(model: Model) -> dict[str, str]:
    """What changes the images of a generator beside its weights, as its class or prior."""
    found = {name: fact for name, fact in model.card.facts.items() if name not in _NO_SETTINGS}
    return {"settings": json.dumps(found, sort_keys=True)} if found else {}
