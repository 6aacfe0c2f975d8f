"""RONAN on real generators: does a search tell a model's own images from those of every other model and from photos?

    python -m benchmarks.ronan

For every generator: 100 images to profile, 100 of its own and 100 of every other generator of the same size to judge,
for colour generators 100 of CIFAR-10's test set (at 32 px) and 100 photos, reduced to the size by Lanczos after a
square crop of the centre. All are 8-bit PNG. The cuts are the paper's (Grubbs, one-sided, alpha 0.05) and conformal at
alpha 0.05; with a reference model, the loss is divided by that of zoo:kl-f8-a, searched from its encoder (sides that
are multiples of 8). Scores are kept under --work, so a run that was stopped goes on. Writes
benchmarks/results/ronan.json.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import pyarrow.parquet as parquet
import torch
import typer
from PIL import Image

import wherefrom as wf
from benchmarks.decoders import RESULTS, SHARED
from wherefrom import __version__, evaluation, rules
from wherefrom.core.arrays import Vector
from wherefrom.images.batches import to_pixels
from wherefrom.images.write import save_png
from wherefrom.methods.base import Method
from wherefrom.methods.relative import Relative
from wherefrom.methods.ronan import RONAN
from wherefrom.models.base import Decoder

COUNT: Final = 100
ALPHA: Final = 0.05
RULES: Final = ("grubbs", "conformal")
REFERENCE: Final = "zoo:kl-f8-a"
SIBLINGS: Final = (  # of one architecture and one set of training images, trained for another objective
    frozenset({"VAE_celeba", "betaB_celeba", "btcvae_celeba"}),
    frozenset({"VAE_mnist", "btcvae_mnist"}),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A generator and where its images are."""

    name: str
    path: str
    model: Decoder
    colour: bool

    @property
    def size(self) -> tuple[int, int]:
        """Of its images."""
        assert self.model.size is not None
        return self.model.size


def subject(path: str, work: Path, device: str) -> Subject:
    """The generator, its first 2 x COUNT images made where they are not there yet."""
    model: Any = wf.load_model(path, device=device)
    if not isinstance(model, Decoder) or model.size is None:
        raise typer.BadParameter(f"{path} is no generator of images of one size")
    name = Path(path).stem.replace("zoo:", "")
    folder = work / name
    folder.mkdir(parents=True, exist_ok=True)
    colour = False
    with torch.inference_mode():
        pixels = to_pixels(model.decode(model.draw(np.arange(2 * COUNT, dtype=np.uint64))).cpu())
    for i, image in enumerate(pixels):
        colour = colour or bool((image != image[..., :1]).any())
        if not (folder / f"{i:04d}.png").exists():
            save_png(image, folder / f"{i:04d}.png", {})
    return Subject(name=name, path=path, model=model, colour=colour)


def cifar(data: Path, work: Path) -> str:
    """The first images of CIFAR-10's test set, as they are."""
    folder = work / "cifar10"
    folder.mkdir(parents=True, exist_ok=True)
    column = parquet.read_table(data / "cifar10" / "test.parquet", columns=["image"]).column("image")
    for i, cell in enumerate(column.slice(0, COUNT).to_pylist()):
        with Image.open(io.BytesIO(cell["bytes"] if isinstance(cell, dict) else cell)) as image:
            save_png(np.asarray(image.convert("RGB")), folder / f"{i:04d}.png", {})
    return folder.name


def photos(data: Path, work: Path, size: tuple[int, int]) -> str:
    """Photos, their centres cropped square and reduced to the size."""
    folder = work / f"photos-{size[1]}"
    folder.mkdir(parents=True, exist_ok=True)
    found = sorted(path for path in (data / "photos").rglob("*") if path.suffix.lower() in {".jpg", ".jpeg"})
    order = np.random.default_rng(0).permutation(len(found))[:COUNT]
    for i, path in enumerate(found[j] for j in order):
        with Image.open(path) as image:
            rgb = image.convert("RGB")
        side = min(rgb.size)
        left, top = (rgb.width - side) // 2, (rgb.height - side) // 2
        square = rgb.crop((left, top, left + side, top + side)).resize((size[1], size[0]), Image.Resampling.LANCZOS)
        save_png(np.asarray(square), folder / f"{i:04d}.png", {})
    return folder.name


def asker(one: Subject) -> Method[Any]:
    """RONAN, over a reference model where that makes images of the size."""
    if one.size[0] % 8 or one.size[1] % 8:
        return RONAN()
    few: dict[str, Any] = {"start": "encoder", "restarts": 1, "race": None, "steps": 30}
    return Relative(method="ronan", reference=REFERENCE, reference_options=few)


def losses(one: Subject, source: str, rows: slice, work: Path) -> Mapping[str, Vector]:
    """A(M, x) of some of a source's images, and A'(M, x) where there is a reference."""
    method = asker(one)
    paths = sorted((work / source).glob("*.png"))[rows]
    table = wf.score(wf.load_images(*paths), model=one.model, method=method, store=work / "scores.sqlite")
    bad = [facts.error for facts in table.images if facts.error is not None]
    if bad:
        raise typer.BadParameter(f"{one.name} on {source}: {bad[0]}")
    if isinstance(method, RONAN):
        return {"alone": table.scores["loss"]}
    return {"alone": table.scores["own_loss"], "over the reference": method.statistic(table.scores, {})}


def judged(known: Vector, own: Vector, other: Vector) -> dict[str, Any]:
    """TP, FP, FN, TN and accuracy under each rule, and the area under the curve."""
    found: dict[str, Any] = {"auc": evaluation.auc(own, other).value}
    for rule in RULES:
        cut = rules.load(rule).threshold(known, ALPHA)
        tp, fp = int(np.sum(own <= cut)), int(np.sum(other <= cut))
        counts = {"tp": tp, "fp": fp, "fn": len(own) - tp, "tn": len(other) - fp}
        found[rule] = counts | {"accuracy": (tp + len(other) - fp) / (len(own) + len(other))}
    return found


def kind(one: str, other: str) -> str:
    """What a pair is: siblings, a generator of other data or architecture, or real images."""
    if other.startswith(("cifar10", "photos")):
        return "real images"
    return "sibling" if any({one, other} <= group for group in SIBLINGS) else "other model"


def compare(one: Subject, sources: list[str], work: Path) -> Iterator[dict[str, Any]]:
    """One row a source and a form of the loss."""
    known, own = (losses(one, one.name, rows, work) for rows in (slice(0, COUNT), slice(COUNT, 2 * COUNT)))
    for source in sources:
        other = losses(one, source, slice(0, COUNT), work)
        for form, values in other.items():
            yield {
                "model": one.name,
                "size": one.size[0],
                "other": source,
                "kind": kind(one.name, source),
                "form": form,
                "median own": float(np.median(own[form])),
                "largest own": float(np.max(own[form])),
                "largest profiled": float(np.max(known[form])),
                "least other": float(np.min(values)),
                **judged(known[form], own[form], values),
            }


def show(rows: list[dict[str, Any]]) -> str:
    """The table in Markdown, and averages."""
    columns = ("model", "px", "against", "kind", "loss", "AUC", "Grubbs: TP/FP/FN/TN, %", "conformal: TP/FP/FN/TN, %")
    last = "own, median to largest | largest profiled | least other"
    lines = [f"| {' | '.join(columns)} | {last} |", "| --- " * 11 + "|"]
    for row in rows:
        cells = [row["model"], str(row["size"]), row["other"], row["kind"], row["form"], f"{row['auc']:.3f}"]
        for rule in RULES:
            one = row[rule]
            cells.append(f"{one['tp']}/{one['fp']}/{one['fn']}/{one['tn']} {100 * one['accuracy']:.1f}")
        cells += [f"{row['median own']:.1e} to {row['largest own']:.1e}"]
        cells += [f"{row[key]:.1e}" for key in ("largest profiled", "least other")]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| average accuracy, % | loss | pairs | Grubbs | conformal |", "| --- | --- | --- | --- | --- |"]
    for name in ("other model", "real images", "sibling"):
        for form in dict.fromkeys(row["form"] for row in rows):
            part = [row for row in rows if row["kind"] == name and row["form"] == form]
            if part:
                means = [f"{100 * np.mean([row[rule]['accuracy'] for row in part]):.1f}" for rule in RULES]
                lines.append(f"| {name} | {form} | {len(part)} | {' | '.join(means)} |")
    return "\n".join(lines)


def command(more: list[str], only: list[str]) -> str:
    """What was typed, files without their folders."""
    flags = [f"--{flag} {Path(path).name}" for flag, paths in (("more", more), ("only", only)) for path in paths]
    return " ".join(["python -m benchmarks.ronan", *flags])


def main(
    model: Annotated[list[str] | None, typer.Option(help="a generator's file; repeat it")] = None,
    data: Annotated[Path, typer.Option(help="folder with generators, photos and CIFAR-10")] = SHARED,
    more: Annotated[
        list[str] | None, typer.Option(help="a further generator beside those of --data; repeat it")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="one whose images are judged, which is not searched itself; repeat it")
    ] = None,
    work: Annotated[Path, typer.Option(help="folder of images and scores")] = Path("ronan-work"),
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    out: Annotated[Path, typer.Option(help="JSON file")] = RESULTS / "ronan.json",
) -> None:
    """Search every generator for every other one's images."""
    named = model or [*map(str, sorted((data / "generators").rglob("*.pt"))), *(more or [])]
    subjects = [subject(path, work, device) for path in named]
    images = [subject(path, work, device) for path in only or []]
    rows: list[dict[str, Any]] = []
    for one in subjects:
        sources = [other.name for other in (*subjects, *images) if other.size == one.size and other is not one]
        if one.colour and one.size == (32, 32):
            sources.append(cifar(data, work))
        if one.colour:
            sources.append(photos(data, work, one.size))
        rows += compare(one, sources, work)
        typer.echo(f"{one.name} done", err=True)
        document = {
            "command": command(more or [], only or []),
            "version": __version__,
            "torch": torch.__version__,
            "rows": rows,
        }
        out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    typer.echo(f"{show(rows)}\n\nwritten to {out}")


if __name__ == "__main__":
    typer.run(main)
