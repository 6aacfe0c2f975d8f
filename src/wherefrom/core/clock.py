"""What time it is, for records: in UTC, and still where SOURCE_DATE_EPOCH says when."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from wherefrom.core.errors import UsageError

__all__ = ["now", "timestamp"]

_VARIABLE = "SOURCE_DATE_EPOCH"


def timestamp(when: datetime | None = None) -> str:
    """A time as `2026-01-31T12:00:00+00:00`, in UTC, to the second.

    Args:
        when: with its time zone; None is now or, where the environment variable SOURCE_DATE_EPOCH is set, so many
            seconds after 1970, so that two runs write the same bytes.

    Raises:
        UsageError: when the time has no zone, or the variable is no number of seconds.
    """
    if when is None:
        when = now()
    if when.tzinfo is None:
        raise UsageError(f"the time {when.isoformat()} has no time zone: give one, as datetime.now(UTC)")
    return when.astimezone(UTC).isoformat(timespec="seconds")


def now() -> datetime:
    """The time in UTC, or what SOURCE_DATE_EPOCH says.

    Raises:
        UsageError: when that is no number of seconds.
    """
    fixed = os.environ.get(_VARIABLE)
    if not fixed:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(fixed), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"{_VARIABLE} is {fixed!r}, need whole seconds since 1970: correct it, or unset it") from error
