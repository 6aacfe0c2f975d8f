"""Edits that an image may have gone through, by name: `jpeg:75`, or several from left to right, `resize:0.5+jpeg:75`.

What a robustness table asks of every method. An edit is a function of the pixels and, where it draws numbers, of a root
seed; never of the image's neighbours, place or file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from wherefrom.core.errors import UsageError
from wherefrom.core.extras import require
from wherefrom.core.suggestions import did_you_mean
from wherefrom.images.labels import text_of

if TYPE_CHECKING:
    from wherefrom.core.facts import ImageFacts
    from wherefrom.images.convert import Pixels

__all__ = ["Edit", "Step", "Value", "forms", "load", "names"]

Value: TypeAlias = int | float | str
"""What an edit is asked for: a quality, a factor, the name of a filter."""
_WHOLE: Final = r"\d+"
_MOST: Final = 10_000  # pixels that are cut off a side


@dataclass(frozen=True, kw_only=True, slots=True)
class _Form:
    """How one edit is written.

    Attributes:
        letters: stand for its values, as `Q`; empty for an edit without any.
        what: its values in words.
        example: one that can be loaded.
        low: the least value.
        high: the greatest value.
        whole: whether values are whole numbers.
        suffix: of the file that it leaves.
        drawn: letters of further values, whole numbers, that a seed says where they are left out.
        seeded: whether it draws numbers, but for those that are given.
    """

    letters: str
    what: str
    example: str
    low: float = 0.0
    high: float = 0.0
    whole: bool = False
    suffix: str = ".png"
    drawn: str = ""
    seeded: bool = False


_FORMS: Final[Mapping[str, _Form]] = {
    "back": _Form(letters="F", what="the factor", example="back:0.5", low=0.1, high=4),
    "blur": _Form(letters="S", what="the deviation in pixels", example="blur:1.5", low=0.1, high=50),
    "brightness": _Form(letters="F", what="the factor", example="brightness:1.2", low=0.1, high=4),
    "contrast": _Form(letters="F", what="the factor", example="contrast:1.5", low=0.1, high=4),
    "crop": _Form(letters="DX,DY", what="columns and rows to drop", example="crop:3,5", high=_MOST, whole=True),
    "filter": _Form(letters="NAME", what="the name of a filter", example="filter:_1977"),
    "jpeg": _Form(letters="Q", what="the quality", example="jpeg:75", low=1, high=100, whole=True, suffix=".jpg"),
    "noise": _Form(letters="S", what="the deviation on [0, 1]", example="noise:0.02", low=0.001, high=1, seeded=True),
    "none": _Form(letters="", what="no value", example="none"),
    "resize": _Form(letters="F", what="the factor", example="resize:0.5", low=0.1, high=4),
    "screenshot": _Form(
        letters="F", what="the scale", example="screenshot:1.25", low=0.5, high=4, drawn="L,T,R,B", seeded=True
    ),
    "webp": _Form(letters="Q", what="the quality", example="webp:75", low=1, high=100, whole=True, suffix=".webp"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One edit of a chain, as `load` reads it.

    Attributes:
        kind: one of `names()`.
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
        form = _FORMS[self.kind]
        return form.seeded and len(self.values) == len(form.letters.split(","))


@dataclass(frozen=True, slots=True)
class Edit:
    """One or several edits, from left to right. `load` makes them from a name.

    Attributes:
        steps: at least one.
    """

    steps: tuple[Step, ...]

    def __str__(self) -> str:
        """The name."""
        return self.name

    @property
    def name(self) -> str:
        """The name that `load` reads back to an equal edit."""
        return "+".join(step.name for step in self.steps)

    @property
    def suffix(self) -> str:
        """Of the file that it leaves: `.jpg` or `.webp` where that is the last step, else `.png`."""
        return _FORMS[self.steps[-1].kind].suffix

    @property
    def seeded(self) -> bool:
        """Whether it draws numbers, so that the result depends on a seed."""
        return any(step.seeded for step in self.steps)

    def apply(self, pixels: Pixels, *, seed: int = 0) -> Pixels:
        """The edited image, as it is read back from its file.

        Args:
            pixels: `(h, w, 3)` uint8 RGB; not changed.
            seed: the root seed. Each step that draws numbers takes its seed from this one and from the digest of the
                pixels that reach it.

        Returns:
            `(h', w', 3)` uint8 RGB; perhaps read-only, and of `none` the array itself.

        Raises:
            ImageError: when the array is no 8-bit RGB image, or a step's result is too small, too large or cannot be
                stored in its format.
        """
        from wherefrom.images import _editing

        return _editing.applied(self.steps, pixels, seed)

    def encode(self, pixels: Pixels, *, seed: int = 0, of: ImageFacts | None = None) -> bytes:
        """The edited image's file: JPEG or WebP where that is the last step, else PNG. It says how it was made.

        Args:
            pixels: `(h, w, 3)` uint8 RGB; not changed.
            seed: the root seed.
            of: what is known of the image before the edit, whose origin the file then says.

        Returns:
            Bytes that `read_image` reads as `apply(pixels, seed=seed)`. A PNG has the record as text, a JPEG as its
            comment, a WebP as the EXIF image description.

        Raises:
            ImageError: as `apply`.
        """
        from wherefrom.images import _editing
        from wherefrom.images.read import pixel_digest

        _editing.check(pixels)
        text = self.record(pixel_digest(pixels), seed=seed, of=of)
        return _editing.encoded(self.steps, pixels, seed, text)

    def write(self, pixels: Pixels, place: str | Path, *, seed: int = 0, of: ImageFacts | None = None) -> Path:
        """Write the edited image's file, whole or not at all.

        Args:
            pixels: `(h, w, 3)` uint8 RGB; not changed.
            place: folder and stem; the suffix is added. A file of that name is replaced.
            seed: the root seed.
            of: as for `encode`.

        Returns:
            The file.

        Raises:
            ImageError: as `apply`, and when the file cannot be written.
        """
        from wherefrom.images.write import save_bytes

        path = Path(place)
        path = path.with_name(path.name + self.suffix)
        save_bytes(self.encode(pixels, seed=seed, of=of), path)
        return path

    def record(self, pixel_digest: str, *, seed: int = 0, of: ImageFacts | None = None) -> dict[str, str]:
        """What the file of an edited image says of itself.

        Args:
            pixel_digest: of the image before the edit.
            seed: the root seed; left out where nothing is drawn.
            of: as for `encode`.
        """
        drawn = {"seed": str(seed)} if self.seeded else {}
        known = {"of": of.origin, "decoder": of.origin_decoder} if of is not None else {}
        before = {name: fact for name, fact in known.items() if fact is not None}
        return text_of({"kind": "edit", "edit": self.name, "source": pixel_digest, **drawn, **before})


def names() -> tuple[str, ...]:
    """The edits there are, without their values."""
    return tuple(sorted(_FORMS))


def forms() -> tuple[str, ...]:
    """The edits there are as they are written, as `jpeg:Q`."""
    return tuple(_form(kind) for kind in names())


def load(name: str) -> Edit:
    """The edit of a name: `KIND` or `KIND:VALUE`, several joined by `+` and applied from left to right.

    Args:
        name: as `jpeg:75`. Numbers are written in decimals; `jpeg:075` is read, and is called `jpeg:75` from then on.

    Raises:
        UsageError: when there is no such edit, or its value is missing or out of range; the message names the bounds.
        MissingExtra: for `filter`, when pilgram is not installed.

    Example:
        >>> load("resize:0.50+jpeg:75").name
        'resize:0.5+jpeg:75'
    """
    if not isinstance(name, str):
        raise UsageError(f"edit {name!r} is no text: write one of {', '.join(forms())}")
    pieces = name.split("+")
    if len(pieces) > 1 and "none" in pieces:
        raise UsageError(f"edit {name!r}: `none` stands alone, and a chain has at least two others joined by +")
    return Edit(tuple(_step(piece) for piece in pieces))


def _step(text: str) -> Step:
    kind, sign, value = text.partition(":")
    form = _FORMS.get(kind)
    if form is None:
        raise UsageError(f"no edit {text!r} among {', '.join(forms())}{did_you_mean(kind, names())}")
    if not form.letters:
        if sign:
            raise UsageError(f"edit {text!r} takes no value: {form.example}")
        return Step(kind)
    read = _filter if kind == "filter" else _numbers
    return Step(kind, read(text, value, form))


def _numbers(text: str, value: str, form: _Form) -> tuple[Value, ...]:
    """Values as numbers within their bounds, and after them what a seed would say."""
    count = len(form.letters.split(","))
    parts, more = value.split(",")[:count], value.split(",")[count:]
    pattern = _WHOLE if form.whole else r"\d+\.?\d*|\.\d+"
    usable = len(parts) == count and all(re.fullmatch(pattern, x, re.ASCII) for x in parts)
    known = not more or bool(form.drawn and len(more) == len(form.drawn.split(",")) and all(map(_is_drawn, more)))
    if not usable or not known or not all(form.low <= float(part) <= form.high for part in parts):
        numbers = "whole numbers" if form.whole else "decimal numbers"
        bounds = f"{form.what} in {numbers} from {form.low:g} to {form.high:g}"
        also = f" (and may have {form.drawn} in whole numbers from 0 to {_MOST})" if form.drawn else ""
        raise UsageError(f"edit {text!r}: {_form(text.partition(':')[0])} needs {bounds}, as {form.example}{also}")
    convert: Callable[[str], Value] = int if form.whole else float
    return (*(convert(part) for part in parts), *map(int, more))


def _is_drawn(text: str) -> bool:
    """Whether a text is a number that a seed could have said, or a person."""
    return re.fullmatch(_WHOLE, text, re.ASCII) is not None and len(text) <= len(str(_MOST)) and int(text) <= _MOST


def _filter(text: str, value: str, form: _Form) -> tuple[Value, ...]:
    """The name of one of pilgram's filters."""
    there = sorted(name for name in require("pilgram", "filters").__all__ if not name.startswith("__"))
    if value not in there:
        hint = did_you_mean(value, there)
        raise UsageError(f"edit {text!r}: no filter {value!r} among {', '.join(there)}{hint}; as {form.example}")
    return (value,)


def _form(kind: str) -> str:
    return ":".join(part for part in (kind, _FORMS[kind].letters) if part)


def _written(value: Value) -> str:
    """A value as short as it can be read back; bounds keep numbers free of exponents."""
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
