"""What RONAN's searches leave of a generator's own images, by how they start and step, beside its siblings' images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.searches import QUICK, asked, generators
from wherefrom.bench.shared.setting import label
from wherefrom.methods.ronan import RONAN
from wherefrom.models.base import Autoencoder

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.methods.base import Method

__all__ = ["TABLE"]

_LONG: Final = 600
_STEPS: Final = 100
_SHORT: Final = 10
"""Steps of each in a quick run."""


def _methods(*, quick: bool) -> dict[str, Method[Any]]:
    """One start by Adam and by L-BFGS, one from the encoder, and several of which the best go on."""
    long, steps = (_SHORT, _SHORT) if quick else (_LONG, _STEPS)
    alone: dict[str, Any] = {"race": None, "plateau": None}
    several = QUICK if quick else {}
    return {
        f"Adam at 0.1, one random start, {long} steps": RONAN(
            optimiser="adam", steps=long, start="random", restarts=1, **alone
        ),
        f"L-BFGS, one random start, {steps} steps": RONAN(steps=steps, start="random", restarts=1, **alone),
        f"L-BFGS, from the encoder, {steps} steps": RONAN(steps=steps, start="encoder", restarts=1, **alone),
        "default, random starts alone": RONAN(start="random", **several),
        "default": RONAN(**several),
    }


def _rows(workspace: Workspace) -> Iterator[Row]:
    every = generators(workspace)
    for name in asked(workspace):
        model = workspace.model(name)
        if not isinstance(model, Autoencoder):
            workspace.skip(f"{label(name)}, which has no encoder to start from")
            continue
        others = {
            label(other): workspace.own(other)
            for other in every
            if other != name and workspace.model(other).size == model.size
        }
        for way, method in _methods(quick=workspace.setting.quick).items():
            yield from workspace.compare(
                name, method, known=workspace.known(name), own=workspace.own(name), others=others, how=way
            )


TABLE: Final = Table(
    title="RONAN: where its searches of a generator with an encoder start, and how they step",
    rows=_rows,
    beside=("medians", "calls"),
)
