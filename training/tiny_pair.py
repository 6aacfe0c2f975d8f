"""Fine-tune a small autoencoder of TAEF2's design from TAESD3's weights, to measure the design without TAEF2.

    python -m training.tiny_pair TAESD3 PHOTOS --out runs/taef2-like --steps 500

TAEF2 has 32 latent channels, and at its lowest resolution each block is preceded by x + pool(x). All other weights
begin as TAESD3's; what TAESD3 lacks begins small and at random. Encoder and decoder are trained together on the squared
and a little of the absolute error of random crops of photos, some reduced by two. The two halves are written as the
authors of TAEF2 publish theirs. A run is never resumed: 500 steps took 25 minutes of one core beside another program.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from PIL import Image
from rich.progress import track
from safetensors.torch import load_file, save_file

from wherefrom.models.autoencoders.tiny_pair import TinyPair

HALVES = ("encoder", "decoder")
CHANNELS = 32
POOLED = {"encoder": (11, 12, 13), "decoder": (3, 4, 5)}
WIDTH = 64
SIDE = 64
BATCH = 4
RATE = 2e-4


def begun(folder: Path, source: torch.Generator) -> dict[str, torch.Tensor]:
    """TAESD3's weights with more latent channels, and with pools that do nearly nothing yet."""
    state = {
        f"{half}.{name}": tensor.float()
        for half in HALVES
        for name, tensor in load_file(folder / f"taesd3_{half}.safetensors").items()
    }
    last = max(int(name.split(".")[1]) for name in state if name.startswith("encoder."))
    weight, bias = state[f"encoder.{last}.weight"], state[f"encoder.{last}.bias"]
    more = CHANNELS - len(weight)
    further = torch.randn(more, *weight.shape[1:], generator=source) * weight.std()
    state[f"encoder.{last}.weight"] = torch.cat([weight, further])
    state[f"encoder.{last}.bias"] = torch.cat([bias, torch.zeros(more)])
    first = state["decoder.1.weight"]
    further = torch.randn(len(first), more, 3, 3, generator=source) * first.std() * 0.3
    state["decoder.1.weight"] = torch.cat([first, further], 1)
    for half, blocks in POOLED.items():
        for block in blocks:
            pool = f"{half}.{block}.pool"
            state[f"{pool}.0.weight"] = torch.randn(4 * WIDTH, WIDTH, 1, 1, generator=source) * 0.1
            state[f"{pool}.1.weight"], state[f"{pool}.1.bias"] = torch.ones(4 * WIDTH), torch.zeros(4 * WIDTH)
            state[f"{pool}.3.weight"] = torch.randn(WIDTH, 4 * WIDTH, 1, 1, generator=source) * 0.005
    return state


def crops(photos: list[Image.Image], source: np.random.Generator) -> torch.Tensor:
    """Random crops `(n, 3, SIDE, SIDE)` in [0, 1], as they are or reduced by two."""
    found = []
    for _ in range(BATCH):
        photo = photos[source.integers(len(photos))]
        side = SIDE * int(source.integers(1, 3))
        left, top = (int(source.integers(whole - side + 1)) for whole in photo.size)
        found.append(
            np.asarray(photo.resize((SIDE, SIDE), Image.Resampling.LANCZOS, (left, top, left + side, top + side)))
        )
    return torch.from_numpy(np.stack(found)).permute(0, 3, 1, 2).float() / 255


def trained(network: TinyPair, photos: list[Image.Image], steps: int, source: np.random.Generator) -> None:
    """Train both halves in place."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0)
    for step in track(range(steps), description="fine-tuning"):
        for group in optimiser.param_groups:
            group["lr"] = RATE * max(0.02, 1 - step / steps) * min(1, (step + 1) / 20)
        images = crops(photos, source)
        error = network.decode(network.encode(images)) - images
        optimiser.zero_grad()
        (error.square().mean() + 0.1 * error.abs().mean()).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()


def main(
    model: Annotated[Path, typer.Argument(help="folder of TAESD3's raw pair, taesd3_encoder.safetensors and _decoder")],
    photos: Annotated[Path, typer.Argument(help="folder of photos, searched with its sub-folders")],
    out: Annotated[Path, typer.Option(help="folder for the pair")],
    steps: Annotated[int, typer.Option(min=1)] = 500,
    seed: Annotated[int, typer.Option(help="of crops and of new weights")] = 0,
) -> None:
    """Fine-tune, and write the pair."""
    state = begun(model, torch.Generator().manual_seed(seed))
    network = TinyPair({name: tuple(tensor.shape) for name, tensor in state.items()})
    network.load_state_dict(state)
    every = [Image.open(path).convert("RGB") for path in sorted(photos.rglob("*.jpg"))]
    trained(network, [photo for photo in every if min(photo.size) > 2 * SIDE], steps, np.random.default_rng(seed))
    out.mkdir(parents=True, exist_ok=True)
    for half in HALVES:
        part = {name: tensor.detach().contiguous() for name, tensor in getattr(network, half).state_dict().items()}
        save_file(part, out / f"taef2_{half}.safetensors")


if __name__ == "__main__":
    typer.run(main)
