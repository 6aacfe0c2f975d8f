"""Profiles as they are named on the command line."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom.cli._forms import PROFILE
from wherefrom.core.errors import UsageError

if TYPE_CHECKING:
    from wherefrom.records.profile import Profile

__all__ = ["profile_names", "profiles_of", "refuse_profiles"]


def profile_names(paths: Sequence[Path]) -> list[str]:
    """The names of profiles' files without the suffix; whole paths where those are not unique."""
    unique = len({path.stem for path in paths}) == len(paths)
    return [path.stem if unique else str(path) for path in paths]


def refuse_profiles(paths: Sequence[str]) -> None:
    """Refuse profiles among the images, where a shell puts all but the first of `--profile folder/*.json`.

    Args:
        paths: of images, as they were typed.

    Raises:
        UsageError: when one is a profile.
    """
    found = next((path for path in paths if PROFILE.is_ours(Path(path))), None)
    if found is not None:
        raise UsageError(
            f"{found} is a profile, and stands where images are named: --profile takes one file, so repeat it for each"
        )


def profiles_of(paths: Sequence[Path]) -> dict[str, Profile]:
    """Profiles by the names that `profile_names` gives them.

    Raises:
        UsageError: when a file is named twice or is not there.
        ProfileError: when one is damaged.
    """
    from wherefrom.records.files import load_profile

    if len({os.path.realpath(path) for path in paths}) < len(paths):
        raise UsageError(f"a profile is named twice among {', '.join(map(str, paths))}: name each once")
    return {name: load_profile(path) for name, path in zip(profile_names(paths), paths, strict=True)}
