"""Pages from templates: every text is escaped and shown on one line, and a value that is missing is an error."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wherefrom.core.files import replacing
from wherefrom.core.version import VERSION
from wherefrom.core.visible import visible

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

__all__ = ["MADE", "environment", "render", "render_to"]

MADE: Final = "wherefrom report"
"""What a page says of itself, so that it is known for one that this program made."""
_THIN: Final = "\u00a0"  # between a number and its unit no line breaks


def render(template: str, **values: Any) -> str:
    """A page.

    A template extends `base.html`, which has the head, the style and the footer, and imports macros from `parts.html`.
    Numbers are written by the filters `percent`, `integer`, `decimal` and `size`, which keep the exact value beside
    what is read, as `<data value="0.05">5 %</data>`.

    Args:
        template: its name among the templates of this package.
        values: what it shows. Texts are escaped, and characters that act instead of being seen are written as numbers.

    Raises:
        jinja2.UndefinedError: when the template shows a value that was not given.
    """
    return environment().get_template(template).render(values)


def render_to(path: Path, template: str, **values: Any) -> None:
    """Write a page while it is made, so that a long table needs no memory; whole or not at all.

    Args:
        path: the file; replaced if it exists. Its folder must exist.
        template: as for `render`.
        values: as for `render`; rows may come from an iterator.

    Raises:
        OSError: when the file cannot be written.
    """
    stream = environment().get_template(template).stream(values)
    stream.enable_buffering(64)
    with replacing(path) as place:
        stream.dump(str(place), encoding="utf-8")


@functools.cache
def environment() -> Environment:
    """Templates of this package, with texts escaped and seen, and the filters of `render`."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    templates = Environment(
        loader=PackageLoader("wherefrom.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_seen,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals.update(made=MADE, version=VERSION)
    templates.filters.update(_FILTERS)
    return templates


def _seen(value: Any) -> Any:
    """A text in which no character acts; what is markup already stays as it is."""
    return value if hasattr(value, "__html__") else visible(value)


def _data(value: float, text: str) -> Markup:
    from markupsafe import Markup

    return Markup('<data value="{}">{}</data>').format(repr(value), text)


def _percent(share: float) -> Markup:
    """A share as a person reads it, never 0 or 100 % unless it is."""
    hundred = 100 * share
    if 0 < hundred < 0.01:
        text = "under 0.01"
    elif 99.9 < hundred < 100:
        text = "over 99.9"
    else:
        text = f"{hundred:.3g}" if hundred >= 10 else f"{hundred:.2g}"
    return _data(share, f"{text}{_THIN}%")


def _integer(count: int) -> Markup:
    return _data(count, f"{count:,}".replace(",", "\u202f"))


def _decimal(value: float | None) -> Markup | str:
    """Four digits; a dash where there is no number."""
    if value is None or not math.isfinite(value):
        return "\u2013"
    return _data(value, f"{value:.4g}")


def _size(count: int) -> Markup:
    """A number of bytes."""
    for unit, size in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= size:
            return _data(count, f"{count / size:.3g}{_THIN}{unit}")
    return _data(count, f"{count}{_THIN}bytes")


_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "decimal": _decimal,
    "integer": _integer,
    "percent": _percent,
    "size": _size,
}
