"""What JPEG does to RONAN: by the paper's loss, and by one that allows for the JPEG; profiles are stored alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench._edited import stored_quality
from wherefrom.bench._searches import SIZE, asked, generators, ronan
from wherefrom.bench.base import Row, Table

if TYPE_CHECKING:
    from wherefrom.bench._lab import Lab
    from wherefrom.methods.base import Method

__all__ = ["TABLE"]

_EDITS: Final = ("jpeg:90", "jpeg:75", "jpeg:50", "jpeg:25")


def _rows(lab: Lab) -> Iterator[Row]:
    every = asked(lab)
    for name in every[:1] if lab.setting.quick else every:
        foreign = [other for other in generators(lab) if other != name and lab.model(other).size == (SIZE, SIZE)]
        made = [path for place, other in enumerate(foreign) for path in lab.own(other)[place :: len(foreign)]]
        others = {**lab.unseen(SIZE), **({"the other generators": made} if made else {})}
        for edit in lab.setting.edits or (_EDITS[1:2] if lab.setting.quick else _EDITS):
            beside = {kind: lab.edited(paths, edit) for kind, paths in others.items()}
            known, own = lab.edited(lab.known(name), edit), lab.edited(lab.own(name), edit)
            for how, method in _ways(lab, edit).items():
                yield from lab.compare(name, method, known=known, own=own, others=beside, how=f"{edit}: {how}")


def _ways(lab: Lab, edit: str) -> dict[str, Method[Any]]:
    """The search as it is, and for images that were stored as JPEG last the one that allows for it."""
    quality = stored_quality(edit)
    ways: dict[str, Method[Any]] = {"mse": ronan(lab)}
    if quality is None:
        return ways
    allowing: dict[str, Method[Any]] = {"metric=jpeg": ronan(lab, metric="jpeg", quality=quality)}
    if lab.setting.quick:
        lab.skip("the squared error after JPEG, in a quick run")
        return allowing
    return {**ways, **allowing}


TABLE: Final = Table(
    title="What JPEG does to RONAN, against real images and other generators' images stored alike",
    rows=_rows,
)
