"""What JPEG does to RONAN: by the paper's loss, and by one that allows for the JPEG; profiles are stored alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.edited import stored_quality
from wherefrom.bench.shared.searches import SIZE, asked, generators, ronan

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.methods.base import Method

__all__ = ["TABLE"]

_EDITS: Final = ("jpeg:90", "jpeg:75", "jpeg:50", "jpeg:25")


def _rows(workspace: Workspace) -> Iterator[Row]:
    every = asked(workspace)
    for name in every[:1] if workspace.setting.quick else every:
        foreign = [
            other for other in generators(workspace) if other != name and workspace.model(other).size == (SIZE, SIZE)
        ]
        drawn = [path for place, other in enumerate(foreign) for path in workspace.own(other)[place :: len(foreign)]]
        others = {**workspace.unseen(SIZE), **({"the other generators": drawn} if drawn else {})}
        for edit in workspace.setting.edits or (_EDITS[1:2] if workspace.setting.quick else _EDITS):
            beside = {kind: workspace.edited(paths, edit) for kind, paths in others.items()}
            known, own = workspace.edited(workspace.known(name), edit), workspace.edited(workspace.own(name), edit)
            for way, method in _ways(workspace, edit).items():
                yield from workspace.compare(name, method, known=known, own=own, others=beside, how=f"{edit}: {way}")


def _ways(workspace: Workspace, edit: str) -> dict[str, Method[Any]]:
    """The search as it is, and for images that were stored as JPEG last the one that allows for it."""
    quality = stored_quality(edit)
    ways: dict[str, Method[Any]] = {"mse": ronan(workspace)}
    if quality is None:
        return ways
    allowing: dict[str, Method[Any]] = {"metric=jpeg": ronan(workspace, metric="jpeg", quality=quality)}
    if workspace.setting.quick:
        workspace.skip("the squared error after JPEG, in a quick run")
        return allowing
    return {**ways, **allowing}


TABLE: Final = Table(
    title="What JPEG does to RONAN, against real images and other generators' images stored alike",
    rows=_rows,
)
