"""What edits do to methods that reconstruct: with a profile of untouched images, and with one under the same edit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.edited import compared, stored_quality
from wherefrom.bench.shared.latent import RULES, asked, learning
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.base import Method
from wherefrom.methods.recompressed import Recompressed
from wherefrom.methods.reconstruction import Reconstruction

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace

__all__ = ["TABLE"]

_EDITS: Final = (
    "none",
    *(f"jpeg:{quality}" for quality in (95, 90, 75, 50)),
    *(f"resize:{factor}" for factor in (0.5, 0.75, 1.5, 2)),
    "crop:3,5",
    "blur:1",
    "noise:0.02",
    "brightness:1.2",
    "contrast:1.2",
    "screenshot:1.25",
)
_ONE: Final[Method[Any]] = Reconstruction()
_ASKED: Final[Method[Any]] = AEDR()
"""Its two reconstructions are what all methods read."""
_QUICK: Final = ("none", "jpeg:90", "crop:3,5")


def _rows(workspace: Workspace) -> Iterator[Row]:
    every, methods = asked(workspace), {"one reconstruction": _ONE, **learning(workspace)}
    learns = any(method.learns for method in methods.values())
    for name in every[:1] if workspace.setting.quick else every:
        for edit in workspace.setting.edits or (_QUICK if workspace.setting.quick else _EDITS):
            also = _stored(edit) if learns else None
            yield from compared(workspace, name, edit, methods, rules=RULES, asked=_ASKED, also=also)


def _stored(edit: str) -> Recompressed | None:
    """The method for images that were stored as JPEG last."""
    quality = stored_quality(edit)
    return None if quality is None else Recompressed(quality=quality)


TABLE: Final = Table(
    title="What edits do to AEDR, spectral and recompressed, against photos and other decoders' images edited alike",
    rules=RULES,
    rows=_rows,
)
