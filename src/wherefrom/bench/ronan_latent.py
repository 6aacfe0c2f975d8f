"""A latent model searched from random latents, as RONAN searches a generator, beside methods that use its encoder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.latent import asked, images
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.methods.ronan import RONAN
from wherefrom.methods.traced import Traced

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.methods.base import Method

__all__ = ["TABLE"]

_STEPS: Final = 100
"""Of RONAN's searches, as many as LatentTracer's paper makes; RONAN's paper makes 1,500."""
_QUICK: Final = 5
_RESTARTS: Final = 3


def _methods(*, quick: bool) -> dict[str, Method[Any]]:
    """Searches from random latents first, those from the encoder's latent after them."""
    steps = _QUICK if quick else _STEPS
    race: dict[str, Any] = {"race": None} if quick else {"keep": 1}
    several = RONAN(start="random", restarts=_RESTARTS, steps=steps, **race)
    methods: dict[str, Method[Any]] = {
        f"ronan, 1 random start, Adam at 0.1, {steps} steps": RONAN(search=RONAN.paper().search, steps=steps),
        f"ronan, {_RESTARTS} random starts, L-BFGS, {steps} steps": several,
        "latenttracer": LatentTracer(steps=_QUICK) if quick else LatentTracer(),
    }
    if not quick:
        methods["latenttracer, the paper's"] = LatentTracer.paper()
    return {**methods, "aedr": AEDR(), "traced, the ratio to the twin": Traced(bands=False)}


def _rows(workspace: Workspace) -> Iterator[Row]:
    if workspace.setting.quick:
        workspace.skip("the paper's search of LatentTracer, in a quick run")
    for name in asked(workspace)[: None if workspace.setting.asked else 1]:
        known, own = images(workspace, name)
        others = {"photos": workspace.photos(workspace.setting.size)}
        for way, method in _methods(quick=workspace.setting.quick).items():
            yield from workspace.compare(name, method, known=known, own=own, others=others, how=way)


TABLE: Final = Table(
    title="A latent model searched from random latents, and from its encoder's", rows=_rows, beside=("medians", "calls")
)
