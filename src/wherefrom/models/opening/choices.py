"""What a user may say of an autoencoder's file where the file leaves it open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from wherefrom.core.card import Fact
from wherefrom.core.errors import UsageError

__all__ = ["OPTIONS", "Choices", "checked_options"]

OPTIONS: Final = {
    "part": "which of several tables of weights is meant, as ema; or under which prefix the autoencoder stands",
    "scaling_factor": "what the generator's latents are multiplied by, as 0.3611; only searches use it",
    "shift_factor": "what is taken from latents before; default 0",
}
"""Options of files of autoencoders, and what each says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What was said.

    Attributes:
        part: which part of the file.
        scaling: `scaling_factor` and `shift_factor`, those that were given.
    """

    part: str | None = None
    scaling: Mapping[str, float]

    def units(self, *, stated: bool, source: str) -> Mapping[str, Any]:
        """The entries of a config that say in which units the generator works.

        Args:
            stated: whether a config came with the weights.
            source: how to name the files in a message.

        Raises:
            UsageError: when they were given though a config says them.
        """
        if self.scaling and stated:
            named = ", ".join(self.scaling)
            raise UsageError(f"{source} has a configuration, which says the scaling: leave out the option {named}")
        return self.scaling

    def notes(self) -> dict[str, Fact]:
        """For the model's card."""
        stated = ({"part": self.part} if self.part else {}) | dict(self.scaling)
        return {"options": tuple(sorted(stated.items()))} if stated else {}


def checked_options(options: Mapping[str, Fact], source: str) -> Choices:
    """The options of an autoencoder's file.

    Args:
        options: by name.
        source: how to name the file in a message.

    Raises:
        UsageError: when there is no such option, or it has another type.
    """
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise UsageError(
            f"{source} is no generator that is known, so it has no options {', '.join(unknown)}: an autoencoder's file"
            f" has {', '.join(OPTIONS)}"
        )
    scaling: dict[str, float] = {}
    for name in ("scaling_factor", "shift_factor"):
        value = options.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or (name == "scaling_factor" and value <= 0):
            raise UsageError(f"{name}={value!r}, need a number" + (" above 0" if name == "scaling_factor" else ""))
        scaling[name] = float(value)
    part = options.get("part")
    return Choices(part=None if part is None else str(part), scaling=scaling)
