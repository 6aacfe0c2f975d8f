"""A profile card as Markdown, HTML and JSON in a folder."""

from __future__ import annotations

import base64
import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wherefrom.core.errors import UsageError
from wherefrom.core.files import write_json, write_text
from wherefrom.core.visible import visible
from wherefrom.images.labels import slug
from wherefrom.records.profile import Profile
from wherefrom.report.card import ProfileCard
from wherefrom.report.figures import profile_figure
from wherefrom.report.rendering import environment, render

if TYPE_CHECKING:
    from jinja2 import Environment

    from wherefrom.evaluation import Share

__all__ = ["CARD_MARK", "card_paths", "markdown", "page", "write_card"]

CARD_MARK: Final = "<!-- wherefrom profile card -->"
"""What the Markdown says of itself."""
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]|~#])")


def card_paths(folder: Path, edits: list[str]) -> tuple[list[Path], list[Path]]:
    """The files of a card, and its figures.

    Args:
        folder: of all of them.
        edits: of the profile's conditions.
    """
    return [folder / f"card.{suffix}" for suffix in ("md", "html", "json")], [
        folder / f"figure-{slug(edit)}.png" for edit in edits
    ]


def write_card(card: ProfileCard, profile: Profile, folder: Path) -> list[Path]:
    """Write a card and a figure of each condition.

    Args:
        card: of the profile.
        profile: whose figures are drawn.
        folder: where to; made where it is not there.

    Returns:
        The files that were written.

    Raises:
        UsageError: when one cannot be written.
    """
    files, figures = card_paths(folder, list(profile.conditions))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for condition, figure in zip(profile.conditions.values(), figures, strict=True):
            profile_figure(condition, path=figure)
        drawn = {edit: figure.read_bytes() for edit, figure in zip(profile.conditions, figures, strict=True)}
        write_text(files[0], markdown(card, {edit: place.name for edit, place in zip(drawn, figures, strict=True)}))
        write_text(files[1], page(card, drawn))
        write_json(files[2], card.document())
    except OSError as error:
        raise UsageError(f"cannot write into {folder}: {error.strerror or error}") from error
    return [*files, *figures]


def page(card: ProfileCard, figures: dict[str, bytes]) -> str:
    """The card as one self-contained HTML page.

    Args:
        card: what is shown.
        figures: PNG by condition.
    """
    shown = {edit: f"data:image/png;base64,{base64.b64encode(data).decode()}" for edit, data in figures.items()}
    return render("card.html", card=card, figures=shown)


def markdown(card: ProfileCard, figures: dict[str, str]) -> str:
    """The card in Markdown; what comes from outside is shown and acts neither as Markdown nor as HTML.

    Args:
        card: what is shown.
        figures: names of files by condition.
    """
    text = _markdown_environment().get_template("card.md").render(card=card, figures=figures)
    return re.sub(r"\n{3,}", "\n\n", f"{CARD_MARK}\n{text.strip()}\n")


@functools.cache
def _markdown_environment() -> Environment:
    """As for pages, with Markdown's own way to escape; figures are plain text."""
    plain = environment().overlay(autoescape=False, finalize=_escaped)
    plain.filters = {**plain.filters, "rate": _rate}
    return plain


def _escaped(value: Any) -> str:
    """A text in which no character acts."""
    text = visible(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", text)


def _rate(share: Share) -> str:
    """A count out of a total, in per cent, with its interval."""
    ends = f"{100 * share.low:.1f} to {100 * share.high:.1f} %"
    return f"{share.count} of {share.total} ({100 * share.value:.3g} %; {ends})"
