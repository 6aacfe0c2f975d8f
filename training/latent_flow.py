"""Train a small generator of an autoencoder's latents on photos: `flow/` of `zoo:kl-f8-a` and `zoo:kl-f8-b`.

    python -m training.latent_flow src/wherefrom/models/zoo/kl-f8-a PHOTOS --out runs/kl-f8-a-flow --seed 1

Flow matching along straight lines (arXiv:2210.02747, arXiv:2209.03003): a UNet learns the velocity `latent - noise` at
`(1 - t) noise + t latent`, with t logit-normal (arXiv:2403.03206). Photos are encoded once, at several sizes and
mirrored; each step sees crops of one side. Muon for convolutions and AdamW for the rest, and an exponential moving
average of the weights. The state is written every `--save-every` steps, and a second call with the same `--out` goes on
from it. `log.jsonl` holds step, seconds, the mean loss since the last line, and the average's loss on photos that are
never trained on.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import torch
import typer
from diffusers import UNet2DModel
from PIL import Image
from rich.progress import Progress, track
from safetensors.torch import load_file, save_file

from training.kl_autoencoder import read_photos
from training.muon import Averaged
from wherefrom.images.batches import to_images
from wherefrom.images.fit import crop
from wherefrom.models.adapters.latent_flow import TIMES
from wherefrom.models.adapters.latent_model import DiffusersAutoencoder
from wherefrom.models.opening.autoencoder import open_autoencoder

LATENTS = "latents.safetensors"
LONGEST = 512
HELD = 10
"""Every tenth photo is kept from training, for the log."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Every choice that changes the weights."""

    seed: int
    steps: int = 3400
    batch: int = 8
    """Crops of the largest side in a step; of smaller ones as many more as have the same cells, at most 4 times."""
    sides: tuple[int, ...] = (24, 24, 24, 16, 8)
    """Sides of crops in latent cells; each step draws one."""
    shorter: tuple[int, ...] = (8, 12, 16, 24, 32)
    """Shorter sides, in latent cells, to which photos are shrunk; a crop is from those of once to twice its side."""
    rate: float = 2e-3
    muon_rate: float = 0.03
    average: float = 0.999
    centre: float = -0.8
    """Mean of the times' logits: below 0 there are more times near noise, when a picture's large shapes are decided."""
    pools: tuple[int, ...] = (4,)
    """Sides in cells of the blocks whose mean error counts beside each cell's; that of the whole crop always does."""
    widths: tuple[int, ...] = (24, 40, 56)


def config_of(recipe: Recipe, channels: int) -> dict[str, Any]:
    """The UNet: attention at its lowest resolution alone."""
    return {
        "in_channels": channels,
        "out_channels": channels,
        "sample_size": max(recipe.sides),
        "block_out_channels": list(recipe.widths),
        "down_block_types": ["DownBlock2D"] * len(recipe.widths),
        "up_block_types": ["UpBlock2D"] * len(recipe.widths),
        "layers_per_block": 1,
        "norm_num_groups": 8,
        "attention_head_dim": recipe.widths[-1] // 2,
    }


Latents = dict[str, torch.Tensor]
"""`SHORTER/PHOTO/MIRRORED` to `(c, h, w)`, SHORTER in pixels."""


@torch.inference_mode()
def encoded(model: DiffusersAutoencoder, photos: list[npt.NDArray[np.uint8]], shorter: tuple[int, ...]) -> Latents:
    """Latents of every photo at every size, in cells, to which it can be shrunk, and of its mirror image."""
    found: Latents = {}
    for index, photo in enumerate(track(photos, description="latents")):
        least = min(photo.shape[:2])
        for side in (cells * model.factor for cells in shorter):
            if least < side:
                continue
            size = [round(edge * side / least) for edge in photo.shape[1::-1]]
            small = crop(np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.LANCZOS)), model.factor)
            for mirrored, view in enumerate((small, small[:, ::-1])):
                latent = model.encode(to_images([np.ascontiguousarray(view)]))[0]
                found[f"{side}/{index}/{mirrored}"] = latent.half().contiguous()
    return found


def read_latents(run: Path) -> Latents:
    """What `encoded` found for a run."""
    return load_file(run / LATENTS)


class Crops:
    """Standardised crops of latents, a function of the seed and the step alone."""

    def __init__(self, latents: Latents, recipe: Recipe, factor: int) -> None:
        """Latents as `encoded` made them; raises typer.BadParameter when a side has none to train on or to hold out."""
        every = torch.cat([latent.float().flatten(1) for latent in latents.values()], 1).double()
        self.mean, self.deviation = every.mean(1).float(), every.std(1).float()
        self.recipe = recipe
        self._of: dict[tuple[int, bool], list[torch.Tensor]] = {}
        for name, latent in latents.items():
            shorter, index, _ = (int(part) for part in name.split("/"))
            ready = (latent.float() - self.mean[:, None, None]) / self.deviation[:, None, None]
            for side in set(recipe.sides):
                if side <= min(latent.shape[1:]) and side <= shorter // factor <= 2 * side:
                    self._of.setdefault((side, index % HELD == 0), []).append(ready)
        for side in recipe.sides:
            if {(side, True), (side, False)} - self._of.keys():
                raise typer.BadParameter(
                    f"no photo is large enough for crops of {side} cells, of those trained on or of those kept out:"
                    f" need more photos with a shorter side of {side * factor} pixels"
                )

    def __call__(self, step: int, *, held: bool = False) -> torch.Tensor:
        """The crops of one step, `(n, c, side, side)`; `held`: of photos that are never trained on."""
        rng = np.random.default_rng([self.recipe.seed, step, int(held)])
        side = self.recipe.sides[int(rng.integers(len(self.recipe.sides)))]
        count = round(self.recipe.batch * min(4.0, (max(self.recipe.sides) / side) ** 2))
        pool = self._of[(side, held)]
        return torch.stack([self._cut(pool[i], side, rng) for i in rng.integers(0, len(pool), count)])

    @staticmethod
    def _cut(latent: torch.Tensor, side: int, rng: np.random.Generator) -> torch.Tensor:
        top, left = (int(rng.integers(0, edge - side + 1)) for edge in latent.shape[1:])
        return latent[:, top : top + side, left : left + side]


def error_of(model: UNet2DModel, latents: torch.Tensor, seed: int, centre: float) -> torch.Tensor:
    """What the velocity lacks of `latents - noise`, at times whose logits are normal around a centre."""
    source = torch.Generator().manual_seed(seed)
    noise = torch.randn(latents.shape, generator=source)
    times = (torch.randn(len(latents), generator=source) + centre).sigmoid()
    share = times[:, None, None, None]
    mixed = (noise + share * (latents - noise)).contiguous(memory_format=torch.channels_last)
    error: torch.Tensor = model(mixed, times * TIMES).sample - (latents - noise)
    return error


def loss_of(error: torch.Tensor, pools: tuple[int, ...]) -> torch.Tensor:
    """Mean square of the error, plus that of its means over blocks and over the whole.

    The velocity that is best cell by cell is best for every mean too, but a mean over the whole is one number among
    hundreds: without a weight of its own, light and colour of a draw are learned last.
    """
    means = [torch.nn.functional.avg_pool2d(error, side) for side in pools]
    return torch.stack([one.square().mean() for one in (error, *means, error.mean((2, 3)))]).sum()


class Trainer(Averaged[UNet2DModel]):
    """One run."""

    def __init__(self, recipe: Recipe, out: Path, channels: int) -> None:
        config = config_of(recipe, channels)
        with torch.random.fork_rng():
            torch.default_generator.manual_seed(recipe.seed)
            model = UNet2DModel(**config)
        torch.nn.init.zeros_(model.conv_out.weight)
        super().__init__(model, UNet2DModel(**config), recipe, out)
        self.recipe = recipe
        self.losses: list[float] = []

    def advance(self, latents: torch.Tensor) -> float:
        """One step of the optimiser and of the average; the error's mean square."""
        error = error_of(self.model, latents, self.recipe.seed * 1_000_003 + self.step, self.recipe.centre)
        self.update(loss_of(error, self.recipe.pools))
        self.losses.append(float(error.detach().square().mean()))
        return self.losses[-1]

    @torch.no_grad()
    def log(self, crops: Crops, batches: int = 10) -> dict[str, Any]:
        """Append a line of progress to `log.jsonl`."""
        held = [float(error_of(self.average, crops(i, held=True), i, 0.0).square().mean()) for i in range(batches)]
        line = {
            "step": self.step,
            "seconds": round(self.seconds, 1),
            "loss": round(float(np.mean(self.losses)), 5),
            "held": round(float(np.mean(held)), 5),
        }
        self.losses.clear()
        with (self.out / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        return line


def main(
    model: Annotated[Path, typer.Argument(help="folder of the autoencoder")],
    photos: Annotated[Path, typer.Argument(help="folder of photos, searched with its sub-folders")],
    out: Annotated[Path, typer.Option(help="folder of the run: latents, state and log")],
    seed: Annotated[int, typer.Option(help="seed of weights, crops and noise")],
    steps: Annotated[int, typer.Option(help="optimiser steps")] = 3400,
    save_every: Annotated[int, typer.Option(help="steps between states")] = 250,
    threads: Annotated[int, typer.Option(help="CPU threads; 0 leaves torch's choice")] = 0,
) -> None:
    """Train one generator of latents, or go on with a run that was stopped."""
    if threads:
        torch.set_num_threads(threads)
    recipe = Recipe(seed=seed, steps=steps)
    autoencoder = open_autoencoder(model)
    out.mkdir(parents=True, exist_ok=True)
    if not (out / LATENTS).is_file():
        save_file(encoded(autoencoder, read_photos(photos, LONGEST), recipe.shorter), out / LATENTS)
    crops = Crops(read_latents(out), recipe, autoencoder.factor)
    (out / "recipe.json").write_text(json.dumps(asdict(recipe), indent=2) + "\n", encoding="utf-8")
    trainer = Trainer(recipe, out, autoencoder.channels)
    line: dict[str, Any] = {}
    with Progress() as progress:
        bar = progress.add_task("training", total=steps, completed=trainer.step)
        while trainer.step < steps:
            started = time.perf_counter()
            loss = trainer.advance(crops(trainer.step))
            trainer.seconds += time.perf_counter() - started
            if trainer.step % save_every == 0 or trainer.step == steps:
                line = trainer.log(crops)
                trainer.save()
            progress.update(bar, completed=trainer.step, description=f"loss {loss:.4f} held {line.get('held', '')}")
    typer.echo(json.dumps(line))


if __name__ == "__main__":
    typer.run(main)
