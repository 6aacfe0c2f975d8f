"""What AEDR's weight by homogeneity does: none, the paper's, what log L2 leaves of log t, and every band alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench._lab import label
from wherefrom.bench._latent import RULES, asked, decoders, images
from wherefrom.bench.base import Row, Table
from wherefrom.methods.aedr import AEDR

if TYPE_CHECKING:
    from wherefrom.bench._lab import Lab
    from wherefrom.methods.base import Method

__all__ = ["TABLE"]

_FORMS: Final[Mapping[str, Method[Any]]] = {
    "no weight": AEDR(adjustment="none"),
    "times homogeneity": AEDR(adjustment="homogeneity"),
    "residual on log L2": AEDR(adjustment="residual"),
    "band by band": AEDR(adjustment="bands"),
}


def _rows(lab: Lab) -> Iterator[Row]:
    every = decoders(lab)
    for name in asked(lab):
        known, own = images(lab, name)
        others = {"photos": lab.photos(lab.setting.size)}
        others |= {label(other): images(lab, other)[1] for other in every if other != name}
        for how, method in _FORMS.items():
            if method.learns and lab.setting.count < 40:
                lab.skip(f"the residual, which learns, from {lab.setting.count} images: give --count 40 or more")
                continue
            yield from lab.compare(name, method, known=known, own=own, others=others, how=how, rules_of=RULES)


TABLE: Final = Table(title="AEDR: what the weight by homogeneity does", rules=RULES, rows=_rows)
