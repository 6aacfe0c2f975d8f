"""Train a small class-conditional StyleGAN2 with ADA on images of 32 pixels: what made `zoo:stylegan2-cifar10`.

    python -m training.stylegan2 --data CIFAR10 --out runs/stylegan2-cifar10 --seed 1

The generator is this package's own module, so that its weights are in the layout that the adapter reads: a mapping
network of the latent and the class, modulated convolutions with weight demodulation, an image added up from every block
(arXiv:1912.04958); without the layers' noise. The discriminator is a plain stack of convolutions that starts at 16 px
with a strided one, then average pooling in place of filtered strides, the deviation over groups of images
(arXiv:1710.10196) and a projection on the class beside a score of any class (arXiv:1802.05637). Losses are logistic
ones that do not saturate, with a penalty of squared gradients on real images every `lazy` steps, of the images as they
were augmented; augmentation is adaptive (arXiv:2006.06676, `training/augment.py`). Rates are equalised, the generator's
weights averaged.

Two things are not the papers', because a run here sees a hundred thousand images and not tens of millions: batch norm
in the discriminator, real and made images apart, as in `training/dcgan.py`, and a higher rate for the generator. In
trials of a few minutes without them the images of all latents had one outline.

One batch of made images serves a step of the discriminator and one of the generator. Rates fall to zero over the last
`falling` of the steps. Convolutions run in bfloat16, weights and sums in float32; the penalty in float32.

States, logs and sheets are as in `training/dcgan.py`; a row of the sheet has one image of each class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from torch import nn
from torch.nn.functional import softplus

from training.augment import Strength, augmented
from training.discriminator import Discriminator
from training.runs import SIDE, Run, batch_at, follow, normal_at
from training.small_images import Pixels, read_images, read_labels
from wherefrom.images.batches import to_pixels
from wherefrom.models.architectures.base.stylegan.mapping import Mapping as MappingNetwork
from wherefrom.models.architectures.base.stylegan.mapping import MappingPlan
from wherefrom.models.architectures.stylegan2.synthesis import Conv, Plan, Synthesis

TAPS = (1.0, 3.0, 3.0, 1.0)
W_KEPT = 0.998
"""Of the mean of w, at each step."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Every choice that changes the weights."""

    seed: int
    steps: int = 3_200
    batch: int = 32
    classes: int = 10
    z_width: int = 64
    w_width: int = 64
    layers: int = 2
    mapping_rate: float = 0.1
    generator: tuple[int, ...] = (96, 96, 48, 32)
    discriminator: tuple[int, ...] = (64, 96, 128)
    generator_rate: float = 8e-3
    discriminator_rate: float = 2.5e-3
    gamma: float = 0.1
    lazy: int = 16
    target: float = 0.6
    ramp: int = 500_000
    average: int = 20_000
    falling: float = 0.5
    dtype: str = "bfloat16"


class Generator(nn.Module):
    """Latents `(n, z)` and labels `(n,)` to images `(n, 3, 32, 32)` in [-1, 1], by the package's own networks."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        widths = (recipe.w_width,) * recipe.layers
        embedded, rate = recipe.z_width, recipe.mapping_rate
        self.mapping = MappingNetwork(
            MappingPlan(z_width=recipe.z_width, classes=recipe.classes, embedded=embedded, widths=widths, rate=rate)
        )
        plan = Plan(
            w_width=recipe.w_width,
            channels=recipe.generator,
            colours=3,
            structure="skip",
            taps=(len(TAPS),) * 2,
            unused_taps=(len(TAPS),) * 2,
            noisy=False,
            clamp=None,
            act="lrelu",
        )
        self.synthesis = Synthesis(plan)

    def forward(self, latents: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The images, and w `(n, w)` that they are made of."""
        w: torch.Tensor = self.mapping(latents, labels)
        images: torch.Tensor = self.synthesis(w[:, None].expand(-1, self.synthesis.count, -1))
        return images, w


def _live(conv: nn.Module, _given: object) -> None:
    """What is measured once when weights are loaded is measured anew, and with gradients, where they are trained."""
    assert isinstance(conv, Conv)
    conv.energy = conv.weight.square().sum((2, 3))


def initialise(network: Generator, rate: float) -> None:
    """Unit variance in every weight, as equalised rates want it; styles start at one, all else at zero."""
    taps = torch.tensor(TAPS) / sum(TAPS)
    for name, value in (*network.named_parameters(), *network.named_buffers()):
        with torch.no_grad():
            if name.endswith("resample_filter"):
                value.copy_(torch.outer(taps, taps))
            elif name.endswith("affine.bias"):
                value.fill_(1)
            elif name.endswith(("weight", "const")):
                value.normal_().div_(rate if name.startswith("mapping.fc") else 1)
            else:
                value.zero_()
    network.load_state_dict(network.state_dict())  # fits the filters


class Trainer(Run):
    """Generator, discriminator, the generator's average and the strength of augmentation."""

    across = 10

    def __init__(self, recipe: Recipe, out: Path) -> None:
        self.recipe, self.strength = recipe, Strength(recipe.target, recipe.ramp)
        with torch.random.fork_rng():
            torch.default_generator.manual_seed(recipe.seed)
            maker, average = Generator(recipe), Generator(recipe)
            initialise(maker, recipe.mapping_rate)
            networks = nn.ModuleDict(
                {"generator": maker, "discriminator": Discriminator(recipe.discriminator, recipe.classes)}
            )
        networks["discriminator"].to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        average.load_state_dict(maker.state_dict())
        for module in maker.modules():
            if isinstance(module, Conv):
                module.register_forward_pre_hook(_live)
        optimisers = {
            name: torch.optim.Adam(networks[name].parameters(), lr=rate, betas=(0.0, 0.99), foreach=True)
            for name, rate in (("generator", recipe.generator_rate), ("discriminator", recipe.discriminator_rate))
        }
        networks["average"] = average.requires_grad_(False)
        super().__init__(recipe, out, networks, optimisers)

    def state(self) -> dict[str, Any]:
        """With the strength of augmentation."""
        return {**super().state(), "p": self.strength.value}

    def load(self, state: Mapping[str, Any]) -> None:
        """With the strength of augmentation."""
        super().load(state)
        self.strength.value = state["p"]

    def advance(self, images: Pixels, labels: torch.Tensor) -> dict[str, float]:
        """One step of the discriminator, of the generator and of the average; both losses and p of augmentation."""
        recipe, judge, maker = self.recipe, self.networks["discriminator"], self.networks["generator"]
        source = torch.Generator().manual_seed((recipe.seed * 7_368_787 + self.step) % 2**63)
        self._set_rates()
        places, batch = batch_at(images, recipe.seed, self.step, recipe.batch)
        own, p = labels[torch.from_numpy(places)], self.strength.value
        asked = torch.randint(recipe.classes, (recipe.batch,), generator=source)
        with self._cast():
            made, w = maker(normal_at(recipe.seed, self.step, (recipe.batch, recipe.z_width)), asked)
        made = made.float()
        real = augmented(batch, p, source)
        with self._cast():
            seen = judge(real, own)
            fake = judge(augmented(made.detach(), p, source), asked)
        judged = softplus(-seen).mean() + softplus(fake).mean()
        if self.step % recipe.lazy == 0:
            judged = judged + self._penalty(real, own)
        self._update("discriminator", judged)
        self.strength.update(seen.detach())
        judge.requires_grad_(False)
        with self._cast():
            fooled = softplus(-judge(augmented(made, p, source), asked)).mean()
        self._update("generator", fooled)
        judge.requires_grad_(True)
        self.step += 1
        self._average(w.detach().float())
        return {"discriminator": float(judged.detach()), "generator": float(fooled.detach()), "p": p}

    def _cast(self) -> torch.autocast:
        return torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.recipe.dtype == "bfloat16")

    def _penalty(self, real: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Squared gradients of the discriminator on real images (arXiv:1801.04406), for all the steps without it."""
        given = real.detach().requires_grad_(True)
        (slope,) = torch.autograd.grad(self.networks["discriminator"](given, labels).sum(), given, create_graph=True)
        found: torch.Tensor = slope.square().sum((1, 2, 3)).mean() * (self.recipe.gamma / 2 * self.recipe.lazy)
        return found

    def _set_rates(self) -> None:
        share = min(1.0, (1 - self.step / self.recipe.steps) / self.recipe.falling)
        self.optimisers["generator"].param_groups[0]["lr"] = self.recipe.generator_rate * share
        self.optimisers["discriminator"].param_groups[0]["lr"] = self.recipe.discriminator_rate * share

    def _update(self, name: str, loss: torch.Tensor) -> None:
        self.optimisers[name].zero_grad(set_to_none=True)
        loss.backward()
        self.optimisers[name].step()

    @torch.no_grad()
    def _average(self, w: torch.Tensor) -> None:
        """Weights are halved over `average` images, or a twelfth of those seen; the mean of w by `W_KEPT`."""
        recipe = self.recipe
        keep = 0.5 ** (recipe.batch / min(recipe.average, self.step * recipe.batch / 12 + 1))
        maker, average = self.networks["generator"], self.networks["average"]
        assert isinstance(maker, Generator)
        maker.mapping.get_buffer("w_avg").lerp_(w.mean(0), 1 - W_KEPT)
        follow(average, maker, keep)
        average.get_submodule("mapping").get_buffer("w_avg").copy_(maker.mapping.get_buffer("w_avg"))

    def averaged(self) -> Generator:
        """The averaged generator, rounded to float16 and back."""
        found = Generator(self.recipe)
        kept = self.networks["average"].state_dict()
        found.load_state_dict({name: value.half().float() for name, value in kept.items()})
        return found.requires_grad_(False).eval()

    @torch.inference_mode()
    def drawn(self, count: int) -> Pixels:
        """Images `(count, 32, 32, 3)` of latents that stay the same, the classes in turn."""
        network, recipe = self.averaged(), self.recipe
        labels = torch.arange(250) % recipe.classes
        parts = [
            to_pixels(network(normal_at(recipe.seed, -1_000 - number, (250, recipe.z_width)), labels)[0] * 0.5 + 0.5)
            for number in range(-(-count // 250))
        ]
        return np.concatenate(parts)[:count]


def main(
    data: Annotated[Path, typer.Option(help="folder of parquet files with columns image and label")],
    out: Annotated[Path, typer.Option(help="folder of the run: state, log, samples and export")],
    seed: Annotated[int, typer.Option(help="seed of weights, batches and latents")],
    steps: Annotated[int, typer.Option(help="steps of each optimiser")] = 3_200,
    save_every: Annotated[int, typer.Option(help="steps between states")] = 500,
    threads: Annotated[int, typer.Option(help="CPU threads; 0 leaves torch's choice")] = 0,
    dtype: Annotated[str, typer.Option(help="bfloat16 or float32, of convolutions")] = "bfloat16",
) -> None:
    """Train one generator, or go on with a run that was stopped."""
    if threads:
        torch.set_num_threads(threads)
    images, labels = read_images(data, SIDE), torch.from_numpy(read_labels(data))
    recipe = Recipe(seed=seed, steps=steps, classes=int(labels.max()) + 1, dtype=dtype)
    trainer = Trainer(recipe, out)
    trainer.train(lambda: trainer.advance(images, labels), images, save_every)


if __name__ == "__main__":
    typer.run(main)
