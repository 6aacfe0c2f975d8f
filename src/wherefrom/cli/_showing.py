"""What came out of one part of the demo: judge its mixed folder, print and leave what is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wherefrom.cli._output import emit, emit_table, share
from wherefrom.cli._verdicts import save_rows, show_verdicts, verdict_row
from wherefrom.records.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wherefrom.cli._exhibits import Exhibits
    from wherefrom.records.profile import Profile
    from wherefrom.records.table import ScoreTable

__all__ = ["ALPHA", "Shown", "show_part", "summary", "write_few"]

ALPHA: Final = 0.05
_BETA: Final = 0.01
_SAMPLE: Final = 2  # images of each kind in the printed table


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What was shown of one part.

    Attributes:
        profile: of the part's model.
        lines: misses, finds and false claims.
        kinds: what is said of the mixed folder's images, by their kind.
    """

    profile: Profile
    lines: list[str]
    kinds: Mapping[str, Sequence[Verdict]]


def show_part(title: str, exhibits: Exhibits, out: Path) -> Shown:
    """Judge the scores of a part's mixed folder by its profile, print the verdicts, and leave them with a figure.

    Args:
        title: printed above.
        exhibits: the part's images.
        out: the part's folder, where the profile and the scores are.
    """
    from wherefrom.judging import judge
    from wherefrom.records.files import load_profile, load_table
    from wherefrom.report.figures import profile_figure

    profile, table = load_profile(out / "profile.json"), load_table(out / "scores.parquet")
    verdicts = judge(table, profile=profile, alpha=ALPHA, beta=_BETA)
    save_rows([verdict_row(verdict) for verdict in verdicts], out / "verdicts.csv")
    profile_figure(profile, verdicts, path=out / "figure.png")
    kinds = _by_kind(verdicts, exhibits.kinds)
    _show_profile(title, profile, out)
    show_verdicts(
        [verdict for of_kind in kinds.values() for verdict in of_kind[:_SAMPLE]],
        title=f"The mixed folder: the first {_SAMPLE} of each kind; all are in {out / 'verdicts.csv'}",
    )
    ours = exhibits.tested[0]
    alone = {f"{ours}, judged without pools": _without_pools(table, profile, exhibits.kinds[ours])}
    _show_counts(kinds | alone)
    lines = summary(kinds, exhibits.tested)
    for line in lines:
        emit(line)
    return Shown(profile=profile, lines=lines, kinds=kinds)


def _by_kind(verdicts: tuple[Verdict, ...], kinds: Mapping[str, tuple[Path, ...]]) -> dict[str, list[Verdict]]:
    by_name = {verdict.image.name: verdict for verdict in verdicts}
    return {kind: [by_name[str(path)] for path in paths] for kind, paths in kinds.items()}


def _show_profile(title: str, profile: Profile, out: Path) -> None:
    from wherefrom.cli.profile import show_profile, warn

    emit(title)
    show_profile(profile, out / "profile.json")
    warn(profile)


def _without_pools(table: ScoreTable, profile: Profile, paths: tuple[Path, ...]) -> list[Verdict]:
    """What would be said of images by a profile of the same belongings that knows no other images."""
    from wherefrom.judging import calibrate, judge

    alone = calibrate(belonging=profile.belonging, foreign={})
    verdicts = judge(table, profile=alone, alpha=ALPHA, beta=_BETA)
    return _by_kind(verdicts, {"asked": paths})["asked"]


def _show_counts(kinds: Mapping[str, list[Verdict]]) -> None:
    emit_table(
        ("kind", "images", *(str(outcome) for outcome in Outcome)),
        [
            (kind, len(of_kind), *(sum(verdict.outcome is outcome for verdict in of_kind) for outcome in Outcome))
            for kind, of_kind in kinds.items()
        ],
        title="What was said of them",
    )


def summary(kinds: Mapping[str, list[Verdict]], tested: tuple[str, ...]) -> list[str]:
    """Misses, finds and false claims as counts with 95 % intervals.

    Args:
        kinds: verdicts by kind.
        tested: the kind that belongs, then those that do not.
    """
    ours, *others = tested
    outcomes = {kind: [verdict.outcome for verdict in kinds[kind]] for kind in tested}
    total = len(outcomes[ours])
    lines = [
        f"missed, alpha={ALPHA:g}: {share(outcomes[ours].count(Outcome.EXCLUDED), total)} {ours}",
        f"found: {share(outcomes[ours].count(Outcome.SUPPORTED), total)} {ours}",
    ]
    lines += [
        f"false claims, beta={_BETA:g}: {share(outcomes[kind].count(Outcome.SUPPORTED), len(outcomes[kind]))} {kind}"
        for kind in others
    ]
    return lines


def write_few(shown: Shown, folder: Path, *, command: str | None) -> Path:
    """Write a report on the first image of each kind; an earlier one there is replaced. Returns what to open.

    Args:
        shown: of a part.
        folder: for the report.
        command: what was typed.
    """
    from wherefrom.report.writing import write_report

    few = [verdicts[0] for verdicts in shown.kinds.values() if verdicts]
    names = [verdict.image.name for verdict in few]
    return write_report(few, profiles=shown.profile, folder=folder, images=names, command=command, force=True)
