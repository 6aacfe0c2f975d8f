"""The model in files that were found: a generator or an upscaler that is known, else an autoencoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.opening.autoencoder import open_place
from wherefrom.models.opening.generator import open_generator, open_pipeline
from wherefrom.models.opening.upscaler import open_upscaler
from wherefrom.models.sources.local import PIPELINES

if TYPE_CHECKING:
    from wherefrom.core.card import Fact
    from wherefrom.models.base import Model
    from wherefrom.models.sources.files import ModelFiles

__all__ = ["open_files"]


def open_files(files: ModelFiles, *, options: Mapping[str, Fact], device: str, dtype: str) -> Model:
    """The model in these files, ready to be asked. Nothing in them is run.

    Args:
        files: where they are, and what is known beside them.
        options: what the weights do not say.
        device: as in `load_model`.
        dtype: as in `load_model`.

    Raises:
        ModelError: when the files cannot be read, or hold nothing that is known.
        UsageError: when the model has no such option.
    """
    place, notes = files.place, files.notes
    pipeline = PIPELINES.get(place.kind or "")
    if pipeline is not None:
        return open_pipeline(
            place.path, architecture=pipeline, options=options, device=device, dtype=dtype, notes=notes
        )
    if place.path.is_file():
        model = open_generator(place.path, options=options, device=device, dtype=dtype, notes=notes, name=files.name)
        model = model or open_upscaler(
            place.path, options=options, device=device, dtype=dtype, notes=notes, name=files.name
        )
        if model is not None:
            return model
    try:
        return open_place(place, device=device, dtype=dtype, name=files.name, notes=notes, options=options)
    except (ModelError, UsageError):
        if not place.path.is_file():
            raise
        further = open_upscaler(
            place.path, options=options, device=device, dtype=dtype, notes=notes, name=files.name, further=True
        )
        if further is None:
            raise
        return further
