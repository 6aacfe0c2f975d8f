"""What files hold, as pydantic reads and writes it: the records themselves, and what stands there in another form.

Numbers that JSON cannot say are `null` (NaN), `"inf"` and `"-inf"`; packed columns are base64 of little-endian float64.
This is the one place for pydantic, and is imported when a file is touched.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, get_type_hints

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetPydanticSchema, JsonValue, create_model
from pydantic_core import core_schema

from wherefrom.core.arrays import Vector
from wherefrom.core.card import Card
from wherefrom.core.facts import Appearance, ImageFacts
from wherefrom.records.profile import Audit, Coverage, Finding, Omission
from wherefrom.records.rows import UNSAID, readable

__all__ = [
    "CONDITIONS_SCHEMA",
    "SCHEMA",
    "ConditionFile",
    "ConditionsFile",
    "Facts",
    "Header",
    "PackedTable",
    "ProfileFile",
    "Row",
    "Scored",
    "Size",
    "TableFile",
]

SCHEMA: Final = 1
"""Raised when a file of the last version can no longer be read as one of this."""
CONDITIONS_SCHEMA: Final = 2
"""Of a profile that holds conditions, which versions that know `SCHEMA` alone refuse by this number."""

_STRICT: Final = ConfigDict(extra="forbid")
"""Nothing stands in a file that is not expected there."""
_WORDS: Final[Mapping[float | str | None, float]] = {None: math.nan, "inf": math.inf, "-inf": -math.inf}


def _written_as(form: Any, read: Callable[[Any], Any], write: Callable[[Any], Any]) -> GetPydanticSchema:
    """How a value stands in a file that holds it in another form.

    Args:
        form: the type that stands in the file, which pydantic checks.
        read: makes the value of it.
        write: makes it of the value.
    """

    def schema(_: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(
            read,
            handler.generate_schema(form),
            serialization=core_schema.plain_serializer_function_ser_schema(write),
        )

    return GetPydanticSchema(schema)


def _record(kind: type, *, later: Sequence[str] = (), unsaid: Sequence[str] = (), **forms: Any) -> GetPydanticSchema:
    """How a record stands in a file: with every field, where pydantic by itself takes the default for a missing one.

    Args:
        kind: the record's dataclass.
        later: fields that files of earlier versions lack.
        unsaid: those of them that are left out where they are None, as earlier versions wrote.
        **forms: the types that stand in the file, of fields where that is not the class's own.
    """
    names = [item.name for item in dataclasses.fields(kind)]
    types = get_type_hints(kind) | forms
    content: dict[str, Any] = {name: (types[name], None if name in later else ...) for name in names}
    form = create_model(kind.__name__, __config__=_STRICT, **content)

    def read(stored: BaseModel) -> Any:
        return kind(**{name: getattr(stored, name) for name in stored.model_fields_set})

    def write(record: Any) -> Any:
        values = {name: getattr(record, name) for name in names}
        return readable({name: value for name, value in values.items() if name not in unsaid or value is not None})

    return _written_as(form, read, write)


def _to_number(value: float) -> float | str | None:
    if math.isfinite(value):
        return value
    return None if math.isnan(value) else "inf" if value > 0 else "-inf"


def _to_numbers(values: Vector) -> list[float | str | None]:
    return [_to_number(value) for value in values.tolist()]


def _of_numbers(stored: Sequence[float | Literal["inf", "-inf"] | None]) -> Vector:
    return np.array([_WORDS.get(value, value) for value in stored], dtype=np.float64)


def _pack(values: Vector) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f8").tobytes()).decode("ascii")


def _unpack(text: str) -> Vector:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"not base64 ({error})") from error
    if len(data) % 8:
        raise ValueError(f"{len(data)} bytes are no whole number of float64")
    return np.frombuffer(data, dtype="<f8").astype(np.float64)


_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Side = Annotated[int, Field(gt=0)]
_Edit = Annotated[str, Field(pattern=r"^[!-~]+$")]
Size = tuple[_Side, _Side] | None
"""Height and width that were scored."""

_CardPart = dict[str, JsonValue]
_Card = Annotated[Card, _record(Card, later=("notes",), facts=_CardPart, notes=_CardPart)]
_Code = Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]
_Appearance = Annotated[
    Appearance, _record(Appearance, code=_Code | None, brightness=_Finite, contrast=_Finite, content=_Finite)
]
Facts = Annotated[
    ImageFacts,
    _record(
        ImageFacts,
        later=("scored_digest", "origin", "origin_decoder", "jpeg_grid", "appearance", "trailing_bytes"),
        unsaid=UNSAID,
        appearance=_Appearance | None,
    ),
]
"""What is known of an image's file."""
_Coverage = Annotated[Coverage, _record(Coverage, later=("changes",))]
_Finding = Annotated[Finding, _record(Finding)]
_Omission = Annotated[Omission, _record(Omission)]
_Audit = Annotated[
    Audit, _written_as(tuple[_Finding, ...], lambda findings: Audit(findings=findings), lambda audit: audit.findings)
]
_Packed = Annotated[Vector, _written_as(str, _unpack, _pack)]
_Numbers = Annotated[Vector, _written_as(tuple[_Finite | Literal["inf", "-inf"] | None, ...], _of_numbers, _to_numbers)]
_Statistic = Annotated[Vector, _written_as(tuple[_Finite, ...], _of_numbers, _to_numbers)]
_PoolStatistic = Annotated[Vector, _written_as(tuple[_Finite | Literal["inf"], ...], _of_numbers, _to_numbers)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What every file starts with, whatever else is in it."""

    wherefrom: str
    schema: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A row of a table that a person may read; of a manifest too, where the image's path is known."""

    __pydantic_config__ = _STRICT

    path: str | None = None
    name: str | None = None
    more: dict[str, JsonValue] = dataclasses.field(default_factory=dict)
    image: Facts
    size: Size
    scores: _Numbers


@dataclass(frozen=True, kw_only=True, slots=True)
class TableFile:
    """A table that a person may read: the head of a `.jsonl`, or with `rows` a whole `.json`."""

    __pydantic_config__ = _STRICT

    wherefrom: Literal["table"] = "table"
    schema: Literal[1] = SCHEMA
    model: _Card
    method: _Card
    measure: _Card
    seed: int
    columns: tuple[str, ...]
    count: int | None = None
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PackedTable:
    """A table inside a profile; its model, measure and seed are the profile's."""

    __pydantic_config__ = _STRICT

    method: _Card
    images: tuple[Facts, ...]
    sizes: tuple[Size, ...]
    columns: dict[str, _Packed]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """How images score under one condition, as both forms of a profile's file hold it."""

    __pydantic_config__ = _STRICT

    version: str
    model: _Card
    method: _Card
    measure: _Card
    seed: int
    fit: dict[str, _Packed]
    ranked: tuple[int, ...]
    statistic: _Statistic
    foreign_statistic: dict[str, _PoolStatistic]
    coverage: _Coverage
    audit: _Audit
    omitted: tuple[_Omission, ...]
    belonging: PackedTable
    foreign: dict[str, PackedTable]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileFile(Scored):
    """A profile of images as they were given, and of no other condition."""

    wherefrom: Literal["profile"]
    schema: Literal[1]
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionFile(Scored):
    """One condition of a profile."""

    edit: _Edit


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionsFile:
    """A profile of several conditions, or of one whose images were edited."""

    __pydantic_config__ = _STRICT

    wherefrom: Literal["profile"]
    schema: Literal[2]
    version: str
    digest: str
    conditions: Annotated[tuple[ConditionFile, ...], Field(min_length=1)]
