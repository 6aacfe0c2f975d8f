"""A profile: how known belongings, and named pools of known non-belongings, score under one model and method."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wherefrom.core.arrays import Vector
from wherefrom.core.card import Card
from wherefrom.records.table import ScoreTable

__all__ = ["Audit", "Coverage", "Finding", "Profile"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One attribute of the files that tells a pool from the belongings without looking at a pixel.

    Attributes:
        pool: the pool's name.
        attribute: `format`, `size`, `jpeg tables`, `changes`, …
        accuracy: balanced accuracy of the best guess from that attribute alone, in [0.5, 1].
        message: what it means and the way out.
    """

    pool: str
    attribute: str
    accuracy: float
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Audit:
    """Whether the files of a profile differ in anything but their content.

    Attributes:
        findings: empty for a profile whose pools match.
    """

    findings: tuple[Finding, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether no pool can be told from the belongings by its files' attributes."""
        return not self.findings

    def confounded(self, pool: str) -> bool:
        """Whether this pool can be."""
        return any(finding.pool == pool for finding in self.findings)


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """For which images a profile speaks: those of the kind that it was made from.

    Attributes:
        pixels: the smallest and the largest number of scored pixels, with the tolerated factor already applied.
        lossless: whether belongings were stored without loss.
        jpeg_quality: the lowest and highest estimated JPEG quality among belongings, with tolerance; None without JPEGs.
        other_lossy: names of other lossy formats among belongings.
    """

    pixels: tuple[int, int]
    lossless: bool
    jpeg_quality: tuple[float, float] | None = None
    other_lossy: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Profile:
    """How known belongings and named pools of non-belongings score under one model and method.

    Attributes:
        model: the model's card; scores of another card are refused.
        method: the method's card, options included.
        measure: the card of what was asked of the model.
        seed: the root seed of the scores.
        fit: what the method learned from the first half of the belongings; empty for a method that learns nothing.
        belonging: all belongings, raw columns included, so that another method can be tried without the model.
        ranked: which rows of `belonging` are ranked against, the half that was not learned from.
        foreign: the named pools.
        statistic: statistics of the ranked belongings, shape `(n,)`, finite.
        foreign_statistic: statistics of each pool, finite ones only.
        coverage: for which images the profile speaks.
        audit: whether the files differ in anything but content.
        version: the version of `wherefrom` that made it.
    """

    model: Card
    method: Card
    measure: Card
    seed: int
    fit: Mapping[str, Vector]
    belonging: ScoreTable
    ranked: tuple[int, ...]
    foreign: Mapping[str, ScoreTable]
    statistic: Vector
    foreign_statistic: Mapping[str, Vector]
    coverage: Coverage
    audit: Audit = field(default_factory=Audit)
    version: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the cards, the images' digests and the statistics, hexadecimal."""
        content: dict[str, Any] = {
            "cards": [
                self.model.digest,
                self.method.digest,
                self.measure.digest,
                self.seed,
            ],
            "belonging": [facts.pixel_digest for facts in self.belonging.images],
            "ranked": list(self.ranked),
            "statistic": [float(value).hex() for value in self.statistic],
            "fit": {
                name: [float(value).hex() for value in values]
                for name, values in sorted(self.fit.items())
            },
            "foreign": {
                name: [
                    [facts.pixel_digest for facts in table.images],
                    [float(value).hex() for value in self.foreign_statistic[name]],
                ]
                for name, table in sorted(self.foreign.items())
            },
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
