"""What JPEG does to methods that search: with a profile of untouched images, and with one under the same edit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.edited import compared
from wherefrom.bench.shared.latent import asked
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.methods.traced import Traced

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.methods.base import Method

__all__ = ["TABLE"]

_EDITS: Final = ("none", "jpeg:90", "jpeg:75")
_STEPS: Final = 5
_SEARCH: Final = LatentTracer(steps=_STEPS)
_ALONE: Final = f"latenttracer, {_STEPS} steps"
_RULES: Final = ("conformal",)


def _rows(workspace: Workspace) -> Iterator[Row]:
    every, methods = asked(workspace), _methods(workspace)
    for name in every[:1] if workspace.setting.quick else every:
        for edit in workspace.setting.edits or (_EDITS[1:2] if workspace.setting.quick else _EDITS):
            asked_by = next(reversed(methods.values()))
            yield from compared(workspace, name, edit, methods, rules=_RULES, asked=asked_by)


def _methods(workspace: Workspace) -> dict[str, Method[Any]]:
    """All of them have their columns in what `traced` asks; a quick run searches without the twin."""
    if workspace.setting.quick:
        workspace.skip("traced, in a quick run")
        return {_ALONE: _SEARCH}
    traced = Traced(steps=_STEPS)
    methods: dict[str, Method[Any]] = {
        _ALONE: _SEARCH,
        "traced, the ratio to the twin": Traced(steps=_STEPS, bands=False),
    }
    return {**methods, "traced": traced} if workspace.setting.count >= 40 else methods


TABLE: Final = Table(
    title="What JPEG does to LatentTracer and traced, against photos and other decoders' images edited alike",
    rules=_RULES,
    rows=_rows,
)
