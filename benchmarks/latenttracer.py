"""LatentTracer as it is by default beside AEDR's ratio, on the same images of real decoders.

    python -m benchmarks.latenttracer --size 192

The images of benchmarks/decoders.py that are judged there: belongings are photos decoded by the decoder, pools the
photos themselves and the same photos decoded by each other real decoder. LatentTracer is asked of the first --test of
each; AEDR's ratio of the same, and of --all of each, since it costs so little. Scores are kept under --work, so a run
that was stopped goes on. Writes benchmarks/results/latenttracer-SIZE.json.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer

import wherefrom as wf
from benchmarks.decoders import DECODERS, RESULTS, SHARED, Plan, prepared, save, timed
from wherefrom import evaluation
from wherefrom.core.arrays import Vector
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.base import Method
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.models.base import Autoencoder

ZOO: Final = "zoo:kl-f8-a"
RATIO: Final = AEDR(adjustment="none")
METHODS: Final[Mapping[str, Method[Any]]] = {"aedr": RATIO, "latenttracer": LatentTracer()}


def values(model: Autoencoder, method: Method[Any], source: str, rows: slice, plan: Plan) -> Vector:
    """The statistic of some of a source's images; a minute's progress on standard error."""
    paths = sorted((plan.work / source).glob("*.png"))[rows]
    last = [time.monotonic()]

    def tell(now: Any) -> None:
        if time.monotonic() - last[0] > 60:
            last[0] = time.monotonic()
            typer.echo(f"  {method.card.name} on {source}: {now.done} of {now.total}", err=True)

    store = plan.work / "latenttracer.sqlite"
    table = wf.score(wf.load_images(*paths), model=model, method=method, store=store, progress=tell)
    found: Vector = method.statistic(table.scores, {})
    return found[np.isfinite(found)]


def compared(name: str, model: Autoencoder, others: list[str], plan: Plan, every: int) -> dict[str, Any]:
    """Both methods on one decoder: the same few images, and the ratio on all."""
    asked = {f"{label}, {plan.test} each": (method, plan.test) for label, method in METHODS.items()}
    asked[f"aedr, {every} each"] = (RATIO, every)
    results = {}
    for label, (method, count) in asked.items():
        rows = slice(plan.profile, plan.profile + count)
        own = values(model, method, name, rows, plan)
        pools = {source: values(model, method, source, rows, plan) for source in others}
        together = np.concatenate(list(pools.values()))
        results[label] = {
            "auc": evaluation.auc(own, together).value,
            "tpr": evaluation.tpr_at_fpr(own, together, 0.01).value,
            "pools": {source: evaluation.auc(own, pool).value for source, pool in pools.items()},
            "belongings": float(np.median(own)),
            "others": float(np.median(together)),
            "counts": [len(own), len(together)],
        }
    return results


def show(results: Mapping[str, Any]) -> str:
    """The table in Markdown."""
    lines = [
        "| decoder | method, images | AUC | TPR at 1 % FPR | least AUC | median of belongings | of others | seconds |",
        "| --- " * 8 + "|",
    ]
    for decoder, found in results.items():
        for label, one in found["methods"].items():
            worst = min(one["pools"], key=one["pools"].__getitem__)
            took = found["seconds"][label.split(",")[0]]
            cells = [decoder, label, f"{one['auc']:.3f}", f"{one['tpr']:.2f}", f"{worst}: {one['pools'][worst]:.3f}"]
            cells += [f"{one['belongings']:.3g}", f"{one['others']:.3g}", f"{took:.2f}"]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(
    size: Annotated[int, typer.Option(help="side of the images in pixels")] = 192,
    skip: Annotated[
        int, typer.Option(help="images of each kind left to profiles: those of benchmarks/searching.py")
    ] = 40,
    test: Annotated[int, typer.Option(help="images of each kind that are searched")] = 25,
    every: Annotated[int, typer.Option("--all", help="images of each kind that AEDR's ratio is asked of")] = 100,
    photos: Annotated[Path, typer.Option(help="folder of photos")] = SHARED / "photos",
    work: Annotated[Path, typer.Option(help="folder of images and scores")] = Path("decoders-work"),
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    out: Annotated[Path | None, typer.Option(help="JSON file")] = None,
) -> None:
    """Compare LatentTracer's default with AEDR's ratio on real decoders and the zoo's."""
    made = Plan(size=size, profile=skip, test=every, work=work / str(size))
    models = prepared([ZOO, *DECODERS], photos, made, device)
    plan = Plan(size=size, profile=skip, test=test, work=made.work)
    results: dict[str, Any] = {}
    command = f"python -m benchmarks.latenttracer --size {size} --skip {skip} --test {test} --all {every}"
    target = out or RESULTS / f"latenttracer-{size}.json"
    for name, model in models.items():
        others = ["photos", *(other for other in DECODERS if other != name)]
        results[name] = {
            "methods": compared(name, model, others, plan, every),
            "seconds": timed(model, name, plan, METHODS),
        }
        save(target, command, results)
    typer.echo(f"{show(results)}\n\nwritten to {target}")


if __name__ == "__main__":
    typer.run(main)
