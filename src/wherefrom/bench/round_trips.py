"""Drawn images, which nobody ever encoded, against photos passed through the decoder: as profiles, and judged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from wherefrom.bench._latent import METHODS, RULES, ZOO, images
from wherefrom.bench.base import Row, Table

if TYPE_CHECKING:
    from wherefrom.bench._lab import Lab

__all__ = ["TABLE"]


def _rows(lab: Lab) -> Iterator[Row]:
    method = METHODS["aedr, the ratio alone"]
    for name, other in (ZOO, ZOO[::-1]):
        trips = images(lab, name)
        kinds = {"draws": (lab.known(name), lab.own(name)), "round trips": trips}
        others = {
            "photos": lab.photos(lab.setting.size),
            "the other's draws": lab.own(other),
            "the other's round trips": images(lab, other)[1],
        }
        for profiled, (known, _) in kinds.items():
            for judged, (_, own) in kinds.items():
                how = f"profile of {profiled}, {judged} judged"
                yield from lab.compare(name, method, known=known, own=own, others=others, how=how, rules_of=RULES)


TABLE: Final = Table(
    title="Drawn images against round trips of photos, as profiles and as images to judge", rules=RULES, rows=_rows
)
