"""AEDR first, a search for what it leaves undecided: what does the cascade find, and how many searches does it save?

    python -m benchmarks.cascade --size 192

On the images and scores of benchmarks/searching.py (same --size, --profile, --test, --work; what it has scored is not
asked again). The ratio t of AEDR has two cuts: at or below the low one an image is taken as a belonging, above the high
one as none, and only in between is `traced` asked, which learns from every other belonging of the profile. The high cut
is the largest t of the others, so it misses about one in as many beside what alpha allows. The low one is the smallest
t among non-belongings: those of the other half than the image judged, so no image chooses its own cut. Another table
says how often each method decides rightly at alpha 0.05 where the other does not.

Writes benchmarks/results/cascade-SIZE.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer

import wherefrom as wf
from benchmarks.decoders import ALPHA, RESULTS, SHARED, Plan, interval, prepared, save, share
from benchmarks.searching import BY_BAND, METHOD, asked, over, statistics
from wherefrom import evaluation
from wherefrom.core.arrays import Scores, Vector
from wherefrom.methods.base import Fit

BELONGS: Final = 0.0
FOREIGN: Final = 1e9
RATIO: Final = over("first", "second")


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """Images with both statistics, those of one source in their order."""

    ratio: Vector
    searched: Vector

    @staticmethod
    def of(scores: Scores, fit: Fit) -> Judged:
        """From the columns of `traced`, and what that has learned."""
        return Judged(ratio=RATIO(scores, {}), searched=METHOD.statistic(scores, fit))

    def half(self, odd: int) -> Judged:
        """Every other image."""
        return Judged(ratio=self.ratio[odd::2], searched=self.searched[odd::2])

    def cascaded(self, low: float, high: float) -> Vector:
        """The search's statistic between the cuts of the ratio."""
        return np.where(self.ratio <= low, BELONGS, np.where(self.ratio > high, FOREIGN, self.searched))

    def asked(self, low: float, high: float) -> Vector:
        """1 for images that are searched, 0 for the others."""
        return ((self.ratio > low) & (self.ratio <= high)).astype(np.float64)


def joined(parts: list[Judged]) -> Judged:
    """All images of several sources."""
    return Judged(
        ratio=np.concatenate([part.ratio for part in parts]),
        searched=np.concatenate([part.searched for part in parts]),
    )


def crossed(known: Judged, own: Judged, pools: list[Judged], *, low: bool) -> dict[str, Any]:
    """The cascade on each half, its low cut (if it has one) from the other half's non-belongings."""
    high = float(known.ratio.max())
    found: dict[str, list[Any]] = {"own": [], "every": [], "own asked": [], "every asked": []}
    for odd in (0, 1):
        other = joined([pool.half(1 - odd) for pool in pools])
        cut = float(np.nextafter(other.ratio.min(), 0)) if low else -1.0
        for name, images in (("own", own.half(odd)), ("every", joined([pool.half(odd) for pool in pools]))):
            found[name].append(images.cascaded(cut, high))
            found[f"{name} asked"].append(images.asked(cut, high))
    whole = {name: np.concatenate(parts) for name, parts in found.items()}
    return row(whole["own"], whole["every"], known.cascaded(-1.0, high)) | {
        "searched": float(np.mean(np.concatenate([whole["own asked"], whole["every asked"]]))),
        "own searched": float(np.mean(whole["own asked"])),
        "others searched": float(np.mean(whole["every asked"])),
    }


def row(own: Vector, every: Vector, known: Vector) -> dict[str, Any]:
    """What a statistic tells, and its mistakes at alpha by the conformal cut of the profiled belongings."""
    cut = wf.rules.load("conformal").threshold(known, ALPHA)
    return {
        "auc": evaluation.auc(own, every).value,
        "tpr": evaluation.tpr_at_fpr(own, every, 0.01).value,
        "missed": share((int(np.sum(own > cut)), len(own))),
        "passed": share((int(np.sum(every <= cut)), len(every))),
    }


def sure(known: Judged, own: Judged, every: Judged) -> dict[str, dict[str, int]]:
    """How many images each method judges rightly at alpha: both, one alone, none."""
    rule = wf.rules.load("conformal")
    cuts = (rule.threshold(known.ratio, ALPHA), rule.threshold(known.searched, ALPHA))
    found = {}
    for name, images, belongs in (("belongings", own, True), ("others", every, False)):
        ratio, searched = (
            (values <= cut) == belongs for values, cut in zip((images.ratio, images.searched), cuts, strict=True)
        )
        found[name] = {
            "both": int(np.sum(ratio & searched)),
            "aedr alone": int(np.sum(ratio & ~searched)),
            "traced alone": int(np.sum(~ratio & searched)),
            "neither": int(np.sum(~ratio & ~searched)),
        }
    return found


def on_decoder(name: str, names: tuple[str, ...], model: Any, plan: Plan, device: str) -> dict[str, Any]:
    """Both methods and the cascade on one decoder's images and all others."""
    profiled = asked(model, METHOD, name, plan.rows("profile"), plan, device).scores
    fit, rest = statistics()[BY_BAND].fitted(profiled)
    known = Judged.of(rest, fit)
    own = Judged.of(asked(model, METHOD, name, plan.rows("test"), plan, device).scores, fit)
    pools = [
        Judged.of(asked(model, METHOD, source, plan.rows("test"), plan, device).scores, fit)
        for source in ("photos", *(other for other in names if other != name))
    ]
    every = joined(pools)
    all_of_them = {"searched": 1.0, "own searched": 1.0, "others searched": 1.0}
    return {
        "methods": {
            "aedr": row(own.ratio, every.ratio, known.ratio) | dict.fromkeys(all_of_them, 0.0),
            "traced": row(own.searched, every.searched, known.searched) | all_of_them,
            "cascade, both cuts": crossed(known, own, pools, low=True),
            "cascade, high cut alone": crossed(known, own, pools, low=False),
        },
        "sure": sure(known, own, every),
    }


def show(results: Mapping[str, Any]) -> str:
    """The tables in Markdown."""
    lines = [
        "| decoder | method | searched: belongings, others | AUC | TPR at 1 % FPR | missed at alpha 0.05 | passed |",
        "| --- " * 7 + "|",
    ]
    for decoder, found in results.items():
        for label, one in found["methods"].items():
            cells = [decoder, label, f"{100 * one['own searched']:.0f} %, {100 * one['others searched']:.0f} %"]
            cells += [f"{one['auc']:.3f}", f"{one['tpr']:.2f}", interval(one["missed"]), interval(one["passed"])]
            lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| decoder | images | both right | `aedr` alone | `traced` alone | neither |", "| --- " * 6 + "|"]
    for decoder, found in results.items():
        for kind, counts in found["sure"].items():
            lines.append(f"| {' | '.join([decoder, kind, *map(str, counts.values())])} |")
    return "\n".join(lines)


def main(
    size: Annotated[int, typer.Option(help="side of the images in pixels")] = 192,
    profile: Annotated[int, typer.Option(help="belongings to take the cuts from")] = 40,
    test: Annotated[int, typer.Option(help="belongings, and images of each pool, to judge")] = 100,
    photos: Annotated[Path, typer.Option(help="folder of photos")] = SHARED / "photos",
    decoder: Annotated[list[str] | None, typer.Option(help="what load_model takes; repeat it")] = None,
    work: Annotated[Path, typer.Option(help="folder of images and scores")] = Path("decoders-work"),
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    out: Annotated[Path | None, typer.Option(help="JSON file")] = None,
) -> None:
    """Compare AEDR, traced and the cascade of both."""
    plan = Plan(size=size, profile=profile, test=test, work=work / str(size))
    models = prepared(decoder, photos, plan, device)
    results = {name: on_decoder(name, tuple(models), model, plan, device) for name, model in models.items()}
    target = out or RESULTS / f"cascade-{size}.json"
    save(target, f"python -m benchmarks.cascade --size {size} --profile {profile} --test {test}", results)
    typer.echo(f"{show(results)}\n\nwritten to {target}")


if __name__ == "__main__":
    typer.run(main)
