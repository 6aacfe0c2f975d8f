"""Which statistic tells a decoder's images from photos and from other decoders' images of the same content?

    python benchmarks/decoders.py --size 192

Belongings are photos decoded by the decoder (round trips), rounded to 8 bits; pools are the photos themselves and the
same photos decoded by each other decoder. All are PNG of one size. A photo is reduced until its shorter side is at most
4/3 of the size, never enlarged, and its centre is cropped. The first photos make the profile (belongings and pools),
the others are judged. Scores are kept under --work, so a run that was stopped goes on. Prints a table and writes
benchmarks/results/decoders-SIZE.json.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import torch
import typer
from PIL import Image
from rich.progress import Progress, track

import wherefrom as wf
from wherefrom import __version__, evaluation
from wherefrom.core.arrays import Vector
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.images.write import save_png
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.base import Method
from wherefrom.methods.reconstruction import Reconstruction
from wherefrom.methods.spectral import Spectral
from wherefrom.models.base import Autoencoder

HERE: Final = Path(__file__).parent
RESULTS: Final = HERE / "results"
SHARED: Final = HERE.parents[1] / "shared" / "data"
DECODERS: Final = ("taesd", "taesd3", "taef1")
STATISTICS: Final[Mapping[str, Method[Any]]] = {
    "one loss": Reconstruction(),
    "t": AEDR(adjustment="none"),
    "t x homogeneity": AEDR(adjustment="homogeneity"),
    "residual": AEDR(adjustment="residual"),
    "spectral": Spectral(),
    "spectral, 8 x 8": Spectral(block=8),
}
ALPHA: Final = 0.05
BETA: Final = 0.01


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is compared, and on how many images."""

    size: int
    profile: int
    test: int
    work: Path

    @property
    def count(self) -> int:
        return self.profile + self.test

    @property
    def pool(self) -> int:
        """Images of a pool in the profile: 99 bound false claims by 1 %, and a few may be undefined."""
        return round(0.55 * self.profile)

    def rows(self, part: str) -> slice:
        """Which contents are profiled, and which are judged."""
        return slice(0, self.profile) if part == "profile" else slice(self.profile, self.count)


def contents(photos: Path, plan: Plan) -> None:
    """The photos as PNG of the size, in an order that mixes the folders and depends on nothing but the names."""
    folder = plan.work / "photos"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [p for p in photos.rglob("*") if p.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"}]
    order = np.random.default_rng(0).permutation(len(paths))
    found = 0
    for path in (sorted(paths)[i] for i in order):
        if found == plan.count:
            return
        with Image.open(path) as image:
            if min(image.size) < plan.size:
                continue
            rgb = image.convert("RGB")
        scale = min(1.0, plan.size * 4 / 3 / min(rgb.size))
        rgb = rgb.resize((round(rgb.width * scale), round(rgb.height * scale)), Image.Resampling.LANCZOS)
        left, top = (rgb.width - plan.size) // 2, (rgb.height - plan.size) // 2
        pixels = np.asarray(rgb.crop((left, top, left + plan.size, top + plan.size)))
        save_png(pixels, folder / f"{found:04d}.png", {})
        found += 1
    if found < plan.count:
        raise typer.BadParameter(f"{found} photos of at least {plan.size} px under {photos}, need {plan.count}")


def autoencoder(name: str, device: str) -> Autoencoder:
    """The model of that name, which must have an encoder."""
    model = wf.load_model(name, device=device)
    if not isinstance(model, Autoencoder):
        raise typer.BadParameter(f"{name} has no encoder, which two reconstructions need")
    return model


def decode(name: str, model: Autoencoder, plan: Plan) -> None:
    """Every content decoded by one decoder, rounded to 8 bits; what is there is left."""
    folder = plan.work / name
    folder.mkdir(exist_ok=True)
    for path in track(sorted((plan.work / "photos").glob("*.png")), description=f"decode {name}"):
        if not (folder / path.name).exists():
            with torch.inference_mode():
                images = to_images([np.asarray(Image.open(path))]).to(model.device)
                save_png(to_pixels(model.decode(model.encode(images)).cpu())[0], folder / path.name, {})


def prepared(decoders: list[str] | None, photos: Path, plan: Plan, device: str) -> dict[str, Autoencoder]:
    """Decoders by their short names, the real ones by default, and the plan's images made."""
    models = {short(name): autoencoder(located(name), device) for name in decoders or DECODERS}
    contents(photos, plan)
    for name, model in models.items():
        decode(name, model, plan)
    return models


def located(name: str) -> str:
    """What `load_model` takes: the folder of a real decoder for its name, and otherwise what was given."""
    return str(SHARED / "autoencoders" / name) if name in DECODERS else name


def short(name: str) -> str:
    """The name of a decoder in tables."""
    return Path(name).name.replace("zoo:", "")


def typed(option: str, decoders: list[str] | None) -> str:
    """Options as they are typed, without a folder of this machine."""
    return "".join(f" --{option} {name if ':' in name else Path(name).name}" for name in decoders or ())


def timed(model: Autoencoder, name: str, plan: Plan, methods: Mapping[str, Method[Any]]) -> dict[str, float]:
    """Seconds an image of each method, on the first two images to judge, one method after the other in one run."""
    paths = sorted((plan.work / name).glob("*.png"))[plan.profile : plan.profile + 2]
    found = {}
    for label, method in methods.items():
        started = time.perf_counter()
        wf.score(wf.load_images(*paths), model=model, method=method)
        found[label] = (time.perf_counter() - started) / len(paths)
    return found


def tables(
    name: str, model: Autoencoder, sources: tuple[str, ...], plan: Plan
) -> Iterator[tuple[str, str, wf.ScoreTable]]:
    """Scores of every source under one decoder, `(source, part, table)`; from the store where they are known.

    Pools are profiled on fewer images than belongings, of which a method may learn on one half.
    """
    for source in sources:
        paths = sorted((plan.work / source).glob("*.png"))
        for part in ("profile", "test"):
            chosen = paths[plan.rows(part)]
            if part == "profile" and source != name:
                chosen = chosen[: plan.pool]
            with Progress() as bar:
                task = bar.add_task(f"{name} on {source}, {part}", total=len(chosen))
                table = wf.score(
                    wf.load_images(*chosen),
                    model=model,
                    method=AEDR(),
                    store=plan.work / "scores.sqlite",
                    progress=lambda p, bar=bar, task=task: bar.update(task, completed=p.done),  # type: ignore[misc]
                )
            yield source, part, table


def share(counts: tuple[int, int]) -> dict[str, Any]:
    """A share with its Clopper-Pearson interval."""
    low, high = evaluation.clopper_pearson(*counts)
    return {"count": counts[0], "of": counts[1], "share": counts[0] / counts[1], "low": low, "high": high}


def outcome(table: wf.ScoreTable, profile: wf.Profile, method: Method[Any], said: Callable[[wf.Verdict], bool]) -> Any:
    """How many of a table's images got a verdict of some kind."""
    verdicts = wf.attribute(table, profile=profile, alpha=ALPHA, beta=BETA, method=method)
    return share((sum(said(verdict) for verdict in verdicts), len(verdicts)))


def compare(name: str, found: Mapping[tuple[str, str], wf.ScoreTable], method: Method[Any]) -> dict[str, Any]:
    """One statistic on one decoder: AUC and TPR on all images that nothing was learned from, realised errors."""
    asked = {key: replace(table, measure=method.measure, method=method.card) for key, table in found.items()}
    pools = [source for source, part in asked if part == "test" and source != name]
    profile = wf.profile(
        belonging=asked[name, "profile"], foreign={pool: asked[pool, "profile"] for pool in pools}, method=method
    )

    def values(source: str) -> Vector:
        parts = ("test",) if source == name else ("profile", "test")
        joined = np.concatenate([method.statistic(asked[source, part].scores, profile.fit) for part in parts])
        finite: Vector = joined[np.isfinite(joined)]
        return finite

    own = values(name)
    row: dict[str, Any] = {
        "missed": outcome(asked[name, "test"], profile, method, lambda v: v.outcome is wf.Outcome.EXCLUDED),
        "supported": outcome(asked[name, "test"], profile, method, lambda v: v.outcome is wf.Outcome.SUPPORTED),
        "pools": {},
    }
    every = np.concatenate([values(pool) for pool in pools])
    row["auc"], row["tpr"] = evaluation.auc(own, every).value, evaluation.tpr_at_fpr(own, every, 0.01).value
    for pool in pools:
        claimed = outcome(asked[pool, "test"], profile, method, lambda v: v.outcome is wf.Outcome.SUPPORTED)
        area, rate = evaluation.auc(own, values(pool)).value, evaluation.tpr_at_fpr(own, values(pool), 0.01).value
        row["pools"][pool] = {"auc": area, "tpr": rate, "claimed": claimed}
    return row


def show(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The table in Markdown."""
    lines = [
        "| decoder | statistic | AUC | TPR at 1 % FPR | worst pool | missed at alpha 0.05 | supported | false claims |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for decoder, rows in results.items():
        for statistic, row in rows.items():
            worst = min(row["pools"], key=lambda pool: row["pools"][pool]["tpr"])
            claims = [pool["claimed"] for pool in row["pools"].values()]
            wrong = share((sum(c["count"] for c in claims), sum(c["of"] for c in claims)))
            cells = [
                decoder,
                statistic,
                f"{row['auc']:.3f}",
                f"{row['tpr']:.2f}",
                f"{worst}: {row['pools'][worst]['tpr']:.2f}",
                interval(row["missed"]),
                interval(row["supported"]),
                interval(wrong),
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def interval(counted: Mapping[str, Any]) -> str:
    return f"{counted['count']}/{counted['of']} ({counted['low']:.3f} to {counted['high']:.3f})"


def main(
    size: Annotated[int, typer.Option(help="side of the images in pixels")] = 192,
    profile: Annotated[int, typer.Option(help="belongings to profile; pools have 55 for each 100 of them")] = 200,
    test: Annotated[int, typer.Option(help="belongings, and images of each pool, to judge")] = 100,
    photos: Annotated[Path, typer.Option(help="folder of photos")] = SHARED / "photos",
    decoder: Annotated[list[str] | None, typer.Option(help="what load_model takes; repeat it")] = None,
    work: Annotated[Path, typer.Option(help="folder of images and scores")] = Path("decoders-work"),
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    out: Annotated[Path | None, typer.Option(help="JSON file")] = None,
) -> None:
    """Compare the statistics on real decoders."""
    plan = Plan(size=size, profile=profile, test=test, work=work / str(size))
    models = prepared(decoder, photos, plan, device)
    results: dict[str, Any] = {}
    target = out or RESULTS / f"decoders-{size}.json"
    for name, model in models.items():
        sources = (name, "photos", *(other for other in models if other != name))
        found = {(source, part): table for source, part, table in tables(name, model, sources, plan)}
        results[name] = {label: compare(name, found, method) for label, method in STATISTICS.items()}
        command = f"python benchmarks/decoders.py --size {size} --profile {profile} --test {test}"
        save(target, command, results, profile=profile, test=test)
    typer.echo(f"{show(results)}\n\nwritten to {target}")


def save(target: Path, command: str, results: Mapping[str, Any], **more: Any) -> None:
    """What was found so far by decoder, with the command that finds it again."""
    document = {"command": command, "version": __version__, "torch": torch.__version__, **more, "decoders": results}
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
