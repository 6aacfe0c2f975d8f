"""Train a small KL autoencoder on a folder of photos: the program that made `zoo:kl-f8-a` and `zoo:kl-f8-b`.

    python -m training.kl_autoencoder PHOTOS --out runs/kl-f8-a --seed 1

Random crops at random scales, mean squared error plus a very small KL term, an exponential moving average of the
weights. Convolutions are trained by Muon and the rest by AdamW, with every residual branch starting at zero: both were
found to lower the loss faster in short trials. The state is written every `--save-every` steps, and a second call with
the same `--out` goes on from it. `log.jsonl` holds step, seconds and PSNR on scikit-image's astronaut, coffee and
chelsea. The averaged weights are written as float16 safetensors in diffusers' folder layout, with the recipe beside
them.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import torch
import typer
from diffusers import AutoencoderKL
from PIL import Image
from rich.progress import Progress
from skimage import data as skimage_data

from training.muon import Averaged

CONFIG: dict[str, Any] = {
    "in_channels": 3,
    "out_channels": 3,
    "block_out_channels": [16, 32, 64, 96],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "layers_per_block": 1,
    "latent_channels": 8,
    "norm_num_groups": 8,
    "mid_block_add_attention": False,
    "scaling_factor": 1.0,
    "sample_size": 192,
}
PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Every choice that changes the weights."""

    seed: int
    steps: int = 1500
    batch: int = 4
    crop: int = 64
    rate: float = 1.5e-3
    muon_rate: float = 0.01
    kl_weight: float = 1e-7
    log_variance: float = -6.0
    average: float = 0.99
    scale_low: float = 0.4
    longest_side: int = 512


def read_photos(folder: Path, longest: int) -> list[npt.NDArray[np.uint8]]:
    """Every photo of a folder as RGB, shrunk to a longest side; the order is that of the file names."""
    photos = []
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in PHOTO_SUFFIXES):
        with Image.open(path) as image:
            image.draft("RGB", (longest, longest))
            rgb = image.convert("RGB")
        rgb.thumbnail((longest, longest), Image.Resampling.LANCZOS)
        photos.append(np.asarray(rgb))
    if not photos:
        raise typer.BadParameter(f"no photos ({', '.join(sorted(PHOTO_SUFFIXES))}) under {folder}")
    return photos


def crop_one(photo: npt.NDArray[np.uint8], recipe: Recipe, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """One random crop at a random scale, mirrored half of the time."""
    room = min(photo.shape[:2])
    side = (
        int(np.clip(recipe.crop / rng.uniform(recipe.scale_low, 1.0), recipe.crop, room))
        if room > recipe.crop
        else room
    )
    top, left = (int(rng.integers(0, edge - side + 1)) for edge in photo.shape[:2])
    patch = photo[top : top + side, left : left + side]
    if side != recipe.crop:
        size = (recipe.crop, recipe.crop)
        patch = np.asarray(Image.fromarray(patch).resize(size, Image.Resampling.BICUBIC))
    return patch[:, ::-1] if rng.random() < 0.5 else patch


def batch_at(photos: list[npt.NDArray[np.uint8]], recipe: Recipe, step: int) -> torch.Tensor:
    """The batch of one step, a function of the seed and the step alone, so that a resumed run sees the same data."""
    rng = np.random.default_rng([recipe.seed, step])
    picks = rng.integers(0, len(photos), recipe.batch)
    stack = np.stack([crop_one(photos[i], recipe, rng) for i in picks])
    return torch.from_numpy(stack).permute(0, 3, 1, 2).float().div(127.5).sub(1.0)


def loss_of(model: AutoencoderKL, images: torch.Tensor, recipe: Recipe, step: int) -> torch.Tensor:
    """Mean squared error on [-1, 1] of a sampled reconstruction, plus the weighted KL divergence."""
    posterior = model.encode(images).latent_dist
    generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
    noise = torch.randn(posterior.mean.shape, generator=generator).to(images.device)
    decoded = model.decode(posterior.mean + posterior.std * noise).sample
    loss: torch.Tensor = torch.nn.functional.mse_loss(decoded, images) + recipe.kl_weight * posterior.kl().mean()
    return loss


@torch.inference_mode()
def psnr(model: AutoencoderKL) -> dict[str, float]:
    """PSNR in dB of the 8-bit reconstruction of three well-known photos that are never trained on."""
    result = {}
    for name in ("astronaut", "coffee", "chelsea"):
        photo = getattr(skimage_data, name)()
        photo = photo[: photo.shape[0] // 8 * 8, : photo.shape[1] // 8 * 8]
        tensor = torch.from_numpy(photo.copy()).permute(2, 0, 1)[None].float().div(127.5).sub(1)
        tensor = tensor.to(next(model.parameters()).device)
        decoded = model.decode(model.encode(tensor).latent_dist.mode()).sample
        eight_bit = decoded.add(1).mul(127.5).round().clamp(0, 255)
        result[name] = round(
            -10 * math.log10(float((eight_bit - tensor.add(1).mul(127.5)).div(255).pow(2).mean())),
            3,
        )
    return result


def initialise(model: AutoencoderKL, recipe: Recipe) -> None:
    """A narrow posterior (at unit width its noise drowns the signal for long); residual branches start at zero."""
    with torch.no_grad():
        model.quant_conv.bias[CONFIG["latent_channels"] :].fill_(recipe.log_variance)
        for name, value in model.named_parameters():
            if ".resnets." in name and ".conv2." in name:
                value.zero_()


class Trainer(Averaged[AutoencoderKL]):
    """One run."""

    def __init__(self, recipe: Recipe, out: Path, device: str) -> None:
        torch.set_float32_matmul_precision("highest")
        with torch.random.fork_rng():
            torch.default_generator.manual_seed(recipe.seed)
            model, average = AutoencoderKL(**CONFIG), AutoencoderKL(**CONFIG)
        initialise(model, recipe)
        super().__init__(model, average, recipe, out, device)
        self.recipe = recipe

    def advance(self, images: torch.Tensor) -> float:
        """One step of the optimiser and of the average; the loss."""
        loss = loss_of(self.model, images, self.recipe, self.step)
        self.update(loss)
        return float(loss.detach())

    def log(self, loss: float) -> dict[str, Any]:
        """Append a line of progress to `log.jsonl`."""
        line = {
            "step": self.step,
            "seconds": round(self.seconds, 1),
            "loss": round(loss, 6),
            "psnr": psnr(self.average),
        }
        with (self.out / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        return line

    def export(self, line: dict[str, Any], photos: int) -> None:
        """The averaged weights as float16 safetensors in diffusers' layout, with `recipe.json` beside them."""
        half = AutoencoderKL(**CONFIG)
        half.load_state_dict(self.average.state_dict())
        half.half().save_pretrained(self.out / "export", safe_serialization=True)
        recipe = {
            "recipe": asdict(self.recipe),
            "photos": photos,
            "final": line,
            "torch": torch.__version__,
        }
        (self.out / "export" / "recipe.json").write_text(json.dumps(recipe, indent=2) + "\n")


def main(
    photos: Annotated[Path, typer.Argument(help="folder of photos, searched with its sub-folders")],
    out: Annotated[Path, typer.Option(help="folder of the run: state, log and export")],
    seed: Annotated[int, typer.Option(help="seed of weights, crops and noise")],
    steps: Annotated[int, typer.Option(help="optimiser steps")] = 1500,
    save_every: Annotated[int, typer.Option(help="steps between states")] = 250,
    threads: Annotated[int, typer.Option(help="CPU threads; 0 leaves torch's choice")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
) -> None:
    """Train one autoencoder, or go on with a run that was stopped."""
    if threads:
        torch.set_num_threads(threads)
    recipe = Recipe(seed=seed, steps=steps)
    pictures = read_photos(photos, recipe.longest_side)
    out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(recipe, out, device)
    line: dict[str, Any] = {"psnr": psnr(trainer.average)}
    with Progress() as progress:
        bar = progress.add_task("training", total=steps, completed=trainer.step)
        while trainer.step < steps:
            started = time.perf_counter()
            loss = trainer.advance(batch_at(pictures, recipe, trainer.step).to(device))
            trainer.seconds += time.perf_counter() - started
            if trainer.step % save_every == 0 or trainer.step == steps:
                line = trainer.log(loss)
                trainer.save()
            progress.update(
                bar,
                completed=trainer.step,
                description=f"loss {loss:.4f} PSNR {line['psnr']}",
            )
    trainer.export(line, len(pictures))
    typer.echo(json.dumps(line))


if __name__ == "__main__":
    typer.run(main)
