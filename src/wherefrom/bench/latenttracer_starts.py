"""LatentTracer from the encoder and from a random start, at equal decoder calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.latent import asked, images, other_kinds
from wherefrom.methods.latenttracer import LatentTracer

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.methods.base import Method

__all__ = ["TABLE"]

_QUICK: Final = 5
_STEPS: Final = 30


def _rows(workspace: Workspace) -> Iterator[Row]:
    steps = _QUICK if workspace.setting.quick else _STEPS
    ways: dict[str, Method[Any]] = {
        "from the encoder": LatentTracer(steps=steps),
        "from a random start": LatentTracer(steps=steps, start="random"),
        "the paper's schedule": LatentTracer(steps=steps, optimiser="adam", rate=0.05, schedule="halved"),
    }
    for name in asked(workspace)[: None if workspace.setting.asked else 1]:
        known, own = images(workspace, name)
        others = other_kinds(workspace, name)
        for way, method in ways.items():
            yield from workspace.compare(
                name, method, known=known, own=own, others=others, how=f"{way}, {steps} steps", rules=("conformal",)
            )


TABLE: Final = Table(
    title="LatentTracer: from the encoder, from a random start, by the paper's schedule",
    rules=("conformal",),
    rows=_rows,
    beside=("medians", "calls"),
)
