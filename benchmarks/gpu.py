"""What a GPU makes of this package, measured in one run of under nine minutes: `benchmarks/gpu.sh`.

Its parts, each within its own share of the time; the file is written after each, so that a run that is cut short
leaves what it measured.

    matmul       products of square matrices in each arithmetic: what the others stand beside
    passes       images a second of the two reconstructions that `aedr` and `spectral` ask for, of autoencoders with the
                 configuration of Stable Diffusion's and of FLUX's and random weights, by dtype and size
    files        the same from PNG and JPEG files to a table, and what reading alone does
    latenttracer seconds an image beside the published way of working, at equal verdicts
    ronan        likewise, on an embedded DCGAN
    layouts      the bare network with channels last in memory, as it is used here, and without

The published way takes one image at a time, lets the weights have gradients, and stops by count alone; it runs in
torch's usual arithmetic, which on a GPU is TF32 inside convolutions, where this package computes in full float32.

    python -m benchmarks.gpu --device cpu --tiny     tries every part on a processor; the figures say nothing
"""

from __future__ import annotations

import json
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import torch
import typer
from PIL import Image

from benchmarks.gpu_passes import Setting, layouts, matmul, opened, passes, waited
from benchmarks.gpu_searches import latenttracer, ronan
from benchmarks.places import RESULTS
from wherefrom import __version__
from wherefrom.images.batches import to_device, to_images
from wherefrom.methods.aedr import AEDR
from wherefrom.scoring.reading import images_for_model, usual_workers
from wherefrom.scoring.run import score

GOALS: Final = {
    "images a second, 512 px, bfloat16": 50.0,
    "share of the matmul rate, 512 px, bfloat16": 0.6,
    "times the published latenttracer": 30.0,
    "times the published ronan": 50.0,
}


def written(folder: Path, count: int, size: int) -> dict[str, list[Path]]:
    """Files of either format with some of a photo's smoothness and some of its noise."""
    rng, paths = np.random.default_rng(0), {"png": list[Path](), "jpeg": list[Path]()}
    for number in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)).resize((size, size))
        noisy = np.asarray(coarse, dtype=np.int16) + rng.integers(-8, 9, (size, size, 3), dtype=np.int16)
        image = Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
        for kind, found in paths.items():
            found.append(folder / f"{number:05}.{kind}")
            image.save(found[-1], quality=90)  # of the JPEG; a PNG has none
    return paths


def files(setting: Setting) -> Iterator[dict[str, Any]]:
    """Images a second from files to a table, in bfloat16; and of reading and looking at them alone."""
    size = setting.sizes[0]
    model = opened(setting, "bfloat16")
    workers = usual_workers(model.device.type)
    with tempfile.TemporaryDirectory() as folder:
        for kind, paths in written(Path(folder), setting.files, size).items():
            start = waited(setting.device)
            for _ in images_for_model(paths, model=model, workers=workers):
                pass
            between = waited(setting.device)
            score(paths, model=model, method=AEDR())
            spent = {"reading alone": between - start, "to a table": waited(setting.device) - between}
            rates = {what: len(paths) / seconds for what, seconds in spent.items()}
            yield {"format": kind, "size": size, "images": len(paths), "workers": workers, **rates}


def copying(setting: Setting) -> dict[str, float]:
    """Milliseconds of a batch of bytes to the device as numbers: by `to_device`, and by numbers made on the CPU."""
    size, device = setting.sizes[0], torch.device(setting.device)
    pixels = [np.random.default_rng(row).integers(0, 256, (size, size, 3), dtype=np.uint8) for row in range(8)]
    ways: dict[str, Callable[[], torch.Tensor]] = {
        "bytes": lambda: to_device(pixels, device),
        "numbers": lambda: to_images(pixels).to(device),
    }
    taken = {}
    for name, call in ways.items():
        call()
        start = waited(setting.device)
        for _ in range(5):
            call()
        taken[name] = 1000 * (waited(setting.device) - start) / 5
    return taken


def reached(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What was measured of each goal, and whether it is met."""
    small = [
        row
        for row in document.get("passes", ())
        if (row["configuration"], row["dtype"], row["size"]) == ("stable diffusion", "bfloat16", 512)
    ]
    measured: dict[str, float | None] = {
        "images a second, 512 px, bfloat16": small[0]["images_a_second"] if small else None,
        "share of the matmul rate, 512 px, bfloat16": small[0]["share"] if small else None,
        **{f"times the published {name}": document.get(name, {}).get("times") for name in ("latenttracer", "ronan")},
    }
    return {
        name: {"goal": goal, "measured": (got := measured[name]), "met": got is not None and got >= goal}
        for name, goal in GOALS.items()
    }


def parts_of(setting: Setting) -> Mapping[str, Callable[[dict[str, Any]], Any]]:
    """What is measured, in order, each given what was measured before."""
    count, size = setting.searched
    tracer_steps, ronan_steps = setting.steps
    tracer = partial(latenttracer, partial(opened, setting), count=count, size=size, steps=tracer_steps)
    return {
        "matmul": lambda _: matmul(setting),
        "copying": lambda _: copying(setting),
        "passes": lambda done: list(passes(setting, done["matmul"])),
        "files": lambda _: list(files(setting)),
        "ronan": lambda _: ronan(setting.device, published=setting.published, steps=ronan_steps),
        "latenttracer": lambda _: tracer(published=setting.published),
        "layouts": lambda _: list(layouts(setting)),
    }


def main(
    out: Annotated[Path, typer.Option(help="JSON file")] = RESULTS / "gpu.json",
    device: Annotated[str, typer.Option(help="as cuda or cpu")] = "cuda",
    tiny: Annotated[bool, typer.Option("--tiny", help="small networks and images, to try the program")] = False,
    limit: Annotated[float, typer.Option(help="seconds after which no further part is begun")] = 400.0,
) -> None:
    """Measure and write."""
    setting = (
        Setting(
            device=device,
            sizes=(64,),
            widths=(8, 16),
            seconds=0.2,
            files=4,
            searched=(1, 32),
            published=1,
            steps=(5, 20),
        )
        if tiny
        else Setting(device=device)
    )
    begun = time.perf_counter()
    document: dict[str, Any] = {
        "command": "benchmarks/gpu.sh",
        "version": __version__,
        "torch": torch.__version__,
        "machine": f"{platform.machine()}, {torch.cuda.get_device_name() if device.startswith('cuda') else 'no GPU'}",
        "date": datetime.now(UTC).date().isoformat(),
        "setting": asdict(setting),
        "seconds": {},
    }
    for name, measure in parts_of(setting).items():
        if time.perf_counter() - begun > limit:
            document.setdefault("left_out", []).append(name)
            continue
        start = time.perf_counter()
        document[name] = measure(document)
        document["seconds"][name] = round(time.perf_counter() - start, 1)
        document["goals"] = reached(document)
        out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        typer.echo(f"{name}: {document['seconds'][name]} s")
    for name, goal in document["goals"].items():
        typer.echo(f"{'met    ' if goal['met'] else 'not met'} {name}: {goal['measured']} of {goal['goal']}")


if __name__ == "__main__":
    typer.run(main)
