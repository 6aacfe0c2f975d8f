"""Train a small DCGAN on images of 32 pixels: the program that made `zoo:dcgan-cifar10`.

    python -m training.dcgan --data CIFAR10 --out runs/dcgan-cifar10 --seed 1

Networks and initial weights are those of arXiv:1511.06434: stacks of (transposed) convolutions of 4 x 4, batch norm.
The loss is the logistic one that does not saturate (arXiv:1406.2661), with one-sided smoothing (arXiv:1606.03498); real
and made images pass the discriminator's batch norm apart. Added: mirrored images, rates that fall to zero over the
second half, an exponential moving average of the generator's weights, and batch norm's statistics measured again under
them at the end. Convolutions run in bfloat16, weights and sums in float32.

In trials of two minutes, spectral norm with a hinge loss, and no norm with a gradient penalty, were far behind.

The state is written every `--save-every` steps, and a second call with the same `--out` goes on from it. `log.jsonl`
holds steps, seconds, losses and distances (`training/frechet.py`); `samples.png` shows 64 latents that stay the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from torch import nn
from torch.nn.functional import softplus

from training.runs import SIDE, Run, batch_at, follow, normal_at
from training.small_images import Pixels, read_images, share_of
from wherefrom.images.batches import to_pixels


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Every choice that changes the weights."""

    seed: int
    steps: int = 6_000
    batch: int = 64
    latent: int = 100
    generator: tuple[int, ...] = (224, 112, 56)
    discriminator: tuple[int, ...] = (64, 128, 256)
    generator_rate: float = 4e-4
    discriminator_rate: float = 1e-4
    smoothing: float = 0.1
    average: float = 0.999
    subset: float = 1.0
    start: float = 0.0
    dtype: str = "bfloat16"
    device: str = "cpu"


class Generator(nn.Module):
    """Latents `(n, z, 1, 1)` to images `(n, 3, 32, 32)` in [-1, 1]; layers are 4 x 4, after the first of stride 2."""

    def __init__(self, latent: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for number, (given, made) in enumerate(zip((latent, *widths), widths, strict=False)):
            stride, padding = (2, 1) if number else (1, 0)
            layers += [nn.ConvTranspose2d(given, made, 4, stride, padding, bias=False), nn.BatchNorm2d(made), nn.ReLU()]
        layers += [nn.ConvTranspose2d(widths[-1], 3, 4, 2, 1, bias=False), nn.Tanh()]
        self.main = nn.Sequential(*layers)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        images: torch.Tensor = self.main(latents)
        return images


def discriminator(widths: tuple[int, ...]) -> nn.Sequential:
    """Images `(n, 3, 32, 32)` to one number each, `(n,)`."""
    layers: list[nn.Module] = [nn.Conv2d(3, widths[0], 4, 2, 1), nn.LeakyReLU(0.2)]
    for given, made in pairwise(widths):
        layers += [nn.Conv2d(given, made, 4, 2, 1, bias=False), nn.BatchNorm2d(made), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4), nn.Flatten(0))


def initialise(network: nn.Module) -> None:
    """Weights of arXiv:1511.06434: normal with a standard deviation of 0.02, around one for batch norm."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)


class Trainer(Run):
    """Generator, discriminator and the generator's average."""

    def __init__(self, recipe: Recipe, out: Path) -> None:
        self.recipe = recipe
        with torch.random.fork_rng():
            torch.default_generator.manual_seed(recipe.seed)
            networks = nn.ModuleDict(
                {
                    "generator": Generator(recipe.latent, recipe.generator),
                    "discriminator": discriminator(recipe.discriminator),
                    "average": Generator(recipe.latent, recipe.generator),
                }
            )
            initialise(networks)
        networks["average"].load_state_dict(networks["generator"].state_dict())
        networks["average"].requires_grad_(False)
        networks.to(device=recipe.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimisers = {
            name: torch.optim.Adam(networks[name].parameters(), lr=rate, betas=(0.5, 0.99), foreach=True)
            for name, rate in (("generator", recipe.generator_rate), ("discriminator", recipe.discriminator_rate))
        }
        super().__init__(recipe, out, networks, optimisers)

    def advance(self, images: Pixels) -> dict[str, float]:
        """One step of the discriminator, of the generator and of the average; both losses."""
        _, batch = batch_at(images, self.recipe.seed, self.step, self.recipe.batch)
        batch = batch.to(self.recipe.device)
        judge, maker = self.networks["discriminator"], self.networks["generator"]
        self._set_rates()
        with self._arithmetic():
            made = maker(latents_at(self.recipe, self.step).to(self.recipe.device))
            real, fake = judge(batch).float(), judge(made.detach()).float()
        unsure = self.recipe.smoothing
        judged = ((1 - unsure) * softplus(-real) + unsure * softplus(real)).mean() + softplus(fake).mean()
        self._update("discriminator", judged)
        judge.requires_grad_(False)
        with self._arithmetic():
            fooled = softplus(-judge(made).float()).mean()
        self._update("generator", fooled)
        judge.requires_grad_(True)
        self.step += 1
        keep = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        follow(self.networks["average"], self.networks["generator"], keep)
        return {"discriminator": float(judged.detach()), "generator": float(fooled.detach())}

    def _arithmetic(self) -> torch.autocast:
        kind = torch.device(self.recipe.device).type
        return torch.autocast(kind, dtype=torch.bfloat16, enabled=self.recipe.dtype == "bfloat16")

    def _set_rates(self) -> None:
        share = min(1.0, 2 * (1 - self.step / self.recipe.steps))
        for name, rate in (
            ("generator", self.recipe.generator_rate),
            ("discriminator", self.recipe.discriminator_rate),
        ):
            self.optimisers[name].param_groups[0]["lr"] = rate * share

    def _update(self, name: str, loss: torch.Tensor) -> None:
        self.optimisers[name].zero_grad(set_to_none=True)
        loss.backward()
        self.optimisers[name].step()

    def averaged(self) -> Generator:
        """The averaged generator, rounded to float16 and back, its batch norm measured under these weights."""
        found = Generator(self.recipe.latent, self.recipe.generator)
        found.load_state_dict(self.networks["average"].state_dict())
        found.half().float().train()
        for module in found.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.reset_running_stats()
                module.momentum = None  # the plain mean of what follows
        with torch.inference_mode():
            for number in range(8):
                found(latents_at(self.recipe, -1 - number, 256))
        return found.half().float().eval()

    @torch.inference_mode()
    def drawn(self, count: int) -> Pixels:
        """Images `(count, 32, 32, 3)` of the averaged generator, of latents that stay the same."""
        network = self.averaged()
        parts = [
            to_pixels(network(latents_at(self.recipe, -1_000 - number, 256)) * 0.5 + 0.5)
            for number in range(-(-count // 256))
        ]
        return np.concatenate(parts)[:count]


def latents_at(recipe: Recipe, step: int, count: int | None = None) -> torch.Tensor:
    """Standard normal latents of one step, a function of the seed and the step alone."""
    return normal_at(recipe.seed, step, (count or recipe.batch, recipe.latent, 1, 1))


def main(
    data: Annotated[Path, typer.Option(help="folder of parquet files with a column image, or of image files")],
    out: Annotated[Path, typer.Option(help="folder of the run: state, log, samples and export")],
    seed: Annotated[int, typer.Option(help="seed of weights, batches and latents")],
    steps: Annotated[int, typer.Option(help="steps of each optimiser")] = 6_000,
    subset: Annotated[float, typer.Option(help="share of the images to train on")] = 1.0,
    start: Annotated[float, typer.Option(help="where the share starts, of one fixed order of the images")] = 0.0,
    width: Annotated[
        int, typer.Option(help="channels of the generator's last layer but one; a quarter of its first")
    ] = 56,
    judge: Annotated[int, typer.Option(help="channels of the discriminator's first layer; a quarter of its last")] = 64,
    save_every: Annotated[int, typer.Option(help="steps between states")] = 1000,
    threads: Annotated[int, typer.Option(help="CPU threads; 0 leaves torch's choice")] = 0,
    dtype: Annotated[
        str, typer.Option(help="bfloat16 or float32, of convolutions; bfloat16 is for processors that multiply in it")
    ] = "bfloat16",
    device: Annotated[str, typer.Option(help="of the networks, as cpu or cuda")] = "cpu",
) -> None:
    """Train one generator, or go on with a run that was stopped."""
    if threads:
        torch.set_num_threads(threads)
    recipe = Recipe(
        seed=seed,
        steps=steps,
        generator=(4 * width, 2 * width, width),
        discriminator=(judge, 2 * judge, 4 * judge),
        subset=subset,
        start=start,
        dtype=dtype,
        device=device,
    )
    images = share_of(read_images(data, SIDE), subset, start)
    trainer = Trainer(recipe, out)
    trainer.train(lambda: trainer.advance(images), images, save_every)


if __name__ == "__main__":
    typer.run(main)
