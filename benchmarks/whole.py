"""A latent diffusion model searched as a whole: from a random latent, as RONAN does, and from the encoder's.

    python -m benchmarks.whole

Belongings are photos decoded by the decoder (round trips), rounded to 8 bits; the others are the photos themselves, all
PNG of one size. One part of the belongings gives the cut (Grubbs, one-sided, alpha 0.05, as in the paper), the others
and as many photos are judged. RONAN has no encoder: it starts at a draw of the decoder's model of latents, which comes
with its weights. Its paper's search has 1,500 steps; --steps says how many are made here. Writes
benchmarks/results/whole.json.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import torch
import typer

import wherefrom as wf
from benchmarks.decoders import ALPHA, RESULTS, SHARED, Plan, autoencoder, contents, decode
from wherefrom import __version__, evaluation, rules
from wherefrom.core.arrays import Scores, Vector
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.base import Method
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.methods.ronan import RONAN
from wherefrom.methods.traced import Traced
from wherefrom.models.base import Autoencoder

PASSES: Final = 2
"""Decodes of methods that do not search."""
MORE: Final = 3
"""Of traced, beside two passes and two searches: the twin is made, and what each search found is decoded."""


def methods(steps: int, restarts: int) -> dict[str, Method[Any]]:
    """What is compared, by what a person calls it."""
    return {
        f"ronan, 1 random start, Adam at 0.1, {steps} steps": RONAN(search=RONAN.paper().search, steps=steps),
        f"ronan, {restarts} random starts, L-BFGS, {steps} steps": RONAN(
            start="random", restarts=restarts, keep=1, steps=steps
        ),
        "latenttracer, L-BFGS, 30 steps": LatentTracer(),
        "latenttracer, the paper's": LatentTracer.paper(),
        "aedr": AEDR(),
        "traced": Traced(bands=False),
    }


def asked(model: Autoencoder, method: Method[Any], paths: list[Path]) -> tuple[Scores, float]:
    """Scores of images, and processor seconds an image."""
    started = time.process_time()
    found = wf.score(wf.load_images(*paths), model=model, method=method).scores
    return found, (time.process_time() - started) / len(paths)


def calls(method: Method[Any], scores: Scores) -> float:
    """Decoder calls an image, the mean."""
    if "calls" not in scores.names:
        return PASSES
    searched = float(np.mean(scores["calls"]))
    return 2 * searched + PASSES + MORE if isinstance(method, Traced) else searched  # the image's and its twin's


def row(model: Autoencoder, method: Method[Any], name: str, plan: Plan) -> dict[str, Any]:
    """One method: its statistic on belongings and photos, and what Grubbs' cut makes of it."""
    places = {source: sorted((plan.work / source).glob("*.png")) for source in (name, "photos")}
    known, _ = asked(model, method, places[name][plan.rows("profile")])
    own, seconds = asked(model, method, places[name][plan.rows("test")])
    others, more = asked(model, method, places["photos"][plan.rows("test")])
    before, belonging, foreign = (_statistic(method, scores) for scores in (known, own, others))
    cut = rules.load("grubbs").threshold(before, ALPHA)
    right = int(np.sum(belonging < cut) + np.sum(foreign >= cut))
    return {
        "belongings": float(np.median(belonging)),
        "photos": float(np.median(foreign)),
        "auc": evaluation.auc(belonging, foreign).value,
        "found": int(np.sum(belonging < cut)),
        "claimed": int(np.sum(foreign < cut)),
        "accuracy": right / (len(belonging) + len(foreign)),
        "calls": (calls(method, own) + calls(method, others)) / 2,
        "seconds": (seconds + more) / 2,
    }


def _statistic(method: Method[Any], scores: Scores) -> Vector:
    return method.statistic(scores, {})


def show(document: Mapping[str, Any]) -> str:
    """The table in Markdown."""
    lines = [
        "| method | median of belongings | of photos | AUC | found | photos claimed | accuracy | calls | seconds |",
        "| --- " * 9 + "|",
    ]
    for label, one in document["methods"].items():
        cells = [
            label,
            f"{one['belongings']:.2e}",
            f"{one['photos']:.2e}",
            f"{one['auc']:.2f}",
            f"{one['found']}/{document['count']}",
            f"{one['claimed']}/{document['count']}",
            f"{one['accuracy']:.2f}",
            f"{one['calls']:.0f}",
            f"{one['seconds']:.2f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(
    size: Annotated[int, typer.Option(help="side of the images in pixels")] = 64,
    count: Annotated[int, typer.Option(help="belongings for the cut, belongings to judge, and photos to judge")] = 20,
    steps: Annotated[int, typer.Option(help="of RONAN's searches; the paper's are 1500")] = 1500,
    restarts: Annotated[int, typer.Option(help="of RONAN's second search")] = 4,
    decoder: Annotated[str, typer.Option(help="what load_model takes; it must draw latents")] = "zoo:kl-f8-a",
    photos: Annotated[Path, typer.Option(help="folder of photos")] = SHARED / "photos",
    work: Annotated[Path, typer.Option(help="folder of images")] = Path("whole-work"),
    out: Annotated[Path, typer.Option(help="JSON file")] = RESULTS / "whole.json",
) -> None:
    """Compare a search from a random latent with what the encoder makes possible."""
    plan = Plan(size=size, profile=count, test=count, work=work / str(size))
    model, name = autoencoder(decoder, "cpu"), decoder.replace("zoo:", "")
    contents(photos, plan)
    decode(name, model, plan)
    chosen = f"--size {size} --count {count} --steps {steps} --restarts {restarts}"
    document: dict[str, Any] = {
        "command": f"python -m benchmarks.whole {chosen}",
        "version": __version__,
        "torch": torch.__version__,
        "decoder": decoder,
        "count": count,
        "methods": {},
    }
    for label, method in methods(steps, restarts).items():
        document["methods"][label] = row(model, method, name, plan)
        out.parent.mkdir(exist_ok=True)
        out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        typer.echo(f"{label}: done", err=True)
    typer.echo(f"{show(document)}\n\nwritten to {out}")


if __name__ == "__main__":
    typer.run(main)
