"""Fine-tune a latent model's decoder on photos, its encoder as it is: siblings, which draw nearly alike.

    python -m training.siblings src/wherefrom/models/zoo/kl-f8-a PHOTOS --out runs/siblings --steps 100 --steps 1000

This is how Stable Diffusion 1's autoencoder became `sd-vae-ft-mse`: mean squared error, the encoder frozen, an average
of the weights. The model after each number of steps is written as `NAME-tuned-STEPS/`, a folder in diffusers' layout
that `load_model` takes, with the recipe beside it. Random crops are those of `training/kl_autoencoder.py`. A run writes
all of them and is never resumed: a thousand steps took 377 seconds of one core.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from diffusers import AutoencoderKL
from rich.progress import track

from training.kl_autoencoder import Recipe, batch_at, psnr, read_photos
from training.runs import follow


@dataclass(frozen=True, kw_only=True)
class Tuning(Recipe):
    """Every choice that changes the weights."""

    rate: float = 1e-4


def tuned_parts(model: AutoencoderKL) -> list[torch.nn.Module]:
    """What decodes: the decoder and the convolution before it."""
    return [model.decoder, model.post_quant_conv]


def step_of(model: AutoencoderKL, optimiser: torch.optim.Optimizer, images: torch.Tensor) -> float:
    """One step towards a smaller mean squared error on [-1, 1]; the loss before it."""
    with torch.no_grad():
        latents = model.encode(images).latent_dist.mode()
    loss = torch.nn.functional.mse_loss(model.decode(latents).sample, images)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return float(loss.detach())


def export(model: AutoencoderKL, folder: Path, about: dict[str, Any]) -> None:
    """The weights rounded to float16, as safetensors in diffusers' layout, and the recipe."""
    half = AutoencoderKL.from_config(model.config)
    half.load_state_dict(model.state_dict())
    half.half().save_pretrained(folder, safe_serialization=True)
    (folder / "recipe.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def main(
    model: Annotated[Path, typer.Argument(help="folder of an AutoencoderKL in diffusers' layout")],
    photos: Annotated[Path, typer.Argument(help="folder of photos, searched with its sub-folders")],
    out: Annotated[Path, typer.Option(help="folder below which each sibling is written")],
    steps: Annotated[list[int], typer.Option(help="after how many steps a sibling is written; may be repeated")],
    seed: Annotated[int, typer.Option(help="seed of crops")] = 11,
) -> None:
    """Fine-tune a decoder, and write it after each number of steps."""
    recipe = Tuning(seed=seed, steps=max(steps))
    pictures = read_photos(photos, recipe.longest_side)
    trained = AutoencoderKL.from_pretrained(model, local_files_only=True).float()
    average = AutoencoderKL.from_pretrained(model, local_files_only=True).float()
    trained.requires_grad_(False)
    parameters = [value for part in tuned_parts(trained) for value in part.requires_grad_(True).parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=recipe.rate)
    started = time.process_time()
    for step in track(range(recipe.steps), description="fine-tuning"):
        loss = step_of(trained, optimiser, batch_at(pictures, recipe, step))
        follow(average, trained, min(recipe.average, (1 + step) / (10 + step)))
        if step + 1 in steps:
            seconds = round(time.process_time() - started, 1)
            said = {"recipe": asdict(recipe), "steps": step + 1, "loss": loss, "seconds": seconds}
            export(
                average, out / f"{model.name}-tuned-{step + 1}", said | {"photos": len(pictures), "psnr": psnr(average)}
            )


if __name__ == "__main__":
    typer.run(main)
