"""What JPEG does to methods that search: with a profile of untouched images, and with one under the same edit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench._edited import compared
from wherefrom.bench._latent import asked
from wherefrom.bench.base import Row, Table
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.methods.traced import Traced

if TYPE_CHECKING:
    from wherefrom.bench._lab import Lab
    from wherefrom.methods.base import Method

__all__ = ["TABLE"]

_EDITS: Final = ("none", "jpeg:90", "jpeg:75")
_STEPS: Final = 5
_METHODS: Final[dict[str, Method[Any]]] = {
    f"latenttracer, {_STEPS} steps": LatentTracer(steps=_STEPS),
    "traced, the ratio to the twin": Traced(steps=_STEPS, bands=False),
}
_RULES: Final = ("conformal",)


def _rows(lab: Lab) -> Iterator[Row]:
    every = asked(lab)
    ways = dict(list(_METHODS.items())[:1]) if lab.setting.quick else dict(_METHODS)
    if lab.setting.quick:
        lab.skip("traced, in a quick run")
    elif lab.setting.count >= 40:
        ways["traced"] = Traced(steps=_STEPS)
    for name in every[:1] if lab.setting.quick else every:
        for edit in lab.setting.edits or (_EDITS[1:2] if lab.setting.quick else _EDITS):
            yield from compared(lab, name, edit, ways, rules_of=_RULES)


TABLE: Final = Table(
    title="What JPEG does to LatentTracer and traced, against photos and other decoders' images edited alike",
    rules=_RULES,
    rows=_rows,
)
