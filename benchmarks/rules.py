"""How many belongings each rule really misses at a nominal alpha: `python benchmarks/rules.py`.

For every rule, distribution and number of belongings, profiles are drawn anew and cut at alpha; the chance that one
more belonging of the same distribution is excluded is then worked out from the distribution itself, not counted. The
table has its mean over profiles, which is what a promise of alpha is about, and the range of 90 % of the profiles.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from scipy import stats

from wherefrom import __version__, rules
from wherefrom.core.arrays import Vector
from wherefrom.core.errors import ProfileError

RESULTS: Final = Path(__file__).parent / "results" / "rules.json"
SIZES: Final = (19, 50, 100, 500)
RULES: Final = ("conformal", "kde", "grubbs")


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A distribution: how to draw from it, and its chance of at least and of more than a value."""

    draw: Callable[[np.random.Generator, int], Vector]
    at_least: Callable[[float], float]
    more: Callable[[float], float]


def _smooth(draw: Callable[[np.random.Generator, int], Vector], tail: Callable[[float], float]) -> Source:
    return Source(draw=draw, at_least=tail, more=tail)


SOURCES: Final = {
    "normal": _smooth(lambda rng, n: rng.normal(0.0, 1.0, n), lambda x: float(stats.norm.sf(x))),
    "log-normal": _smooth(lambda rng, n: rng.lognormal(0.0, 1.0, n), lambda x: float(stats.lognorm.sf(x, 1.0))),
    "heavy tails (t, 2 df)": _smooth(lambda rng, n: rng.standard_t(2, n), lambda x: float(stats.t.sf(x, 2))),
    "ties (normal, rounded)": Source(
        draw=lambda rng, n: np.round(rng.normal(0.0, 1.0, n)),
        at_least=lambda x: float(stats.norm.sf(math.ceil(x) - 0.5)),
        more=lambda x: float(stats.norm.sf(math.floor(x) + 0.5)),
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """Realised misses of one rule; None where the rule refuses so few belongings."""

    rule: str
    source: str
    n: int
    alpha: float
    profiles: int
    mean: float | None
    low: float | None
    high: float | None


def measure(rule: str, source: str, n: int, alpha: float, profiles: int) -> Row:
    """Realised misses over so many profiles."""
    rng = np.random.default_rng([n, RULES.index(rule), list(SOURCES).index(source)])
    chosen, origin = rules.load(rule), SOURCES[source]
    missed = origin.more if rule == "conformal" else origin.at_least  # conformal keeps an image at the cut itself
    try:
        rates = [missed(chosen.threshold(origin.draw(rng, n), alpha)) for _ in range(profiles)]
    except ProfileError:
        return Row(rule=rule, source=source, n=n, alpha=alpha, profiles=0, mean=None, low=None, high=None)
    low, high = np.quantile(rates, [0.05, 0.95]).tolist()
    mean = float(np.mean(rates))
    return Row(rule=rule, source=source, n=n, alpha=alpha, profiles=profiles, mean=mean, low=low, high=high)


def markdown(rows: list[Row], alpha: float) -> str:
    """The table of the documentation: per cent, the mean and in brackets 90 % of the profiles."""
    lines = [
        f"| misses in % at alpha = {alpha:g} | n | {' | '.join(RULES)} |",
        "| --- | ---: |" + " --- |" * len(RULES),
    ]
    for source in SOURCES:
        for n in SIZES:
            cells = []
            for rule in RULES:
                row = next(row for row in rows if (row.rule, row.source, row.n, row.alpha) == (rule, source, n, alpha))
                cells.append(_cell(row))
            lines.append(f"| {source} | {n} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(row: Row) -> str:
    if row.mean is None or row.low is None or row.high is None:
        return "refuses"
    return f"{100 * row.mean:.2f} ({100 * row.low:.1f} to {100 * row.high:.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--profiles", type=int, default=2000, help="profiles drawn for each row; a tenth of it for kde")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the numbers go, as JSON")
    asked = parser.parse_args()
    alphas = (0.05, 0.01)
    rows = [
        measure(rule, source, n, alpha, max(1, asked.profiles // (10 if rule == "kde" else 1)))
        for rule in RULES
        for source in SOURCES
        for n in SIZES
        for alpha in alphas
    ]
    for alpha in alphas:
        print(markdown(rows, alpha), end="\n\n")
    content = {"command": "python benchmarks/rules.py", "version": __version__, "rows": [asdict(row) for row in rows]}
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
