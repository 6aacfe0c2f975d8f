"""Drawn images, which nobody ever encoded, against photos passed through the decoder: as profiles, and judged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.latent import METHODS, RULES, ZOO, images

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace

__all__ = ["TABLE"]


def _rows(workspace: Workspace) -> Iterator[Row]:
    method = METHODS["aedr, the ratio alone"]
    for name, other in (ZOO, ZOO[::-1]):
        trips = images(workspace, name)
        kinds = {"draws": (workspace.known(name), workspace.own(name)), "round trips": trips}
        others = {
            "photos": workspace.photos(workspace.setting.size),
            "the other's draws": workspace.own(other),
            "the other's round trips": images(workspace, other)[1],
        }
        for profiled, (known, _) in kinds.items():
            for judged, (_, own) in kinds.items():
                way = f"profile of {profiled}, {judged} judged"
                yield from workspace.compare(name, method, known=known, own=own, others=others, how=way, rules=RULES)


TABLE: Final = Table(
    title="Drawn images against round trips of photos, as profiles and as images to judge", rules=RULES, rows=_rows
)
