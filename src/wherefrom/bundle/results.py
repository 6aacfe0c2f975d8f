"""What came of each check of a bundle, and of all of them together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["BundleCheck", "NotLookedAt", "Refused", "State", "Verification"]


class Refused(Exception):
    """A check that failed; the message is one sentence with what was found and what was expected."""


class NotLookedAt(Exception):
    """A check that could not be made, or was not asked for; the message says why."""


class State(StrEnum):
    """What came of a check."""

    PASSED = "passed"
    """It was made, and the bundle holds what it says."""
    REFUSED = "refused"
    """It was made and failed."""
    NOT_LOOKED_AT = "not looked at"
    """It was not made: nothing was asked for, or an earlier check failed. It vouches for nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BundleCheck:
    """One check of a bundle.

    Attributes:
        name: what was checked, in a word or two.
        state: what came of it.
        reason: why, in one sentence; of a refused one what was found and what was expected.
    """

    name: str
    state: State
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """What came of all checks of a bundle.

    Attributes:
        bundle: how the user named the file.
        checks: each check, in the order in which they were made.
        signed_by: identifier of the key whose signature was checked and holds; None where none was.
        images: the images that the bundle speaks of: name and SHA-256 of the file. Empty where it was refused.
        verdicts: what it says of them, as `wherefrom attribute --json` prints it. Empty where it was refused.
    """

    bundle: str
    checks: tuple[BundleCheck, ...]
    signed_by: str | None
    images: Mapping[str, str]
    verdicts: tuple[Mapping[str, Any], ...]

    @property
    def verified(self) -> bool:
        """Whether no check failed. Who vouches for the bundle is another question: see `signed_by`."""
        return not self.refusals

    @property
    def refusals(self) -> tuple[BundleCheck, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.state is State.REFUSED)
