"""`wherefrom generate`: images that a model made, to profile it with."""

from __future__ import annotations

from typing import Annotated

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._generating import GenerateOptions
from wherefrom.cli._work import one_model

__all__ = ["generate"]


def generate(
    out: options.OUT_DIR,
    placed: options.PLACED_MODEL = None,
    model: options.MODEL = None,
    count: Annotated[
        int | None, typer.Option("--count", min=1, help="how many images; with --from and --prompts, by default all")
    ] = None,
    size: options.SIZE = None,
    photos: options.PHOTOS = None,
    enlarge: Annotated[
        bool, typer.Option("--enlarge", help="the images of --from are small ones, which an upscaler enlarges")
    ] = False,
    prompts: options.PROMPTS = None,
    steps: options.STEPS = None,
    guidance: options.GUIDANCE = None,
    negative: options.NEGATIVE = None,
    batch: options.TOGETHER = None,
    model_option: options.MODEL_OPTION = None,
    device: options.DEVICE = "auto",
    dtype: options.DTYPE = "float32",
    seed: options.SEED = 0,
    trust: options.TRUST = False,
    max_pixels: options.MAX_PIXELS = None,
    max_bytes: options.MAX_BYTES = None,
    as_json: options.Json = False,
    quiet: options.QUIET = False,
) -> None:
    """Make images with a model, as 8-bit PNG: belongings, to profile it with.

    Image i depends on the seed and on i alone. Files that are there and whole are kept, so a stopped run goes on. Each
    file's text says which decoder made it, from which seed. With --prompts MODEL is a text-to-image pipeline of
    diffusers: its folder, or owner/name on the hub.
    """
    GenerateOptions(
        model=one_model(model, placed),
        out=out,
        count=count,
        size=size,
        photos=photos,
        enlarge=enlarge,
        prompts=prompts,
        steps=steps,
        guidance=guidance,
        negative=negative,
        batch=batch,
        options=model_option,
        device=device,
        dtype=dtype,
        seed=seed,
        trust=trust,
        limits=(max_pixels, max_bytes),
        as_json=as_json,
        quiet=quiet,
    ).run()
