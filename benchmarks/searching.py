"""What does a search from the encoder's latent add to two reconstructions, on real decoders?

    python -m benchmarks.searching --size 192

The same images as benchmarks/decoders.py: belongings are photos decoded by the decoder, pools the photos themselves and
the same photos decoded by each other decoder, 8-bit PNG of one size. Every image is asked once: two reconstructions, a
search of a few steps of L-BFGS from the encoder's latent, and the same search of the image's own reconstruction, its
twin. All statistics of the first table come from these columns. The second table, on fewer images, compares searches of
LatentTracer at equal decoder calls: ours, the paper's schedule, a random start. Scores are kept under --work, so a run
that was stopped goes on. Writes benchmarks/results/searching-SIZE.json.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer

import wherefrom as wf
from benchmarks.decoders import ALPHA, RESULTS, SHARED, Plan, interval, prepared, save, share, timed, typed
from wherefrom import evaluation
from wherefrom.core.arrays import Scores, Vector
from wherefrom.core.units import ROUNDING
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.base import Fit, Method
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.methods.spectral import Spectral
from wherefrom.methods.traced import Traced
from wherefrom.models.base import Autoencoder

STEPS: Final = 5
CALLS: Final = 30
METHOD: Final = Traced(steps=STEPS)
BY_BAND: Final = f"traced: twin by band, {STEPS} steps"
SEARCHES: Final[Mapping[str, LatentTracer]] = {
    "L-BFGS, from the encoder": LatentTracer(steps=CALLS),
    "the paper's schedule, from the encoder": LatentTracer(optimiser="adam", rate=0.05, schedule="halved", steps=CALLS),
    "L-BFGS, from a random start": LatentTracer(steps=CALLS, start="random"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Statistic:
    """One number from the columns, and how many decoder calls it takes: those with a gradient, and those without.

    Where it learns, it does so from every other belonging of the profile that has the statistic, and the cut is taken
    from the rest of those.
    """

    value: Callable[[Scores, Fit], Vector]
    searched: int
    plain: int
    learn: Callable[[Scores], Fit] | None = None

    def fitted(self, known: Scores) -> tuple[Fit, Scores]:
        """What it learns from the profile, and the belongings that are left for the cut."""
        if self.learn is None:
            return {}, known
        defined = np.flatnonzero(np.isfinite(self.value(known, self.learn(known))))
        return self.learn(known.take(defined[::2])), known.take(defined[1::2])


def over(name: str, below: str) -> Callable[[Scores, Fit], Vector]:
    """A loss over another, which is at least 8-bit rounding."""
    return lambda scores, _: scores[name] / np.maximum(scores[below], ROUNDING)


def loss(name: str) -> Callable[[Scores, Fit], Vector]:
    """A loss as it is."""
    return lambda scores, _: scores[name].copy()


def statistics() -> dict[str, Statistic]:
    """What is compared, from the cheapest on."""
    found = {"t": Statistic(value=over("first", "second"), searched=0, plain=2)}
    for steps in (1, 2, 3, STEPS):
        last = f"loss_{steps}"
        found |= {
            f"loss, {steps} steps": Statistic(value=loss(last), searched=steps, plain=1),
            f"loss / L1, {steps} steps": Statistic(value=over(last, "first"), searched=steps, plain=1),
            f"loss / L2, {steps} steps": Statistic(value=over(last, "second"), searched=steps, plain=3),
            f"loss / twin's, {steps} steps": Statistic(value=over(last, f"twin_{steps}"), searched=2 * steps, plain=3),
        }
    learning: Mapping[str, tuple[Method[Any], int, int]] = {
        "spectral": (Spectral(), 0, 2),
        BY_BAND: (METHOD, 2 * STEPS, 3),
    }
    for label, (method, searched, plain) in learning.items():
        found[label] = Statistic(value=method.statistic, learn=method.fit, searched=searched, plain=plain)
    return found


def asked(model: Autoencoder, method: Method[Any], source: str, rows: slice, plan: Plan, device: str) -> wf.ScoreTable:
    """Scores of some of a source's images."""
    paths = sorted((plan.work / source).glob("*.png"))[rows]
    started, last = time.monotonic(), [time.monotonic()]

    def tell(now: Any) -> None:
        if time.monotonic() - last[0] > 60:
            last[0] = time.monotonic()
            typer.echo(
                f"  {source} on {device}: {now.done} of {now.total}, {time.monotonic() - started:.0f} s", err=True
            )

    return wf.score(
        wf.load_images(*paths), model=model, method=method, store=plan.work / "searching.sqlite", progress=tell
    )


def row(own: Vector, known: Vector, pools: Mapping[str, Vector]) -> dict[str, Any]:
    """AUC, TPR at 1 % FPR over all pools and on the worst, and misses at alpha among a conformal profile."""
    every = np.concatenate(list(pools.values()))
    cut = wf.rules.load("conformal").threshold(known[np.isfinite(known)], ALPHA)
    by_pool = {name: evaluation.tpr_at_fpr(own, values, 0.01).value for name, values in pools.items()}
    return {
        "auc": evaluation.auc(own, every).value,
        "tpr": evaluation.tpr_at_fpr(own, every, 0.01).value,
        "pools": by_pool,
        "missed": share((int(np.sum(own > cut)), len(own))),
        "passed": share((int(np.sum(every <= cut)), len(every))),
    }


def on_decoder(name: str, names: tuple[str, ...], model: Autoencoder, plan: Plan, device: str) -> dict[str, Any]:
    """All statistics on one decoder's images, the photos and the other decoders' images."""
    known = asked(model, METHOD, name, plan.rows("profile"), plan, device)
    tables = {
        source: asked(model, METHOD, source, plan.rows("test"), plan, device)
        for source in (name, "photos", *(other for other in names if other != name))
    }
    results: dict[str, Any] = {}
    for label, statistic in statistics().items():
        fit, left = statistic.fitted(known.scores)
        values = {source: statistic.value(table.scores, fit) for source, table in tables.items()}
        own = values.pop(name)
        results[label] = row(own, statistic.value(left, fit), values) | {
            "searched": statistic.searched,
            "plain": statistic.plain,
        }
    return results


def compared(name: str, model: Autoencoder, plan: Plan, few: int, device: str) -> dict[str, Any]:
    """LatentTracer's searches at equal decoder calls, belongings against photos, on fewer images."""
    results: dict[str, Any] = {}
    rows = slice(plan.profile, plan.profile + few)
    for label, method in SEARCHES.items():
        own, photos = (asked(model, method, source, rows, plan, device).scores["loss"] for source in (name, "photos"))
        results[label] = {
            "calls": CALLS + 1,
            "belongings": float(np.median(own)),
            "photos": float(np.median(photos)),
            "auc": evaluation.auc(own, photos).value,
        }
    return results


def seconds(model: Autoencoder, name: str, plan: Plan) -> dict[str, float]:
    """Seconds an image of each method."""
    methods: dict[str, Method[Any]] = {
        "aedr": AEDR(),
        f"traced, {STEPS} steps": METHOD,
        f"latenttracer, {CALLS} steps": LatentTracer(steps=CALLS),
        "latenttracer, the paper's": LatentTracer.paper(),
    }
    return timed(model, name, plan, methods)


def show(results: Mapping[str, Any]) -> str:
    """The tables in Markdown."""
    lines = [
        "| decoder | statistic | calls (gradient / none) | AUC | TPR at 1 % FPR | worst pool | missed at alpha 0.05 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for decoder, found in results.items():
        for label, one in found["statistics"].items():
            worst = min(one["pools"], key=one["pools"].__getitem__)
            cells = [
                decoder,
                label,
                f"{one['searched']} / {one['plain']}",
                f"{one['auc']:.3f}",
                f"{one['tpr']:.2f}",
                f"{worst}: {one['pools'][worst]:.2f}",
                interval(one["missed"]),
            ]
            lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| decoder | search | calls | median loss of belongings | of photos | AUC |", "| --- " * 6 + "|"]
    for decoder, found in results.items():
        for label, one in found.get("searches", {}).items():
            cells = [decoder, label, str(one["calls"]), f"{one['belongings']:.2e}", f"{one['photos']:.2e}"]
            lines.append(f"| {' | '.join([*cells, format(one['auc'], '.3f')])} |")
    lines += ["", "| decoder | method | seconds an image | times aedr's |", "| --- " * 4 + "|"]
    for decoder, found in results.items():
        for label, took in found.get("seconds", {}).items():
            lines.append(f"| {decoder} | {label} | {took:.2f} | {took / found['seconds']['aedr']:.1f} |")
    return "\n".join(lines)


def main(
    size: Annotated[int, typer.Option(help="side of the images in pixels")] = 192,
    profile: Annotated[int, typer.Option(help="belongings to take the cut from")] = 40,
    test: Annotated[int, typer.Option(help="belongings, and images of each pool, to judge")] = 100,
    few: Annotated[int, typer.Option(help="images of each kind for the table of searches; 0 leaves it out")] = 12,
    photos: Annotated[Path, typer.Option(help="folder of photos")] = SHARED / "photos",
    decoder: Annotated[list[str] | None, typer.Option(help="what load_model takes; repeat it")] = None,
    against: Annotated[list[str] | None, typer.Option(help="one more decoder, whose images are a pool alone")] = None,
    work: Annotated[Path, typer.Option(help="folder of images and scores")] = Path("decoders-work"),
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    out: Annotated[Path | None, typer.Option(help="JSON file")] = None,
) -> None:
    """Compare what searches tell with what two reconstructions tell."""
    plan = Plan(size=size, profile=profile, test=test, work=work / str(size))
    models = prepared(decoder, photos, plan, device)
    others = tuple(prepared(against, photos, plan, device)) if against else ()
    results: dict[str, Any] = {}
    options = f"--size {size} --profile {profile} --test {test} --few {few}"
    command = f"python -m benchmarks.searching {options}{typed('decoder', decoder)}{typed('against', against)}"
    target = out or RESULTS / f"searching-{size}.json"
    for name, model in models.items():
        results[name] = {"statistics": on_decoder(name, (*models, *others), model, plan, device)}
        save(target, command, results)
    for name, model in models.items():
        if few:
            results[name] |= {"searches": compared(name, model, plan, few, device)}
        results[name] |= {"seconds": seconds(model, name, plan)}
        save(target, command, results)
    typer.echo(f"{show(results)}\n\nwritten to {target}")


if __name__ == "__main__":
    typer.run(main)
