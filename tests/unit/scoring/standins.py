"""A model and a method small enough to count and to break, for the tests of scoring; also a program to kill."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from wherefrom.core.arrays import Scores, Seeds, Vector
from wherefrom.core.card import Card, Fact
from wherefrom.core.errors import WherefromError
from wherefrom.core.facts import ImageFacts
from wherefrom.core.tensors import Images, Latents
from wherefrom.images.read import ImageRecord, pixel_digest
from wherefrom.scoring.run import score


@dataclass(frozen=True, kw_only=True, slots=True)
class Halver:
    """An autoencoder that halves: `decode(encode(x)) = x / 2`. Notes every image that it is asked about.

    Attributes:
        seconds: how long it takes for an image.
        asked: mean and size of each image that was asked about.
        batches: images in each call.
        fits: the largest batch, in pixels; more raises what torch raises on a CPU.
        spoilt: an image whose first red value is this raises `failure`; None for none.
        failure: what it raises.
    """

    factor: int = 4
    size: tuple[int, int] | None = None
    seconds: float = 0.0
    fits: int = 10**12
    spoilt: int | None = None
    failure: Exception = field(default_factory=lambda: ValueError("spoilt"))
    asked: list[tuple[float, int, int]] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    log: Path | None = None

    @property
    def card(self) -> Card:
        return Card(kind="model", name="halver", facts={"architecture": "halver", "decoder": "00"})

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    def encode(self, images: Images) -> Latents:
        self.batches.append(len(images))
        if images.shape[0] * images.shape[2] * images.shape[3] > self.fits:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate")
        for image in images:
            if self.spoilt is not None and round(float(image[0, 0, 0]) * 255) == self.spoilt:
                raise self.failure
        for image in images:
            time.sleep(self.seconds)
            self.asked.append((float(image.double().mean()), image.shape[1], image.shape[2]))
            if self.log:
                with self.log.open("a") as file:
                    file.write(f"{image.double().mean():.17g}\n")
        return images

    def decode(self, latents: Latents) -> Images:
        return latents / 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """Mean squared error of one pass, image by image, and the image's seed."""

    undefined: tuple[str, ...] = ()
    extra: Mapping[str, float] = field(default_factory=dict)

    @property
    def card(self) -> Card:
        return Card(kind="method", name="loss")

    @property
    def measure(self) -> Card:
        facts: dict[str, Fact] = {"undefined": self.undefined} if self.undefined else {}
        return Card(kind="measure", name="loss", facts=facts)

    @property
    def learns(self) -> bool:
        return False

    def scores(self, model: Halver, images: Images, seeds: Seeds) -> Scores:
        with torch.inference_mode():
            outputs = model.decode(model.encode(images))
        losses = [float(((a - b).double() ** 2).mean()) for a, b in zip(outputs, images, strict=True)]
        columns = {name: np.full(len(images), value) for name, value in self.extra.items()}
        return Scores({"mse": np.array(losses), "seed": seeds.astype(np.float64), **columns})

    def fit(self, belonging: Scores) -> Mapping[str, Vector]:
        return {}

    def statistic(self, scores: Scores, fit: Mapping[str, Vector]) -> Vector:
        return scores["mse"]


def pixels_of(number: int, height: int = 8, width: int = 8) -> npt.NDArray[np.uint8]:
    """An image like no other number's."""
    return np.random.default_rng([number, height, width]).integers(0, 256, (height, width, 3), dtype=np.uint8)


def record_of(pixels: npt.NDArray[np.uint8], name: str = "memory") -> ImageRecord:
    """As the reader would have it."""
    return ImageRecord(facts=ImageFacts(name=name, pixel_digest=pixel_digest(pixels)), pixels=pixels)


def write_images(folder: Path, count: int, height: int = 8, width: int = 8) -> list[Path]:
    """`count` different PNGs."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:04d}.png" for number in range(count)]
    for number, path in enumerate(paths):
        Image.fromarray(pixels_of(number, height, width)).save(path)
    return paths


def main(folder: str, store: str, log: str, output: str, seconds: str) -> None:
    """Score a folder slowly, noting each image asked; for another process to watch, to kill, to run beside."""
    paths: list[str | Path] = sorted(Path(folder).iterdir())
    Path(log).with_suffix(".ready").touch()
    while Path(log).with_suffix(".wait").exists():
        time.sleep(0.001)
    try:
        table = score(paths, model=Halver(seconds=float(seconds), log=Path(log)), method=Loss(), store=store, batch=4)
    except WherefromError as error:
        sys.exit(f"{type(error).__name__}: {error}")
    numbers = table.scores.matrix(table.scores.names)
    Path(output).write_text("\n".join(" ".join(value.hex() for value in map(float, row)) for row in numbers))


if __name__ == "__main__":
    main(*sys.argv[1:])
