"""What edits do to methods that reconstruct: with a profile of untouched images, and with one under the same edit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench._edited import Among, compared, stored_quality
from wherefrom.bench._latent import RULES, asked, learning
from wherefrom.bench.base import Row, Table
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.base import Method
from wherefrom.methods.recompressed import Recompressed
from wherefrom.methods.reconstruction import Reconstruction

if TYPE_CHECKING:
    from wherefrom.bench._lab import Lab

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
_ONE: Final[Method[Any]] = Among(method=Reconstruction(), asked=AEDR())
_QUICK: Final = ("none", "jpeg:90", "crop:3,5")


def _rows(lab: Lab) -> Iterator[Row]:
    every, methods = asked(lab), {"one reconstruction": _ONE, **learning(lab)}
    learns = any(method.learns for method in methods.values())
    for name in every[:1] if lab.setting.quick else every:
        for edit in lab.setting.edits or (_QUICK if lab.setting.quick else _EDITS):
            yield from compared(lab, name, edit, methods, rules_of=RULES, also=_stored(edit) if learns else None)


def _stored(edit: str) -> Recompressed | None:
    """The method for images that were stored as JPEG last."""
    quality = stored_quality(edit)
    return None if quality is None else Recompressed(quality=quality)


TABLE: Final = Table(
    title="What edits do to AEDR, spectral and recompressed, against photos and other decoders' images edited alike",
    rules=RULES,
    rows=_rows,
)
