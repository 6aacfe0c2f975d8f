"""The tree of errors. Each message holds the value, the bound and the way out.

WherefromError
├── ImageError      a file or array that cannot be scored as it is
├── ModelError      a model that cannot be found, read or used for what was asked
├── ProfileError    reference images or cards that do not support the verdict that was asked for
│   └── NoTrace     belongings in which a method finds nothing that tells them from other images
├── StoreError      a score store that cannot be opened or written
├── UsageError      an argument outside its range, a name that does not exist
├── NoSuchModel     a model's name or path that stands for nothing: a ModelError and a UsageError
└── MissingExtra    an optional package that is not installed
"""

from __future__ import annotations

__all__ = [
    "ImageError",
    "MissingExtra",
    "ModelError",
    "NoSuchModel",
    "NoTrace",
    "ProfileError",
    "StoreError",
    "UsageError",
    "WherefromError",
]


class WherefromError(Exception):
    """Anything that `wherefrom` refuses, with the reason and the way out in its message."""


class ImageError(WherefromError):
    """A file or array that cannot be scored as it is."""


class ModelError(WherefromError):
    """A model that cannot be found, read or used for what was asked."""


class ProfileError(WherefromError):
    """Reference images or cards that do not support the verdict that was asked for."""


class NoTrace(ProfileError):
    """Belongings in which a method finds nothing that tells them from other images: another method may."""


class StoreError(WherefromError):
    """A score store that cannot be opened or written."""


class UsageError(WherefromError):
    """An argument outside its range, or a name that does not exist."""


class NoSuchModel(ModelError, UsageError):
    """A model's name or path that stands for nothing: nothing was opened, and what was typed is to be mended."""


class MissingExtra(WherefromError):
    """An optional package that is not installed; the message names the extra that brings it."""
