"""A table's rows as Markdown, as JSON and as a figure."""

from __future__ import annotations

import dataclasses
import math
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from wherefrom.bench.base import Table
from wherefrom.core.files import write_json
from wherefrom.core.version import VERSION
from wherefrom.report.figures import save_figure

__all__ = ["document", "draw", "markdown", "write"]

_INK, _GREY, _OURS = "#222222", "#6b6b6b", "#0072b2"
_BESIDE: Final = {"medians": ("median of belongings", "of the others"), "calls": ("decoder calls",)}
_INCHES: Final = 0.32  # a row of the figure


def document(
    name: str, table: Table, rows: Sequence[Any], *, command: str, skipped: Sequence[str], device: str = "auto"
) -> dict[str, Any]:
    """What is kept of a run: all rows, the command, where and when.

    Args:
        name: of the table.
        table: the table.
        rows: one a line.
        command: that made it.
        skipped: what was left out, in words.
        device: on which the models were asked.
    """
    import torch

    from wherefrom.models.adapters.arithmetic import device_of

    place = device_of(device)
    card = f", {torch.cuda.get_device_name(place)}" if place.type == "cuda" else ""

    return {
        "table": name,
        "title": table.title,
        "paper": table.paper,
        "goal": table.goal,
        "rules": list(table.rules),
        "beside": list(table.beside),
        "command": command,
        "version": VERSION,
        "torch": torch.__version__,
        "machine": f"{platform.machine()}{card}, {torch.get_num_threads()} threads",
        "date": datetime.now(UTC).date().isoformat(),
        "left out": list(skipped),
        **table.facts,
        "rows": [dataclasses.asdict(row) for row in rows],
    }


def write(document: Mapping[str, Any], folder: Path) -> Path:
    """The document as `NAME.json` in a folder, whole or not at all."""
    path = folder / f"{document['table']}.json"
    write_json(path, document)
    return path


def markdown(document: Mapping[str, Any]) -> str:
    """The table in Markdown, from its document."""
    rules, beside = document["rules"], document.get("beside", ())
    timed = any(row["seconds"] is not None for row in document["rows"])
    head = ["model", "against", "how", "AUC", "TPR at 1 % FPR"]
    head += [f"{rule}: TP/FP/FN/TN, accuracy %" for rule in rules]
    head += [title for name in beside for title in _BESIDE[name]]
    head += (["paper, %"] if document["paper"] else []) + (["seconds an image"] if timed else [])
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for row in document["rows"]:
        cells = [row["model"], row["against"], row["how"], _spread(row["auc"], 3), _spread(row["tpr"]["0.01"], 2)]
        cells += [_counts(row["rules"].get(rule)) for rule in rules]
        cells += [cell for name in beside for cell in _further(name, row)]
        cells += [_number(row["paper"], ".1f")] if document["paper"] else []
        cells += [_number(row["seconds"], ".2f")] if timed else []
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", *_means(document), *_goal(document)])


def _further(name: str, row: Mapping[str, Any]) -> list[str]:
    """Numbers that only some tables show, as `_BESIDE` names them."""
    if name == "calls":
        return [_number(row["calls"], ".0f")]
    return [_number(row["medians"].get(kind), ".3g") for kind in ("belonging", "foreign")]


def _means(document: Mapping[str, Any]) -> list[str]:
    """Average accuracy by rule, and of what is found, for each way of asking that has several rows."""
    if not document["rules"]:
        return []
    lines = []
    ways = list(dict.fromkeys(row["how"] for row in document["rows"]))
    for way in ways:
        rows = [row for row in document["rows"] if row["how"] == way]
        if len(rows) < 2:
            continue
        parts = []
        for rule in document["rules"]:
            known = [row["rules"][rule]["accuracy"] for row in rows if row["rules"].get(rule)]
            if known:
                parts.append(f"{100 * sum(known) / len(known):.1f} % by {rule}")
        papers = [row["paper"] for row in rows if row["paper"] is not None]
        if papers:
            parts.append(f"{sum(papers) / len(papers):.1f} % in the paper")
        sentence = f"average accuracy: {', '.join(parts) or 'no cut from so few'}"
        found_at = [row["tpr"]["0.01"]["value"] for row in rows if row["tpr"]["0.01"]]
        sentence += f"; TPR at 1 % FPR {sum(found_at) / len(rows):.2f}" if len(found_at) == len(rows) else ""
        lines.append(f"- {way}, {len(rows)} rows, {sentence}")
    return lines


def _goal(document: Mapping[str, Any]) -> list[str]:
    """What the project asks of itself, of the way that comes nearest, and the rows that miss it."""
    if document["goal"] is None:
        return []
    rule, least = document["rules"][0], document["goal"]
    ways: dict[str, list[Mapping[str, Any]]] = {}
    for row in document["rows"]:
        if row["rules"].get(rule):
            ways.setdefault(row["how"], []).append(row)
    if not ways:
        return [f"- goal: at least {least:.1f} % by {rule}; no cut from so few"]
    best = max(ways, key=lambda way: _mean(ways[way], rule))
    below = [f"{row['model']} against {row['against']}" for row in ways[best] if 100 * _accuracy(row, rule) < least]
    mean = 100 * _mean(ways[best], rule)
    sentence = f"best way, {best}: {mean:.1f} %; rows below: {', '.join(below) or 'none'}"
    return [f"- goal: at least {least:.1f} % by {rule}; {sentence}"]


def _accuracy(row: Mapping[str, Any], rule: str) -> float:
    return float(row["rules"][rule]["accuracy"])


def _mean(rows: Sequence[Mapping[str, Any]], rule: str) -> float:
    return sum(_accuracy(row, rule) for row in rows) / len(rows)


def draw(document: Mapping[str, Any], path: Path) -> None:
    """Accuracy by the first rule with its interval, and the paper's, one line a row; no figure where nothing is cut.

    Args:
        document: the document.
        path: of the figure.
    """
    if not document["rules"]:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = [row for row in document["rows"] if row["rules"].get(document["rules"][0])]
    figure = Figure(figsize=(8.0, 1.2 + _INCHES * max(len(rows), 1)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for place, row in enumerate(rows):
        accuracy = row["rules"][document["rules"][0]]
        middle = 100 * accuracy["accuracy"]
        axes.hlines(place, 100 * accuracy["low"], 100 * accuracy["high"], color=_OURS)
        axes.plot(middle, place, "o", color=_OURS, label=None if place else "here, with its 95 % interval")
    papers = [(row["paper"], place) for place, row in enumerate(rows) if row["paper"] is not None]
    if papers:
        axes.plot(*zip(*papers, strict=True), "x", color=_INK, label="the paper")
    axes.set_yticks(range(len(rows)), [f"{row['model']} / {row['against']} / {row['how']}" for row in rows], fontsize=7)
    axes.invert_yaxis()
    axes.axvline(50, color=_GREY, linewidth=0.8, linestyle=":")
    axes.set_xlabel(f"accuracy in per cent, cut by {document['rules'][0]}; dotted: a coin")
    axes.set_title(document["title"], fontsize=9)
    if rows:
        axes.legend(fontsize=7, loc="best")
    save_figure(figure, path, dpi=120)


def _spread(estimate: Mapping[str, float] | None, digits: int) -> str:
    if estimate is None:
        return "-"
    return f"{estimate['value']:.{digits}f} ({estimate['low']:.{digits}f} to {estimate['high']:.{digits}f})"


def _counts(errors: Mapping[str, float] | None) -> str:
    if errors is None:
        return "-"
    counts = "/".join(f"{errors[key]:.0f}" for key in ("tp", "fp", "fn", "tn"))
    return f"{counts} {100 * errors['accuracy']:.1f} ({100 * errors['low']:.1f} to {100 * errors['high']:.1f})"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None or math.isnan(value) else format(value, form)
