"""The old name of `wherefrom.models.load`, which answers for one version more."""

from __future__ import annotations

from typing import Final

from wherefrom.models.moved import moved

_SOURCES: Final = "wherefrom.models.sources.description"

__getattr__ = moved(
    __name__,
    {
        "load_model": "wherefrom.models.load",
        "Description": _SOURCES,
        "describe": _SOURCES,
        "listing": _SOURCES,
    },
)
