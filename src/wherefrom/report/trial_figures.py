"""Figures of an evaluation on images of known origin: how well two kinds are told apart, at every cut."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from wherefrom.core.arrays import Vector
from wherefrom.core.visible import visible
from wherefrom.evaluation.labelled import Trial, TrialImage
from wherefrom.images.labels import slug
from wherefrom.report.figures import save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FIGURES", "draw_trial", "figure_paths"]

FIGURES: Final = ("roc", "histogram", "tippett")
"""What is drawn of each candidate and edit."""
_SUFFIXES: Final = (".svg", ".png")
_INK, _GREY, _OURS = "#222222", "#6b6b6b", "#0072b2"
_COLOURS: Final = ("#d55e00", "#cc79a7", "#009e73", "#a67c00", "#7f3c8d")
_STROKES: Final = ("-", "--", "-.", ":")
_BINS: Final = 40
_DECADES: Final = 1.0  # positive statistics over more decades than this are drawn on a log axis


def figure_paths(folder: Path, candidates: Sequence[str], edits: Sequence[str]) -> dict[tuple[str, str, str], Path]:
    """Where each figure goes, without its suffix, by what it shows, the candidate and the edit.

    Args:
        folder: of all of them.
        candidates: names; a single one is in no file's name.
        edits: names.
    """
    paths = {}
    for number, candidate in enumerate(candidates, start=1):
        named = [f"{number}-{slug(candidate)}"] if len(candidates) > 1 else []
        for edit in edits:
            for what in FIGURES:
                paths[what, candidate, edit] = folder / "-".join([what, *named, slug(edit)])
    return paths


def draw_trial(trial: Trial, folder: Path) -> list[Path]:
    """Draw every figure that there is something for, as SVG and PNG.

    Args:
        trial: whose images are drawn; those that count in no rate are left out.
        folder: where to, which exists.

    Returns:
        The files that were written.

    Raises:
        UsageError: when one cannot be written.
    """
    written = []
    for (what, candidate, edit), place in figure_paths(folder, list(trial.profiles), trial.edits).items():
        rates = trial.of(candidate, edit)
        kinds = {
            name: [
                image
                for image in trial.images
                if (image.candidate, image.edit, image.kind) == (candidate, edit, name) and image.left_out is None
            ]
            for name in rates.kinds
        }
        title = f"{candidate}, images {'as they are' if edit == 'none' else f'after {edit}'}"
        figure = _DRAWN[what]({name: images for name, images in kinds.items() if images}, title)
        for suffix in _SUFFIXES if figure is not None else ():
            assert figure is not None
            path = place.with_name(place.name + suffix)
            save_figure(figure, path, dpi=150)
            written.append(path)
    return written


Kinds = Mapping[str, Sequence[TrialImage]]


def _blank(title: str, *, height: float = 4.2) -> tuple[Figure, Axes]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(visible(title), loc="left", fontsize=10.5, fontweight="bold", parse_math=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=9)
    return figure, axes


def _sides(kinds: Kinds) -> tuple[list[TrialImage], dict[str, Sequence[TrialImage]]]:
    """The belongings, and the kinds of foreign images."""
    ours = [image for images in kinds.values() for image in images if image.belongs]
    return ours, {name: images for name, images in kinds.items() if not images[0].belongs}


def _statistics(images: Sequence[TrialImage]) -> Vector:
    """The statistic of each image, +inf where it is undefined: such an image is never claimed."""
    return np.array([math.inf if image.verdict.statistic is None else image.verdict.statistic for image in images])


def _roc(kinds: Kinds, title: str) -> Figure | None:
    """The share of belongings found against the share of foreign images claimed, for every cut."""
    ours, others = _sides(kinds)
    own = np.sort(_statistics(ours))
    if not np.isfinite(own).any() or not others:
        return None
    figure, axes = _blank(title)
    for place, (name, images) in enumerate(others.items()):
        theirs = np.sort(_statistics(images))
        cuts = np.unique(np.concatenate([own, theirs]))
        cuts = cuts[np.isfinite(cuts)]
        wrong = np.searchsorted(theirs, cuts, side="right") / len(theirs)
        right = np.searchsorted(own, cuts, side="right") / len(own)
        axes.step(
            np.concatenate([[0.0], wrong]),
            np.concatenate([[0.0], right]),
            where="post",
            color=_COLOURS[place % len(_COLOURS)],
            linestyle=_STROKES[place % len(_STROKES)],
            label=visible(f"{name} ({len(images)} images)"),
        )
    axes.plot([0, 1], [0, 1], color=_GREY, linewidth=0.8, linestyle=(0, (1, 3)), label="a guess")
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02), xlabel="share of foreign images that the cut claims")
    axes.set_ylabel(f"share of {len(ours)} belongings that the cut finds")
    _legend(axes, loc="lower right")
    return figure


def _histogram(kinds: Kinds, title: str) -> Figure | None:
    """How each kind scores, with the cut."""
    values = {name: _statistics(images) for name, images in kinds.items()}
    every = np.concatenate(list(values.values())) if values else np.empty(0)
    every = every[np.isfinite(every)]
    if not len(every):
        return None
    figure, axes = _blank(title, height=1.3 + 0.8 * len(kinds))
    edges = _edges(axes, every)
    place = 0
    for row, (name, images) in enumerate(kinds.items()):
        belongs = images[0].belongs
        colour = _OURS if belongs else _COLOURS[place % len(_COLOURS)]
        place += not belongs
        counts, _ = np.histogram(values[name][np.isfinite(values[name])], edges)
        axes.stairs(0.8 * counts / max(counts.max(), 1) - row, edges, baseline=-row, fill=True, color=colour, alpha=0.6)
        axes.axhline(-row, color=_GREY, linewidth=0.6)
    cuts = {image.verdict.threshold for images in kinds.values() for image in images} - {None}
    for cut in cuts if len(cuts) == 1 else ():
        assert cut is not None
        axes.axvline(cut, color=_INK, linewidth=1.1, linestyle=(0, (5, 3)), label="belongings rank up to here")
    if len(cuts) == 1:
        _legend(axes, loc="upper right")
    labels = [f"{visible(name)}\n{len(images)} images" for name, images in kinds.items()]
    axes.set_yticks([0.3 - row for row in range(len(kinds))], labels, fontsize=9, parse_math=False)
    axes.set_ylim(0.1 - len(kinds) + 0.8, 1.25)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("statistic: low ranks as a belonging, high is foreign")
    return figure


def _edges(axes: Axes, values: Vector) -> Vector:
    """Edges of the bins; sets the axis, logarithmic where that is clearer."""
    low, high = float(values.min()), float(values.max())
    if low > 0 and math.log10(high / low) > _DECADES:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:e}"[0] in "25" else "")
        return np.geomspace(low / 1.02, high * 1.02, _BINS + 1)
    room = 0.02 * (high - low) or 0.5
    return np.linspace(low - room, high + room, _BINS + 1)


def _tippett(kinds: Kinds, title: str) -> Figure | None:
    """For every likelihood ratio, the share of each kind that has a larger one."""
    ratios = {
        name: np.sort([image.likelihood.log10 for image in images if image.likelihood is not None])
        for name, images in kinds.items()
    }
    ours, others = _sides(kinds)
    bounds = {(image.likelihood.low, image.likelihood.high) for image in ours if image.likelihood is not None}
    if not bounds or not any(len(ratios[name]) for name in others):
        return None
    figure, axes = _blank(title)
    low, high = min(low for low, _ in bounds), max(high for _, high in bounds)
    room = 0.05 * (high - low) + 0.05
    place = 0
    for name, images in kinds.items():
        belongs, values = images[0].belongs, ratios[name]
        x = np.concatenate([[low - room], values, [high + room]])
        y = np.concatenate([[1.0], 1.0 - np.arange(1, len(values) + 1) / max(len(values), 1), [0.0]])
        axes.step(
            x,
            y,
            where="post",
            color=_OURS if belongs else _COLOURS[place % len(_COLOURS)],
            linestyle="-" if belongs else _STROKES[1 + place % 3],
            label=visible(f"{name} ({len(values)} of {len(images)} images)"),
        )
        place += not belongs
    axes.axvline(0.0, color=_GREY, linewidth=0.8, linestyle=(0, (1, 3)))
    for place, bound in enumerate((low, high)):
        label = "bounds that the number of images allows" if place == 0 else None
        axes.axvline(bound, color=_INK, linewidth=0.8, linestyle=(0, (5, 3)), label=label)
    axes.set(xlim=(low - room, high + room), ylim=(-0.02, 1.05))
    axes.set_xlabel("log10 of the likelihood ratio: above 0 speaks for the decoder, below 0 against it")
    axes.set_ylabel("share of images with a larger ratio")
    _legend(axes, loc="best")
    return figure


def _legend(axes: Axes, *, loc: Literal["best", "lower right", "upper right"]) -> None:
    for text in axes.legend(loc=loc, fontsize=8.5, frameon=False).get_texts():
        text.set_parse_math(False)


_DRAWN: Final[Mapping[str, Callable[[Kinds, str], Figure | None]]] = {
    "roc": _roc,
    "histogram": _histogram,
    "tippett": _tippett,
}
