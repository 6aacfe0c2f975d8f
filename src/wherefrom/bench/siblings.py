"""What tells a decoder's images from those of a decoder that was fine-tuned from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.latent import RULES, USUAL, asked, decoders, images
from wherefrom.bench.shared.setting import label
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.control import Control
from wherefrom.methods.joint import Joint
from wherefrom.methods.relative import Relative
from wherefrom.methods.spectral import Spectral

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.methods.base import Method

__all__ = ["TABLE"]

_ASKED: Final = Control(second=True, weighted=True)
_METHODS: Final[Mapping[str, Method[Any]]] = {
    USUAL: Joint(),
    "control": Control(),
    "control, losses alone": Control(form="losses"),
    "aedr, the ratio alone": AEDR(),
    "spectral, easiest=0": Spectral(easiest=0),
}
"""All read the columns of one question: five reconstructions."""


def _rows(workspace: Workspace) -> Iterator[Row]:
    for name in asked(workspace)[:1]:
        known, own = images(workspace, name)
        photos = workspace.photos(workspace.setting.size)
        others = {other: workspace.passed(other, photos) for other in decoders(workspace) if other != name}
        named = {"photos": photos, **{label(other): theirs for other, theirs in others.items()}}
        for way, method in _METHODS.items():
            yield from workspace.compare(
                name, method, known=known, own=own, others=named, how=way, rules=RULES, asked=_ASKED
            )
        for other, theirs in others.items():
            yield from workspace.compare(
                name,
                Relative(method="reconstruction", reference=other),
                known=known,
                own=own,
                others={label(other): theirs},
                how="the loss over the other decoder's loss",
                rules=RULES,
            )


TABLE: Final = Table(
    title="A decoder's images against photos and against other decoders' images of the same photos, one by one",
    rules=RULES,
    rows=_rows,
)
"""Siblings are made by `training/siblings.py`, and given by `--decoder`."""
