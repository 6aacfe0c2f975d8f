"""Searches on a GPU beside the published way of working: a part of `benchmarks/gpu.py`."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np
import torch

import wherefrom as wf
from benchmarks.inversion import plain_loop
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.methods.ronan import RONAN

__all__ = ["latenttracer", "ronan"]

GENERATOR: Final = "zoo:dcgan-cifar10"
ASKED: Final = 16
"""Images that ours is asked about for each one that the published way is, since it takes them together."""


def _seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    """How long something takes whose result comes back to the CPU, and the result."""
    start = time.perf_counter()
    found = call()
    return time.perf_counter() - start, found


def _cut(own: list[float], others: list[float]) -> float:
    """A loss between the belongings' largest and the others' least."""
    return float(np.sqrt(max(own) * min(others)))


def _published(module: Any, targets: torch.Tensor, starts: torch.Tensor, steps: int) -> tuple[float, list[float]]:
    """Seconds of the published LatentTracer on some images, and the losses that it leaves."""
    module.requires_grad_(True)
    scale = module.config.scaling_factor

    def decode(latents: torch.Tensor) -> torch.Tensor:
        images: torch.Tensor = (module.decode(latents / scale).sample / 2 + 0.5).clamp(0, 1)
        return images

    return _seconds(partial(plain_loop, decode, targets, starts * scale, steps=steps, rate=0.05))


def latenttracer(
    model_in: Callable[[str], Any], *, count: int, size: int, published: int, steps: int
) -> dict[str, Any]:
    """Seconds an image and verdicts: the published way, and ours in float32 and in bfloat16.

    The images are reconstructions of smooth noise, which belong, and the noise itself, which does not. Verdicts are
    taken at one cut, between what the published way leaves of both.

    Args:
        model_in: opens the autoencoder in an arithmetic.
        count: images of each kind.
        size: their side in pixels.
        published: images of each kind that the published way is given.
        steps: that the published way takes.
    """
    model = model_in("float32")
    noise = torch.rand((count, 3, 4, 4), generator=torch.Generator().manual_seed(0), dtype=torch.float32, device="cpu")
    others = torch.nn.functional.interpolate(noise, size=(size, size)).to(model.device)
    with torch.inference_mode():
        own = model.decode(model.encode(others))
        targets = to_images([*to_pixels(own), *to_pixels(others)]).to(model.device)
        starts = model.encode(targets)
    targets, starts = targets.clone(), starts.clone()
    few = [*range(published), *range(count, count + published)]
    seconds, losses = _published(model._module, targets[few], starts[few], steps)
    slow, cut = seconds / len(few), _cut(losses[:published], losses[published:])
    rows: dict[str, Any] = {"published": {"seconds": slow, "verdicts": [loss < cut for loss in losses]}, "cut": cut}
    seeds = np.arange(2 * count, dtype=np.uint64)
    for dtype in ("float32", "bfloat16"):
        model = model_in(dtype)
        seconds, scores = _seconds(partial(LatentTracer(cut=cut).scores, model, targets, seeds))
        verdicts = [bool(loss < cut) for loss in scores["loss"][few]]
        rows[dtype] = {
            "seconds": seconds / len(targets),
            "verdicts": verdicts,
            "same": verdicts == rows["published"]["verdicts"],
            "times": slow / (seconds / len(targets)),
        }
    rows["times"] = max((rows[d]["times"] for d in ("float32", "bfloat16") if rows[d]["same"]), default=0.0)
    return rows


def ronan(device: str, *, published: int, steps: int) -> dict[str, Any]:
    """Seconds an image of an embedded DCGAN, its own and a sibling's: the published way, and ours by the same cut.

    Args:
        device: where.
        published: images of each kind that the published way is given; ours is given more.
        steps: that the published way takes.
    """
    model, sibling = (wf.load_model(name, device=device) for name in (GENERATOR, "zoo:dcgan-cifar10-50"))
    drawn: Any = (model, sibling)
    count = ASKED * published
    seeds = np.arange(10_000, 10_000 + count, dtype=np.uint64)
    with torch.inference_mode():
        pixels = [image for one in drawn for image in to_pixels(one.decode(one.draw(seeds)))]
        targets = to_images(pixels).to(device)
        starts = drawn[0].draw(np.concatenate([seeds, seeds]) + np.uint64(50_000))
    targets, starts = targets.clone(), starts.clone()
    few = [*range(published), *range(count, count + published)]
    module = drawn[0]._module.requires_grad_(True)
    seconds, losses = _seconds(partial(plain_loop, module, targets[few], starts[few], steps=steps, rate=0.1))
    module.requires_grad_(False)
    slow, cut = seconds / len(few), _cut(losses[:published], losses[published:])
    asked = np.arange(2 * count, dtype=np.uint64)
    seconds, scores = _seconds(partial(RONAN(cut=cut).scores, drawn[0], targets, asked))
    ours, verdicts = seconds / (2 * count), [bool(loss < cut) for loss in scores["loss"][few]]
    return {
        "published": {"seconds": slow, "images": len(few), "verdicts": [loss < cut for loss in losses]},
        "ours": {"seconds": ours, "images": 2 * count, "verdicts": verdicts},
        "same": verdicts == [loss < cut for loss in losses],
        "cut": cut,
        "times": slow / ours,
    }
