"""LatentTracer as it is by default, beside AEDR's ratio of the same images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.latent import asked, images, other_kinds, together
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.latenttracer import LatentTracer

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.methods.base import Method

__all__ = ["TABLE"]

_QUICK: Final = 5
_RULES: Final = ("conformal",)


def _methods(workspace: Workspace) -> Mapping[str, Method[Any]]:
    """AEDR's ratio and the search, which a quick run cuts short."""
    search = LatentTracer(steps=_QUICK) if workspace.setting.quick else LatentTracer()
    return {"aedr, the ratio alone": AEDR(), f"latenttracer, {search.search.stop.steps} steps": search}


def _rows(workspace: Workspace) -> Iterator[Row]:
    every = asked(workspace)
    for name in every[:1] if workspace.setting.quick else every:
        known, own = images(workspace, name)
        others = together(other_kinds(workspace, name))
        for way, method in _methods(workspace).items():
            yield from workspace.compare(name, method, known=known, own=own, others=others, how=way, rules=_RULES)


TABLE: Final = Table(
    title="LatentTracer beside AEDR's ratio, on the same images", rules=_RULES, rows=_rows, beside=("medians", "calls")
)
