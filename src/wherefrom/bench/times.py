"""Seconds an image, for every method, one after the other in one run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench._lab import label
from wherefrom.bench._latent import decoders
from wherefrom.bench._searches import generators
from wherefrom.bench.base import Row, Table
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.methods.ronan import RONAN
from wherefrom.methods.spectral import Spectral
from wherefrom.methods.traced import Traced

if TYPE_CHECKING:
    from wherefrom.bench._lab import Lab
    from wherefrom.methods.base import Method

__all__ = ["TABLE"]

_ASKED: Final = 4
_LATENT: Final[dict[str, Method[Any]]] = {
    "aedr": AEDR(),
    "spectral": Spectral(),
    "traced": Traced(),
    "latenttracer": LatentTracer(),
    "latenttracer, the paper's": LatentTracer.paper(),
}
_SEARCHED: Final[dict[str, Method[Any]]] = {"ronan": RONAN(), "ronan, the paper's": RONAN.paper()}


def _rows(lab: Lab) -> Iterator[Row]:
    few = 1 if lab.setting.quick else _ASKED
    for names, ways in ((decoders(lab), _LATENT), (generators(lab), _SEARCHED)):
        for name in names:
            images = lab.draws(name, range(few)) if ways is _SEARCHED else lab.photos(lab.setting.size)
            for how, method in ways.items():
                if lab.setting.quick and "paper" in how:
                    lab.skip("the papers' own searches, in a quick run")
                    continue
                took = lab.seconds(name, method, images[:few])
                pixels = "" if lab.model(name).size else f" of {lab.setting.size} px"
                yield Row(
                    model=label(name),
                    against=f"{len(images[:few])} images{pixels}",
                    how=how,
                    profiled=0,
                    rules={},
                    auc=None,
                    tpr={"0.01": None},
                    undefined=0,
                    seconds=took,
                )


TABLE: Final = Table(title="Seconds an image", rules=(), rows=_rows)
