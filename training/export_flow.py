"""Put a run of `training/latent_flow.py` beside its autoencoder: float16 weights, what the sampler needs, both cards.

    python -m training.export_flow runs/kl-f8-a-flow PHOTOS --to src/wherefrom/models/zoo/kl-f8-a

Takes the averaged weights of the run's last state. `flow/` is made anew, `README.md` says what it is and how far its
draws are from photos, and `card.json` has the SHA-256 of every file.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import torch
import typer
from diffusers import UNet2DModel
from PIL import Image

from training.export_zoo import write_card
from training.frechet import Frechet
from training.kl_autoencoder import read_photos
from training.latent_flow import LONGEST, Crops, Recipe, config_of, read_latents
from wherefrom.core.arrays import Seeds
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.models.adapters.latent_model import DiffusersAutoencoder
from wherefrom.models.opening.autoencoder import open_autoencoder

Pixels = npt.NDArray[np.uint8]
SIDE = 192
SMALL = 32
"""Pixels a side that `training/frechet.py` is made for."""
STEPS, SHIFT = 6, 2.0
"""Of the midpoint rule: 0.03 of a latent's deviation from 24 steps; 0.05 without the shift, 0.15 by 12 of Euler's."""
SHEET = (4, 2, 80)
"""Columns, rows and pixels of one image of the sample sheet."""
NEW = "New images"
NOTE = "Small, for demonstrations and tests; draws pictures with the colours and shapes of photos, of nothing."
MODEL_CARD = """- **New images**: `flow/` is a generator of latents, a UNet of diffusers (`UNet2DModel`,
  {parameters:,} parameters, licence Apache-2.0) trained by flow matching (arXiv:2210.02747). `draw` samples it by
  {steps} steps of the midpoint rule: pictures with the colours, shapes and light of photos, of nothing in particular.
  `flow/samples.png` has the seeds 0 to {last}. `latents.safetensors` holds the mean, the spectra and the spread of
  amplitude of latents of photos; Gaussian fields with them are the random starts of searches.
- **Data of the generator**: {data}. Of each ten photos, one is kept out.
- **Recipe of the generator**: `training/latent_flow.py`, {recipe};
  {steps_trained:,} steps in {seconds:.0f} seconds of one busy core. Loss {loss:.3f} over the last of them,
  and {held:.3f} of the averaged weights on the photos kept out. These are the averaged weights, rounded to float16.
- **Distance to photos** of {count} images of {side} x {side} pixels: Fréchet distances in the features that
  `training/frechet.py` names, for comparison within this table alone: **not** FID. `whole` is the image shrunk to 32
  pixels, `patches` are squares of 32 of its own pixels. The features of `zoo:kl-f8-a` see an image of `zoo:kl-f8-a`
  with the encoder it was made for. The photos compared with are one half of those of the recipe; the last two rows are
  the other half: passed through the autoencoder, which is what perfect latents would give, and as they are. These
  distances see means and covariances alone, which Gaussian fields were fitted to; `kurtosis`, of the differences of
  neighbouring pixels, sees that photos have edges and quiet places: the nearer to the photos' the better.

{table}

"""


def generator_of(run: Path, channels: int) -> tuple[UNet2DModel, Recipe, dict[str, Any]]:
    """The averaged weights of a run, its recipe, and the last line of its log.

    Raises:
        typer.BadParameter: when the folder holds no run.
    """
    if not (run / "state.pt").is_file() or not (run / "recipe.json").is_file():
        raise typer.BadParameter(f"{run} holds no state.pt and recipe.json: give the --out folder of latent_flow.py")
    state = torch.load(run / "state.pt", weights_only=True)  # noqa: TID251
    said = json.loads((run / "recipe.json").read_text(encoding="utf-8"))
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in said.items()}
    recipe = Recipe(**fields)
    unet = UNet2DModel(**config_of(recipe, channels))
    unet.load_state_dict(state["average"])
    lines = (run / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return unet, recipe, json.loads(lines[-1])


def write_flow(unet: UNet2DModel, crops: Crops, folder: Path) -> None:
    """`flow/`, but for its sheet of samples."""
    shutil.rmtree(folder, ignore_errors=True)
    unet.half().save_pretrained(folder, safe_serialization=True)
    sampler = {
        "steps": STEPS,
        "shift": SHIFT,
        "least": min(crops.recipe.sides),
        "mean": [round(float(value), 6) for value in crops.mean],
        "deviation": [round(float(value), 6) for value in crops.deviation],
    }
    (folder / "sampler.json").write_text(json.dumps(sampler, indent=2) + "\n", encoding="utf-8")
    for path in folder.iterdir():
        path.chmod(0o644)  # safetensors makes files that only their owner may read


def photo_squares(photos: list[Pixels], count: int, seed: int) -> Pixels:
    """Squares of `SIDE` pixels, `(n, h, w, 3)`, from photos shrunk to a shorter side of 1 to 1 1/3 of it."""
    rng = np.random.default_rng(seed)
    found = []
    for index in np.linspace(0, len(photos) - 1, count).round().astype(int):
        photo = photos[index]
        shorter = min(int(rng.integers(SIDE, SIDE * 4 // 3 + 1)), max(SIDE, min(photo.shape[:2])))
        size = [max(SIDE, round(edge * shorter / min(photo.shape[:2]))) for edge in photo.shape[1::-1]]
        small = np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.LANCZOS))
        top, left = (int(rng.integers(0, edge - SIDE + 1)) for edge in small.shape[:2])
        found.append(small[top : top + SIDE, left : left + SIDE])
    return np.stack(found)


@torch.inference_mode()
def decoded(model: DiffusersAutoencoder, latents: torch.Tensor) -> Pixels:
    """Images of latents, 8 bits."""
    return np.concatenate([to_pixels(model.decode(row)) for row in latents.split(1)])


@torch.inference_mode()
def passed(model: DiffusersAutoencoder, images: Pixels) -> Pixels:
    """Images encoded and decoded."""
    return np.concatenate([decoded(model, model.encode(to_images([image]))) for image in images])


def whole(images: Pixels) -> Pixels:
    """Images shrunk to `SMALL` pixels."""
    return np.stack(
        [np.asarray(Image.fromarray(image).resize((SMALL, SMALL), Image.Resampling.BOX)) for image in images]
    )


def patches(images: Pixels) -> Pixels:
    """Four squares of `SMALL` pixels of each image."""
    places = [(h, w) for h in (SIDE // 4, SIDE * 5 // 8) for w in (SIDE // 4, SIDE * 5 // 8)]
    return np.concatenate([images[:, h : h + SMALL, w : w + SMALL] for h, w in places])


def kurtosis(images: Pixels) -> float:
    """Median over images of the kurtosis of differences of horizontal neighbours: 3 where these are normal."""
    steps = np.diff(images.astype(np.float64), axis=2).reshape(len(images), -1)
    return float(np.median((steps**4).mean(1) / np.square(np.square(steps).mean(1))))


def distances(model: DiffusersAutoencoder, photos: list[Pixels], count: int) -> dict[str, dict[str, float]]:
    """What the card's table says of draws, of Gaussian fields and of photos, beside squares of every second photo."""
    seeds: Seeds = np.arange(count, dtype=np.uint64)
    reference, others = photo_squares(photos[::2], count, 0), photo_squares(photos[1::2], count, 1)
    rows = {
        "draws": decoded(model, model.draw(seeds, size=(SIDE, SIDE))),
        "Gaussian fields": decoded(model, model.search_starts(seeds, size=(SIDE, SIDE))),
        "other photos, passed": passed(model, others),
        "other photos": others,
    }
    found: dict[str, dict[str, float]] = {name: {} for name in rows}
    for view, cut in (("whole", whole), ("patches", patches)):
        frechet = Frechet(cut(reference))
        for name, images in rows.items():
            found[name] |= {f"{view}, `{kind}`": value for kind, value in frechet(cut(images)).items()}
    return {name: row | {"kurtosis": kurtosis(rows[name])} for name, row in found.items()}


def table_of(found: dict[str, dict[str, float]]) -> str:
    """The distances as a table of Markdown."""
    columns = list(next(iter(found.values())))
    lines = [f"| | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    return "\n".join(
        [*lines, *(f"| {name} | {' | '.join(f'{row[c]:.3g}' for c in columns)} |" for name, row in found.items())]
    )


def write_sheet(model: DiffusersAutoencoder, path: Path) -> None:
    """The first draws, shrunk, in the colours that fit them best: some 40 KB."""
    columns, rows, side = SHEET
    sheet = Image.new("RGB", (columns * side, rows * side))
    images = decoded(model, model.draw(np.arange(columns * rows, dtype=np.uint64), size=(SIDE, SIDE)))
    for number, image in enumerate(images):
        small = Image.fromarray(image).resize((side, side), Image.Resampling.LANCZOS)
        sheet.paste(small, (number % columns * side, number // columns * side))
    sheet.quantize(128).save(path, optimize=True)


def card_with(text: str, section: str) -> str:
    """A model card with another section on new images; all from its old one up to what the model is not for.

    Raises:
        typer.BadParameter: when the card has no such section.
    """
    pattern = rf"- \*\*{NEW}\*\*:.*?(?=- \*\*Not for\*\*:)"
    made, count = re.subn(pattern, lambda _: section, text, flags=re.DOTALL)
    if count != 1:
        raise typer.BadParameter(f"the model card has {count} sections from {NEW!r} to 'Not for', need one")
    return made


def main(
    run: Annotated[Path, typer.Argument(help="the --out folder of training/latent_flow.py")],
    photos: Annotated[Path, typer.Argument(help="folder of photos to measure distances to")],
    to: Annotated[Path, typer.Option(help="the autoencoder's folder, as src/wherefrom/models/zoo/kl-f8-a")],
    data: Annotated[str, typer.Option(help="what it was trained on, for the model card")] = "photos",
    count: Annotated[int, typer.Option(help="images of each kind for the distances")] = 256,
    threads: Annotated[int, typer.Option(help="CPU threads; 0 leaves torch's choice")] = 0,
) -> None:
    """Write the `flow/` of one folder of the zoo, and its cards."""
    if threads:
        torch.set_num_threads(threads)
    plain = open_autoencoder(to)
    unet, recipe, line = generator_of(run, plain.channels)
    write_flow(unet, Crops(read_latents(run), recipe, plain.factor), to / "flow")
    model = open_autoencoder(to)
    write_sheet(model, to / "flow" / "samples.png")
    card = json.loads((to / "card.json").read_text(encoding="utf-8"))
    about = {**{key: value for key, value in card.items() if key != "files"}, "note": NOTE}
    write_card(to, about)  # so that the features' model, which may be this one, opens
    found = distances(model, read_photos(photos, LONGEST), count)
    section = MODEL_CARD.format(
        parameters=sum(value.numel() for value in unet.parameters()),
        steps=STEPS,
        last=SHEET[0] * SHEET[1] - 1,
        data=data,
        recipe=", ".join(f"{key} {value}" for key, value in vars(recipe).items()),
        steps_trained=line["step"],
        seconds=line["seconds"],
        loss=line["loss"],
        held=line["held"],
        count=count,
        side=SIDE,
        table=table_of(found),
    )
    readme = to / "README.md"
    readme.write_text(card_with(readme.read_text(encoding="utf-8"), section), encoding="utf-8")
    write_card(to, about)
    typer.echo(json.dumps({"folder": str(to), "distances": found, **line}))


if __name__ == "__main__":
    typer.run(main)
