"""Draw the two figures of docs/results.md out of the same JSON files as its tables.

    python -m benchmarks.page_figures

Each figure is an SVG whose description lists the numbers that it shows, so that a test can compare them with the files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
import typer

from benchmarks.page import DOCS, TABLES
from benchmarks.summary import found_after

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FIGURES", "by_edit", "by_quality", "drawn"]

ASSETS: Final = DOCS / "assets"
_METHODS: Final[Mapping[str, tuple[str, str, str]]] = {
    "aedr, the ratio alone": ("AEDR's ratio", "#d55e00", "s"),
    "spectral": ("spectral", "#0072b2", "o"),
    "recompressed": ("recompressed", "#009e73", "D"),
}
_USUAL: Final[Mapping[str, tuple[str, str, str]]] = {
    "joint": ("joint, the default", "#009e73", "D"),
    "spectral, easiest=0": ("spectral", "#0072b2", "o"),
    "aedr, the ratio alone": ("AEDR's ratio", "#d55e00", "s"),
}
_EDITS: Final[Mapping[str, str]] = {
    "none": "no edit",
    "jpeg:90": "JPEG 90",
    "jpeg:75": "JPEG 75",
    "jpeg:50": "JPEG 50",
    "webp:75": "WebP 75",
    "brightness:1.2": "brightness",
    "contrast:1.2": "contrast",
    "crop:3,5": "crop off the grid",
    "resize:2": "resize to 2",
    "resize:1.5": "resize to 1.5",
    "resize:0.75": "resize to 0.75",
    "resize:0.5": "resize to 0.5",
    "screenshot:1.25,3,5,4,2": "screenshot, 125 %",
    "blur:1": "blur, 1 px",
    "noise:0.02": "noise, 0.02",
    "resize:0.5+jpeg:85": "resize to 0.5, JPEG 85",
    "screenshot:1.25,3,5,4,2+jpeg:75": "screenshot, JPEG 75",
}
_PANELS: Final[Mapping[int, str]] = {192: "192 px, reduced photos", 256: "256 px, reduced photos", 512: "512 px tiles"}
_QUALITIES: Final[Mapping[str, str]] = {
    "none": "no edit",
    "jpeg:95": "95",
    "jpeg:90": "90",
    "jpeg:75": "75",
    "jpeg:50": "50",
}
_INK, _GREY = "#222222", "#bbbbbb"
Numbers = dict[str, dict[str, list[float]]]
"""By edit, or by size and edit, and by method: the mean over decoders, the least and the most, to three digits."""


def by_edit() -> Numbers:
    """What each method finds after each edit of tiles of 192 px, the decoder being asked through what moves pixels."""
    return _numbers("edits_known_192_tiles", _EDITS, _USUAL)


def by_quality() -> dict[str, Numbers]:
    """What each method finds by the quality of a JPEG, at three sizes."""
    return {str(size): _numbers(f"edits_{size}", _QUALITIES, _METHODS) for size in _PANELS}


def _numbers(name: str, edits: Iterable[str], methods: Iterable[str]) -> Numbers:
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(TABLES.glob(f"{name}_*.json"))]
    numbers: Numbers = {}
    for edit in edits:
        for method in methods:
            found = found_after(documents, edit, method)
            if found:
                three = (sum(found) / len(found), min(found), max(found))
                numbers.setdefault(edit, {})[method] = [round(value, 3) for value in three]
    return numbers


def drawn(path: Path) -> Any:
    """The numbers that a figure's file says it shows."""
    text = path.read_text(encoding="utf-8")
    start = text.index("<dc:description>") + len("<dc:description>")
    return json.loads(text[start : text.index("</dc:description>")].replace("&quot;", '"'))


def _figure(width: float, height: float) -> Figure:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasSVG(figure)
    return figure


def _save(figure: Figure, path: Path, numbers: Any) -> None:
    """The same bytes for the same numbers: no date, and names of parts that do not change."""
    with mpl.rc_context({"svg.hashsalt": path.stem, "svg.fonttype": "path"}):
        figure.savefig(path, format="svg", metadata={"Date": None, "Description": json.dumps(numbers)})


def _framed(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, axis="both", color="#eeeeee", linewidth=0.8)
    axes.set_axisbelow(True)


def draw_by_edit(path: Path) -> None:
    """One line an edit: a mark at the mean over decoders, a bar from the least to the most."""
    numbers = by_edit()
    figure = _figure(7.5, 6.2)
    axes = figure.add_subplot()
    for row, edit in enumerate(numbers):
        for place, (method, (title, colour, mark)) in enumerate(_USUAL.items()):
            mean, least, most = numbers[edit][method]
            y = row + 0.24 * (place - 1)
            axes.hlines(y, least, most, color=colour, alpha=0.35, linewidth=3)
            label = title if edit == "jpeg:90" else None
            axes.plot(mean, y, mark, color=colour, markersize=5, label=label)
    axes.set_yticks(range(len(numbers)), [_EDITS[edit] for edit in numbers])
    axes.invert_yaxis()
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel("found at 1 % false claims (mean over the decoders asked; bar: least to most)")
    figure.legend(loc="outside upper center", ncols=len(_USUAL), frameon=False)
    _framed(axes)
    _save(figure, path, numbers)


def draw_by_quality(path: Path) -> None:
    """A panel a size, a line a method: the mean over decoders by the quality of a JPEG, dotted the least."""
    numbers = by_quality()
    figure = _figure(8.5, 3.2)
    panels = figure.subplots(1, len(_PANELS), sharey=True)
    for axes, (size, title) in zip(panels, _PANELS.items(), strict=True):
        edits = list(numbers[str(size)])
        for method, (name, colour, mark) in _METHODS.items():
            at = [place for place, edit in enumerate(edits) if method in numbers[str(size)][edit]]
            means, lows, _ = zip(*(numbers[str(size)][edits[place]][method] for place in at), strict=True)
            axes.plot(at, lows, linestyle=":", color=colour)
            axes.plot(at, means, mark, linestyle="-", color=colour, markersize=5, label=name)
        axes.set_xticks(range(len(edits)), [_QUALITIES[edit] for edit in edits], fontsize=8)
        axes.set_title(title, fontsize=9, color=_INK)
        axes.set_ylim(-0.02, 1.02)
        _framed(axes)
    panels[0].set_ylabel("found at 1 % false claims", fontsize=8)
    panels[1].set_xlabel("quality of the JPEG", fontsize=8)
    panels[-1].legend(loc="upper right", fontsize=7)
    _save(figure, path, numbers)


FIGURES: Final = {"found-by-edit": (draw_by_edit, by_edit), "found-by-quality": (draw_by_quality, by_quality)}
"""By the file's name without its ending: who draws it, and the numbers it shows."""


def main() -> None:
    """Draw both figures into docs/assets."""
    for name, (draw, _) in FIGURES.items():
        path = ASSETS / f"{name}.svg"
        draw(path)
        typer.echo(f"{path} {path.stat().st_size} bytes")


if __name__ == "__main__":
    typer.run(main)
