"""A long search of a folder of images, for another process to watch and to kill."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import torch

from wherefrom.core.arrays import Seeds
from wherefrom.core.card import Card
from wherefrom.core.tensors import Images, Latents
from wherefrom.methods.ronan import RONAN
from wherefrom.models.toy import Toy
from wherefrom.scoring.run import score

TOY = Toy(gain=0.8, bands=2)
METHOD = RONAN(steps=40, optimiser="adam", start="random", restarts=2, race=10, keep=1, plateau=None, cut=0.006)


@dataclass(frozen=True, kw_only=True, slots=True)
class Slow:
    """The toy, four latents an evaluation, with a pause in each; notes whose search begins.

    Attributes:
        seconds: of the pause.
        log: a line for each image whose starts are drawn.
    """

    seconds: float
    log: Path
    width: int = 4

    @property
    def card(self) -> Card:
        return TOY.card

    @property
    def device(self) -> torch.device:
        return TOY.device

    @property
    def factor(self) -> int:
        return TOY.factor

    @property
    def size(self) -> tuple[int, int] | None:
        return TOY.size

    def decode(self, latents: Latents) -> Images:
        assert len(latents) <= self.width
        time.sleep(self.seconds)
        return TOY.decode(latents)

    def draw(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        with self.log.open("a") as file:
            file.write(" ".join(map(str, seeds)) + "\n")
        return TOY.draw(seeds, size=size)


def main(folder: str, store: str, log: str, seconds: str) -> str:
    """Score the folder; the rows, bit for bit."""
    table = score(
        sorted(Path(folder).iterdir()),
        model=Slow(seconds=float(seconds), log=Path(log)),
        method=METHOD,
        store=store,
    )
    assert not table.errors
    numbers = table.scores.matrix(table.scores.names)
    return "\n".join(" ".join(value.hex() for value in map(float, row)) for row in numbers)
