"""Figures that earlier programs of this folder wrote, each of which is a table of `wherefrom bench` now.

The programs are gone. Their figures stay as they were written until they are measured again, and the pages of results
say so: `FILES` names the command that makes the table now, what it does in another way, and shows the old figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from wherefrom.bench import load as load_table

__all__ = ["FILES", "Earlier", "note"]

Document = Mapping[str, Any]
_REAL: Final = "--decoder taesd --decoder taesd3 --decoder taef1"
_ASKED: Final = "--ask taesd --ask taesd3 --ask taef1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Earlier:
    """Figures of a program that is a table now.

    Attributes:
        now: the command that makes the table now.
        differs: what the table does in another way than the program did, in sentences.
        show: the figures in Markdown, from the file.
    """

    now: str
    differs: str
    show: Callable[[Document], str]


def note(name: str, found: Document) -> str:
    """What a page says below figures that were written by an earlier program.

    Args:
        name: of the file.
        found: what it holds.
    """
    by = f"`{found['command']}` (wherefrom {found['version']})"
    return (
        f"- made by an earlier program, {by}; not measured again with the command above, which makes this table now."
        f" {FILES[name].differs}"
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines)


def _counted(share: Mapping[str, Any]) -> str:
    return f"{share['count']}/{share['of']} ({share['low']:.3f} to {share['high']:.3f})"


def _worst(rates: Mapping[str, float], digits: int) -> str:
    worst = min(rates, key=rates.__getitem__)
    return f"{worst}: {rates[worst]:.{digits}f}"


def decoders(document: Document) -> str:
    """Which statistic tells decoders apart: as the table shows it now, from a file without intervals of the curves."""
    rows = [
        {
            **row,
            "model": decoder,
            "how": statistic,
            "auc": {"value": row["auc"]},
            "tpr": {"value": row["tpr"]},
            "pools": {pool: {**one, "tpr": {"value": one["tpr"]}} for pool, one in row["pools"].items()},
        }
        for decoder, found in document["decoders"].items()
        for statistic, row in found.items()
    ]
    shown = load_table("decoders").markdown
    assert shown is not None
    return shown({"rows": rows})


def searches(document: Document) -> str:
    """Statistics after so many steps, searches at equal decoder calls, seconds an image."""
    every = document["decoders"]
    statistics = [
        [
            *(decoder, label, f"{one['searched']} / {one['plain']}", f"{one['auc']:.3f}", f"{one['tpr']:.2f}"),
            *(_worst(one["pools"], 2), _counted(one["missed"])),
        ]
        for decoder, found in every.items()
        for label, one in found["statistics"].items()
    ]
    compared = [
        [decoder, label, str(one["calls"]), f"{one['belongings']:.2e}", f"{one['photos']:.2e}", f"{one['auc']:.3f}"]
        for decoder, found in every.items()
        for label, one in found["searches"].items()
    ]
    seconds = [
        [decoder, label, f"{took:.2f}", f"{took / found['seconds']['aedr']:.1f}"]
        for decoder, found in every.items()
        for label, took in found["seconds"].items()
    ]
    head = ["decoder", "statistic", "calls (gradient / none)", "AUC", "TPR at 1 % FPR", "worst pool"]
    tables = (
        _table([*head, "missed at alpha 0.05"], statistics),
        _table(["decoder", "search", "calls", "median loss of belongings", "of photos", "AUC"], compared),
        _table(["decoder", "method", "seconds an image", "times aedr's"], seconds),
    )
    return "\n\n".join(tables)


def latenttracer(document: Document) -> str:
    """LatentTracer beside AEDR's ratio."""
    head = ["decoder", "method, images", "AUC", "TPR at 1 % FPR", "least AUC", "median of belongings", "of others"]
    rows = [
        [
            *(decoder, label, f"{one['auc']:.3f}", f"{one['tpr']:.2f}", _worst(one["pools"], 3)),
            *(f"{one['belongings']:.3g}", f"{one['others']:.3g}", f"{found['seconds'][label.split(',')[0]]:.2f}"),
        ]
        for decoder, found in document["decoders"].items()
        for label, one in found["methods"].items()
    ]
    return _table([*head, "seconds"], rows)


def cascade(document: Document) -> str:
    """AEDR first, then a search; and which method alone is right how often."""
    every = document["decoders"]
    ways = [
        [
            *(decoder, label, f"{100 * one['own searched']:.0f} %, {100 * one['others searched']:.0f} %"),
            *(f"{one['auc']:.3f}", f"{one['tpr']:.2f}", _counted(one["missed"]), _counted(one["passed"])),
        ]
        for decoder, found in every.items()
        for label, one in found["methods"].items()
    ]
    right = [
        [decoder, kind, *map(str, counts.values())]
        for decoder, found in every.items()
        for kind, counts in found["sure"].items()
    ]
    head = ["decoder", "method", "searched: belongings, others", "AUC", "TPR at 1 % FPR", "missed at alpha 0.05"]
    alone = ["decoder", "images", "both right", "`aedr` alone", "`traced` alone", "neither"]
    return "\n\n".join((_table([*head, "passed"], ways), _table(alone, right)))


def generators(document: Document) -> str:
    """RONAN on published generators, and averages by the kind of pair."""
    rules, rows = ("grubbs", "conformal"), document["rows"]
    cells = [
        [
            *(row["model"], str(row["size"]), row["other"], row["kind"], row["form"], f"{row['auc']:.3f}"),
            *(_right(row[rule]) for rule in rules),
            f"{row['median own']:.1e} to {row['largest own']:.1e}",
            *(f"{row[key]:.1e}" for key in ("largest profiled", "least other")),
        ]
        for row in rows
    ]
    means = [
        [kind, form, str(len(part)), *(_mean([row[rule]["accuracy"] for row in part]) for rule in rules)]
        for kind in ("other model", "real images", "sibling")
        for form in dict.fromkeys(row["form"] for row in rows)
        if (part := [row for row in rows if row["kind"] == kind and row["form"] == form])
    ]
    head = ["model", "px", "against", "kind", "loss", "AUC", "Grubbs: TP/FP/FN/TN, %", "conformal: TP/FP/FN/TN, %"]
    head += ["own, median to largest", "largest profiled", "least other"]
    return "\n\n".join(
        (_table(head, cells), _table(["average accuracy, %", "loss", "pairs", "Grubbs", "conformal"], means))
    )


def _right(found: Mapping[str, float]) -> str:
    return f"{'/'.join(str(found[key]) for key in ('tp', 'fp', 'fn', 'tn'))} {100 * found['accuracy']:.1f}"


def _mean(accuracies: Sequence[float]) -> str:
    return f"{100 * np.mean(accuracies):.1f}"


def whole(document: Document) -> str:
    """A latent model searched from random latents."""
    of = document["count"]
    rows = [
        [
            *(label, f"{one['belongings']:.2e}", f"{one['photos']:.2e}", f"{one['auc']:.2f}"),
            *(f"{one['found']}/{of}", f"{one['claimed']}/{of}", f"{one['accuracy']:.2f}"),
            *(f"{one['calls']:.0f}", f"{one['seconds']:.2f}"),
        ]
        for label, one in document["methods"].items()
    ]
    head = ["method", "median of belongings", "of photos", "AUC", "found", "photos claimed", "accuracy", "calls"]
    return _table([*head, "seconds"], rows)


def starts(document: Document) -> str:
    """What is left of a generator's own images, by the search."""
    keys = ("median", "95 %", "largest", "least of the sibling")
    rows = [
        [label, f"{one['calls']:.0f}", *(f"{one[key]:.1e}" for key in keys)]
        for label, one in document["starts"].items()
    ]
    return _table(["search on a VAE", "calls", *keys], rows)


_DECODERS: Final = (
    "It has images of the embedded decoders too, judges as many images of each kind as a profile has belongings, and"
    " takes AUC and TPR from the judged images alone, where the program also counted the pools of the profile."
)
_SEARCHES: Final = (
    "It also asks about images of the embedded decoders; the starts and schedules are the table `latenttracer-starts`,"
    " the times the table `times`. Profiles have as many belongings as are judged. An image whose L2 is no more than"
    " 8-bit rounding has no ratio, and counts as not claimed; a method that learns does so from the first, third, fifth"
    " belonging and so on, where the program left out those without a statistic first."
)
_COUNT: Final = "--count 100 --size 192"
FILES: Final[Mapping[str, Earlier]] = {
    **{
        f"decoders-{size}": Earlier(
            now=f"wherefrom bench decoders --count {count} --size {size} {_REAL} {_ASKED} --photos DIR",
            differs=_DECODERS,
            show=decoders,
        )
        for size, count in ((192, 200), (256, 199), (384, 77))
    },
    "searching-192": Earlier(
        now=f"wherefrom bench searches {_COUNT} {_REAL} {_ASKED} --photos DIR", differs=_SEARCHES, show=searches
    ),
    "searching-192-zoo": Earlier(
        now=f"wherefrom bench searches {_COUNT} {_REAL} --ask zoo:kl-f8-a --photos DIR",
        differs="It differs as said above.",
        show=searches,
    ),
    "latenttracer-192": Earlier(
        now=f"wherefrom bench latenttracer --count 40 --size 192 {_REAL} --photos DIR",
        differs="It also asks `zoo:kl-f8-b` and about its images, and judges by a profile too; the times are the table"
        " `times`.",
        show=latenttracer,
    ),
    "cascade-192": Earlier(
        now=f"wherefrom bench cascade {_COUNT} {_REAL} {_ASKED} --photos DIR",
        differs="AEDR's profile has all belongings there, where the program left out those from which `traced` learned;"
        " its lower cut comes from pools of the profile, not from the other half of the judged images. An image above"
        " the upper cut is excluded even where it is below the lower one, where the program took it as a belonging. The"
        " table also asks about images of the embedded decoders, and does not count which method alone is right.",
        show=cascade,
    ),
    "ronan": Earlier(
        now="wherefrom bench ronan-generators --count 100 --generator FILE --ask FILE --cifar10 DIR --photos DIR",
        differs="Give `--generator` for each file, and `--ask` for each that is searched. Photos are reduced to 4/3 of"
        " the size and their centres cropped, where the program cropped first; draws have other seeds. By Grubbs'"
        " rule an image is claimed strictly below the cut, where the program also claimed one that tied with it.",
        show=generators,
    ),
    "whole": Earlier(
        now="wherefrom bench ronan-latent --count 20 --size 48 --ask zoo:kl-f8-a --photos DIR",
        differs="It has at least 20 images of each kind, two cuts, and no times, which are the table `times`; its"
        " decoder calls are those of the search of the image alone.",
        show=whole,
    ),
    "starts": Earlier(
        now="wherefrom bench ronan-starts --count 40 --generator VAE_celeba.pt --generator betaB_celeba.pt"
        " --ask VAE_celeba.pt",
        differs="It makes profiles and judges by them, and shows medians instead of the largest losses; draws have"
        " other seeds.",
        show=starts,
    ),
}
"""By the file's name below `benchmarks/results`."""
