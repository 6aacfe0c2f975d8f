"""A sheet of what a small generator of the zoo draws, as a PNG beside its weights.

    python -m training.sheets src/wherefrom/models/zoo/dcgan-cifar10

Draws are those of the seeds of `SEED` in order, none left out; of a model whose class is searched, one class a column.
The sheet has 256 colours, so that it stays small.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from PIL import Image

from training.export_zoo import write_card
from training.runs import WEIGHTS, sheet
from wherefrom.core.seeds import seeds_of
from wherefrom.images.batches import to_pixels
from wherefrom.models.adapters.generator import EncodingGenerator, Generator
from wherefrom.models.load import load_model

NAME = "samples.png"
SEED = 0
ROWS = 4
ACROSS = 10


@torch.inference_mode()
def draw_sheet(folder: Path) -> None:
    """Write `samples.png` into a folder that holds a generator's weights and what stands beside them."""
    model = load_model(str(folder / WEIGHTS), device="cpu")
    assert isinstance(model, Generator | EncodingGenerator)
    seeds = seeds_of(SEED, [str(number) for number in range(ROWS * ACROSS)])
    latents = model.draw(seeds)
    if isinstance(model, Generator) and model.classes is not None:
        latents[:, -1] = torch.arange(len(latents)) % model.classes
    found = sheet(np.asarray(to_pixels(model.decode(latents))), ACROSS)
    found.quantize(dither=Image.Dither.NONE).save(folder / NAME, optimize=True)


def main(folder: Annotated[Path, typer.Argument(help="a generator's folder of the zoo")]) -> None:
    """Draw the sheet of one model anew, and name it on its card."""
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    draw_sheet(folder)
    write_card(folder, {name: value for name, value in card.items() if name != "files"})


if __name__ == "__main__":
    typer.run(main)
