"""The figure for a lay reader: where an image stands among the decoder's own images and each pool of others.

All that images share is drawn once by matplotlib; the mark of one image is put into it by its place on the axis.
"""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from wherefrom.core.arrays import Vector
from wherefrom.core.visible import visible
from wherefrom.report.comparing import Comparison

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.patches import PathPatch

__all__ = ["Mark", "StandingFigure", "standing_figure"]

_WIDTH, _ROW, _ABOVE, _BELOW, _SIDE = 480.0, 64.0, 46.0, 44.0, 8.0  # points
_PALETTE: Final = {"#010101": "ink", "#010102": "soft", "#010103": "rule", "#010104": "ours", "#010105": "paper"} | {
    f"#01020{n}": f"pool-{n}" for n in range(1, 6)
}
"""Colours that matplotlib is given, and the names under which the page's style has the real ones, by light and dark."""
_INK, _SOFT, _RULE, _OURS, _PAPER, *_POOLS = _PALETTE
_STROKES: Final = 300  # known images of a row that are drawn one by one; of more, so many that stand for all
_NEAR: Final = 0.2  # share of the width within which a label stands on the other side of its line


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Where an image is marked in the figure, in the units of its view.

    Attributes:
        x: of its line.
        top: of the line.
        bottom: of the line.
        anchor: how its label is aligned: `start`, `middle` or `end`.
        beyond: whether it lies beyond the axis: `left`, `right`, or empty.
    """

    x: float
    top: float
    bottom: float
    anchor: str
    beyond: str

    @property
    def label(self) -> float:
        """Where its label begins, is centred or ends."""
        return round(self.x + {"start": -4, "end": 4}.get(self.anchor, 0), 2)


@dataclass(frozen=True, kw_only=True, slots=True)
class StandingFigure:
    """The figure without an image's mark.

    Attributes:
        body: elements of SVG, without the outer one.
        width: of the view.
        height: of the view.
        low: where the axis begins, in statistics.
        high: where it ends.
        logarithmic: whether it is logarithmic.
    """

    body: str
    width: float
    height: float
    low: float
    high: float
    logarithmic: bool

    @property
    def markup(self) -> Markup:
        """The body as a page takes it in: matplotlib wrote it, and escaped what it was given."""
        from markupsafe import Markup

        return Markup(self.body)  # noqa: S704  (see above)

    def mark(self, statistic: float) -> Mark:
        """Where an image is marked.

        Args:
            statistic: of the image.
        """
        place = self._share(statistic)
        x = _SIDE + min(1.0, max(0.0, place)) * (self.width - 2 * _SIDE)
        anchor = "start" if place < _NEAR else "end" if place > 1 - _NEAR else "middle"
        beyond = "left" if place < 0 else "right" if place > 1 else ""
        return Mark(x=round(x, 2), top=_ABOVE - 22, bottom=self.height - _BELOW, anchor=anchor, beyond=beyond)

    def _share(self, statistic: float) -> float:
        """How far along the axis a statistic is, from 0 to 1 where it is on it."""
        if not self.logarithmic:
            return (statistic - self.low) / (self.high - self.low)
        return math.log(statistic / self.low) / math.log(self.high / self.low) if statistic > 0 else -1.0


def standing_figure(compared: Comparison, *, prefix: str) -> StandingFigure:
    """Draw known images, a row a group, and the limit.

    Args:
        compared: the known images.
        prefix: of what has a name in the figure, unique in a page.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    height = _ABOVE + _ROW * len(compared.groups) + _BELOW
    figure = Figure(figsize=(_WIDTH / 72, height / 72), dpi=72)
    FigureCanvasSVG(figure)
    axes = figure.add_axes((_SIDE / _WIDTH, _BELOW / height, 1 - 2 * _SIDE / _WIDTH, 1 - (_ABOVE + _BELOW) / height))
    _prepare(axes, compared)
    for row, group in enumerate(compared.groups):
        colour = _OURS if group.own else _POOLS[(row - 1) % len(_POOLS)]
        _ridge(axes, compared, row, colour)
    stored = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": prefix, "font.sans-serif": ["DejaVu Sans"]}):
        figure.savefig(
            stored, format="svg", transparent=True, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type"))
        )
    edges = compared.standing.edges
    return StandingFigure(
        body=_body(stored.getvalue(), prefix),
        width=_WIDTH,
        height=height,
        low=edges[0],
        high=edges[-1],
        logarithmic=compared.standing.logarithmic,
    )


def _prepare(axes: Axes, compared: Comparison) -> None:
    """The axis, its words, the limit and the side of it on which the decoder's own images lie."""
    standing, rows = compared.standing, len(compared.groups)
    if standing.logarithmic:
        axes.set_xscale("log")
    axes.set_xlim(standing.edges[0], standing.edges[-1])
    axes.set_ylim(-rows, 0)
    axes.set_yticks([])
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_formatter(lambda *_: "")
    axes.tick_params(axis="x", which="both", labelsize=9, labelcolor=_SOFT, color=_RULE)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_RULE)
    below = -_BELOW + 10
    for text, x, align in (("\u2190 like what the decoder makes", 0.0, "left"), ("unlike it \u2192", 1.0, "right")):
        axes.annotate(
            text,
            (x, 0),
            xycoords="axes fraction",
            xytext=(0, below),
            textcoords="offset points",
            ha=align,
            fontsize=10.5,
            color=_INK,
        )
    limit = standing.limit
    if limit is not None and standing.edges[0] < limit < standing.edges[-1]:
        axes.axvspan(standing.edges[0], limit, color=_OURS, alpha=0.08, linewidth=0, zorder=0)
        axes.axvline(limit, color=_SOFT, linewidth=1.1, linestyle=(0, (5, 3)), zorder=1)
        right = axes.transData.transform((limit, 0))[0] > (1 - _NEAR) * _WIDTH
        axes.annotate(
            "limit",
            (limit, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if right else 4, 3),
            textcoords="offset points",
            ha="right" if right else "left",
            fontsize=9.5,
            color=_SOFT,
        )


def _ridge(axes: Axes, compared: Comparison, row: int, colour: str) -> None:
    """A group: its name, a histogram that stands on its row, and a stroke a known image below it."""
    group, values, edges = compared.groups[row], compared.statistics[row], np.array(compared.standing.edges)
    floor, highest = -row - 0.86, max(group.counts, default=0)
    if highest:
        heights = floor + 0.5 * np.array(group.counts) / highest
        axes.stairs(heights, edges, baseline=floor, fill=True, color=colour, alpha=0.6)
        axes.add_patch(_strokes(values, floor - 0.09, floor - 0.03, colour))
    name = "made by this decoder" if group.own else visible(group.name)
    label = f"{name}: {group.images} known images"
    axes.text(
        0.0,
        -row - 0.07,
        label,
        transform=axes.get_yaxis_transform(),
        va="top",
        fontsize=10.5,
        color=colour,
        parse_math=False,
        bbox={"facecolor": _PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 1.0},  # lines pass below the words
    )


def _strokes(values: Vector, low: float, high: float, colour: str) -> PathPatch:
    """A stroke a known image, all of them one path, which is short to write."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    if len(values) > _STROKES:
        values = values[np.linspace(0, len(values) - 1, _STROKES).round().astype(int)]
    corners = np.stack([np.repeat(values, 2), np.tile([low, high], len(values))], axis=1)
    codes = np.tile([Path.MOVETO, Path.LINETO], len(values)).astype(Path.code_type)
    return PathPatch(Path(corners, codes), fill=False, edgecolor=colour, linewidth=0.8, alpha=0.6)


def _body(svg: str, prefix: str) -> str:
    """What is inside the outer element, with colours by name and names that occur once in a page."""
    inner = re.sub(r"^.*?<svg[^>]*>|</svg>\s*$", "", svg, flags=re.DOTALL)
    inner = re.sub(r"<!--.*?-->|<defs>\s*<style.*?</style>\s*</defs>", "", inner, flags=re.DOTALL)
    inner = re.sub(r'<g id="[^"]*"', "<g", inner)
    inner = re.sub(r'( id="|url\(#|href="#)', rf"\g<1>{prefix}-", inner)
    inner = re.sub(r"(\d\.\d{2})\d+", r"\1", inner)
    return re.sub("|".join(_PALETTE), lambda match: f"var(--{_PALETTE[match[0]]})", inner)
