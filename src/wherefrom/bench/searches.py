"""What a few steps of a search add to two reconstructions: losses after each step, as they are and over others.

Every image is asked once: two reconstructions, a short search from the encoder's latent, and the same search of the
image's own reconstruction, its twin. All statistics are read from these columns. How LatentTracer's starts and
schedules compare is the table `latenttracer_starts`, how long methods take is `times`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench.base import ALPHA, Row, Table, row_of
from wherefrom.bench.shared.latent import EVERY, asked, images, other_kinds
from wherefrom.bench.shared.scored import after_steps, profile_of, read_as
from wherefrom.bench.shared.setting import label
from wherefrom.evaluation import evaluate
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.methods.spectral import Spectral
from wherefrom.methods.traced import Traced
from wherefrom.records.table import ScoreTable

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.methods.base import Method

__all__ = ["TABLE"]

_STEPS: Final = 5
_ASKED: Final = Traced(steps=_STEPS)
_RULES: Final = ("conformal",)


def _methods(steps: int) -> dict[str, Method[Any]]:
    """The loss after so many steps, as it is and over each denominator."""
    return {
        f"loss, {steps} steps": LatentTracer(steps=steps),
        f"loss / L1, {steps} steps": Traced(steps=steps, bands=False, denominator="first"),
        f"loss / L2, {steps} steps": Traced(steps=steps, bands=False, denominator="second"),
        f"loss / twin's, {steps} steps": Traced(steps=steps, bands=False),
    }


def _rows(workspace: Workspace) -> Iterator[Row]:
    every = asked(workspace)
    for name in every[:1] if workspace.setting.quick else every:
        known, own = (workspace.table(name, _ASKED, paths) for paths in images(workspace, name))
        others = {kind: workspace.table(name, _ASKED, paths) for kind, paths in other_kinds(workspace, name).items()}
        others[EVERY] = ScoreTable.concatenate(list(others.values()))
        yield from _of(label(name), {"aedr, the ratio alone": AEDR()}, known, own, others)
        for steps in (1, 2, 3, _STEPS):
            cut = {kind: after_steps(table, steps) for kind, table in others.items()}
            yield from _of(label(name), _methods(steps), after_steps(known, steps), after_steps(own, steps), cut)
        if workspace.setting.count < 40:
            workspace.skip(f"methods that learn, from {workspace.setting.count} images: give --count 40 or more")
        else:
            learning: dict[str, Method[Any]] = {"spectral": Spectral(easiest=0.02), f"traced, {_STEPS} steps": _ASKED}
            yield from _of(label(name), learning, known, own, others)


def _of(
    name: str, methods: Mapping[str, Method[Any]], known: ScoreTable, own: ScoreTable, others: Mapping[str, ScoreTable]
) -> Iterator[Row]:
    """Each method's profile of known belongings, tried on others; all read the same columns."""
    for way, method in methods.items():
        evaluations = evaluate(
            profile_of(method, read_as(known, method)),
            belonging=read_as(own, method),
            foreign={kind: read_as(table, method) for kind, table in others.items()},
            rules=_RULES,
            alpha=ALPHA,
            method=method,
        )
        yield from (row_of(evaluation, model=name, against=kind, how=way) for kind, evaluation in evaluations.items())


TABLE: Final = Table(title="What a few steps of a search add to two reconstructions", rules=_RULES, rows=_rows)
