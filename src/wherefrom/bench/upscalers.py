"""What tells an upscaler's images from photos, from images enlarged by a filter, and from other decoders' images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared import pictures
from wherefrom.bench.shared.latent import RULES, UPSCALERS, UPSCALERS_ASKED, ZOO
from wherefrom.bench.shared.setting import label
from wherefrom.making import round_trips
from wherefrom.models.base import UpscalingAutoencoder

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Paths, Workspace

__all__ = ["TABLE", "enlarged", "filtered"]

_EDITS: Final = ("none", "jpeg:90")
_FILTERS: Final = ("bicubic", "lanczos")


def _rows(workspace: Workspace) -> Iterator[Row]:
    every = [name for name in workspace.setting.decoders if isinstance(workspace.model(name), UpscalingAutoencoder)]
    if not every:
        workspace.skip("upscalers, of which none is given: name files of their weights by --decoder")
        return
    size = workspace.setting.size
    photos, profiled = workspace.photos(size), workspace.photos(size, profiled=True)
    for name in workspace.chosen(every):
        others = {"photos": photos}
        others |= {how: filtered(workspace, photos, workspace.model(name).scale, how) for how in _FILTERS}
        others |= {label(other): enlarged(workspace, other, photos) for other in every if other != name}
        passed = [workspace.passed(other, photos[place :: len(ZOO)]) for place, other in enumerate(ZOO)]
        others["embedded decoders"] = [path for paths in passed for path in paths]
        known, own = enlarged(workspace, name, profiled), enlarged(workspace, name, photos)
        for edit in workspace.setting.edits or _EDITS:
            yield from _of(workspace, name, edit, known, own, others)


def enlarged(workspace: Workspace, name: str, images: Paths) -> Paths:
    """Images reduced by Lanczos' filter, as 8-bit files, and enlarged again by an upscaler.

    Args:
        workspace: of the images.
        name: of the upscaler.
        images: files, whose sides are multiples of its factor.
    """
    model = workspace.model(name)
    small = workspace.edited(images, f"resize:{1 / model.scale:g}")
    folder = workspace.folder(f"enlarged-{label(name)}-{workspace.setting.size}", model.card.digest)
    with workspace.setting.shown(f"enlarging images with {label(name)}") as report:
        made = round_trips(model, list(small), folder=folder, enlarge=True, report=report)
    return [one.path for one in made if one.path is not None]


def filtered(workspace: Workspace, images: Paths, scale: int, how: str) -> Paths:
    """Images reduced by Lanczos' filter and enlarged again by another filter, as image programs do.

    Args:
        workspace: of the images.
        images: files, whose sides are multiples of the scale.
        scale: how many times larger the sides become again.
        how: the filter's name in Pillow, as `bicubic`.
    """
    small = workspace.edited(images, f"resize:{1 / scale:g}")
    folder = workspace.folder(f"enlarged-{how}-{workspace.setting.size}", scale, how)
    return pictures.enlarged(small, folder, scale, how)


def _of(
    workspace: Workspace, name: str, edit: str, known: Paths, own: Paths, others: Mapping[str, Paths]
) -> Iterator[Row]:
    """Every method's rows for one upscaler and one edit, with a profile of images that were edited alike.

    The first row of each method is against all others together: a row against one kind alone has too few images.
    """
    beside = {other: workspace.edited(images, edit) for other, images in others.items()}
    together = {"all others": [path for images in beside.values() for path in images], **beside}
    for how, method in UPSCALERS.items():
        yield from workspace.compare(
            name,
            method,
            known=workspace.edited(known, edit),
            own=workspace.edited(own, edit),
            others=together,
            how=f"{edit}: {how}",
            rules=RULES,
            asked=UPSCALERS_ASKED,
        )


TABLE: Final = Table(
    title="An upscaler's images against photos, enlargements by filters, and other decoders' images of the same photos",
    rules=RULES,
    rows=_rows,
)
