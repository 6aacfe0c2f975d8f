"""Turn a training run into a folder of the zoo: float16 weights, config, a model of latents, a card, a model card.

    python -m training.export_zoo runs/kl-f8-a PHOTOS --name kl-f8-a --out src/wherefrom/models/zoo

Takes the averaged weights of the run's last state, finished or not. The statistics of latents are fitted on the photos'
latents under the rounded weights; `draw` samples from them until `training/export_flow.py` puts a generator beside
them. `card.json` has the SHA-256 of every other file.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import torch
import typer
from diffusers import AutoencoderKL
from rich.progress import track
from safetensors.torch import save_file

from training.kl_autoencoder import CONFIG, psnr, read_photos
from wherefrom.models.adapters.latent_statistics import fit_latents

FACTOR = 2 ** (len(CONFIG["block_out_channels"]) - 1)
LEAST_SIDE = 16 * FACTOR
"""Pixels; the spectra of latents are kept at 16 x 16 frequencies."""
MODEL_CARD = """# {name}

A small KL autoencoder (diffusers' `AutoencoderKL`, factor {factor}, {channels} latent channels, {parameters:,}
parameters) for demonstrations and tests: good enough to make images that are its own, far too small to make good ones.

- **Licence of the weights**: Apache-2.0.
- **Data**: {data}. Photos were shrunk to at most 512 pixels, cropped at random scales and mirrored.
- **Recipe**: `training/kl_autoencoder.py`, {recipe}; {steps} steps in {seconds:.0f} seconds. These are the averaged
  weights, rounded to float16.
- **PSNR** of the 8-bit reconstruction of photos never trained on: {psnr}.
- **New images**: `latents.safetensors` holds the mean, the spectra and the spread of amplitude of the latents of
  {count} photos. `draw` samples a Gaussian field with them: textures with the statistics of photos, and no objects.
- **Not for**: anything but trying this package. That an image decoded by it is recognised says little of other models.
"""


def averaged(run: Path) -> tuple[AutoencoderKL, dict[str, Any]]:
    """The averaged weights of a run, rounded to float16 and back, and what the run says of itself.

    Raises:
        typer.BadParameter: when the folder holds no state.
    """
    if not (run / "state.pt").is_file():
        raise typer.BadParameter(f"{run} holds no state.pt: give the --out folder of training/kl_autoencoder.py")
    state = torch.load(run / "state.pt", weights_only=True, map_location="cpu")  # noqa: TID251
    model = AutoencoderKL(**CONFIG)
    model.load_state_dict(state["average"])
    said = {"steps": state["step"], "seconds": state["seconds"], "recipe": {}}
    if (run / "export" / "recipe.json").is_file():
        said["recipe"] = json.loads((run / "export" / "recipe.json").read_text())["recipe"]
    return model.half().float().eval(), said


@torch.inference_mode()
def latents_of(model: AutoencoderKL, photos: list[npt.NDArray[np.uint8]]) -> list[torch.Tensor]:
    """The posterior's mode of every photo whose sides are long enough, cropped to the factor."""
    found = []
    for photo in track(photos, description="latents"):
        height, width = (side // FACTOR * FACTOR for side in photo.shape[:2])
        if min(height, width) < LEAST_SIDE:
            continue
        pixels = torch.from_numpy(photo[:height, :width].copy()).permute(2, 0, 1)[None]
        found.append(model.encode(pixels.float().div(127.5).sub(1)).latent_dist.mode()[0])
    return found


def spread(photos: list[npt.NDArray[np.uint8]], most: int) -> list[npt.NDArray[np.uint8]]:
    """At most that many of the photos, evenly over the whole folder."""
    picks = np.linspace(0, len(photos) - 1, min(most, len(photos))).round().astype(int)
    return [photos[i] for i in picks]


def write_card(folder: Path, about: Mapping[str, Any]) -> None:
    """`card.json`: what is said of a model, and the SHA-256 of every other file of the folder."""
    files = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "card.json"
    }
    (folder / "card.json").write_text(json.dumps({**about, "files": files}, indent=2) + "\n", encoding="utf-8")


def about(name: str) -> dict[str, Any]:
    """What the card says of an autoencoder."""
    return {
        "name": name,
        "title": f"Small KL autoencoder {name}",
        "architecture": "AutoencoderKL",
        "channels": CONFIG["latent_channels"],
        "factor": FACTOR,
        "sizes": [[CONFIG["sample_size"], CONFIG["sample_size"]]],
        "family": name,
        "licence": "Apache-2.0",
        "note": "Small, for demonstrations and tests; draws textures with the statistics of photos.",
    }


def main(
    run: Annotated[Path, typer.Argument(help="the --out folder of training/kl_autoencoder.py")],
    photos: Annotated[Path, typer.Argument(help="folder of photos whose latents `draw` imitates")],
    name: Annotated[str, typer.Option(help="the model's name in the zoo, as kl-f8-a")],
    out: Annotated[Path, typer.Option(help="the zoo's folder; its sub-folder of that name is made anew")],
    data: Annotated[str, typer.Option(help="what it was trained on, for the model card")] = "photos",
    count: Annotated[int, typer.Option(help="photos to fit the model of latents on, at most")] = 200,
    threads: Annotated[int, typer.Option(help="CPU threads; 0 leaves torch's choice")] = 0,
) -> None:
    """Write one folder of the zoo."""
    if threads:
        torch.set_num_threads(threads)
    model, said = averaged(run)
    measured = psnr(model)
    latents = latents_of(model, spread(read_photos(photos, 512), count))
    folder, part = out / name, out / f".{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    save_file(fit_latents(latents), part / "latents.safetensors")
    text = MODEL_CARD.format(
        name=name,
        factor=FACTOR,
        channels=CONFIG["latent_channels"],
        parameters=sum(value.numel() for value in model.parameters()),
        data=data,
        recipe=", ".join(f"{key} {value}" for key, value in said["recipe"].items()) or "its defaults",
        steps=said["steps"],
        seconds=said["seconds"],
        psnr=", ".join(f"{photo} {value:.2f} dB" for photo, value in measured.items()),
        count=len(latents),
    )
    (part / "README.md").write_text(text, encoding="utf-8")
    model.half().save_pretrained(part, safe_serialization=True)
    for path in part.iterdir():
        path.chmod(0o644)  # safetensors makes files that only their owner may read
    write_card(part, about(name))
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    typer.echo(json.dumps({"folder": str(folder), "psnr": measured, "latents": len(latents), **said}))


if __name__ == "__main__":
    typer.run(main)
