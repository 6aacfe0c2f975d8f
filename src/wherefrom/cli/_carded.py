"""The files of a profile card, for the commands that write one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom.cli._forms import CARD, FIGURE
from wherefrom.cli._outputs import Output

if TYPE_CHECKING:
    from wherefrom.records.profile import Profile
    from wherefrom.report.card import ProfileCard

__all__ = ["card_beside", "card_outputs", "save_card"]


def card_outputs(folder: Path, edits: list[str], flag: str = "--out-dir") -> list[Output]:
    """What writing a card may write.

    Args:
        folder: of its files.
        edits: of the profile's conditions.
        flag: the option that named the folder.
    """
    from wherefrom.report.card_files import card_paths

    files, figures = card_paths(folder, edits)
    return [*(Output(flag, path, CARD) for path in files), *(Output(flag, path, FIGURE) for path in figures)]


def save_card(card: ProfileCard, profile: Profile, folder: Path) -> list[Path]:
    """Write a card; returns its files.

    Args:
        card: of the profile.
        profile: whose figures are drawn.
        folder: where to.
    """
    from wherefrom.report.card_files import write_card

    return write_card(card, profile, folder)


def card_beside(profile: Profile, file: Path, folder: Path | None) -> None:
    """Write the card of a profile that was just made, where one is wanted.

    Args:
        profile: the profile.
        file: that holds it.
        folder: of the card; None writes none.
    """
    if folder is None:
        return
    from wherefrom.report.card import profile_card

    save_card(profile_card(profile, name=file.stem, file=file), profile, folder)
