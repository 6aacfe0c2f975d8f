"""Cards: a name and every fact that changes the numbers. Two cards with one digest give the same numbers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from wherefrom.core.flat import flat_fields

__all__ = ["UNITS", "Card", "Fact", "as_asked", "options_of", "without_unset"]

Fact: TypeAlias = str | int | float | bool | tuple["Fact", ...] | None
"""A fact on a card: plain, immutable and the same in JSON."""
UNITS: Final = "scaling"
"""The fact of a model in which units its generator works: a file of weights alone does not hold it."""
_SEARCHING: Final = "search"


def _frozen(value: Any) -> Fact:
    """Lists become tuples, so that a card read from JSON equals the one that was written."""
    return tuple(_frozen(item) for item in value) if isinstance(value, list | tuple) else value


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """A name and every fact that changes the numbers.

    Attributes:
        kind: `model`, `method`, `measure` or `rule`.
        name: what a person calls it.
        facts: what changes the numbers; part of the digest.
        notes: what does not (where it came from, licence, family); not part of the digest.
    """

    kind: str
    name: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    notes: Mapping[str, Fact] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        """Freeze lists, so that equality does not depend on where the card was read from."""
        for name in ("facts", "notes"):
            object.__setattr__(
                self,
                name,
                {key: _frozen(value) for key, value in sorted(getattr(self, name).items())},
            )

    def __hash__(self) -> int:
        """By digest, so that cards can be keys."""
        return hash(self.digest)

    @property
    def digest(self) -> str:
        """SHA-256 of kind, name and facts, hexadecimal. A model's name is left out: its weights say who it is."""
        name = None if self.kind == "model" else self.name
        text = json.dumps([self.kind, name, self.facts], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary; `from_json` reads it back."""
        return {
            "kind": self.kind,
            "name": self.name,
            "facts": dict(self.facts),
            "notes": dict(self.notes),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Card:
        """The card that `to_json` wrote."""
        return Card(
            kind=data["kind"],
            name=data["name"],
            facts=data["facts"],
            notes=data.get("notes", {}),
        )

    def differences(self, other: Card) -> tuple[str, ...]:
        """Which facts differ, as `name: this one, that one`, for error messages."""
        keys = sorted(set(self.facts) | set(other.facts))
        rows = [f"{key}: {self.facts.get(key)!r}, {other.facts.get(key)!r}" for key in keys]
        same = [self.facts.get(key) == other.facts.get(key) for key in keys]
        return tuple(row for row, equal in zip(rows, same, strict=True) if not equal)


def as_asked(model: Card, measure: Card) -> Card:
    """A model's card without facts that a measure does not depend on: two that are equal so give it the same numbers.

    Only a search works in the units of the generator, and its measure has the fact `search`. Reconstructions do not, so
    that weights are one model to them whether or not a configuration came along that states these units.

    Args:
        model: its card.
        measure: what it is asked.
    """
    if UNITS not in model.facts or any(name.endswith(_SEARCHING) for name in measure.facts):
        return model
    return replace(model, facts={name: fact for name, fact in model.facts.items() if name != UNITS})


def options_of(options: Any) -> dict[str, Fact]:
    """The options of a frozen dataclass of options, as facts of its card; a `flat` field is several."""
    facts: dict[str, Fact] = {}
    for item, flat in flat_fields(options):
        value = getattr(options, item.name)
        said = {item.name: value} if flat is None else flat.of(value)
        facts |= {name: _frozen(one) for name, one in said.items()}
    return facts


def without_unset(facts: Mapping[str, Fact], *later: str) -> dict[str, Fact]:
    """Facts less those of the named options that are False, so that a card without them is that of earlier versions.

    Args:
        facts: as of `options_of`.
        later: switches that earlier versions did not have, and that were off then.
    """
    return {name: fact for name, fact in facts.items() if name not in later or fact is not False}
