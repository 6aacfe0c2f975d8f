"""Images that a model made, as PNG files that say so."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from wherefrom.core.errors import ImageError, ModelError, UsageError
from wherefrom.core.given import refuse_name
from wherefrom.core.options import check_number
from wherefrom.images.labels import slug, text_of
from wherefrom.images.write import is_there
from wherefrom.making.made import Made, Report, made_folder

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from wherefrom.core.tensors import Latents
    from wherefrom.images.read import ImageRecord, Limits
    from wherefrom.images.sources import Image
    from wherefrom.models.base import Autoencoder, Decoder, Model

__all__ = ["draws", "generate", "round_trips"]

_SAME: Final = ("decoder", "settings", "dtype", "kind", "seed", "size", "class", "source")
_USUAL_DTYPE: Final = "float32"  # which files do not say
_PASSED: Final = "round trip"
_ENLARGED: Final = "enlargement"
_NO_SETTINGS: Final = frozenset(
    {"architecture", "config", "decoder", "device", "dtype", "encoder", "latents", "scaling"}
)


def generate(
    model: Decoder,
    *,
    folder: str | Path,
    count: int | None = None,
    photos: Iterable[Image] | None = None,
    enlarge: bool = False,
    seed: int = 0,
    size: tuple[int, int] | None = None,
    batch: int | None = None,
    limits: Limits | None = None,
    progress: Report | None = None,
) -> list[Made]:
    """Images that a model made, as 8-bit PNG files: new ones, or photos that are passed once through it.

    New image i depends on the seed and on i alone. Files that are there and whole are kept. Each file's text says which
    decoder made it, and from which seed or image.

    Args:
        model: from `load_model`.
        folder: where files go; made when absent.
        count: how many; of photos the first so many, None is all of them.
        photos: images to pass through an autoencoder; None draws new ones.
        enlarge: whether the photos are small images, which an upscaler enlarges as its users do.
        seed: the root seed of new images.
        size: `(height, width)` of new images in pixels; None is the model's own.
        batch: new images at a time; None is what the model likes.
        limits: on bytes and pixels of a photo's file; None are the reader's own.
        progress: told how far it is.

    Returns:
        One entry an image, in order.

    Raises:
        ModelError: when the model cannot draw, or not at this size, has no encoder for photos, or enlarges nothing.
        UsageError: when it is not said how many, nothing is given to enlarge, a size is given for photos, or a file of
            that name was made otherwise.
    """
    refuse_name("model", model, "wf.load_model")
    if count is not None and check_number("count", count, int) < 0:
        raise UsageError(f"count={count}, need 0 or more images")
    _check_size(size)
    if photos is None and count is None:
        raise UsageError("how many images? give count, or photos to pass through the model")
    if photos is not None and size is not None:
        raise UsageError("a size goes with new images: a photo that is passed through keeps its own")
    if photos is None and enlarge:
        raise UsageError("enlarge which images? give photos: an upscaler enlarges those")
    place = made_folder(Path(folder))
    if photos is not None:
        autoencoder = cast("Autoencoder", model)  # `round_trips` refuses a model without an encoder
        sources = islice(photos, count)
        return round_trips(autoencoder, sources, folder=place, enlarge=enlarge, limits=limits, report=progress)
    together = batch or int(getattr(model, "width", 1))
    return draws(model, folder=place, places=range(count or 0), seed=seed, size=size, batch=together, report=progress)


def _check_size(size: object) -> None:
    if size is not None and not (isinstance(size, Sequence) and len(size) == 2):
        raise UsageError(f"size={size!r}, need height and width in pixels, as (512, 512)")


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
    images: list[Made] = []
    for start in range(0, len(places), batch):
        seeds = {place: seed_of(seed, f"draw:{place}") for place in places[start : start + batch]}
        made = _drawn(model, seeds, folder / stem, size)
        images += made
        meter.add(len(made), cached=sum(one.kept for one in made))
    meter.tell()
    return images


def _drawn(model: Decoder, seeds: Mapping[int, int], start: Path, size: tuple[int, int] | None) -> list[Made]:
    """The images of one batch, by number and seed; those that are there already are kept.

    Args:
        model: a decoder that can draw latents.
        seeds: by the image's number.
        start: folder and start of the files' names.
        size: `(height, width)`; None is the model's own.
    """
    import numpy as np

    from wherefrom.images.write import save_png

    shape, decoder = f"{size[1]}x{size[0]}" if size else "native", _decoder(model)
    paths = [start.with_name(f"{start.name}-{place:06}.png") for place in seeds]
    labels = _labels(model, list(seeds.values()))
    texts = [
        _text(model, "draw", seed=str(seed), size=shape, **({} if label is None else {"class": str(label)}))
        for seed, label in zip(seeds.values(), labels, strict=True)
    ]
    there = [is_there(path, text, _SAME) for path, text in zip(paths, texts, strict=True)]
    missing = [row for row, kept in enumerate(there) if not kept]
    if missing:
        latents = model.draw(np.array(list(seeds.values()), dtype=np.uint64)[missing], size=size)
        for row, pixels in zip(missing, _decoded(model, latents), strict=True):
            save_png(pixels, paths[row], texts[row])
    return [
        Made(path=path, kind="draw", decoder=decoder, place=place, seed=seed, label=label, kept=kept)
        for (place, seed), path, label, kept in zip(seeds.items(), paths, labels, there, strict=True)
    ]


def round_trips(
    model: Autoencoder,
    sources: Iterable[Image],
    *,
    folder: Path,
    enlarge: bool = False,
    stem: str | None = None,
    limits: Limits | None = None,
    report: Report | None = None,
) -> list[Made]:
    """Images passed once through a model: decoded by it, but not drawn by it.

    Args:
        model: an autoencoder.
        sources: the images; one that cannot be read is an entry with its error.
        folder: where files go; those that are there and whole are kept.
        enlarge: whether the sources are an upscaler's small images: nothing is reduced first.
        stem: how files' names start.
        limits: on bytes and pixels of a file; None are the reader's own.
        report: told how far it is.

    Raises:
        ModelError: when the model has no encoder, or is to enlarge and is no upscaler.
        UsageError: when a file of that name was made otherwise.
    """
    from wherefrom.core.facts import ImageFacts
    from wherefrom.images.batches import read_ahead
    from wherefrom.images.read import DEFAULT_LIMITS
    from wherefrom.images.sources import as_source
    from wherefrom.models.base import UpscalingAutoencoder
    from wherefrom.scoring.progress import Meter

    if not hasattr(model, "encode"):
        raise ModelError(
            f"{model.card.name} has no encoder, so nothing can be passed through it: draw new images, by --count N"
            " or in Python by count=N"
        )
    if enlarge and not isinstance(model, UpscalingAutoencoder):
        raise ModelError(f"{model.card.name} is no upscaler, so it enlarges nothing: pass images through it instead")
    kind = _ENLARGED if enlarge else _PASSED
    listed = [as_source(image) for image in sources]
    meter = Meter(report=report, total=len(listed))
    stem = stem or f"{slug(model.card.name)}-{kind.replace(' ', '')}"
    images: list[Made] = []
    with closing(read_ahead(listed, limits=limits or DEFAULT_LIMITS)) as incoming:
        for record in incoming:
            made = (
                Made(path=None, kind=kind, decoder=_decoder(model), source=record.name, error=record.error)
                if isinstance(record, ImageFacts)
                else _round_trip(model, record, folder / stem, kind)
            )
            images.append(made)
            meter.add(1, errors=int(made.error is not None), cached=int(made.kept))
    meter.tell()
    return images


def _round_trip(model: Autoencoder, record: ImageRecord, start: Path, kind: str) -> Made:
    """One image passed through or enlarged, or why it cannot be; `start` is the folder and the start of its name."""
    import torch

    from wherefrom.images.batches import to_images
    from wherefrom.images.fit import crop
    from wherefrom.images.write import save_png
    from wherefrom.models.adapters.asked_part import asked_part
    from wherefrom.models.base import UpscalingAutoencoder

    facts = record.facts
    path = start.with_name(f"{start.name}-{slug(Path(facts.name).stem)}-{str(facts.pixel_digest)[:8]}.png")
    text = _text(model, kind, source=str(facts.pixel_digest))
    made = Made(path=path, kind=kind, decoder=_decoder(model), source=facts.name)
    try:
        if is_there(path, text, _SAME):
            return replace(made, kept=True)
        if kind == _ENLARGED and isinstance(model, UpscalingAutoencoder):
            latents = to_images([crop(record.pixels, model.multiple)]).to(model.device)
        else:
            images = to_images([asked_part(record.pixels, model)]).to(model.device)
            with torch.inference_mode():
                latents = model.encode(images)
        save_png(_decoded(model, latents)[0], path, text)
    except ImageError as error:
        return replace(made, path=None, error=str(error))
    return made


def _labels(model: Decoder, seeds: Sequence[int]) -> list[int] | list[None]:
    """The class that each seed draws, where the model draws the class."""
    import numpy as np

    from wherefrom.models.base import ClassConditional

    if not isinstance(model, ClassConditional) or model.classes is None:
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
    dtype = str(model.card.facts.get("dtype", _USUAL_DTYPE))
    less = {} if dtype == _USUAL_DTYPE else {"dtype": dtype}
    facts = {"kind": kind, "model": model.card.name, "decoder": _decoder(model), **_settings(model), **less}
    return text_of({**facts, **more})


def _settings(model: Model) -> dict[str, str]:
    """What changes the images of a generator beside its weights, as its class or prior."""
    settings = {name: fact for name, fact in model.card.facts.items() if name not in _NO_SETTINGS}
    return {"settings": json.dumps(settings, sort_keys=True)} if settings else {}
