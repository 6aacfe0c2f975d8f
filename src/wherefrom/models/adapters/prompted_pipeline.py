"""Text-to-image pipelines: opened from safetensors alone, called one image a seed. All arithmetic is diffusers' own."""

from __future__ import annotations

import importlib
import inspect
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from wherefrom.core.card import Fact
from wherefrom.core.errors import ImageError, ModelError, UsageError
from wherefrom.core.extras import require
from wherefrom.core.tensors import building, generator, usual_defaults
from wherefrom.models.adapters.arithmetic import device_of, dtype_of
from wherefrom.models.sources.pipeline_folders import PipelineFolder

__all__ = ["EXTRA", "Call", "PipelineImage", "TextToImage", "open_pipeline", "plan_call"]

EXTRA: Final = "text-to-image"
"""The extra that brings the libraries of text encoders."""

_OWN: Final = frozenset(
    {
        "callback",
        "generator",
        "guidance_scale",
        "height",
        "image",
        "latents",
        "negative_prompt",
        "num_images_per_prompt",
        "num_inference_steps",
        "output_type",
        "prompt",
        "return_dict",
        "self",
        "width",
    }
)
"""Arguments of a call that are not for `options`: they have options of their own, or none."""
_FLAGGED: Final = ("nsfw_content_detected", "nsfw_detected")
_FIXED: Final[Mapping[str, Fact]] = {"clean_caption": False, "use_resolution_binning": False}
"""What is asked of pipelines that know it, unless options say otherwise: the first would depend on which packages are
installed, the second resamples images of some sizes after they were decoded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """How a pipeline is called, the same for all images.

    Attributes:
        kind: the pipeline's class.
        arguments: of its call, without prompts and generators.
        negative: what the images should not show.
        stated: `arguments` as text, with the class's own steps and guidance where none were given.
    """

    kind: str
    arguments: Mapping[str, Fact]
    negative: str | None
    stated: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class PipelineImage:
    """One image of a pipeline: its pixels `(h, w, 3)` uint8 RGB, or why there are none."""

    pixels: npt.NDArray[np.uint8] | None = None
    error: str | None = None


def plan_call(
    folder: PipelineFolder,
    *,
    steps: int | None = None,
    guidance: float | None = None,
    negative: str | None = None,
    size: tuple[int, int] | None = None,
    options: Mapping[str, Fact] | None = None,
) -> Call:
    """A call of a folder's pipeline, checked against what its class takes; no weights are read.

    Args:
        folder: the pipeline.
        steps: of the sampler; None leaves each of these to the pipeline.
        guidance: scale of classifier-free guidance, or of what the pipeline calls `guidance_scale`.
        negative: what the images should not show.
        size: `(height, width)` in pixels.
        options: further arguments of the call, as `{"max_sequence_length": 256}`.

    Raises:
        MissingExtra: when a library of the pipeline is not installed.
        ModelError: when diffusers has no such pipeline, or it does not make images from a prompt alone.
        UsageError: when its call has no such argument.
    """
    taken = _taken(folder)
    arguments: dict[str, Fact] = {}
    wanted = (("--steps", "num_inference_steps", steps), ("--guidance", "guidance_scale", guidance))
    sides = (("--size", "height", size[0]), ("--size", "width", size[1])) if size else ()
    for flag, name, value in (*wanted, *sides):
        if value is not None:
            arguments[_known(folder, taken, name, flag)] = value
    if negative is not None:
        _known(folder, taken, "negative_prompt", "--negative")
    arguments |= {name: value for name, value in _FIXED.items() if name in taken}
    for name, value in (options or {}).items():
        if name in _OWN:
            raise UsageError(f"--model-option {name}: it has an option of its own, or is not for options")
        arguments[_known(folder, taken, name, f"--model-option {name}")] = value
    stated = {name: str(value) for name, value in arguments.items()}
    for name in ("num_inference_steps", "guidance_scale"):
        default = taken[name].default if name in taken else None
        if name not in arguments and isinstance(default, int | float):
            stated[name] = str(default)
    return Call(kind=folder.kind, arguments=arguments, negative=negative, stated=stated)


@dataclass(frozen=True, kw_only=True, slots=True)
class TextToImage:
    """A pipeline in memory.

    Attributes:
        pipeline: diffusers' own.
        device: where it computes, as text.
    """

    pipeline: Any
    device: str

    def draw(self, prompts: Sequence[str], seeds: Sequence[int], call: Call) -> list[PipelineImage]:
        """Images, one a prompt and seed; where a batch fails each is tried alone, so that the others are not lost.

        Seeds draw on the CPU, one generator an image, so that every device starts from the same noise.

        Args:
            prompts: one an image.
            seeds: one an image.
            call: the settings, from `plan_call`.
        """
        try:
            return self._called(prompts, seeds, call)
        except Exception as error:  # noqa: BLE001 - whatever a pipeline raises becomes the image's own row
            if len(prompts) == 1:
                return [PipelineImage(error=f"{type(error).__name__}: {error}")]
        return [
            drawn for prompt, seed in zip(prompts, seeds, strict=True) for drawn in self.draw([prompt], [seed], call)
        ]

    def _called(self, prompts: Sequence[str], seeds: Sequence[int], call: Call) -> list[PipelineImage]:
        count = len(prompts)
        generators = [generator(seed) for seed in seeds]
        words: dict[str, Any] = {"prompt": list(prompts), "generator": generators}
        if call.negative is not None:
            words["negative_prompt"] = [call.negative] * count
        if count == 1:
            words = {name: values[0] for name, values in words.items()}
        with usual_defaults():
            result = self.pipeline(**words, **call.arguments, output_type="pil")
        images = getattr(result, "images", None)
        if images is None or len(images) != count:
            raise ImageError(f"{call.kind} gave {'no images' if images is None else len(images)}, need {count}")
        return [_drawn(image, flagged=flagged) for image, flagged in zip(images, _flags(result, count), strict=True)]


@building()
def open_pipeline(folder: PipelineFolder, *, device: str = "auto", dtype: str = "float32") -> TextToImage:
    """The pipeline in a folder. Only safetensors are read, no code of the folder is run, and nothing is fetched.

    Args:
        folder: the pipeline.
        device: `cpu`, `cuda` or `auto`.
        dtype: `float32`, `bfloat16` or `float16`.

    Raises:
        MissingExtra: when a library of the pipeline is not installed.
        ModelError: when diffusers cannot open it; the message holds its reason.
    """
    import diffusers
    from diffusers.utils import is_accelerate_available

    _taken(folder)
    where, precision = device_of(device), dtype_of(dtype)
    try:
        with _quiet():
            pipeline: Any = diffusers.DiffusionPipeline.from_pretrained(
                str(folder.path),
                dtype=precision,
                variant=folder.variant,
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                low_cpu_mem_usage=is_accelerate_available(),
            )
            if pipeline.dtype != precision:  # releases that know the argument by another name
                pipeline.to(precision)
            pipeline.to(where)
    except Exception as error:  # the library's errors have no common base
        raise ModelError(f"{folder.path} cannot be opened by diffusers ({type(error).__name__}: {error})") from error
    pipeline.set_progress_bar_config(disable=True)
    return TextToImage(pipeline=pipeline, device=str(where))


def _taken(folder: PipelineFolder) -> Mapping[str, inspect.Parameter]:
    """What the call of a folder's pipeline takes."""
    import diffusers

    cls: Any = getattr(diffusers, folder.kind, None)
    libraries = {library for library, _ in folder.parts.values()} & {"transformers"}
    for library in sorted(libraries | (set(getattr(cls, "_backends", ())) - {"torch"})):
        require(library, EXTRA)
    for part, (library, _) in folder.parts.items():
        if library not in ("diffusers", "transformers") and not hasattr(diffusers.pipelines, library):
            raise ModelError(
                f"{folder.path} has the part {part} from {library!r}, which is neither diffusers nor transformers:"
                f" code of its own is not run"
            )
    if not (isinstance(cls, type) and issubclass(cls, diffusers.DiffusionPipeline)):
        raise ModelError(f"diffusers {diffusers.__version__} has no pipeline {folder.kind}: try a newer diffusers")
    taken = inspect.signature(cls.__call__).parameters
    needed = [
        name
        for name, parameter in taken.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        and name not in ("self", "prompt")
    ]
    if needed or not {"prompt", "generator", "output_type"} <= set(taken):
        lacks = f"it needs {', '.join(needed)}" if needed else "its call takes no prompt, generator and output_type"
        raise ModelError(
            f"{folder.kind} does not make images from a prompt alone: {lacks}. Of a decoder that has a prior, save the"
            f" combined pipeline (as KandinskyV22CombinedPipeline) to one folder"
        )
    return taken


def _known(folder: PipelineFolder, taken: Mapping[str, inspect.Parameter], name: str, flag: str) -> str:
    if name not in taken:
        raise UsageError(f"{flag} is not for {folder.kind}: its call takes {', '.join(sorted(set(taken) - _OWN))}")
    return name


def _flags(result: Any, count: int) -> list[bool]:
    """Of each image whether a safety checker took it away."""
    per_image = next((flags for name in _FLAGGED if (flags := getattr(result, name, None)) is not None), None)
    return [False] * count if per_image is None else [bool(flag) for flag in per_image]


def _drawn(image: Any, *, flagged: bool) -> PipelineImage:
    if flagged:
        return PipelineImage(error="the pipeline's safety checker took this image away: it is blank and no belonging")
    pixels = np.asarray(image.convert("RGB"))
    if (pixels == pixels[0, 0]).all():
        colour = tuple(int(value) for value in pixels[0, 0])
        return PipelineImage(
            error=f"every pixel is {colour}: what a checker leaves, or an overflow; try --dtype float32"
        )
    return PipelineImage(pixels=pixels)


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars and no notices of deprecation while a pipeline is opened."""
    from diffusers.utils import logging

    writers: list[Any] = [logging]
    if "transformers" in sys.modules:
        writers.append(importlib.import_module("transformers.utils.logging"))
    shown = [writer for writer in writers if writer.is_progress_bar_enabled()]
    try:
        for writer in shown:
            writer.disable_progress_bar()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        for writer in shown:
            writer.enable_progress_bar()
