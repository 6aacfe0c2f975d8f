"""What programs of this folder share: batches, a run's loop, states that a stop never leaves half written, sheets."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
import typer
from PIL import Image
from rich.progress import Progress
from safetensors.torch import save_file
from torch import nn

from training.frechet import Frechet
from training.small_images import Pixels

SIDE = 32
"""Pixels a side of every image here."""
SHEET = 64
CHECKED = 2048
"""Images that a distance is taken of while the run goes on."""
CHECKED_LAST = 10_000
"""Images that a distance is taken of at the end, and the most of those trained on that it is taken from."""
STATE = "state.pt"
WEIGHTS = "generator.safetensors"


class Run(ABC):
    """Networks and optimisers of one run, with the state that a resumed run needs. Goes on from a state in its folder.

    Args:
        recipe: a dataclass of every choice that changes the weights, `steps` among them.
        out: folder of the run.
        networks: trained ones and averages, by name.
        optimisers: by name.
    """

    across: ClassVar[int] = 8
    """Images in a row of the sheet."""

    def __init__(
        self, recipe: Any, out: Path, networks: nn.ModuleDict, optimisers: Mapping[str, torch.optim.Optimizer]
    ) -> None:
        self.out, self._recipe = out, recipe
        self.networks, self.optimisers = networks, optimisers
        self.step, self.seconds = 0, 0.0
        if (out / STATE).is_file():
            self.load(torch.load(out / STATE, map_location="cpu", weights_only=True))  # noqa: TID251

    @abstractmethod
    def drawn(self, count: int) -> Pixels:
        """Images `(count, 32, 32, 3)` of the averaged network, of latents that stay the same."""

    @abstractmethod
    def averaged(self) -> nn.Module:
        """The averaged network, rounded to float16 and back."""

    def state(self) -> dict[str, Any]:
        """What `load` takes."""
        return {
            "networks": self.networks.state_dict(),
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
            "step": self.step,
            "seconds": self.seconds,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self.networks.load_state_dict(state["networks"])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        self.step, self.seconds = state["step"], state["seconds"]

    def save(self) -> None:
        """Write the state whole."""
        write_state(self.state(), self.out)

    def train(self, advance: Callable[[], dict[str, float]], images: Pixels, save_every: int) -> None:
        """All the steps that are left, `advance` doing one, then the export."""
        self.out.mkdir(parents=True, exist_ok=True)
        frechet, steps = Frechet(images[:CHECKED_LAST]), self._recipe.steps
        with Progress() as progress:
            bar = progress.add_task("training", total=steps, completed=self.step)
            while self.step < steps:
                started = time.process_time()
                losses = advance()
                self.seconds += time.process_time() - started
                if self.step % save_every == 0 or self.step == steps:
                    self.log(frechet, losses, CHECKED)
                    self.save()
                progress.update(bar, completed=self.step, description=str(losses))
        line = self.log(frechet, {}, CHECKED_LAST)
        self.export(line, len(images))
        typer.echo(json.dumps(line))

    def log(self, frechet: Frechet, losses: dict[str, float], count: int) -> dict[str, Any]:
        """Append a line of progress to `log.jsonl`, and draw `samples.png` anew."""
        images = self.drawn(count)
        sheet(images[: SHEET // self.across * self.across], self.across).save(self.out / "samples.png")
        line = {
            "step": self.step,
            "seconds": round(self.seconds, 1),
            "losses": {name: round(value, 4) for name, value in losses.items()},
            "distances": frechet(images),
            "images": count,
        }
        with (self.out / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        return line

    def export(self, line: dict[str, Any], images: int) -> None:
        """The averaged network as float16 safetensors, with `recipe.json` beside it."""
        folder = self.out / "export"
        folder.mkdir(exist_ok=True)
        state = self.averaged().half().state_dict()
        kept = {name: value.contiguous() for name, value in state.items() if not name.endswith("num_batches_tracked")}
        save_file(kept, folder / WEIGHTS)
        recipe = {"recipe": asdict(self._recipe), "images": images, "final": line, "torch": torch.__version__}
        (folder / "recipe.json").write_text(json.dumps(recipe, indent=2) + "\n")


def write_state(state: Mapping[str, Any], out: Path) -> None:
    """Write a state beside the last one, then take its place, so that a stop never leaves half a file."""
    torch.save(dict(state), out / f"{STATE}.part")
    (out / f"{STATE}.part").replace(out / STATE)


def normal_at(seed: int, step: int, shape: tuple[int, ...]) -> torch.Tensor:
    """Standard normal numbers of one step, a function of the seed and the step alone."""
    source = torch.Generator().manual_seed((seed * 1_000_003 + step) % 2**63)
    return torch.randn(shape, generator=source)


def batch_at(images: Pixels, seed: int, step: int, count: int) -> tuple[npt.NDArray[np.int64], torch.Tensor]:
    """Where the batch of one step stands among the images, and the batch, half of it mirrored, in [-1, 1]."""
    rng = np.random.default_rng([seed, step])
    places = rng.integers(0, len(images), count)
    batch = images[places]
    mirrored = np.where(rng.random(count)[:, None, None, None] < 0.5, batch[:, :, ::-1], batch)
    tensor = torch.from_numpy(mirrored).permute(0, 3, 1, 2).float().div(127.5).sub(1)
    return places, tensor.contiguous(memory_format=torch.channels_last)


def follow(average: nn.Module, network: nn.Module, keep: float) -> None:
    """An exponential moving average of a network's parameters, one step on."""
    for mean, value in zip(average.parameters(), network.parameters(), strict=True):
        mean.data.lerp_(value.data, 1 - keep)


def sheet(images: Pixels, across: int = Run.across) -> Image.Image:
    """Images as one, `across` in a row, each shown twice as large."""
    rows = images.reshape(-1, across, SIDE, SIDE, 3).swapaxes(1, 2).reshape(-1, across * SIDE, 3)
    found = Image.fromarray(rows)
    return found.resize((2 * found.width, 2 * found.height), Image.Resampling.NEAREST)
