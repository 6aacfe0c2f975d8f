"""The record of an image that was made here, and the folder it goes to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from wherefrom.core.errors import UsageError
from wherefrom.core.files import check_folder_takes

if TYPE_CHECKING:
    from wherefrom.scoring.progress import Progress

__all__ = ["Made", "Report", "made_folder"]

Report: TypeAlias = "Callable[[Progress], None]"
"""Told how far a run is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """One image that was made here.

    Attributes:
        path: the file; None where none could be made.
        kind: `draw`, `round trip` of an image that something else made, `enlargement` of one by an upscaler, `text to
            image`, or `edit`.
        decoder: digest of the weights of the decoder that made it; None for an edit, and where it cannot be asked.
        place: its number among the draws or prompts, from 0.
        seed: of a draw, or the root seed of an edit that draws numbers.
        source: name of the image that was passed through or edited.
        label: class of a draw, where the model draws the class too.
        prompt: what it should show.
        edit: the edit's name.
        kept: whether the file was there already.
        error: why there is no file.
    """

    path: Path | None
    kind: str
    decoder: str | None = None
    place: int | None = None
    seed: int | None = None
    source: str | None = None
    label: int | None = None
    prompt: str | None = None
    edit: str | None = None
    kept: bool = False
    error: str | None = None

    @property
    def name(self) -> str:
        """What a message calls it."""
        return self.source or f"image {self.place}" + ("" if self.prompt is None else f" ({self.prompt!r})")


def made_folder(path: Path) -> Path:
    """The folder, made when absent.

    Raises:
        UsageError: when it cannot be made, or no file can be written there.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {path}: {error.strerror or error}") from error
    try:
        check_folder_takes(path)
    except OSError as error:
        raise UsageError(f"cannot write into {path}: {error.strerror or error}: name another folder") from error
    return path
