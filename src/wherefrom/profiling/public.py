"""`wherefrom.profile`: a profile of images, or of their scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from wherefrom.core.errors import UsageError
from wherefrom.core.given import check_names, refuse_name
from wherefrom.profiling.conditions import profile_images
from wherefrom.records.profile import UNEDITED, Profile
from wherefrom.records.table import ScoreTable

if TYPE_CHECKING:
    from wherefrom.images.sources import Image, Source
    from wherefrom.methods.base import Method
    from wherefrom.models.base import Model

__all__ = ["profile"]


def profile(
    *,
    belonging: ScoreTable | Image | Iterable[Image],
    foreign: Mapping[str, ScoreTable] | Mapping[str, Image | Iterable[Image]] | None = None,
    method: Method[Any] | None = None,
    model: Model | None = None,
    edits: Sequence[str] = (UNEDITED,),
    seed: int = 0,
    store: str | Path | None = None,
    keep: Sequence[str] = (),
) -> Profile:
    """A profile: how known belongings, and named pools of known non-belongings, score under one model and method.

    Of score tables see `wherefrom.judging.calibrate`. Of images, with the model to ask, the profile has a condition for
    each edit; images in question are later judged under the conditions that cover their files.

    Args:
        belonging: scores of images that the model made, or these images.
        foreign: scores of images that it did not make, or these images, by a name for each kind: `photos`.
        method: whose statistic to take; of images, what is asked. None is the tables' own; of images, the usual one of
            each condition: `joint`, or `spectral` where a decoder draws turned images as well.
        model: of images, which is asked; None with tables.
        edits: of images, the conditions, as `("none", "jpeg:75", "resize:0.5+jpeg:85")`.
        seed: of images, the root seed.
        store: of images, where scores are kept; see `wherefrom.scoring.run.score`.
        keep: columns that the profile keeps beside those that the method reads, for statistics to be tried later; `*`
            stands for any letters, as in `homogeneity_*`, and alone for all.

    Raises:
        ProfileError: as `calibrate`.
        UsageError: when tables and images are mixed, images come without a model, an edit is named twice or is
            none, or a model cannot be asked through it.

    Example:
        >>> import numpy as np, wherefrom as wf
        >>> model, rng = wf.load_model("toy"), np.random.default_rng(0)
        >>> def noise(count):
        ...     return list(rng.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8))
        >>> made = wf.profile(
        ...     belonging=noise(4), foreign={"noise": noise(4)}, model=model,
        ...     method=wf.methods.load("aedr"), edits=["none", "jpeg:75"],
        ... )
        >>> list(made.conditions)
        ['none', 'jpeg:75']
    """
    from wherefrom.judging import calibrate

    if foreign is not None:
        check_names("foreign", foreign, "{'photos': photos}")
    refuse_name("model", model, "wf.load_model")
    refuse_name("method", method, "wf.methods.load")
    sides = [belonging, *(foreign or {}).values()]
    tables = [each for each in sides if isinstance(each, ScoreTable)]
    if len(tables) == len(sides):
        if model is not None or tuple(edits) != (UNEDITED,):
            raise UsageError("score tables are scored already: give images with a model and edits, or tables alone")
        return calibrate(
            belonging=cast("ScoreTable", belonging),
            foreign=cast("Mapping[str, ScoreTable] | None", foreign),
            method=method,
            keep=keep,
        )
    if tables:
        raise UsageError("some of the images are given as score tables: give tables alone, or images alone")
    if model is None:
        raise UsageError("images have to be scored first, and there is no model: give it by model=")
    from wherefrom.images.sources import given_images
    from wherefrom.scoring.run import score

    def kept(images: Sequence[Source], *, model: Model, method: Method[Any], seed: int, label: str) -> ScoreTable:
        del label
        return score(images, model=model, method=method, seed=seed, store=store)

    return profile_images(
        belonging=given_images(cast("Image | Iterable[Image]", belonging)),
        foreign={
            name: given_images(images)
            for name, images in cast("Mapping[str, Image | Iterable[Image]]", foreign or {}).items()
        },
        model=model,
        method=method,
        edits=edits,
        seed=seed,
        score=kept,
        keep=keep,
    )
