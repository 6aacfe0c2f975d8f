"""Figures of a profile and of what was judged by it, without torch and without a display."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from wherefrom.core.arrays import Vector
from wherefrom.core.errors import UsageError
from wherefrom.core.files import replacing
from wherefrom.core.shares import fewest
from wherefrom.core.visible import visible
from wherefrom.records.profile import Profile
from wherefrom.records.verdict import Outcome, Verdict
from wherefrom.rules.conformal import Conformal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["MADE", "profile_figure", "save_figure"]

MADE: Final = "wherefrom figure"
"""What a figure says of itself, so that it is known for one that this program made."""

_ALPHA: Final = 0.05
_INK, _GREY, _BELONGING = "#222222", "#6b6b6b", "#0072b2"
_POOLS: Final = ("#d55e00", "#cc79a7", "#a67c00", "#7f3c8d", "#8c564b")
_BINS: Final = 44
_MARKED: Final = 150  # judged images that are drawn one by one; more hide each other
_STROKES: Final = 200  # images of a row whose strokes are drawn at full strength
_DECADES: Final = 1.0  # a positive statistic over more decades than this is drawn on a log axis


@dataclass(frozen=True, slots=True)
class _Mark:
    """How an outcome is drawn: told apart by shape, and by colour for those who see it."""

    marker: str
    colour: str


_MARKS: Final = {
    Outcome.SUPPORTED: _Mark("o", "#0072b2"),
    Outcome.COMPATIBLE: _Mark("D", "#56b4e9"),
    Outcome.UNDECIDED: _Mark("s", "#e69f00"),
    Outcome.EXCLUDED: _Mark("X", "#222222"),
}


def profile_figure(profile: Profile, verdicts: Sequence[Verdict] = (), *, path: str | Path) -> None:
    """Draw how belongings and each pool score, where the cut is, and what was said of judged images.

    One row each for the belongings, the pools and the judged images, over one axis: the statistic, high is foreign.
    Judged images are marks; more than 150 of them are a histogram for each outcome. The cut is that of the verdicts;
    without any, that of the rule `conformal` at alpha = 0.05 where there are enough belongings for it. Images without
    a statistic are counted in the label.

    Args:
        profile: whose statistics are drawn.
        verdicts: of images that were judged by it.
        path: `.png`, `.svg` or `.pdf`; replaced when it exists.

    Raises:
        UsageError: when the file cannot be written, or the suffix is none that can be drawn.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    crowds = _crowds(verdicts)
    rows = 1 + len(profile.foreign_statistic) + (len(crowds) or bool(verdicts))
    figure = Figure(figsize=(8.0, 1.35 + 0.82 * rows), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    span = _span(profile, verdicts)
    edges = _scale(axes, span)
    cut, named = _cut(profile, verdicts)
    if cut is not None:
        _draw_cut(axes, cut, named, span)
    labels = [_ridge(axes, 0, "belongings", profile.statistic, edges, _BELONGING)]
    for place, (name, values) in enumerate(profile.foreign_statistic.items(), start=1):
        labels.append(_ridge(axes, place, visible(name), values, edges, _POOLS[(place - 1) % len(_POOLS)]))
    for place, (outcome, values) in enumerate(crowds.items(), start=len(labels)):
        labels.append(_ridge(axes, place, f"judged {outcome}", values, edges, _MARKS[outcome].colour))
    if verdicts and not crowds:
        labels.append(_judged(axes, rows - 1, verdicts))
    _finish(axes, profile, labels)
    save_figure(figure, Path(path), dpi=160)


def save_figure(figure: Figure, path: Path, *, dpi: int) -> None:
    """Write a figure that says who made it, whole or not at all.

    Args:
        figure: to write.
        path: `.png`, `.svg` or `.pdf`; replaced when it exists.
        dpi: dots an inch, of a `.png`.

    Raises:
        UsageError: when the file cannot be written, or the suffix is none that can be drawn.
    """
    metadata: Mapping[str, str] = {"Software" if path.suffix.lower() == ".png" else "Creator": MADE}
    try:
        with replacing(path) as place:
            figure.savefig(place, dpi=dpi, metadata=metadata)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot draw {path}: {error}") from error


def _crowds(verdicts: Sequence[Verdict]) -> dict[Outcome, Vector]:
    """The judged images by outcome, NaN without a statistic; empty where they are few enough for a mark each."""
    if len(verdicts) <= _MARKED:
        return {}
    return {
        outcome: np.array(
            [
                math.nan if verdict.statistic is None else verdict.statistic
                for verdict in verdicts
                if verdict.outcome is outcome
            ],
            dtype=np.float64,
        )
        for outcome in _MARKS
        if any(verdict.outcome is outcome for verdict in verdicts)
    }


def _span(profile: Profile, verdicts: Sequence[Verdict]) -> tuple[float, float]:
    """The smallest and the largest statistic that is drawn."""
    judged = np.array([verdict.statistic for verdict in verdicts if verdict.statistic is not None], dtype=np.float64)
    values = np.concatenate([profile.statistic, *profile.foreign_statistic.values(), judged])
    values = values[np.isfinite(values)]
    return float(values.min()), float(values.max())


def _scale(axes: Axes, span: tuple[float, float]) -> Vector:
    """Set the axis, logarithmic where that is clearer; returns the edges of the bins."""
    low, high = span
    if low > 0 and math.log10(high / low) > _DECADES:
        axes.set_xscale("log")
        room = (high / low) ** 0.03
        axes.set_xlim(low / room, high * room)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        return np.geomspace(low / room, high * room, _BINS + 1)
    room = 0.03 * (high - low) or 0.5
    axes.set_xlim(low - room, high + room)
    return np.linspace(low - room, high + room, _BINS + 1)


def _cut(profile: Profile, verdicts: Sequence[Verdict]) -> tuple[float | None, str]:
    """Where the cut is, and its name; None where there is none."""
    for verdict in verdicts:
        if verdict.threshold is not None and math.isfinite(verdict.threshold):
            return verdict.threshold, f"cut at alpha = {verdict.alpha:g}"
    if len(profile.statistic) < fewest(_ALPHA):
        return None, ""
    return Conformal().threshold(profile.statistic, _ALPHA), f"cut at alpha = {_ALPHA:g}"


def _draw_cut(axes: Axes, cut: float, name: str, span: tuple[float, float]) -> None:
    low, _ = axes.get_xlim()
    axes.axvspan(low, cut, color=_BELONGING, alpha=0.07, linewidth=0, zorder=0)
    axes.axvline(cut, color=_INK, linewidth=1.2, linestyle=(0, (5, 3)), zorder=3)
    right = axes.transData.transform((cut, 0))[0] > axes.transAxes.transform((0.7, 0))[0] or cut >= span[1]
    axes.annotate(
        name,
        (cut, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(-5 if right else 5, 4),
        textcoords="offset points",
        ha="right" if right else "left",
        fontsize=9,
        color=_INK,
    )


def _ridge(axes: Axes, row: int, name: str, values: Vector, edges: Vector, colour: str) -> str:
    """A histogram that stands on its row, and a stroke an image below it; returns the row's label."""
    floor = float(-row)
    drawn = values[np.isfinite(values)]
    if len(drawn):
        counts, _ = np.histogram(drawn, edges)
        axes.stairs(floor + 0.72 * counts / counts.max(), edges, baseline=floor, fill=True, color=colour, alpha=0.45)
        axes.stairs(floor + 0.72 * counts / counts.max(), edges, baseline=floor, color=colour, linewidth=1.1)
        strength = 0.6 * min(1.0, _STROKES / len(drawn))
        axes.vlines(drawn, floor - 0.13, floor - 0.04, color=colour, linewidth=0.8, alpha=strength)
    return f"{name}\n{len(values)} images{_without(len(values) - len(drawn))}"


def _judged(axes: Axes, row: int, verdicts: Sequence[Verdict]) -> str:
    """A mark an image; returns the row's label."""
    counts = Counter(verdict.outcome for verdict in verdicts)
    heights = np.random.default_rng(0).uniform(0.02, 0.66, len(verdicts))  # so that marks do not hide each other
    for outcome, mark in _MARKS.items():
        points = [
            (verdict.statistic, height - row)
            for verdict, height in zip(verdicts, heights, strict=True)
            if verdict.outcome is outcome and verdict.statistic is not None
        ]
        if counts[outcome]:
            axes.plot(
                [x for x, _ in points],
                [y for _, y in points],
                linestyle="none",
                marker=mark.marker,
                markersize=6,
                markerfacecolor=mark.colour,
                markeredgecolor="white",
                markeredgewidth=0.6,
                alpha=0.9,
                label=f"{outcome} {counts[outcome]}",
                zorder=4,
            )
    without = sum(verdict.statistic is None for verdict in verdicts)
    return f"judged\n{len(verdicts)} images{_without(without)}"


def _without(count: int) -> str:
    """The end of a row's label: how many images are not drawn."""
    return f",\n{count} without\na statistic" if count else ""


def _finish(axes: Axes, profile: Profile, labels: Sequence[str]) -> None:
    """Labels, title, legend."""
    axes.set_ylim(-len(labels) + 1 - 0.25, 0.85)
    axes.set_yticks([0.25 - row for row in range(len(labels))], labels, fontsize=9.5, parse_math=False)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=9, colors=_GREY)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_GREY)
    axes.set_xlabel(f"statistic of {profile.method.name}: low ranks as a belonging, high is foreign", fontsize=9.5)
    title = visible(f"Decoder {profile.model.name}")
    axes.set_title(title, loc="left", fontsize=11.5, fontweight="bold", pad=18, parse_math=False)
    handles, names = axes.get_legend_handles_labels()
    if handles:
        axes.legend(
            handles,
            names,
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            ncols=len(handles),
            frameon=False,
            fontsize=8.5,
            handletextpad=0.1,
            columnspacing=1.0,
            borderaxespad=1.6,  # above the name of the cut
        )
