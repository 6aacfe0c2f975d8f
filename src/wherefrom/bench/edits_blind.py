"""What control copies tell of images that were cropped off the decoder's grid: searched for, and known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.edited import compared
from wherefrom.bench.shared.latent import RULES, asked
from wherefrom.core.errors import ProfileError
from wherefrom.methods.blind import Blind
from wherefrom.methods.control import Control

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.methods.base import Method

__all__ = ["TABLE"]

_CROPS: Final = ("none", "crop:3,5", "crop:3,5+jpeg:90", "crop:3,5+jpeg:75")
"""Edits of which nothing is known."""
_KNOWN: Final = ("crop:8,8", "crop:8,8+jpeg:90", "crop:8,8+jpeg:75")
"""The same, but whole cells of 8 pixels are dropped: what who knows the crop is left with."""
_SEARCHED: Final[Mapping[str, Method[Any]]] = {"blind": Blind(), "control, as it is": Control()}
_TOLD: Final[Mapping[str, Method[Any]]] = {"control, known": Control()}
_QUICK: Final = ("crop:3,5",)


def _rows(workspace: Workspace) -> Iterator[Row]:
    every, quick = asked(workspace), workspace.setting.quick
    for name in every[:1] if quick else every:
        for edit in workspace.setting.edits or (_QUICK if quick else _CROPS):
            yield from _each(workspace, name, edit, _SEARCHED)
        for edit in () if workspace.setting.edits else _KNOWN[: 1 if quick else None]:
            yield from _each(workspace, name, edit, _TOLD)


def _each(workspace: Workspace, name: str, edit: str, methods: Mapping[str, Method[Any]]) -> Iterator[Row]:
    """Rows of each method; one that finds no trace to learn from is left out, and named."""
    for how, method in methods.items():
        try:
            yield from compared(workspace, name, edit, {how: method}, rules=RULES)
        except ProfileError as error:
            workspace.skip(f"{how} after {edit}: {error}")


TABLE: Final = Table(
    title="What control copies tell of images cropped off the decoder's grid, searched for and known",
    rules=RULES,
    rows=_rows,
)
