"""Every generator against all others of its size and against real images, alone and over a reference model.

For generators that other people trained and published: `--generator FILE` for each, `--ask FILE` for those that are
searched, where the images of the others are judged alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.pictures import CIFAR
from wherefrom.bench.shared.searches import REFERENCE, asked, generators, over_reference, ronan
from wherefrom.bench.shared.setting import label
from wherefrom.images.read import read_image

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Paths, Workspace
    from wherefrom.methods.base import Method

__all__ = ["TABLE"]

_FACTOR: Final = 8
"""Of the reference: it makes images whose sides are multiples of this."""


def _rows(workspace: Workspace) -> Iterator[Row]:
    every = asked(workspace)
    for name in every[:1] if workspace.setting.quick else every:
        own = workspace.own(name)
        others = _others(workspace, name, own)
        for way, method in _methods(workspace, name).items():
            yield from workspace.compare(name, method, known=workspace.known(name), own=own, others=others, how=way)


def _others(workspace: Workspace, name: str, own: Paths) -> dict[str, Paths]:
    """Images of every other generator of the size and, where the generator draws in colour, real images."""
    size = workspace.model(name).size
    others = {
        label(other): workspace.own(other)
        for other in generators(workspace)
        if other != name and workspace.model(other).size == size
    }
    if not any(_coloured(path) for path in own):
        return others
    height, width = size
    if height == width:
        others["photos"] = workspace.photos(height)
    if height == width == CIFAR and (test := workspace.cifar("test")) is not None:
        others["CIFAR-10, test"] = test
    return others


def _coloured(path: Any) -> bool:
    pixels = read_image(path).pixels
    return bool((pixels != pixels[..., :1]).any())


def _methods(workspace: Workspace, name: str) -> Mapping[str, Method[Any]]:
    methods: dict[str, Method[Any]] = {"alone": ronan(workspace)}
    if any(side % _FACTOR for side in workspace.model(name).size):
        workspace.skip(f"{label(name)} over {REFERENCE}, which makes no images of its size")
        return methods
    return {**methods, f"over {REFERENCE}": over_reference(workspace)}


TABLE: Final = Table(
    title="RONAN: generators against all others of their size and real images, alone and over a reference model",
    rows=_rows,
    beside=("medians",),
)
