"""What an audit of a profile's files found."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Audit", "Finding"]


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
