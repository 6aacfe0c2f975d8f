"""A profile as the text of its file, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Final

from pydantic import TypeAdapter

from wherefrom.core.arrays import Scores
from wherefrom.core.errors import ProfileError
from wherefrom.records._parsing import AGAIN, check_header, parse
from wherefrom.records._stored import (
    CONDITIONS_SCHEMA,
    SCHEMA,
    ConditionFile,
    ConditionsFile,
    PackedTable,
    ProfileFile,
    Scored,
)
from wherefrom.records.profile import UNEDITED, Profile
from wherefrom.records.table import ScoreTable

__all__ = ["profile_from_json", "profile_to_json"]

_SCORED: Final = TypeAdapter(Scored)
_SHARED: Final = tuple(item.name for item in fields(Scored) if item.name not in ("belonging", "foreign"))
_PLAIN: Final = TypeAdapter(ProfileFile)
_CONDITIONS: Final = TypeAdapter(ConditionsFile)


def profile_to_json(profile: Profile) -> dict[str, Any]:
    """What the file of a profile holds; of one without conditions what earlier versions wrote, who can read it.

    Args:
        profile: to write.
    """
    plain = profile.edit == UNEDITED and not profile.further
    head = {
        "wherefrom": "profile",
        "schema": SCHEMA if plain else CONDITIONS_SCHEMA,
        "version": profile.version,
        "digest": profile.digest,
    }
    if plain:
        return {**head, **_to_json(profile)}
    return {
        **head,
        "conditions": [{"edit": edit, **_to_json(condition)} for edit, condition in profile.conditions.items()],
    }


def profile_from_json(data: bytes) -> Profile:
    """The profile that a file holds; its digest is worked out again and compared.

    Args:
        data: the file.

    Raises:
        ProfileError: when it was damaged or changed, or is of another kind or schema.
    """
    if check_header(data, "profile", (SCHEMA, CONDITIONS_SCHEMA)) == SCHEMA:
        whole = parse(_PLAIN, data)
        profile, digest = _profile(whole, UNEDITED), whole.digest
    else:
        stored = parse(_CONDITIONS, data)
        first, *further = (_profile(condition, condition.edit) for condition in stored.conditions)
        profile, digest = replace(first, further=tuple(further)), stored.digest
    if profile.digest != digest:
        raise ProfileError(f"its content has digest {profile.digest[:12]}, not {digest[:12]}: it was changed: {AGAIN}")
    return profile


def _to_json(condition: Profile) -> Any:
    """One condition as its file holds it."""
    tables = {name: _packed(table) for name, table in condition.foreign.items()}
    scored = Scored(**_shared(condition), belonging=_packed(condition.belonging), foreign=tables)
    return _SCORED.dump_python(scored, mode="json")


def _shared(either: Profile | Scored) -> dict[str, Any]:
    """The fields that a profile and its file have in common: all of the file's but its tables."""
    values = {name: getattr(either, name) for name in _SHARED}
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}


def _packed(table: ScoreTable) -> PackedTable:
    return PackedTable(method=table.method, images=table.images, sizes=table.sizes, columns=dict(table.scores.columns))


def _profile(stored: ProfileFile | ConditionFile, edit: str) -> Profile:
    """One condition as the package has it.

    Raises:
        ProfileError: when its parts contradict each other.
    """
    _check(stored)
    tables = {name: _table(table, stored) for name, table in stored.foreign.items()}
    return Profile(**_shared(stored), belonging=_table(stored.belonging, stored), foreign=tables, edit=edit)


def _table(packed: PackedTable, stored: Scored) -> ScoreTable:
    return ScoreTable(
        images=packed.images,
        sizes=packed.sizes,
        scores=Scores(packed.columns),
        model=stored.model,
        method=packed.method,
        measure=stored.measure,
        seed=stored.seed,
    )


def _check(stored: Scored) -> None:
    """What no single field can say."""
    count, ranked = len(stored.belonging.images), stored.ranked
    if len(ranked) != len(stored.statistic) or not ranked:
        raise ProfileError(
            f"at statistic: {len(stored.statistic)} numbers for {len(ranked)} ranked belongings: {AGAIN}"
        )
    if len(set(ranked)) < len(ranked) or not 0 <= min(ranked) <= max(ranked) < count:
        raise ProfileError(f"at ranked: rows must be different ones of 0 to {count - 1}: {AGAIN}")
    if set(stored.foreign) != set(stored.foreign_statistic):
        raise ProfileError(
            f"at foreign_statistic: pools {sorted(stored.foreign_statistic)}, not {sorted(stored.foreign)}: {AGAIN}"
        )
    for name, values in stored.foreign_statistic.items():
        if len(values) > (images := len(stored.foreign[name].images)):
            raise ProfileError(
                f"at foreign_statistic.{name}: more numbers than images ({len(values)}, {images}): {AGAIN}"
            )
