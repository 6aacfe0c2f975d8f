"""The figures of `wherefrom attribute`: one a profile and condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wherefrom.attribution import Candidate
    from wherefrom.records.profile import Profile
    from wherefrom.records.verdict import Verdict

__all__ = ["conditions_of", "draw", "figures_of"]


def conditions_of(profile: Profile, edit: str | None) -> Mapping[str, Profile]:
    """The conditions of a profile that count.

    Args:
        profile: of a candidate.
        edit: the only one that counts; None: all.
    """
    return profile.conditions if edit is None else {edit: profile.condition(edit)}


def figures_of(path: Path, profiles: Mapping[str, Profile], edit: str | None) -> dict[tuple[str, str], Path]:
    """A figure a profile and condition; with several, each with the names of both in its file's.

    Args:
        path: that was typed.
        profiles: by the candidate's name.
        edit: the only condition that counts; None: all.
    """
    from wherefrom.images.labels import slug

    figures = {}
    for name, profile in profiles.items():
        conditions = conditions_of(profile, edit)
        for condition in conditions:
            parts = [name] if len(profiles) > 1 else []
            parts += [condition] if len(conditions) > 1 else []
            figures[name, condition] = path.with_name("-".join([path.stem, *map(slug, parts)]) + path.suffix)
    return figures


def draw(
    figures: Mapping[tuple[str, str], Path],
    candidates: Sequence[Candidate],
    verdicts: Mapping[str, Sequence[Verdict]],
) -> None:
    """The figures that were asked for: in each the images whose statistic is of its condition.

    Args:
        figures: of `figures_of`.
        candidates: whose known images are drawn.
        verdicts: by the candidate's name.
    """
    from wherefrom.report.figures import profile_figure

    profiles = {each.name: each.profile for each in candidates}
    for (name, edit), path in figures.items():
        shown = verdicts[name]
        if sum(named == name for named, _ in figures) > 1:
            shown = [verdict for verdict in shown if verdict.conditions[:1] == (edit,)]
        profile_figure(profiles[name].condition(edit), shown, path=path)
