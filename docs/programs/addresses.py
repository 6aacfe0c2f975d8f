"""Leave a page at every address that the documentation once had, which leads to where its text is now.

mkdocs calls `on_post_build` after it has built the site; `mkdocs.yml` names this file under `hooks`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

__all__ = ["MOVED", "leave_signposts", "on_post_build"]

MOVED: Final = {
    "api": "reference/api",
    "check": "how-to/check",
    "choose": "how-to/choose",
    "edits": "how-to/edits",
    "how-it-decides": "explanation/how-it-decides",
    "how-sure": "explanation/how-sure",
    "images": "reference/images",
    "limits": "explanation/limits",
    "methods": "explanation/methods",
    "methods/searching": "explanation/searching",
    "tables": "how-to/tables",
}
"""Old addresses and new ones, without `.html`."""
_PAGE: Final = (
    '<!doctype html><meta charset="utf-8"><title>Moved</title>'
    '<link rel="canonical" href="{to}"><meta http-equiv="refresh" content="0; url={to}">'
    '<p>This page is now at <a href="{to}">{to}</a>.</p>\n'
)


def leave_signposts(site: Path) -> list[Path]:
    """Write a page at each old address.

    Args:
        site: the folder of the built site.

    Returns:
        The pages that were written.

    Raises:
        FileNotFoundError: when a new address is not in the site, so that the old one would lead nowhere.
    """
    written = []
    for old, new in MOVED.items():
        if not (site / f"{new}.html").is_file():
            raise FileNotFoundError(f"the old address {old}.html should lead to {new}.html, which the site has not")
        place = site / f"{old}.html"
        place.parent.mkdir(parents=True, exist_ok=True)
        there = os.path.relpath(site / f"{new}.html", place.parent).replace(os.sep, "/")
        place.write_text(_PAGE.format(to=there), encoding="utf-8")
        written.append(place)
    return written


def on_post_build(config: Mapping[str, Any], **_: Any) -> None:
    """Called by mkdocs with its configuration."""
    leave_signposts(Path(config["site_dir"]))
