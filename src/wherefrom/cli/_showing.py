"""One part of the demo: profile a model, judge a mixed folder, print and leave what came out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wherefrom.cli._forms import FIGURE, PROFILE, SCORES, VERDICTS
from wherefrom.cli._output import emit, emit_table, share
from wherefrom.cli._outputs import Output
from wherefrom.cli._verdicts import save_rows, show_verdicts, verdict_row
from wherefrom.records.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from wherefrom.cli._exhibits import Exhibits
    from wherefrom.cli._work import Work
    from wherefrom.methods.base import Method
    from wherefrom.records.profile import Profile

__all__ = ["ALPHA", "Part", "summary"]

ALPHA: Final = 0.05
_BETA: Final = 0.01
_SAMPLE: Final = 2  # images of each kind in the printed table


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What is asked in one part of the demo.

    Attributes:
        title: printed above what came out.
        made: the images.
        model: which is profiled.
        method: what it is asked.
        out: the part's folder.
    """

    title: str
    made: Exhibits
    model: Any
    method: Method[Any]
    out: Path

    @staticmethod
    def outputs(out: Path) -> list[Output]:
        """The files that a part leaves in its folder beside images."""
        forms = {"profile.json": PROFILE, "scores.parquet": SCORES, "verdicts.csv": VERDICTS, "figure.png": FIGURE}
        return [Output("--out-dir", out / name, form) for name, form in forms.items()]

    def run(self, work: Work) -> list[str]:
        """Score, calibrate and judge; returns what is to be said of it in lines."""
        from wherefrom.judging import calibrate, judge
        from wherefrom.records.files import save_profile, save_table
        from wherefrom.report.figures import profile_figure

        known = work.score(self.made.belonging, model=self.model, method=self.method, label="scoring belongings")
        pools = {
            name: work.score(paths, model=self.model, method=self.method, label=f"scoring {name}")
            for name, paths in self.made.pools.items()
        }
        profile = calibrate(belonging=known, foreign=pools)
        save_profile(profile, self.out / "profile.json")
        table = work.score(self.made.mixed, model=self.model, method=self.method, label="scoring the mixed folder")
        verdicts = judge(table, profile=profile, alpha=ALPHA, beta=_BETA)
        save_table(table, self.out / "scores.parquet")
        save_rows([verdict_row(verdict) for verdict in verdicts], self.out / "verdicts.csv")
        profile_figure(profile, verdicts, path=self.out / "figure.png")
        return self._tell(profile, verdicts)

    def _tell(self, profile: Profile, verdicts: tuple[Verdict, ...]) -> list[str]:
        """Print what came out."""
        from wherefrom.cli.profile import show_profile, warn

        emit(self.title)
        show_profile(profile, self.out / "profile.json")
        warn(profile)
        by_name = {verdict.image.name: verdict for verdict in verdicts}
        kinds = {kind: [by_name[str(path)] for path in paths] for kind, paths in self.made.kinds.items()}
        show_verdicts(
            [verdict for found in kinds.values() for verdict in found[:_SAMPLE]],
            title=f"The mixed folder: the first {_SAMPLE} of each kind; all are in {self.out / 'verdicts.csv'}",
        )
        emit_table(
            ("kind", "images", *(str(outcome) for outcome in Outcome)),
            [
                (kind, len(found), *(sum(verdict.outcome is outcome for verdict in found) for outcome in Outcome))
                for kind, found in kinds.items()
            ],
            title="What was said of them",
        )
        lines = summary(kinds, self.made.tested)
        for line in lines:
            emit(line)
        return lines


def summary(kinds: dict[str, list[Verdict]], tested: tuple[str, ...]) -> list[str]:
    """Misses, finds and false claims as counts with 95 % intervals.

    Args:
        kinds: verdicts by kind.
        tested: the kind that belongs, then those that do not.
    """
    ours, *others = tested
    said = {kind: [verdict.outcome for verdict in kinds[kind]] for kind in tested}
    total = len(said[ours])
    lines = [
        f"missed, alpha={ALPHA:g}: {share(said[ours].count(Outcome.EXCLUDED), total)} {ours}",
        f"found: {share(said[ours].count(Outcome.SUPPORTED), total)} {ours}",
    ]
    lines += [
        f"false claims, beta={_BETA:g}: {share(said[kind].count(Outcome.SUPPORTED), len(said[kind]))} {kind}"
        for kind in others
    ]
    return lines
