"""Which edits there are, how each is written, and one of them with its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

__all__ = ["FORMS", "MOST_DROPPED", "TURNED", "EditForm", "Step", "Value"]

Value: TypeAlias = int | float | str
"""What an edit is asked for: a quality, a factor, the name of a filter."""
MOST_DROPPED: Final = 10_000
"""Rows or columns that an edit can cut off a side, at most."""


TURNED: Final[Mapping[str, tuple[int, bool]]] = {
    "turn90": (1, False),
    "turn180": (2, False),
    "turn270": (3, False),
    "mirror": (0, True),
    "flip": (2, True),
}
"""Edits that lose nothing, by name: quarter turns against the clock, after mirroring left to right."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EditForm:
    """How one edit is written.

    Attributes:
        placeholders: letters that stand for its values, as `Q`; empty for an edit without any.
        what: its values in words.
        example: one that can be loaded.
        low: the least value.
        high: the greatest value.
        whole: whether values are whole numbers.
        suffix: of the file that it leaves.
        drawn: letters of further values, whole numbers, that a seed says where they are left out.
        seeded: whether it draws numbers, but for those that are given.
    """

    placeholders: str
    what: str
    example: str
    low: float = 0.0
    high: float = 0.0
    whole: bool = False
    suffix: str = ".png"
    drawn: str = ""
    seeded: bool = False


FORMS: Final[Mapping[str, EditForm]] = {
    "back": EditForm(placeholders="F", what="the factor", example="back:0.5", low=0.1, high=4),
    "blur": EditForm(placeholders="S", what="the deviation in pixels", example="blur:1.5", low=0.1, high=50),
    "brightness": EditForm(placeholders="F", what="the factor", example="brightness:1.2", low=0.1, high=4),
    "contrast": EditForm(placeholders="F", what="the factor", example="contrast:1.5", low=0.1, high=4),
    "crop": EditForm(
        placeholders="DX,DY", what="columns and rows to drop", example="crop:3,5", high=MOST_DROPPED, whole=True
    ),
    "filter": EditForm(placeholders="NAME", what="the name of a filter", example="filter:_1977"),
    "jpeg": EditForm(
        placeholders="Q", what="the quality", example="jpeg:75", low=1, high=100, whole=True, suffix=".jpg"
    ),
    "noise": EditForm(
        placeholders="S", what="the deviation on [0, 1]", example="noise:0.02", low=0.001, high=1, seeded=True
    ),
    "none": EditForm(placeholders="", what="no value", example="none"),
    "resize": EditForm(placeholders="F", what="the factor", example="resize:0.5", low=0.1, high=4),
    "screenshot": EditForm(
        placeholders="F", what="the scale", example="screenshot:1.25", low=0.5, high=4, drawn="L,T,R,B", seeded=True
    ),
    "webp": EditForm(
        placeholders="Q", what="the quality", example="webp:75", low=1, high=100, whole=True, suffix=".webp"
    ),
    **{kind: EditForm(placeholders="", what="no value", example=kind) for kind in TURNED},
}
"""How each edit is written, by its kind."""


@dataclass(frozen=True, slots=True)
class Step:
    """One edit of a chain, as `load` reads it.

    Attributes:
        kind: one of `FORMS`.
        values: in the order in which they are written.
    """

    kind: str
    values: tuple[Value, ...] = ()

    @property
    def name(self) -> str:
        """As it is written."""
        return ":".join(part for part in (self.kind, ",".join(map(_written, self.values))) if part)

    @property
    def seeded(self) -> bool:
        """Whether it draws numbers."""
        form = FORMS[self.kind]
        return form.seeded and len(self.values) == len(form.placeholders.split(","))


def _written(value: Value) -> str:
    """A value as short as it can be read back; bounds keep numbers free of exponents."""
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
