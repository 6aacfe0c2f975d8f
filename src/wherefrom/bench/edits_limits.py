"""How much of a decoder's trace an edit leaves: the least loss of its images and of others, however long it takes.

An image that went through an edit is consistent with a decoder where some latent, decoded and edited, gives the image
up to what storing it has rounded. For a belonging one such latent is known: the one it was made from. For others a
search looks for one. Where it finds a latent that explains an image of other origin as well as the known latents
explain belongings, no method that asks whether there is such a latent can tell this image from a belonging, whatever
it costs. Where it finds none, a longer search might; so the share that is explained is a lower bound on the share that
cannot be told.

A method may also weigh which latents a generator is likely to draw, or how an image compares with altered copies of
itself, as `control` does; this limit says nothing of such evidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wherefrom.bench.base import Table
from wherefrom.bench.shared.latent import asked, photos_and_others
from wherefrom.bench.shared.rows import share_cell, share_of
from wherefrom.bench.shared.setting import label
from wherefrom.evaluation import auc
from wherefrom.images import edits
from wherefrom.images.batches import to_images
from wherefrom.images.read import read_image
from wherefrom.inversion.distance import Distance
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.models.base import Autoencoder
from wherefrom.profiling.conditions import behind

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Paths, Workspace
    from wherefrom.core.arrays import Vector

__all__ = ["TABLE", "LimitRow", "markdown"]

_EDITS: Final = ("jpeg:90", "jpeg:75", "jpeg:50", "resize:0.5", "resize:0.5+jpeg:85")
_STEPS: Final = 150
_STEPS_QUICK: Final = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitRow:
    """Losses under one decoder after one edit.

    Attributes:
        model: the decoder.
        edit: that all images went through.
        metric: of the loss, as `jpeg:75`: see `wherefrom.inversion.distance`.
        images: belongings.
        others: photos and images of other decoders.
        steps: of the search, from the encoder's latent.
        known: the belongings' loss at the latent that they were made from: `median` and `largest`.
        searched: the belongings' loss after the search: `median` and `largest`.
        foreign: the others' loss after the search: `median` and `least`.
        explained: the share of others that the search leaves no larger a loss than `largest` of `known`, with its
            interval.
        auc_known: of the belongings' losses at the known latents against the others' after the search.
        auc_searched: of both after the search.
    """

    model: str
    edit: str
    metric: str
    images: int
    others: int
    steps: int
    known: Mapping[str, float]
    searched: Mapping[str, float]
    foreign: Mapping[str, float]
    explained: Mapping[str, float]
    auc_known: float
    auc_searched: float


def _distance_after(edit: str) -> Distance:
    """What counts of an error after an edit: after a JPEG what its rounding cannot explain, else the squared error."""
    last = edits.load(edit).steps[-1]
    return Distance(metric="jpeg", quality=int(last.values[0])) if last.kind == "jpeg" else Distance()


def _rows(workspace: Workspace) -> Iterator[LimitRow]:
    steps = _STEPS_QUICK if workspace.setting.quick else _STEPS
    for name in asked(workspace):
        photos = workspace.photos(workspace.setting.size, profiled=True)
        own = workspace.passed(name, photos)
        others = [path for paths in photos_and_others(workspace, name).values() for path in paths]
        for edit in workspace.setting.edits or _EDITS:
            distance = _distance_after(edit)
            method = LatentTracer(steps=steps, metric=distance.metric, quality=distance.quality)
            belonging, foreign = (
                workspace.table(name, method, workspace.edited(paths, edit), through=edit).scores["loss"]
                for paths in (own, others)
            )
            known = _known(workspace, name, edit, photos, workspace.edited(own, edit))
            yield _row(label(name), edit, distance, steps, known, belonging, foreign)


def _known(workspace: Workspace, name: str, edit: str, photos: Paths, seen: Paths) -> Vector:
    """The loss of each belonging at the latent that it was made from: the encoder's of its photo."""
    import torch

    model: Autoencoder = workspace.model(name)
    edited, distance, losses = behind(model, edits.load(edit)), _distance_after(edit), []
    assert isinstance(edited, Autoencoder)  # as the model is one
    with torch.inference_mode():
        for photo, image in zip(photos, seen, strict=True):
            source, target = (to_images([read_image(path).pixels]).to(model.device) for path in (photo, image))
            decoded = edited.decode(model.encode(source)).clamp(0, 1)
            losses.append(float(distance.between(decoded, target)))
    return np.array(losses)


def _row(
    model: str, edit: str, distance: Distance, steps: int, known: Vector, belonging: Vector, foreign: Vector
) -> LimitRow:
    return LimitRow(
        model=model,
        edit=edit,
        metric=distance.metric if distance.quality is None else f"{distance.metric}:{distance.quality}",
        images=len(known),
        others=len(foreign),
        steps=steps,
        known={"median": float(np.median(known)), "largest": float(known.max())},
        searched={"median": float(np.median(belonging)), "largest": float(belonging.max())},
        foreign={"median": float(np.median(foreign)), "least": float(foreign.min())},
        explained=share_of(int(np.sum(foreign <= known.max())), len(foreign)),
        auc_known=auc(known, foreign).value,
        auc_searched=auc(belonging, foreign).value,
    )


def markdown(document: Mapping[str, Any]) -> str:
    """The table in Markdown, from its document."""
    head = [
        "decoder",
        "edit",
        "belongings, others",
        "loss of belongings at their own latents: median, largest",
        "after the search",
        "of others after the search: median, least",
        "others explained as well",
        "AUC at own latents",
        "AUC after the search",
    ]
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for row in document["rows"]:
        losses = [
            f"{row['known']['median']:.1e}, {row['known']['largest']:.1e}",
            f"{row['searched']['median']:.1e}, {row['searched']['largest']:.1e}",
            f"{row['foreign']['median']:.1e}, {row['foreign']['least']:.1e}",
        ]
        counts = f"{row['images']}, {row['others']}"
        areas = [f"{row['auc_known']:.3f}", f"{row['auc_searched']:.3f}"]
        cells = [row["model"], row["edit"], counts, *losses, share_cell(row["explained"]), *areas]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


TABLE: Final = Table(
    title="The least loss that any latent leaves, of a decoder's images and of others, after an edit",
    rules=(),
    rows=_rows,
    markdown=markdown,
)
