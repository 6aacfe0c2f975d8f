"""What does a step of a search cost, and how much faster is the engine than the published way of working?

    python -m benchmarks.inversion

Step: one step of the engine over one forward pass and one gradient with respect to the input of the same decoder and
batch, alternating in one run, median over rounds: a DCGAN of 32 px, one of 64 px, and a decoder of Stable Diffusion's
configuration at 256 px (random weights: their values do not change the cost).

Speed: images an hour of the engine and of a plain loop, which takes one image at a time, keeps weights that require a
gradient, minimises the mean loss by 1,500 steps of Adam at 0.1 (RONAN) or 100 of 0.05 (LatentTracer), and stops by
count alone. RONAN on the DCGAN at equal final loss; LatentTracer on a decoder of Stable Diffusion's configuration at
equal verdicts.

What is left of a generator's own images by how a search starts is the table `wherefrom bench ronan-starts`.

Writes benchmarks/results/inversion.json.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import torch
import typer
from diffusers import AutoencoderKL
from torch import nn

import wherefrom as wf
from benchmarks.places import RESULTS, SHARED
from wherefrom import __version__
from wherefrom.core.tensors import Images
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.inversion.evaluation import Evaluator
from wherefrom.inversion.problems import Problems
from wherefrom.inversion.search import Search, Stop
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.methods.ronan import RONAN
from wherefrom.models.adapters.arithmetic import exact
from wherefrom.models.base import Autoencoder, Decoder
from wherefrom.models.opening.autoencoder import wrap_autoencoder

ROUNDS: Final = 7
PAPER_STEPS: Final = 1500
TRACER_STEPS: Final = 100


def dcgan64() -> nn.Module:
    """The published layout at 64 px, with random weights."""
    widths = (100, 512, 256, 128, 64)
    layers: list[nn.Module] = []
    for i, (before, after) in enumerate(pairwise(widths)):
        layers += [nn.ConvTranspose2d(before, after, 4, 2 if i else 1, 1 if i else 0, bias=False)]
        layers += [nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose2d(64, 3, 4, 2, 1, bias=False), nn.Tanh()).eval()


@dataclass(frozen=True, slots=True)
class Plain:
    """A network as `Decoder`, without an adapter: for the cost of the engine alone."""

    module: nn.Module
    width: int
    device: torch.device
    factor: int = 1
    size: tuple[int, int] | None = None

    @property
    def card(self) -> wf.Card:
        return wf.Card(kind="model", name="plain")

    def decode(self, latents: torch.Tensor) -> Images:
        made: Images = self.module(latents) / 2 + 0.5
        return made

    def draw(self, seeds: Any, *, size: tuple[int, int] | None = None) -> torch.Tensor:
        raise NotImplementedError


def stable_diffusion() -> Autoencoder:
    """A decoder of Stable Diffusion's configuration, with random weights."""
    module = AutoencoderKL(
        block_out_channels=[128, 256, 512, 512],
        down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4,
        layers_per_block=2,
    )
    model = wrap_autoencoder(module)
    assert isinstance(model, Autoencoder)
    return model


def step_cost(model: Decoder, latents: torch.Tensor, targets: Images, steps: int) -> float:
    """The engine's step over the decoder's forward pass and the gradient with respect to its input alone."""
    search = Search(stop=Stop(steps=10_000))
    evaluator = Evaluator(model=model, search=search, size=(targets.shape[2], targets.shape[3]))
    count = torch.arange(len(latents))
    problems = Problems(
        search=search,
        traced=False,
        latents=latents.clone(),
        targets=targets,
        encoded=None,
        memory=search.optimiser.start(latents),
        image=count,
        restart=count * 0,
    )

    def engine() -> None:
        problems.learn(evaluator.evaluate(problems.latents, problems.targets, None, last=False))
        assert not problems.ended().any()

    def bare() -> None:
        with exact(model.device), torch.enable_grad():
            asked = latents.detach().requires_grad_()
            made = model.decode(asked)
            torch.autograd.grad(made, asked, torch.ones_like(made))

    def took(call: Callable[[], None]) -> float:
        started = time.perf_counter()
        for _ in range(steps):
            call()
        return time.perf_counter() - started

    for call in (engine, bare):
        call()
    return statistics.median(took(engine) / took(bare) for _ in range(ROUNDS))


def plain_loop(
    decode: Callable[[torch.Tensor], Images], targets: Images, starts: torch.Tensor, *, steps: int, rate: float
) -> list[float]:
    """One image at a time by Adam on the mean loss, weights requiring gradients; the best loss before each step."""
    found = []
    for target, start in zip(targets, starts, strict=True):
        latent = start[None].clone().requires_grad_()
        optimiser = torch.optim.Adam([latent], lr=rate)
        best = float("inf")
        for _ in range(steps):
            optimiser.zero_grad()
            loss = nn.functional.mse_loss(decode(latent), target[None])
            loss.backward()
            best = min(best, loss.item())
            optimiser.step()
        found.append(best)
    return found


def ronan_speed(path: str, count: int) -> dict[str, Any]:
    """Images an hour on a DCGAN, the final losses beside them."""
    model: Any = wf.load_model(path)
    seeds = np.arange(10_000, 10_000 + count, dtype=np.uint64)
    with torch.inference_mode():
        made = to_images(list(to_pixels(model.decode(model.draw(seeds)))))
    targets, starts = made.clone(), model.draw(seeds + np.uint64(50_000))
    module = model._module
    wanted = {name: parameter.requires_grad for name, parameter in module.named_parameters()}
    module.requires_grad_(True)
    started = time.perf_counter()
    few = slice(0, max(2, count // 4))
    slow = plain_loop(module, targets[few], starts[few], steps=PAPER_STEPS, rate=0.1)
    slow_seconds = (time.perf_counter() - started) / len(slow)
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(wanted[name])
        parameter.grad = None
    middle = float(np.median(slow))
    rows = {"plain loop": {"seconds": slow_seconds, "loss of the same images": middle, "images": len(slow)}}
    methods = {
        "ours": RONAN(),
        "ours, 2 starts go on for 300 steps": RONAN(keep=2, steps=300),
        "ours, the paper's search": RONAN.paper(),
    }
    for label, method in methods.items():
        started = time.perf_counter()
        scores = method.scores(model, targets, seeds)
        seconds = (time.perf_counter() - started) / count
        rows[label] = {
            "seconds": seconds,
            "loss": float(np.median(scores["loss"])),
            "loss of the same images": float(np.median(scores["loss"][few])),
            "images": count,
            "times": slow_seconds / seconds,
            "calls": float(np.mean(scores["calls"])),
        }
    return rows


def tracer_speed(count: int, size: int) -> dict[str, Any]:
    """LatentTracer on a decoder of Stable Diffusion's configuration: verdicts and images an hour."""
    model: Any = stable_diffusion()
    generator = torch.Generator().manual_seed(0)
    noise = torch.nn.functional.interpolate(torch.rand((count, 3, 4, 4), generator=generator), size=(size, size))
    with torch.inference_mode():
        own = model.decode(model.encode(noise))
    pixels = to_pixels(torch.cat([own, noise]))
    targets = to_images(list(pixels)).clone()
    with torch.inference_mode():
        starts = model.encode(targets)
    starts = starts.clone()
    module = model._module.requires_grad_(True)
    started = time.perf_counter()
    scale = module.config.scaling_factor
    slow = plain_loop(
        lambda z: (module.decode(z / scale).sample / 2 + 0.5).clamp(0, 1),
        targets,
        starts * scale,
        steps=TRACER_STEPS,
        rate=0.05,
    )
    slow_seconds = (time.perf_counter() - started) / len(slow)
    module.requires_grad_(False)
    for parameter in module.parameters():
        parameter.grad = None
    cut = float(np.sqrt(max(slow[:count]) * min(slow[count:])))
    rows: dict[str, Any] = {
        "cut": cut,
        "plain loop": {"seconds": slow_seconds, "losses": slow, "verdicts": [loss < cut for loss in slow]},
    }
    for label, method in {"ours": LatentTracer(), "ours, left early": LatentTracer(cut=cut)}.items():
        started = time.perf_counter()
        losses = method.scores(model, targets, np.arange(2 * count, dtype=np.uint64))["loss"].tolist()
        seconds = (time.perf_counter() - started) / len(losses)
        rows[label] = {
            "seconds": seconds,
            "losses": losses,
            "verdicts": [loss < cut for loss in losses],
            "times": slow_seconds / seconds,
        }
    return rows


def show(document: Mapping[str, Any]) -> str:
    """The tables in Markdown."""
    lines = ["| decoder | a step of the engine / forward and gradient alone |", "| --- | --- |"]
    lines += [f"| {name} | {ratio:.2f} |" for name, ratio in document["step"].items()]
    lines += [
        "",
        "| RONAN, DCGAN of 32 px | images | seconds an image | median loss on the plain loop's images | times faster |",
        "| --- " * 5 + "|",
    ]
    for name, row in document["ronan"].items():
        cells = [name, str(row["images"]), f"{row['seconds']:.2f}", f"{row['loss of the same images']:.2e}"]
        lines.append(f"| {' | '.join(cells)} | {row.get('times', 1.0):.1f} |")
    lines += [
        "",
        "| LatentTracer, Stable Diffusion's decoder | seconds an image | same verdicts | times faster |",
    ]
    lines += ["| --- " * 4 + "|"]
    slow = document["latenttracer"]["plain loop"]["verdicts"]
    for name, row in document["latenttracer"].items():
        if name != "cut":
            same = sum(a == b for a, b in zip(row["verdicts"], slow, strict=True))
            lines.append(f"| {name} | {row['seconds']:.1f} | {same} of {len(slow)} | {row.get('times', 1.0):.1f} |")
    return "\n".join(lines)


def step_costs(path: str) -> dict[str, float]:
    """The cost of a step on three decoders."""
    small: Any = wf.load_model(path)
    large, diffusion = Plain(dcgan64().requires_grad_(False), 16, torch.device("cpu")), stable_diffusion()
    generator = torch.Generator().manual_seed(0)
    draw = small.draw(np.arange(small.width, dtype=np.uint64))
    return {
        "DCGAN, 32 px": step_cost(small, draw, torch.rand((small.width, 3, 32, 32), generator=generator), 5),
        "DCGAN, 64 px": step_cost(
            large,
            torch.randn((16, 100, 1, 1), generator=generator),
            torch.rand((16, 3, 64, 64), generator=generator),
            3,
        ),
        "Stable Diffusion's decoder, 256 px": step_cost(
            diffusion, torch.randn((1, 4, 32, 32), generator=generator), torch.rand((1, 3, 256, 256)), 1
        ),
    }


def main(
    count: Annotated[int, typer.Option(help="images for RONAN's speed")] = 64,
    tracer: Annotated[int, typer.Option(help="belongings, and as many others, for LatentTracer's speed")] = 2,
    size: Annotated[int, typer.Option(help="side of LatentTracer's images in pixels")] = 64,
    part: Annotated[
        list[str] | None,
        typer.Option(help="step, ronan or latenttracer alone, the others as --out has them; repeat it"),
    ] = None,
    out: Annotated[Path, typer.Option(help="JSON file")] = RESULTS / "inversion.json",
) -> None:
    """Measure and write."""
    path = str(SHARED / "generators" / "dcgan32_celeba.pt")
    parts: dict[str, Callable[[], Any]] = {
        "step": lambda: step_costs(path),
        "ronan": lambda: ronan_speed(path, count),
        "latenttracer": lambda: tracer_speed(tracer, size),
    }
    unknown = set(part or ()) - set(parts)
    if unknown:
        raise typer.BadParameter(f"--part {', '.join(sorted(unknown))}: there are {', '.join(parts)}")
    document = json.loads(out.read_text(encoding="utf-8")) if part else {}
    document |= {
        "command": f"python -m benchmarks.inversion --count {count} --tracer {tracer} --size {size}",
        "version": __version__,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }
    for name, measure in parts.items():
        if not part or name in part:
            document[name] = measure()
    out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    typer.echo(f"{show(document)}\n\nwritten to {out}")


if __name__ == "__main__":
    typer.run(main)
