"""The files' format, spelled out apart from the classes: the one place for pydantic. Imported when a file is touched.

Numbers that JSON cannot say are `null` (NaN), `"inf"` and `"-inf"`; packed columns are base64 of little-endian float64.
"""

from __future__ import annotations

import base64
import binascii
import math
from dataclasses import replace
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from wherefrom.core.arrays import Scores, Vector
from wherefrom.core.card import Card
from wherefrom.core.errors import ProfileError
from wherefrom.core.facts import ImageFacts
from wherefrom.records.profile import UNEDITED, Audit, Coverage, Finding, Omission, Profile
from wherefrom.records.table import ScoreTable

__all__ = ["ConditionsFile", "FactsFile", "HeaderFile", "ProfileFile", "RowFile", "Size", "TableFile"]

_NAMES: Final = {"inf": math.inf, "-inf": -math.inf}

Number = Annotated[float, Field(allow_inf_nan=False)] | Literal["inf", "-inf"] | None
Side = Annotated[int, Field(gt=0)]
Size = tuple[Side, Side] | None


class _Part(BaseModel):
    """A part of a file: nothing in it that is not expected, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HeaderFile(BaseModel):
    """What every file starts with, whatever else is in it."""

    model_config = ConfigDict(extra="ignore")
    wherefrom: str
    schema_number: int = Field(alias="schema")


class CardFile(_Part):
    """A card."""

    kind: str
    name: str
    facts: dict[str, JsonValue]
    notes: dict[str, JsonValue] = {}

    def card(self) -> Card:
        """As the package has it."""
        return Card.from_json(dict(self))


class FactsFile(_Part):
    """The facts of an image file."""

    name: str
    error: str | None
    file_digest: str | None
    pixel_digest: str | None
    bytes: int | None
    format: str | None
    width: int | None
    height: int | None
    orientation: int
    jpeg_quality: float | None
    jpeg_tables: tuple[tuple[int, ...], ...]
    lossy: bool | None
    changes: tuple[str, ...]
    scored_digest: str | None = None
    origin: str | None = None
    origin_decoder: str | None = None
    jpeg_grid: bool | None = None

    def facts(self) -> ImageFacts:
        """As the package has it."""
        return ImageFacts(**dict(self))


class RowFile(_Part):
    """A row of a table that a person may read."""

    image: FactsFile
    size: Size
    scores: tuple[Number, ...]
    name: str | None = None
    path: str | None = None
    more: dict[str, JsonValue] = {}


class TableFile(_Part):
    """A table that a person may read: the head of a `.jsonl`, or with `rows` a whole `.json`."""

    wherefrom: Literal["table"]
    schema_number: Literal[1] = Field(alias="schema")
    model: CardFile
    method: CardFile
    measure: CardFile
    seed: int
    columns: tuple[str, ...]
    count: int | None = None
    rows: tuple[RowFile, ...] = ()

    def table(self) -> ScoreTable:
        """As the package has it.

        Raises:
            ProfileError: when a row has too few or too many numbers.
        """
        for place, row in enumerate(self.rows):
            if len(row.scores) != len(self.columns):
                raise ProfileError(f"at rows.{place}: {len(row.scores)} numbers for {len(self.columns)} columns")
        rows = [[_float(value) for value in row.scores] for row in self.rows]
        grid = np.array(rows, dtype=np.float64).reshape(len(rows), len(self.columns))
        return ScoreTable(
            images=tuple(row.image.facts() for row in self.rows),
            sizes=tuple(row.size for row in self.rows),
            scores=Scores({name: grid[:, place] for place, name in enumerate(self.columns)}),
            model=self.model.card(),
            method=self.method.card(),
            measure=self.measure.card(),
            seed=self.seed,
        )


class PackedTableFile(_Part):
    """A table inside a profile; its model, measure and seed are the profile's."""

    method: CardFile
    images: tuple[FactsFile, ...]
    sizes: tuple[Size, ...]
    columns: dict[str, str]

    def table(self, profile: _Judged) -> ScoreTable:
        """As the package has it."""
        return ScoreTable(
            images=tuple(image.facts() for image in self.images),
            sizes=self.sizes,
            scores=Scores({name: _unpack(name, text) for name, text in self.columns.items()}),
            model=profile.model.card(),
            method=self.method.card(),
            measure=profile.measure.card(),
            seed=profile.seed,
        )


class CoverageFile(_Part):
    """For which images the profile speaks."""

    pixels: tuple[int, int]
    lossless: bool
    jpeg_quality: tuple[float, float] | None
    other_lossy: tuple[str, ...]
    changes: tuple[tuple[str, ...], ...] | None = None


class FindingFile(_Part):
    """One finding of the audit."""

    pool: str
    attribute: str
    accuracy: float
    message: str


class OmissionFile(_Part):
    """One image that is not ranked against."""

    pool: str | None
    name: str
    reason: str


_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Counted = _Finite | Literal["inf"]


class _Judged(_Part):
    """How images score under one condition, as both forms of a profile's file hold it."""

    version: str
    model: CardFile
    method: CardFile
    measure: CardFile
    seed: int
    fit: dict[str, str]
    ranked: tuple[int, ...]
    statistic: tuple[_Finite, ...]
    foreign_statistic: dict[str, tuple[_Counted, ...]]
    coverage: CoverageFile
    audit: tuple[FindingFile, ...]
    omitted: tuple[OmissionFile, ...]
    belonging: PackedTableFile
    foreign: dict[str, PackedTableFile]

    def profile(self) -> Profile:
        """As the package has it.

        Raises:
            ProfileError: when its parts contradict each other.
        """
        self._check()
        return Profile(
            model=self.model.card(),
            method=self.method.card(),
            measure=self.measure.card(),
            seed=self.seed,
            fit={name: _unpack(name, text) for name, text in self.fit.items()},
            belonging=self.belonging.table(self),
            ranked=self.ranked,
            foreign={name: table.table(self) for name, table in self.foreign.items()},
            statistic=np.array(self.statistic, dtype=np.float64),
            foreign_statistic={
                name: np.array([_float(value) for value in values], dtype=np.float64)
                for name, values in self.foreign_statistic.items()
            },
            coverage=Coverage(**dict(self.coverage)),
            audit=Audit(findings=tuple(Finding(**dict(item)) for item in self.audit)),
            omitted=tuple(Omission(**dict(item)) for item in self.omitted),
            version=self.version,
            edit=self._edit(),
        )

    def _edit(self) -> str:
        """The edit of the condition."""
        return UNEDITED

    def _check(self) -> None:
        """What no single field can say."""
        count = len(self.belonging.images)
        if len(self.ranked) != len(self.statistic) or not self.ranked:
            raise ProfileError(f"at statistic: {len(self.statistic)} numbers for {len(self.ranked)} ranked belongings")
        if len(set(self.ranked)) < len(self.ranked) or not 0 <= min(self.ranked) <= max(self.ranked) < count:
            raise ProfileError(f"at ranked: rows must be different ones of 0 to {count - 1}")
        if set(self.foreign) != set(self.foreign_statistic):
            raise ProfileError(
                f"at foreign_statistic: pools {sorted(self.foreign_statistic)}, not {sorted(self.foreign)}"
            )
        for name, values in self.foreign_statistic.items():
            if len(values) > len(self.foreign[name].images):
                raise ProfileError(f"at foreign_statistic.{name}: more numbers than images")


class ProfileFile(_Judged):
    """A profile of images as they were given, and of no other condition."""

    wherefrom: Literal["profile"]
    schema_number: Literal[1] = Field(alias="schema")
    digest: str


class ConditionFile(_Judged):
    """One condition of a profile."""

    edit: Annotated[str, Field(pattern=r"^[!-~]+$")]

    def _edit(self) -> str:
        return self.edit


class ConditionsFile(_Part):
    """A profile of several conditions, or of one whose images were edited."""

    wherefrom: Literal["profile"]
    schema_number: Literal[2] = Field(alias="schema")
    version: str
    digest: str
    conditions: Annotated[tuple[ConditionFile, ...], Field(min_length=1)]

    def profile(self) -> Profile:
        """As the package has it.

        Raises:
            ProfileError: when its parts contradict each other.
        """
        first, *further = (condition.profile() for condition in self.conditions)
        return replace(first, further=tuple(further))


def _float(value: Number) -> float:
    return math.nan if value is None else _NAMES[value] if isinstance(value, str) else value


def _unpack(name: str, text: str) -> Vector:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProfileError(f"at column {name}: not base64 ({error})") from error
    if len(data) % 8:
        raise ProfileError(f"at column {name}: {len(data)} bytes are no whole number of float64")
    return np.frombuffer(data, dtype="<f8").astype(np.float64)
