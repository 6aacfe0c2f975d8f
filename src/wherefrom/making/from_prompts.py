"""Images that a text-to-image pipeline makes of prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom.making.made import Made, Report, made_folder

if TYPE_CHECKING:
    from wherefrom.core.card import Fact
    from wherefrom.models.text_to_image import TextToImageModel

__all__ = ["generate_from_prompts"]


def generate_from_prompts(
    model: str | TextToImageModel,
    prompts: Sequence[str],
    *,
    folder: str | Path,
    count: int | None = None,
    seed: int = 0,
    size: tuple[int, int] | None = None,
    batch: int = 1,
    steps: int | None = None,
    guidance: float | None = None,
    negative: str | None = None,
    options: Mapping[str, Fact] | None = None,
    device: str = "auto",
    dtype: str = "float32",
    progress: Report | None = None,
) -> list[Made]:
    """Images of a text-to-image pipeline, as PNG files with a manifest `NAME-prompt-SEED.jsonl` beside them.

    Image i depends on the pipeline, the prompts, the settings, the seed and on i alone. Files that are there and whole
    are kept.

    Args:
        model: a folder of diffusers, `owner/name` on the hub, or what `find_pipeline` found.
        prompts: what to show, over and over.
        folder: where files go; made when absent.
        count: how many; None is one a prompt.
        seed: the root seed.
        size: `(height, width)` in pixels; None leaves it to the pipeline, as it does the next three.
        batch: images at a time. Above 1 an image can differ in its last bits with the others of its batch.
        steps: of the sampler.
        guidance: what the pipeline calls `guidance_scale`.
        negative: what the images should not show.
        options: further arguments of the pipeline's call.
        device: `cpu`, `cuda` or `auto`.
        dtype: `float32`, `bfloat16` or `float16`.
        progress: told how far it is.

    Returns:
        One entry an image, in order; one that failed, or that a safety checker took away, has its error.

    Raises:
        ModelError: when the pipeline cannot be found or opened, or does not make images from a prompt alone.
        UsageError: when the pipeline takes no such setting, or a file of that name was made otherwise.
    """
    from wherefrom.models.text_to_image import PromptRequest, find_pipeline, make_images
    from wherefrom.scoring.progress import Meter

    order = PromptRequest(
        prompts=tuple(prompts),
        count=count,
        seed=seed,
        steps=steps,
        guidance=guidance,
        negative=negative,
        size=size,
        batch=batch,
        options=options or {},
        device=device,
        dtype=dtype,
    )
    place = made_folder(Path(folder))
    pipeline = find_pipeline(model) if isinstance(model, str) else model
    meter = Meter(report=progress, total=len(prompts) if count is None else count)

    def settled(rows: int, errors: int, kept: int) -> None:
        meter.add(rows, errors=errors, cached=kept)

    made = make_images(pipeline, order, folder=place, on_settled=settled)
    meter.tell()
    return [
        Made(
            path=one.path,
            kind=one.kind,
            decoder=one.decoder,
            place=one.place,
            seed=one.seed,
            prompt=one.prompt,
            kept=one.kept,
            error=one.error,
        )
        for one in made
    ]
