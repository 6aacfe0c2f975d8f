"""What is found of images that were cropped off the decoder's grid, turned or resized: searched for, and known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench.base import Row, Table
from wherefrom.bench.shared.edited import compared
from wherefrom.bench.shared.latent import RULES, asked
from wherefrom.core.errors import ProfileError
from wherefrom.images import edits
from wherefrom.images.edits.steps import TURNED
from wherefrom.methods.blind import Blind
from wherefrom.methods.control import Control
from wherefrom.methods.joint import Joint

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.methods.base import Method

__all__ = ["TABLE", "blind_asked", "without_turns"]

_CROPS: Final = ("none", "crop:3,5", "crop:3,5+jpeg:90", "crop:3,5+jpeg:75")
"""Edits of which nothing is known."""
_KNOWN: Final = ("crop:8,8", "crop:8,8+jpeg:90", "crop:8,8+jpeg:75")
"""The same, but whole cells of 8 pixels are dropped: what who knows the crop is left with."""
_ASKED: Final = Control(second=True, weighted=True)
"""Has the columns of `control` and of `joint`, so that the decoder is asked once for both."""
_BLIND_ASKED: Final = Blind(method="control", options={"second": True, "weighted": True})
_BLIND: Final[Mapping[str, Method[Any]]] = {
    "blind, joint": Blind(method="joint"),
    "blind, control": Blind(method="control"),
}
_AS_IT_IS: Final[Mapping[str, Method[Any]]] = {"joint, as it is": Joint(), "control, as it is": Control()}
_ANY_SCALE: Final[Mapping[str, Method[Any]]] = {
    "blind, any scale, joint": Blind(method="joint", scales="any"),
    "blind, any scale, control": Blind(method="control", scales="any"),
}
_ANY_ASKED: Final = Blind(method="control", options={"second": True, "weighted": True}, scales="any")
_TURNED: Final[Mapping[str, Method[Any]]] = {
    "blind, turns too, joint": Blind(method="joint", find="crop+turns"),
    "blind, turns too, control": Blind(method="control", find="crop+turns"),
}
_TURNED_ASKED: Final = Blind(method="control", options={"second": True, "weighted": True}, find="crop+turns")
_TOLD: Final[Mapping[str, Method[Any]]] = {"joint, known": Joint(), "control, known": Control()}
_QUICK: Final = ("crop:3,5",)


def _rows(workspace: Workspace) -> Iterator[Row]:
    every, quick = asked(workspace), workspace.setting.quick
    wanted = workspace.setting.edits or (_QUICK if quick else _CROPS)
    upright = dict.fromkeys(without_turns(edit) for edit in wanted if blind_asked(edit) is _TURNED_ASKED)
    for name in every[:1] if quick else every:
        for edit in wanted:
            yield from _of_edit(workspace, name, edit)
        for edit in upright:
            yield from _each(workspace, name, edit, _TOLD, asked=_ASKED, through=True)
        for edit in () if workspace.setting.edits else _KNOWN[: 1 if quick else None]:
            yield from _each(workspace, name, edit, _TOLD, asked=_ASKED)


def blind_asked(edit: str) -> Blind:
    """What is asked of images after an edit of which nothing is known: where the grid starts, the turn or the scale."""
    kinds = {step.kind for step in edits.load(edit).steps}
    if "resize" in kinds:
        return _ANY_ASKED
    return _TURNED_ASKED if kinds & TURNED.keys() else _BLIND_ASKED


def without_turns(edit: str) -> str:
    """The same edit of images that were turned back: what is left to who knows how they were turned."""
    return "+".join(step.name for step in edits.load(edit).steps if step.kind not in TURNED) or "none"


def _of_edit(workspace: Workspace, name: str, edit: str) -> Iterator[Row]:
    """Rows of one edit: a scale or a turn is searched for, or known; any other is searched for, or not looked for."""
    if blind_asked(edit) is _ANY_ASKED:
        yield from _each(workspace, name, edit, _ANY_SCALE, asked=_ANY_ASKED)
        yield from _each(workspace, name, edit, _TOLD, asked=_ASKED, through=True)
        return
    if blind_asked(edit) is _TURNED_ASKED:
        yield from _each(workspace, name, edit, _TURNED, asked=_TURNED_ASKED)
        return
    yield from _each(workspace, name, edit, _BLIND, asked=_BLIND_ASKED)
    yield from _each(workspace, name, edit, _AS_IT_IS, asked=_ASKED)


def _each(
    workspace: Workspace,
    name: str,
    edit: str,
    methods: Mapping[str, Method[Any]],
    *,
    asked: Method[Any],
    through: bool = False,
) -> Iterator[Row]:
    """Rows of each method; one that finds no trace to learn from is left out, and named."""
    for how, method in methods.items():
        try:
            yield from compared(workspace, name, edit, {how: method}, rules=RULES, asked=asked, through=through)
        except ProfileError as error:
            workspace.skip(f"{how} after {edit}: {error}")


TABLE: Final = Table(
    title="What is found of images cropped off the decoder's grid, turned or resized: searched for, and known",
    rules=RULES,
    rows=_rows,
)
