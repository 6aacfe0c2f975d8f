"""The old name of `wherefrom.models.adapters.through`, which answers for one version more."""

from __future__ import annotations

from wherefrom.models.moved import moved

_HOME = "wherefrom.models.adapters.through"

__getattr__ = moved(
    __name__,
    {
        **dict.fromkeys(("THROUGH", "edit_of", "through"), _HOME),
        "Through": f"{_HOME}:EditedDecoder",
        "ThroughAutoencoder": f"{_HOME}:EditedAutoencoder",
        "through_alike": f"{_HOME}:through_same_edit",
    },
)
