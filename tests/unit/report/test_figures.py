"""Figures: what is drawn, without torch and without a display."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from tests.toy_tables import PLAIN, table
from wherefrom.core.errors import UsageError
from wherefrom.judging import calibrate, judge
from wherefrom.records.profile import Profile
from wherefrom.records.verdict import Outcome, Verdict
from wherefrom.report.figures import profile_figure


def example(shift: float = 0.0) -> tuple[Profile, Sequence[Verdict]]:
    rng = np.random.default_rng(3)
    profile = calibrate(
        belonging=table(shift + rng.lognormal(0, 0.2, 60), "ours"),
        foreign={"photos": table(shift + rng.lognormal(2, 0.8, 120), "photos")},
        method=PLAIN,
    )
    judged = table(shift + np.array([0.9, 1.1, 8.0, np.nan]), "judged")
    return profile, judge(judged, profile=profile, method=PLAIN)


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Every figure that is saved."""
    saved: list[Figure] = []
    save = Figure.savefig

    def keep(self: Figure, *given: Any, **more: Any) -> None:
        saved.append(self)
        save(self, *given, **more)

    monkeypatch.setattr(Figure, "savefig", keep)
    return saved


def test_rows_cut_and_marks(tmp_path: Path, figures: list[Figure]) -> None:
    profile, verdicts = example()
    profile_figure(profile, verdicts, path=tmp_path / "f.png")
    (axes,) = figures[0].axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["belongings\n60 images", "photos\n120 images", "judged\n4 images,\n1 without\na statistic"]
    assert axes.get_xscale() == "log"
    lines: dict[str, list[float]] = {
        str(line.get_label()): list(np.asarray(line.get_xdata())) for line in axes.get_lines()
    }
    assert lines["SUPPORTED 2"] == [0.9, 1.1]
    assert lines["EXCLUDED 1"] == [8.0]
    assert lines["UNDECIDED 1"] == []
    assert [values[0] for name, values in lines.items() if name.startswith("_")] == [verdicts[0].threshold]
    with Image.open(tmp_path / "f.png") as image:
        assert image.size[0] == 1280


def test_negative_statistics_and_no_verdicts(tmp_path: Path, figures: list[Figure]) -> None:
    profile, _ = example(shift=-20.0)
    profile_figure(profile, path=tmp_path / "f.svg")
    (axes,) = figures[0].axes
    assert axes.get_xscale() == "linear"
    assert len(axes.get_yticklabels()) == 2
    low, high = axes.get_xlim()
    assert low < profile.statistic.min()
    assert high > profile.foreign_statistic["photos"].max()
    assert [text.get_text() for text in axes.texts] == ["cut at alpha = 0.05"]


def test_images_of_a_pool_without_a_statistic_are_counted_and_not_drawn(tmp_path: Path, figures: list[Figure]) -> None:
    pools = {"flat": table([np.nan] * 3, "flat"), "photos": table([2.0, np.nan, 3.0], "photos")}
    profile_figure(calibrate(belonging=table([1.0, 1.5], "ours"), foreign=pools, method=PLAIN), path=tmp_path / "f.png")
    (axes,) = figures[0].axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[1:] == ["flat\n3 images,\n3 without\na statistic", "photos\n3 images,\n1 without\na statistic"]
    assert axes.get_xlim()[1] < 3.5


def test_too_few_belongings_have_no_cut_and_equal_ones_a_width(tmp_path: Path, figures: list[Figure]) -> None:
    profile = calibrate(belonging=table([1.0, 1.0, 1.0], "ours"), method=PLAIN)
    profile_figure(profile, path=tmp_path / "f.pdf")
    (axes,) = figures[0].axes
    assert not axes.texts
    assert axes.get_xlim()[0] < 1.0 < axes.get_xlim()[1]


def test_names_are_drawn_as_they_are_and_act_on_nothing(tmp_path: Path, figures: list[Figure]) -> None:
    """A dollar sign starts no formula, and a line break no row."""
    profile, verdicts = example()
    pools = {"a $\\frac{ b\n\u202ec $": next(iter(profile.foreign_statistic.values()))}
    odd = replace(profile, model=replace(profile.model, name="$\\nothing{"), foreign_statistic=pools)
    profile_figure(odd, verdicts, path=tmp_path / "f.svg")
    (axes,) = figures[0].axes
    said = [label.get_text() for label in axes.get_yticklabels()]
    assert any("a $\\frac{ b\\x0a\\u202ec $" in text for text in said), said
    assert axes.get_title(loc="left") == "Decoder $\\nothing{"


def test_what_cannot_be_drawn_says_so(tmp_path: Path) -> None:
    profile, verdicts = example()
    with pytest.raises(UsageError, match="cannot draw"):
        profile_figure(profile, verdicts, path=tmp_path / "f.docx")
    with pytest.raises(UsageError, match="cannot draw"):
        profile_figure(profile, verdicts, path=tmp_path / "nowhere" / "f.png")


def test_a_figure_needs_no_torch_and_no_pyplot() -> None:
    program = (
        "import sys, wherefrom.report.figures as f, matplotlib.figure, matplotlib.backends.backend_agg;"
        "assert not {'torch', 'matplotlib.pyplot'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_two_thousand_judged_images_are_counted_by_outcome_and_not_marked(
    tmp_path: Path, figures: list[Figure]
) -> None:
    profile, _ = example()
    values = np.random.default_rng(4).lognormal(1.0, 1.0, 2000)
    values[:30] = np.nan
    verdicts = judge(table(values, "judged"), profile=profile, method=PLAIN)
    profile_figure(profile, verdicts, path=tmp_path / "f.png")
    (axes,) = figures[0].axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    counts = verdicts.counts()
    assert labels[2:] == [
        f"judged {outcome}\n{counts[outcome]} images"
        + (",\n30 without\na statistic" if outcome is Outcome.UNDECIDED else "")
        for outcome in (Outcome.SUPPORTED, Outcome.UNDECIDED, Outcome.EXCLUDED)
    ]
    assert sum(counts.values()) == 2000
    assert all(len(np.atleast_1d(line.get_xdata())) <= 2 for line in axes.get_lines())
