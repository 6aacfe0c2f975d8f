"""Train a small convolutional VAE on images of 32 pixels: the program that made `zoo:vae-cifar10`.

    python -m training.vae --data CIFAR10 --out runs/vae-cifar10 --seed 1

The layout is that of Burgess et al. 2018 (arXiv:1804.03599, appendix A.1) in colour, with more latents and other
widths: three convolutions of 4 x 4 and stride 2, linear layers, and the same way back. Names of weights and the order
of the moments, a number's mean and log-variance side by side, are those that
`wherefrom.models.architectures.burgess_vae` reads.

The loss is that of a beta-VAE (Higgins et al. 2017): squared errors summed over an image with values in [0, 1], plus
`beta` times the divergence of the posterior from the prior. A normal likelihood of variance `beta / 2` has the same
minimum. Adam, mirrored images, a rate that falls to zero along half a cosine, and an exponential moving average.

States, logs and sheets are as in `training/dcgan.py`.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from torch import nn

from training.runs import SIDE, Run, batch_at, follow, normal_at
from training.small_images import Pixels, read_images
from wherefrom.images.batches import to_pixels

CELLS = 4
WARM = 500
"""Steps over which the rate rises."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Every choice that changes the weights."""

    seed: int
    steps: int = 6_000
    batch: int = 128
    latent: int = 64
    encoder: tuple[int, ...] = (32, 48, 48)
    encoder_hidden: int = 128
    decoder: tuple[int, ...] = (80, 64, 32)
    decoder_hidden: int = 176
    beta: float = 0.2
    rate: float = 1e-3
    average: float = 0.999


def half(layers: dict[str, nn.Module]) -> nn.Sequential:
    """Layers in a row, each under its name."""
    return nn.Sequential(OrderedDict(layers))


class Vae(nn.Module):
    """Images `(n, 3, 32, 32)` in [0, 1] to moments `(n, 2 d)`, and latents `(n, d)` to images."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        down = {
            f"conv{number}": nn.Conv2d(given, made, 4, 2, 1)
            for number, (given, made) in enumerate(zip((3, *recipe.encoder), recipe.encoder, strict=False), 1)
        }
        first = recipe.decoder[0] * CELLS**2
        up = {
            f"convT{number}": nn.ConvTranspose2d(given, made, 4, 2, 1)
            for number, (given, made) in enumerate(zip(recipe.decoder, (*recipe.decoder[1:], 3), strict=True), 1)
        }
        wide, own = recipe.encoder_hidden, recipe.decoder_hidden
        self.encoder = half(
            {
                **down,
                "lin1": nn.Linear(recipe.encoder[-1] * CELLS**2, wide),
                "lin2": nn.Linear(wide, wide),
                "mu_logvar_gen": nn.Linear(wide, 2 * recipe.latent),
            }
        )
        self.decoder = half(
            {"lin1": nn.Linear(recipe.latent, own), "lin2": nn.Linear(own, own), "lin3": nn.Linear(own, first), **up}
        )

    def moments(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log-variance of the posterior, `(n, d)` each."""
        x = images
        for name, layer in self.encoder.named_children():
            x = layer(x.flatten(1) if name == "lin1" else x)
            x = x if name == "mu_logvar_gen" else x.relu()
        return x[:, ::2], x[:, 1::2]

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents `(n, d)` to images in [0, 1]."""
        x = latents
        *layers, last = self.decoder.named_children()
        for name, layer in layers:
            x = layer(x).relu()
            x = x.unflatten(1, (-1, CELLS, CELLS)) if name == "lin3" else x
        images: torch.Tensor = last[1](x)
        return images.sigmoid()


class Trainer(Run):
    """The network and its average."""

    def __init__(self, recipe: Recipe, out: Path) -> None:
        self.recipe = recipe
        with torch.random.fork_rng():
            torch.default_generator.manual_seed(recipe.seed)
            network, average = Vae(recipe), Vae(recipe)
        average.load_state_dict(network.state_dict())
        optimiser = torch.optim.Adam(network.parameters(), lr=recipe.rate, foreach=True)
        networks = nn.ModuleDict({"network": network, "average": average.requires_grad_(False)})
        super().__init__(recipe, out, networks, {"network": optimiser})

    def advance(self, images: Pixels) -> dict[str, float]:
        """One step on a batch of the images; both parts of the loss, in nats per image without beta."""
        recipe, network = self.recipe, self.networks["network"]
        assert isinstance(network, Vae)
        share = self.step / recipe.steps
        rate = recipe.rate * min(1.0, (1 + self.step) / WARM) * 0.5 * (1 + math.cos(math.pi * share))
        self.optimisers["network"].param_groups[0]["lr"] = rate
        batch = batch_at(images, recipe.seed, self.step, recipe.batch)[1] * 0.5 + 0.5
        mean, logvar = network.moments(batch)
        noise = normal_at(recipe.seed, self.step, tuple(mean.shape))
        made = network.decode(mean + noise * (0.5 * logvar).exp())
        errors = (made - batch).square().sum((1, 2, 3)).mean()
        divergence = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).sum(1).mean()
        self.optimisers["network"].zero_grad(set_to_none=True)
        (errors + recipe.beta * divergence).backward()
        self.optimisers["network"].step()
        self.step += 1
        keep = min(recipe.average, (1 + self.step) / (10 + self.step))
        follow(self.networks["average"], network, keep)
        return {"errors": float(errors.detach()), "divergence": float(divergence.detach())}

    def averaged(self) -> Vae:
        """The averaged network, rounded to float16 and back."""
        found = Vae(self.recipe)
        found.load_state_dict(self.networks["average"].state_dict())
        return found.half().float().eval()

    @torch.inference_mode()
    def drawn(self, count: int) -> Pixels:
        """Images `(count, 32, 32, 3)` of latents that stay the same."""
        network, recipe = self.averaged(), self.recipe
        parts = [
            to_pixels(network.decode(normal_at(recipe.seed, -1_000 - number, (256, recipe.latent))))
            for number in range(-(-count // 256))
        ]
        return np.concatenate(parts)[:count]


def main(
    data: Annotated[Path, typer.Option(help="folder of parquet files with a column image, or of image files")],
    out: Annotated[Path, typer.Option(help="folder of the run: state, log, samples and export")],
    seed: Annotated[int, typer.Option(help="seed of weights, batches and noise")],
    steps: Annotated[int, typer.Option(help="steps of the optimiser")] = 6_000,
    beta: Annotated[float, typer.Option(help="weight of the divergence from the prior")] = 0.2,
    save_every: Annotated[int, typer.Option(help="steps between states")] = 1000,
    threads: Annotated[int, typer.Option(help="CPU threads; 0 leaves torch's choice")] = 0,
) -> None:
    """Train one VAE, or go on with a run that was stopped."""
    if threads:
        torch.set_num_threads(threads)
    recipe = Recipe(seed=seed, steps=steps, beta=beta)
    images = read_images(data, SIDE)
    trainer = Trainer(recipe, out)
    trainer.train(lambda: trainer.advance(images), images, save_every)


if __name__ == "__main__":
    typer.run(main)
