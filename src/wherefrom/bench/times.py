"""Seconds an image, for every method, one after the other in one run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.latent import decoders
from wherefrom.bench.shared.searches import generators
from wherefrom.bench.shared.setting import label
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.methods.ronan import RONAN
from wherefrom.methods.spectral import Spectral
from wherefrom.methods.traced import Traced

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.methods.base import Method

__all__ = ["TABLE"]

_ASKED: Final = 4
_LATENT: Final[dict[str, Method[Any]]] = {
    "aedr": AEDR(),
    "spectral": Spectral(easiest=0.02),
    "traced": Traced(),
    "latenttracer": LatentTracer(),
    "latenttracer, the paper's": LatentTracer.paper(),
}
_SEARCHED: Final[dict[str, Method[Any]]] = {"ronan": RONAN(), "ronan, the paper's": RONAN.paper()}


def _rows(workspace: Workspace) -> Iterator[Row]:
    few = 1 if workspace.setting.quick else _ASKED
    for names, ways in ((decoders(workspace), _LATENT), (generators(workspace), _SEARCHED)):
        for name in names:
            images = (
                workspace.draws(name, range(few)) if ways is _SEARCHED else workspace.photos(workspace.setting.size)
            )
            for way, method in ways.items():
                if workspace.setting.quick and "paper" in way:
                    workspace.skip("the papers' own searches, in a quick run")
                    continue
                took = workspace.seconds(name, method, images[:few])
                pixels = "" if workspace.model(name).size else f" of {workspace.setting.size} px"
                yield Row(
                    model=label(name),
                    against=f"{len(images[:few])} images{pixels}",
                    how=way,
                    profiled=0,
                    rules={},
                    auc=None,
                    tpr={"0.01": None},
                    undefined=0,
                    seconds=took,
                )


TABLE: Final = Table(title="Seconds an image", rules=(), rows=_rows)
