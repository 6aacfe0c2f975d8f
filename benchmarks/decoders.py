"""What benchmarks on the images of real decoders share: the images, their folders, and how results are kept.

Belongings are photos decoded by a decoder (round trips), rounded to 8 bits; pools are the photos themselves and the
same photos decoded by each other decoder. All are PNG of one size. A photo is reduced until its shorter side is at most
4/3 of the size, never enlarged, and its centre is cropped.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import typer
from PIL import Image
from rich.progress import track

import wherefrom as wf
from wherefrom import __version__, evaluation
from wherefrom.bench.decoders import markdown
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.images.write import save_png
from wherefrom.methods.base import Method
from wherefrom.models.base import Autoencoder

HERE: Final = Path(__file__).parent
RESULTS: Final = HERE / "results"
SHARED: Final = HERE.parents[1] / "shared" / "data"
DECODERS: Final = ("taesd", "taesd3", "taef1")
ALPHA: Final = 0.05


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


def share(counts: tuple[int, int]) -> dict[str, Any]:
    """A share with its Clopper-Pearson interval."""
    low, high = evaluation.clopper_pearson(*counts)
    return {"count": counts[0], "of": counts[1], "share": counts[0] / counts[1], "low": low, "high": high}


def show(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The table of `results/decoders-SIZE.json`, which were written before the table was `wherefrom bench decoders`."""
    rows = [
        {
            **row,
            "model": decoder,
            "how": statistic,
            "auc": {"value": row["auc"]},
            "tpr": {"value": row["tpr"]},
            "pools": {pool: {**one, "tpr": {"value": one["tpr"]}} for pool, one in row["pools"].items()},
        }
        for decoder, found in results.items()
        for statistic, row in found.items()
    ]
    return markdown({"rows": rows})


def interval(counted: Mapping[str, Any]) -> str:
    return f"{counted['count']}/{counted['of']} ({counted['low']:.3f} to {counted['high']:.3f})"


def save(target: Path, command: str, results: Mapping[str, Any], **more: Any) -> None:
    """What was found so far by decoder, with the command that finds it again."""
    document = {"command": command, "version": __version__, "torch": torch.__version__, **more, "decoders": results}
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit("this program is a table now: wherefrom bench decoders --photos DIR; see docs/how-to/tables.md")
