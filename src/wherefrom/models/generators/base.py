"""The old name of `wherefrom.models.architectures.base`, which answers for one version more."""

from __future__ import annotations

from wherefrom.models.moved import moved

__getattr__ = moved(
    __name__,
    dict.fromkeys(("Architecture", "Built", "Config", "Shapes", "State"), "wherefrom.models.architectures.base"),
)
