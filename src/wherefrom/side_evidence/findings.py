"""What was found in one file, source by source: present, absent, or could not look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Finding", "SideEvidence", "State"]


class State(StrEnum):
    """Whether a source says something. What could not be looked at is never called absent."""

    PRESENT = "present"
    ABSENT = "absent"
    NOT_LOOKED = "could not look"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What one source says of a file.

    Attributes:
        source: its name, as `c2pa`.
        title: for people, as `C2PA manifest`.
        state: whether there is something.
        summary: a sentence; of what could not be looked at, the reason and the way out.
        facts: what the file states, in its own words and shortened, by what it is.
    """

    source: str
    title: str
    state: State
    summary: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class SideEvidence:
    """What a file says of itself. Anybody can remove or write such things, so no verdict depends on it.

    Attributes:
        name: of the image, as it was given.
        file_digest: SHA-256 of the file, hexadecimal; None where it could not be read.
        error: why the file could not be read; None where it was.
        findings: one a source, in the order in which they were asked.
    """

    name: str
    file_digest: str | None
    error: str | None
    findings: tuple[Finding, ...]

    def __getitem__(self, source: str) -> Finding:
        """The finding of a source.

        Raises:
            KeyError: when it was not asked.
        """
        for finding in self.findings:
            if finding.source == source:
                return finding
        raise KeyError(f"{source!r} was not asked, only {', '.join(each.source for each in self.findings)}")
