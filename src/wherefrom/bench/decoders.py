"""Which statistic of two reconstructions tells a decoder's images from photos and from other decoders' images.

Unlike the papers' tables, profiles here have pools, so that verdicts bound false claims: belongings are missed at most
at alpha, and images of a pool are claimed at most at beta. Belongings are photos passed through the decoder; pools are
photos, and photos passed through each other decoder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench.base import ALPHA, Table, interval_of
from wherefrom.bench.shared.latent import asked, decoders, images
from wherefrom.bench.shared.rows import share_cell, share_of
from wherefrom.bench.shared.setting import label
from wherefrom.evaluation import Confusion, Evaluation, evaluate
from wherefrom.judging import calibrate
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.reconstruction import Reconstruction
from wherefrom.methods.spectral import Spectral
from wherefrom.records.table import ScoreTable

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Paths, Workspace
    from wherefrom.methods.base import Method

__all__ = ["TABLE", "DecodersRow", "markdown"]

_BETA: Final = 0.01
_RATE: Final = 0.01
_POOL: Final = 0.55
"""Images of a pool in a profile, as a share of its belongings, of which a method may learn from one half."""
_EVERY: Final = "all pools"
_RULE: Final = "conformal"
_ASKED: Final = AEDR()
"""Its two reconstructions are what all statistics read."""
_STATISTICS: Final[Mapping[str, Method[Any]]] = {
    "one loss": Reconstruction(),
    "t": AEDR(adjustment="none"),
    "t x homogeneity": AEDR(adjustment="homogeneity"),
    "residual": AEDR(adjustment="residual"),
    "spectral": Spectral(easiest=0.02),
    "spectral, 8 x 8": Spectral(block=8, easiest=0.02),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class DecodersRow:
    """One statistic on one decoder; a share has `count`, `of`, `share`, `low` and `high`.

    Attributes:
        model: the decoder.
        how: the statistic.
        auc: over all pools: `value`, `low` and `high`.
        tpr: at 1 % false positives over all pools, likewise; None where so few images cannot show such a rate.
        missed: belongings that were EXCLUDED, as a share.
        supported: belongings that were SUPPORTED, as a share.
        pools: by pool: `auc`, `tpr`, and `claimed`, the share of its images that were SUPPORTED.
    """

    model: str
    how: str
    auc: Mapping[str, float] | None
    tpr: Mapping[str, float] | None
    missed: Mapping[str, float]
    supported: Mapping[str, float]
    pools: Mapping[str, Mapping[str, Any]]


def _rows(workspace: Workspace) -> Iterator[DecodersRow]:
    for name in asked(workspace):
        known, own = images(workspace, name)
        size = workspace.setting.size
        pools = {"photos": (workspace.photos(size, profiled=True), workspace.photos(size))}
        pools |= {label(other): images(workspace, other) for other in decoders(workspace) if other != name}
        for way, method in _STATISTICS.items():
            if method.learns and workspace.setting.count < 40:
                workspace.skip(f"{way}, which learns, from {workspace.setting.count} images: give --count 40 or more")
                continue
            row = _row(workspace, name, way, method, known, own, pools)
            if row is not None:
                yield row


def _row(
    workspace: Workspace,
    name: str,
    way: str,
    method: Method[Any],
    known: Paths,
    own: Paths,
    pools: Mapping[str, tuple[Paths, Paths]],
) -> DecodersRow | None:
    """A profile with pools, and what it says of images that it was not made of; None where it cannot decide."""

    def table(paths: Paths) -> ScoreTable:
        return workspace.table(name, method, paths, asked=_ASKED)

    few = round(_POOL * len(known))
    profile = calibrate(
        belonging=table(known),
        foreign={pool: table(profiled[:few]) for pool, (profiled, _) in pools.items()},
        method=method,
    )
    judged = {pool: table(paths) for pool, (_, paths) in pools.items()}
    judged = {_EVERY: ScoreTable.concatenate(list(judged.values())), **judged}
    evaluations = evaluate(
        profile,
        belonging=table(own),
        foreign=judged,
        rules=(_RULE,),
        alpha=ALPHA,
        beta=_BETA,
        outside="undecided",
        method=method,
    )
    by_pool = {pool: evaluation.errors[_RULE] for pool, evaluation in evaluations.items()}
    counts = {pool: errors.confusion for pool, errors in by_pool.items() if errors is not None}
    if not counts:
        workspace.skip(f"{way} under {label(name)}: {len(profile.statistic)} ranked belongings are too few to decide")
        return None
    return _shown(label(name), way, evaluations, counts, {pool: len(table) for pool, table in judged.items()}, len(own))


def _shown(
    model: str,
    way: str,
    evaluations: Mapping[str, Evaluation],
    counts: Mapping[str, Confusion],
    images_of: Mapping[str, int],
    belongings: int,
) -> DecodersRow:
    """Counts and curves as a row."""
    every = counts[_EVERY]
    return DecodersRow(
        model=model,
        how=way,
        auc=interval_of(evaluations[_EVERY].auc),
        tpr=interval_of(evaluations[_EVERY].tpr[_RATE]),
        missed=share_of(every.fn, belongings),
        supported=share_of(every.supported_belonging, belongings),
        pools={
            pool: {
                "auc": interval_of(evaluation.auc),
                "tpr": interval_of(evaluation.tpr[_RATE]),
                "claimed": share_of(counts[pool].supported_foreign, images_of[pool]),
            }
            for pool, evaluation in evaluations.items()
            if pool != _EVERY
        },
    )


def markdown(document: Mapping[str, Any]) -> str:
    """The table in Markdown, from its document."""
    lines = [
        "| decoder | statistic | AUC | TPR at 1 % FPR | worst pool | missed at alpha 0.05 | supported | false claims |",
        "| --- " * 8 + "|",
    ]
    for row in document["rows"]:
        rates = {pool: rate["tpr"]["value"] for pool, rate in row["pools"].items() if rate["tpr"] is not None}
        worst = min(rates, key=rates.__getitem__, default=None)
        claims = [pool["claimed"] for pool in row["pools"].values()]
        wrong = share_of(sum(rate["count"] for rate in claims), sum(rate["of"] for rate in claims))
        cells = [
            row["model"],
            row["how"],
            _number(row["auc"], 3),
            _number(row["tpr"], 2),
            "-" if worst is None else f"{worst}: {rates[worst]:.2f}",
            *map(share_cell, (row["missed"], row["supported"], wrong)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _number(estimate: Mapping[str, float] | None, digits: int) -> str:
    return "-" if estimate is None else f"{estimate['value']:.{digits}f}"


TABLE: Final = Table(
    title="Profiles with pools: which statistic of two reconstructions tells a decoder's images from all others",
    rules=(),
    rows=_rows,
    markdown=markdown,
    facts={"alpha": ALPHA, "beta": _BETA},
)
