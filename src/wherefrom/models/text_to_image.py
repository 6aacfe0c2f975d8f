"""Images of a text-to-image pipeline as PNG files that say how they were made, and a manifest of them.

Image i depends on the pipeline, the prompts, the settings, the root seed and on i alone: its seed is hashed from the
root seed and i, and its prompt is number i of the prompts, over and over. So a run that was stopped goes on, and a
longer one starts with the images of a shorter one.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from wherefrom.core.card import Fact
from wherefrom.core.errors import ImageError, ModelError, UsageError
from wherefrom.core.seeds import seed_of
from wherefrom.images.labels import slug, text_of
from wherefrom.images.manifest import add_rows, check_manifest
from wherefrom.images.write import is_there, save_png
from wherefrom.models.adapters.prompted_pipeline import Call, TextToImage, open_pipeline, plan_call
from wherefrom.models.load import load_model
from wherefrom.models.sources.hub_pipelines import fetch_pipeline
from wherefrom.models.sources.names import HubName, PathName, parse
from wherefrom.models.sources.pipeline_folders import PipelineFolder, read_folder

__all__ = ["OnSettled", "PromptRequest", "PromptedImage", "TextToImageModel", "find_pipeline", "make_images"]

KIND: Final = "text to image"
_LIBRARIES: Final = ("diffusers", "torch", "transformers")
_SAME: Final = (
    "kind",
    "pipeline",
    "weights",
    "decoder",
    "scheduler",
    "prompt",
    "negative",
    "seed",
    "steps",
    "guidance",
    "size",
    "dtype",
    "settings",
)
"""What a file that is there has to say as well; device, versions and the place of the pipeline may differ."""

OnSettled = Callable[[int, int, int], None]
"""Told of images that are settled: how many, of them with an error, of them there already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptedImage:
    """One image that was asked for.

    Attributes:
        path: the file; None where none could be made.
        place: its number, from 0.
        kind: `text to image`.
        decoder: digest of the autoencoder's decoder; None where it is none that can be asked.
        seed: of its noise.
        prompt: what it should show.
        kept: whether the file was there already.
        error: why there is no file.
    """

    path: Path | None
    place: int
    kind: str
    decoder: str | None
    seed: int
    prompt: str
    kept: bool = False
    error: str | None = None

    @property
    def name(self) -> str:
        """What a message calls it."""
        return f"image {self.place} ({self.prompt!r})"


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptRequest:
    """What is asked of a pipeline.

    Attributes:
        prompts: what to show, over and over.
        count: how many images; None is one a prompt.
        seed: the root seed.
        steps: of the sampler; None leaves each of these to the pipeline.
        guidance: what the pipeline calls `guidance_scale`.
        negative: what the images should not show.
        size: `(height, width)` in pixels.
        batch: images at a time. Above 1 an image can differ in its last bits with the others of its batch.
        options: further arguments of the pipeline's call.
        device: `cpu`, `cuda` or `auto`.
        dtype: `float32`, `bfloat16` or `float16`.
    """

    prompts: tuple[str, ...]
    count: int | None = None
    seed: int = 0
    steps: int | None = None
    guidance: float | None = None
    negative: str | None = None
    size: tuple[int, int] | None = None
    batch: int = 1
    options: Mapping[str, Fact] = field(default_factory=dict)
    device: str = "auto"
    dtype: str = "float32"


@dataclass(frozen=True, kw_only=True, slots=True)
class TextToImageModel:
    """A pipeline that was found, before its weights are read.

    Attributes:
        name: what to call it.
        source: where it was found: a path from the root, or `owner/name@commit`.
        folder: its files.
        decoder: digest of the autoencoder's decoder, the same that `load_model` gives; None where it is none that can
            be asked.
        reason: why there is no decoder.
    """

    name: str
    source: str
    folder: PipelineFolder
    decoder: str | None
    reason: str | None = None


def find_pipeline(name: str) -> TextToImageModel:
    """The pipeline of that name: a folder with `model_index.json`, or `owner/name[@revision]` on the hub.

    Raises:
        ModelError: when there is none, it cannot be fetched, or it could only be opened by running code.
        UsageError: when the name is that of another kind of model.
    """
    written = parse(name)
    if isinstance(written, PathName):
        place = written.existing()
        short, source = place.resolve().name, str(place.resolve())
    elif isinstance(written, HubName):
        place, source = fetch_pipeline(written)
        short = written.repo
    else:
        raise UsageError(f"--prompts needs a text-to-image pipeline, a folder or owner/name on the hub, got {name}")
    folder = read_folder(place)
    try:
        decoder = str(load_model(str(place.resolve()), device="cpu").card.facts["decoder"])
    except ModelError as error:  # it can make images all the same
        return TextToImageModel(name=short, source=source, folder=folder, decoder=None, reason=str(error))
    return TextToImageModel(name=short, source=source, folder=folder, decoder=decoder)


def make_images(
    model: TextToImageModel, order: PromptRequest, *, folder: Path, on_settled: OnSettled | None = None
) -> list[PromptedImage]:
    """Make the images that are not there yet, and write the manifest `NAME-prompt-SEED.jsonl` beside them.

    An image that fails, or that a safety checker took away, is an entry with its error and leaves no file. The
    pipeline's weights are read only where there is something to make.

    Args:
        model: from `find_pipeline`.
        order: what to make.
        folder: where files go; it exists.
        on_settled: called with how far it is.

    Raises:
        ModelError: when the pipeline cannot be opened, or does not make images from a prompt alone.
        UsageError: when the pipeline takes no such setting, or a file of that name was made otherwise.
    """
    call = plan_call(
        model.folder,
        steps=order.steps,
        guidance=order.guidance,
        negative=order.negative,
        size=order.size,
        options=order.options,
    )
    facts = _facts(model, order, call)
    stem = f"{slug(model.name)}-prompt-{order.seed}"
    check_manifest(folder / f"{stem}.jsonl")
    wanted = [_wanted(model, order, folder / f"{stem}-{place:06}.png", place) for place in _places(order)]
    checked = [replace(one, kept=is_there(_file(one), text_of({**facts, **_own(one)}), _SAME)) for one in wanted]
    settled = {one.place: one for one in checked if one.kept}
    missing = [one for one in checked if not one.kept]
    _tell(on_settled, list(settled.values()))
    try:
        if missing:
            pipeline = open_pipeline(model.folder, device=order.device, dtype=order.dtype)
            for start in range(0, len(missing), order.batch):
                new_images = _made(pipeline, call, missing[start : start + order.batch], facts)
                settled |= {one.place: one for one in new_images}
                _tell(on_settled, new_images)
    finally:
        add_rows(folder / f"{stem}.jsonl", [_row(one, facts, _file(wanted[one.place])) for one in settled.values()])
    return [settled[one.place] for one in wanted]


def _places(order: PromptRequest) -> range:
    if not order.prompts:
        raise UsageError("there is no prompt: give at least one")
    return range(len(order.prompts) if order.count is None else order.count)


def _wanted(model: TextToImageModel, order: PromptRequest, path: Path, place: int) -> PromptedImage:
    prompt, seed = order.prompts[place % len(order.prompts)], seed_of(order.seed, f"draw:{place}")
    return PromptedImage(path=path, place=place, kind=KIND, decoder=model.decoder, seed=seed, prompt=prompt)


def _made(
    pipeline: TextToImage, call: Call, batch: Sequence[PromptedImage], facts: Mapping[str, str]
) -> list[PromptedImage]:
    """Images drawn together and written, each with its error where it failed."""
    drawn = pipeline.draw([one.prompt for one in batch], [one.seed for one in batch], call)
    images: list[PromptedImage] = []
    for one, image in zip(batch, drawn, strict=True):
        error = image.error
        if image.pixels is not None:
            try:
                save_png(image.pixels, _file(one), text_of({**facts, "device": pipeline.device, **_own(one)}))
            except ImageError as failure:
                error = str(failure)
        images.append(one if error is None else replace(one, path=None, error=error))
    return images


def _facts(model: TextToImageModel, order: PromptRequest, call: Call) -> dict[str, str]:
    """What all files of a run say."""
    more = {name: text for name, text in call.stated.items() if name not in _NAMES}
    facts = {
        "kind": KIND,
        "model": model.source,
        "pipeline": call.kind,
        "weights": model.folder.digest(),
        "decoder": model.decoder,
        "scheduler": model.folder.scheduler or None,
        **{ours: call.stated.get(theirs) for theirs, ours in _NAMES.items() if ours != "size"},
        "negative": call.negative,
        "size": f"{order.size[1]}x{order.size[0]}" if order.size else "native",
        "dtype": order.dtype,
        "settings": json.dumps(more, sort_keys=True),
        **{name: _version(name) for name in _LIBRARIES},
    }
    return {name: value for name, value in facts.items() if value is not None}


_NAMES: Final = {"num_inference_steps": "steps", "guidance_scale": "guidance", "height": "size", "width": "size"}


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _own(one: PromptedImage) -> dict[str, str]:
    return {"prompt": one.prompt, "seed": str(one.seed)}


def _row(one: PromptedImage, facts: Mapping[str, str], file: Path) -> dict[str, str]:
    """A line of the manifest."""
    row = {"path": file.name, **_own(one), **facts}
    return row if one.error is None else {**row, "error": one.error}


def _file(one: PromptedImage) -> Path:
    assert one.path is not None
    return one.path


def _tell(on_settled: OnSettled | None, images: Sequence[PromptedImage]) -> None:
    if on_settled is not None and images:
        on_settled(len(images), sum(one.error is not None for one in images), sum(one.kept for one in images))
