"""API keys: read from a file or an environment variable, kept as digests, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from wherefrom.core.errors import UsageError

__all__ = ["KEYS", "Keys", "keys_of_environment", "keys_of_file", "keys_of_lines"]

KEYS: Final = "WHEREFROM_API_KEYS"
"""The environment variable with keys: `NAME:KEY`, separated by white space or commas."""
_SHORTEST: Final = 16
"""Characters of a key, at least: shorter ones can be guessed."""
_HASHED: Final = "sha256="
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_MADE_BY: Final = "make one by `openssl rand -hex 24`"


@dataclass(frozen=True, slots=True)
class Keys:
    """Who may ask.

    Attributes:
        digests: SHA-256 of each key, by the name of whoever has it.
    """

    digests: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        """Whether a key is needed at all."""
        return bool(self.digests)

    def owner(self, key: str) -> str | None:
        """The name of whoever has this key; None where nobody has.

        Every key is compared, and every comparison takes the same time, so that how long it takes tells nothing.
        """
        digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
        found = None
        for name, known in self.digests.items():
            if hmac.compare_digest(digest, known):
                found = name
        return found


def keys_of_file(path: Path) -> Keys:
    """Keys of a file: a line each, `NAME:KEY` or `NAME:sha256=DIGEST`; empty lines and those that start with # are not.

    Raises:
        UsageError: when the file cannot be read, or a line is no key; the message never holds the key.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise UsageError(f"cannot read the keys of {path}: {reason}") from error
    return keys_of_lines(lines, where=str(path))


def keys_of_environment(environment: Mapping[str, str]) -> Keys:
    """Keys of the environment variable `WHEREFROM_API_KEYS`; none where it is absent.

    Raises:
        UsageError: when it holds what is no key.
    """
    return keys_of_lines(re.split(r"[\s,]+", environment.get(KEYS, "")), where=KEYS)


def keys_of_lines(lines: Iterable[str], *, where: str) -> Keys:
    """Keys of lines.

    Args:
        lines: as in a file.
        where: they are from, for messages.

    Raises:
        UsageError: when a line is no key, a key is too short, or two have one name.
    """
    digests: dict[str, bytes] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, colon, key = text.partition(":")
        place = f"{where}, entry {number}"
        if not colon or not _NAME.fullmatch(name):
            raise UsageError(f"{place}: need NAME:KEY, with a name of letters, digits, dots and dashes")
        if name in digests:
            raise UsageError(f"{place}: the name {name} is there twice: give each key a name of its own")
        digests[name] = _digest(key.strip(), place)
    return Keys(digests)


def _digest(key: str, place: str) -> bytes:
    """SHA-256 of a key, or the one that is given in its place."""
    if key.startswith(_HASHED):
        text = key.removeprefix(_HASHED).lower()
        if not _DIGEST.fullmatch(text):
            raise UsageError(f"{place}: need 64 hexadecimal digits after {_HASHED}")
        return bytes.fromhex(text)
    if len(key) < _SHORTEST or not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(f"{place}: a key needs at least {_SHORTEST} printable ASCII characters: {_MADE_BY}")
    return hashlib.sha256(key.encode()).digest()
