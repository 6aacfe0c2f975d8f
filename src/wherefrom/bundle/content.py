"""What an opened bundle holds, each part read once, when a check first asks for it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from wherefrom.attribution import Candidate
from wherefrom.bundle.archive import Archive
from wherefrom.bundle.changes import read_stabilities
from wherefrom.bundle.deciding import decided
from wherefrom.bundle.envelope import Envelope, unpacked
from wherefrom.bundle.names import ENVELOPE, STABILITY
from wherefrom.bundle.results import Refused
from wherefrom.bundle.statement import CandidateEntry, Predicate, Statement, read_statement
from wherefrom.core.errors import WherefromError
from wherefrom.records.files import profile_from_bytes, table_from_bytes
from wherefrom.records.profile import Profile
from wherefrom.records.stability import Stability
from wherefrom.records.table import ScoreTable

__all__ = ["Content"]


class Content:
    """The parts of a bundle. Each raises `Refused` where it is not what it should be."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    @cached_property
    def envelope(self) -> Envelope:
        """The envelope, of which nothing is believed yet.

        Raises:
            Refused: when there is none, or it is none of a statement.
        """
        if ENVELOPE not in self.archive.entries:
            raise Refused(f"the archive has no file {ENVELOPE!r}, which every bundle has")
        return unpacked(self.archive.read(ENVELOPE))

    @cached_property
    def statement(self) -> Statement:
        """What the envelope states."""
        return read_statement(self.envelope.payload)

    @property
    def predicate(self) -> Predicate:
        """What is stated of the images."""
        return self.statement.predicate

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """The candidates, with the profiles and scores that the bundle holds."""
        return tuple(
            Candidate(
                name=entry.name,
                profile=self._profile(entry),
                tables={edit: self._table(name) for edit, name in entry.scores.items()},
            )
            for entry in self.predicate.candidates
        )

    @cached_property
    def stabilities(self) -> tuple[Stability, ...]:
        """What is stated of each image after harmless changes; empty where none was changed.

        Raises:
            Refused: when the file is of another form, or not of the candidates and images of the bundle.
        """
        if STABILITY not in self.archive.entries:
            return ()
        names = [entry.name for entry in self.predicate.candidates]
        found = read_stabilities(self.archive.read(STABILITY), names, repr(STABILITY))
        changed, listed = ([each.name for each in images] for images in (found, self.predicate.images))
        if changed != listed:
            odd = next((name for name in changed if name not in listed), None)
            raise Refused(
                f"{STABILITY!r} speaks of other images than the statement lists, in that order, as of {odd!r}"
            )
        return found

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """What is said of the images when the decision is taken again.

        Raises:
            Refused: when it cannot be taken from what the bundle holds.
        """
        try:
            return decided(self.candidates, self.predicate.question, stabilities=self.stabilities)
        except WherefromError as error:
            raise Refused(f"the decision cannot be taken again from the scores: {error}") from error

    def read(self, name: str) -> bytes:
        """A file that the statement speaks of.

        Raises:
            Refused: when the archive has no such file, or it is damaged.
        """
        self._check_there(name)
        return self.archive.read(name)

    def digest(self, name: str) -> str:
        """SHA-256 of a file that the statement speaks of, hexadecimal.

        Raises:
            Refused: when the archive has no such file, or it is damaged.
        """
        self._check_there(name)
        return self.archive.digest(name)

    def _check_there(self, name: str) -> None:
        if name not in self.archive.entries:
            raise Refused(f"the statement speaks of the file {name!r}, which the archive lacks")

    def _profile(self, entry: CandidateEntry) -> Profile:
        try:
            return profile_from_bytes(self.read(entry.profile.file))
        except WherefromError as error:
            raise Refused(f"{entry.profile.file!r} is no profile that this version reads: {error}") from error

    def _table(self, name: str) -> ScoreTable:
        try:
            return table_from_bytes(self.read(name))
        except WherefromError as error:
            raise Refused(f"{name!r} is no table of scores that this version reads: {error}") from error
