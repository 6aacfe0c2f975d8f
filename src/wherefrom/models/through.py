"""The old name of `wherefrom.models.adapters.through`, which answers for one version more."""

from __future__ import annotations

from wherefrom.models.moved import moved

__getattr__ = moved(
    __name__,
    dict.fromkeys(
        ("THROUGH", "Through", "ThroughAutoencoder", "edit_of", "through", "through_alike"),
        "wherefrom.models.adapters.through",
    ),
)
