"""What an audit of a profile's files found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["ALL", "CONTENT", "CONTRAST", "Audit", "Finding"]

CONTRAST: Final = "contrast"
CONTENT: Final = "size of content"
ALL: Final = "all attributes together, with brightness, contrast and size of content"
_ONLY_SAID: Final = (CONTRAST, CONTENT, ALL)
"""Attributes that are said and decide nothing: what a model draws may itself be paler or emptier than photos are."""


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

    @property
    def decides(self) -> bool:
        """Whether the pool bounds nothing by this; contrast and size of content are said of the profile alone."""
        return self.attribute not in _ONLY_SAID


@dataclass(frozen=True, kw_only=True, slots=True)
class Audit:
    """Whether the files of a profile differ in anything but their content.

    Attributes:
        findings: empty for a profile whose pools match.
    """

    findings: tuple[Finding, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether no pool can be told from the belongings by attributes of its images."""
        return not self.findings

    def confounded(self, pool: str) -> bool:
        """Whether this pool can be, by its files or by its brightness; contrast and content are only said."""
        return any(finding.pool == pool and finding.decides for finding in self.findings)
