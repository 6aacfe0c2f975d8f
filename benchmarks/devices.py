"""The same images asked about on the processor and on a GPU: how far the numbers are apart.

    python -m benchmarks.devices --decoder ../shared/data/autoencoders/taesd

Draws of the embedded models as 8-bit images, and for latent models tiles of photos, are asked about twice in one run,
in float32 throughout. A search is a long chain of rounded steps: two devices leave a belonging's loss at other values
of the same small size, and may end in another place of about the same height where it is not small. So for RONAN's
searches the table says how often both losses are below 1e-4 or neither is, beside how far apart those above it are.
Writes benchmarks/results/devices.json.
"""

from __future__ import annotations

import json
import platform
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import torch
import typer

import wherefrom as wf
from benchmarks.places import RESULTS
from wherefrom.core.arrays import Vector
from wherefrom.images.embedded import TEST_PHOTOS, save_scaled, save_tiles
from wherefrom.images.labels import slug
from wherefrom.making import draws
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.base import Method
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.methods.recompressed import Recompressed
from wherefrom.methods.ronan import RONAN
from wherefrom.methods.spectral import Spectral
from wherefrom.methods.traced import Traced
from wherefrom.models.base import Decoder

LATENT: Final = ("zoo:kl-f8-a", "zoo:kl-f8-b")
WHOLE: Final = ("zoo:dcgan-cifar10", "zoo:vae-cifar10", "zoo:stylegan2-cifar10")
ASKED: Final[dict[str, Method[Any]]] = {
    "aedr": AEDR(),
    "spectral": Spectral(easiest=0.02),
    "recompressed": Recompressed(quality=90),
    "latenttracer, 5 steps": LatentTracer(steps=5),
    "traced, 5 steps": Traced(steps=5),
}
SEARCHED: Final[dict[str, Method[Any]]] = {"ronan": RONAN()}
SMALL: Final = 1e-4
"""Mean squared error below which the losses of a search say no more than that they are small."""
TILE: Final = 128
_COUNTED: Final = frozenset({"calls", "restart", "class", "start"})
"""Columns that say how a search went, not what it found."""


def columns(name: str, method: Method[Any], paths: list[Path], device: str) -> dict[str, Vector]:
    """Every column that a method measures on one device."""
    model = wf.load_model(name, device=device)
    return dict(wf.score(wf.load_images(*paths), model=model, method=method).scores.columns)


def apart(name: str, method: Method[Any], paths: list[Path], device: str) -> dict[str, Any]:
    """The largest relative difference of a column between the processor and the other device, and where it is."""
    first, second = (columns(name, method, paths, where) for where in ("cpu", device))
    found = compared(first, second, searched=method.card.name == "ronan")
    return {**found, "images": len(paths)}


def compared(first: Mapping[str, Vector], second: Mapping[str, Vector], *, searched: bool) -> dict[str, Any]:
    """The largest relative difference of a column; of searches that of losses above `SMALL`, and how many agree."""
    differences, agreed = {}, None
    for column in sorted(first.keys() - _COUNTED):
        one, other = first[column], second[column]
        if not np.array_equal(np.isfinite(one), np.isfinite(other)):
            differences[column] = float("inf")
            continue
        known = np.isfinite(one)
        if searched:
            agreed = int(np.sum((one < SMALL) == (other < SMALL)))
            known &= (one >= SMALL) & (other >= SMALL)
        if known.any():
            scale = np.maximum(np.abs(one[known]), np.finfo(np.float64).tiny)
            differences[column] = float(np.max(np.abs(one[known] - other[known]) / scale))
    worst = max(differences, key=differences.__getitem__, default=None)
    return {"largest": differences.get(worst or "", 0.0), "column": worst, "agreed": agreed}


def images_of(name: str, folder: Path, count: int, size: int) -> list[Path]:
    """Draws of an embedded model, and photos of its size; photos alone for a model that draws nothing."""
    tiles = folder / "tiles"
    tiles.mkdir(parents=True, exist_ok=True)
    photos = save_tiles(TEST_PHOTOS, tiles, size=max(size, TILE), count=count)
    if size < TILE:
        small = folder / "small"
        small.mkdir(exist_ok=True)
        photos = save_scaled(photos, small, size=(size, size))
    if not name.startswith("zoo:"):
        return photos
    model, own = wf.load_model(name, device="cpu"), folder / slug(name)
    assert isinstance(model, Decoder)
    own.mkdir(exist_ok=True)
    wanted = None if model.size is not None else (size, size)
    made = draws(model, folder=own, places=range(count), seed=7, size=wanted)
    return [*(one.path for one in made if one.path is not None), *photos]


def show(results: dict[str, Any]) -> str:
    """The table in Markdown."""
    lines = [
        "| model | method | images | largest relative difference | of the column | both below 1e-4 or neither |",
        "| --- " * 6 + "|",
    ]
    for row in results["rows"]:
        agreed = "" if row["agreed"] is None else f"{row['agreed']} of {row['images']}"
        lines.append(
            f"| {row['model']} | {row['method']} | {row['images']} | {row['largest']:.1e} | {row['column'] or ''} |"
            f" {agreed} |"
        )
    return "\n".join(lines)


def main(
    decoder: Annotated[list[str] | None, typer.Option(help="a further latent model; repeat it")] = None,
    count: Annotated[int, typer.Option(help="draws, and photos, a model")] = 8,
    size: Annotated[int, typer.Option(help="pixels a side for latent models")] = 192,
    device: Annotated[str, typer.Option(help="that is compared with the processor")] = "cuda",
) -> None:
    """Ask on both, print the table and write it."""
    rows, started = [], time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for names, ways, side in (((*LATENT, *(decoder or ())), ASKED, size), (WHOLE, SEARCHED, 32)):
            for name in names:
                paths = images_of(name, Path(folder) / str(side), count, side)
                for label, method in ways.items():
                    found = apart(name, method, paths, device)
                    shown = Path(name).name.removeprefix("zoo:")
                    rows.append({"model": shown, "method": label, **found})
                    typer.echo(rows[-1], err=True)
    card = torch.cuda.get_device_name() if device.startswith("cuda") else device
    given = "".join(f" --decoder {Path(name).name}" for name in decoder or ())
    results = {
        "command": f"python -m benchmarks.devices --count {count} --size {size}{given}",
        "machine": f"{platform.machine()} and {card}, torch {torch.__version__}",
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": round(time.monotonic() - started),
        "rows": rows,
    }
    (RESULTS / "devices.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    typer.echo(show(results))


if __name__ == "__main__":
    typer.run(main)
