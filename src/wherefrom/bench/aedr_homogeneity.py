"""What AEDR's weight by homogeneity does: none, the paper's, the residual of log t on log L2, and every band alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.latent import RULES, asked, decoders, images
from wherefrom.bench.shared.setting import label
from wherefrom.methods.aedr import AEDR

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.methods.base import Method

__all__ = ["TABLE"]

_FORMS: Final[Mapping[str, Method[Any]]] = {
    "no weight": AEDR(adjustment="none"),
    "times homogeneity": AEDR(adjustment="homogeneity"),
    "residual on log L2": AEDR(adjustment="residual"),
    "band by band": AEDR(adjustment="bands"),
}


def _rows(workspace: Workspace) -> Iterator[Row]:
    every = decoders(workspace)
    for name in asked(workspace):
        known, own = images(workspace, name)
        others = {"photos": workspace.photos(workspace.setting.size)}
        others |= {label(other): images(workspace, other)[1] for other in every if other != name}
        for way, method in _FORMS.items():
            if method.learns and workspace.setting.count < 40:
                workspace.skip(
                    f"the residual, which learns, from {workspace.setting.count} images: give --count 40 or more"
                )
                continue
            yield from workspace.compare(name, method, known=known, own=own, others=others, how=way, rules=RULES)


TABLE: Final = Table(title="AEDR: what the weight by homogeneity does", rules=RULES, rows=_rows)
