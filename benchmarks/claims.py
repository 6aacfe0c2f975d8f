"""How often `wherefrom check` takes an image for a decoder's that it did not draw, by the kind of image.

    python -m benchmarks.claims

A check ranks an image among tiles of photos that come with the package, and assumes that the image is as symmetric as
they are. Text, drawings, screens and skies over ground are not, and an enlarged image has a grid of its own. So each
kind is asked as it is and under JPEG: the share of images whose p-value is at most 0.01 should be at most 0.01 but for
chance, and the share of the decoder's own images should be near 1. Photos are tiles of those given, at their own scale;
text, drawings, screens and skies are drawn here, seeded. Writes benchmarks/results/claims.json.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from PIL import Image, ImageDraw, ImageFont

from benchmarks.decoders import RESULTS, SHARED
from wherefrom.bench import _pictures as pictures
from wherefrom.checking import measured_null
from wherefrom.checking.null import METHOD, SIDE
from wherefrom.evaluation import clopper_pearson
from wherefrom.images import edits
from wherefrom.images.convert import Pixels
from wherefrom.images.read import read_image
from wherefrom.images.sources import load_images
from wherefrom.images.write import save_png
from wherefrom.making import draws, round_trips
from wherefrom.models.load import load_model
from wherefrom.scoring.run import score

BETA: Final = 0.01
EDITS: Final = ("none", "jpeg:75")
_WORDS: Final = ("the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "and", "0123456789", "what", "it")


def text(rng: np.random.Generator) -> Image.Image:
    """Lines of words in one size, dark on light or light on dark."""
    paper, ink = sorted((tuple(map(int, rng.integers(0, 90, 3))), tuple(map(int, rng.integers(170, 256, 3)))))
    if rng.random() < 0.7:
        paper, ink = ink, paper
    image = Image.new("RGB", (SIDE, SIDE), paper)
    draw, size = ImageDraw.Draw(image), int(rng.integers(9, 24))
    font = ImageFont.load_default(size)
    for top in range(int(rng.integers(0, size)), SIDE, int(size * 1.3)):
        draw.text((int(rng.integers(-10, 8)), top), " ".join(rng.choice(_WORDS, 12)), fill=ink, font=font)
    return image


def drawing(rng: np.random.Generator) -> Image.Image:
    """Flat polygons and ellipses with outlines."""
    image = Image.new("RGB", (SIDE, SIDE), tuple(map(int, rng.integers(0, 256, 3))))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(4, 14))):
        colour = tuple(map(int, rng.integers(0, 256, 3)))
        points = [(int(x), int(y)) for x, y in rng.integers(-20, SIDE + 20, (int(rng.integers(3, 6)), 2))]
        if rng.random() < 0.5:
            draw.polygon(points, fill=colour, outline=(0, 0, 0))
        else:
            (x, y), (a, b) = points[0], rng.integers(6, 60, 2)
            draw.ellipse((x, y, x + int(a), y + int(b)), fill=colour, outline=(0, 0, 0))
    return image


def screen(rng: np.random.Generator) -> Image.Image:
    """A window: bars, buttons and labels, all axes parallel."""
    image = Image.new("RGB", (SIDE, SIDE), tuple(map(int, rng.integers(200, 256, 3))))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(int(rng.integers(9, 14)))
    draw.rectangle((0, 0, SIDE, int(rng.integers(12, 24))), fill=tuple(map(int, rng.integers(20, 160, 3))))
    for _ in range(int(rng.integers(5, 12))):
        x, y = map(int, rng.integers(0, SIDE - 30, 2))
        width, height = map(int, rng.integers(14, 60, 2))
        draw.rectangle(
            (x, y, x + width, y + height // 2), fill=tuple(map(int, rng.integers(120, 256, 3))), outline=(90,) * 3
        )
        draw.text((x + 3, y + 2), str(rng.choice(_WORDS)), fill=(20, 20, 20), font=font)
    return image


def sky(rng: np.random.Generator) -> Image.Image:
    """A bright gradient above a darker, rougher ground: what changes when turned upside down."""
    rows = np.linspace(0, 1, SIDE)[:, None, None]
    horizon = rng.uniform(0.3, 0.8)
    above = rng.uniform(120, 220, 3) + (rng.uniform(0, 60, 3) * rows)
    below = rng.uniform(20, 110, 3) * (1 + 0 * rows)
    rough = rng.normal(0, 1, (SIDE, SIDE, 1)) * np.where(rows < horizon, rng.uniform(0.5, 2), rng.uniform(6, 25))
    levels = np.where(rows < horizon, above, below) + rough
    return Image.fromarray(np.clip(np.broadcast_to(levels, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8))


DRAWN: Final[Mapping[str, Callable[[np.random.Generator], Image.Image]]] = {
    "text": text,
    "drawings": drawing,
    "screens": screen,
    "skies": sky,
}


def enlarged(pixels: Pixels) -> Pixels:
    """The middle of an image, enlarged to its whole size by a bicubic filter."""
    quarter = SIDE // 4
    middle = Image.fromarray(pixels[quarter:-quarter, quarter:-quarter])
    return np.asarray(middle.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def kinds(model: Any, other: Any, photos: Path, folder: Path, count: int) -> dict[str, list[Path]]:
    """PNG files of every kind; the decoder's own first."""
    taken = pictures.tiled(photos, folder, SIDE, count, profiled=False)
    spare = pictures.tiled(photos, folder, SIDE, count, profiled=True)
    made: dict[str, list[Path]] = {"own, drawn": [], "own, photos passed through it": []}
    (folder / "draws").mkdir()
    found = draws(model, folder=folder / "draws", places=range(count), seed=7, size=(SIDE, SIDE))
    made["own, drawn"] = [one.path for one in found if one.path is not None]
    for name, by in (("own, photos passed through it", model), ("photos passed through another decoder", other)):
        place = folder / name.replace(" ", "-").replace(",", "")
        place.mkdir()
        made[name] = [one.path for one in round_trips(by, spare, folder=place) if one.path is not None]
    made["photos"] = taken
    for name, draw in {**DRAWN, "photos enlarged twice": None}.items():
        place = folder / name.replace(" ", "-")
        place.mkdir()
        rng = np.random.default_rng(11)
        made[name] = [place / f"{number:04}.png" for number in range(count)]
        for path, photo in zip(made[name], taken, strict=True):
            save_png(enlarged(read_image(photo).pixels) if draw is None else np.asarray(draw(rng)), path)
    return made


def measured(model: Any, paths: list[Path], edit: str, folder: Path) -> dict[str, float]:
    """The share of images whose p-value is at most BETA, with its interval, and what they score."""
    change = edits.load(edit)
    edited = [change.write(read_image(path).pixels, folder / f"{number:04}") for number, path in enumerate(paths)]
    null = measured_null(model)
    values = METHOD.statistic(score(load_images(*edited), model=model, method=METHOD).scores, {})
    known = values[np.isfinite(values)]
    claimed = sum(null.p_value(float(value)) <= BETA for value in known)
    low, high = clopper_pearson(claimed, len(values))
    share = claimed / len(values)
    return {"images": len(values), "claimed": share, "low": low, "high": high, "median": float(np.median(known))}


def show(document: dict[str, Any]) -> str:
    """The table in Markdown."""
    lines = ["| images | edit | claimed, of | share | 95 % interval | median s |", "| --- " * 6 + "|"]
    for row in document["rows"]:
        claimed = round(row["claimed"] * row["images"])
        interval = f"{row['low']:.3f} to {row['high']:.3f}"
        counted = f"{claimed} of {row['images']} | {row['claimed']:.3f} | {interval} | {row['median']:.3f}"
        lines.append(f"| {row['kind']} | {row['edit']} | {counted} |")
    return "\n".join(lines)


def main(
    photos: Annotated[Path, typer.Option(help="folder of photos")] = SHARED / "photos",
    model: Annotated[str, typer.Option(help="the decoder that is checked")] = "zoo:kl-f8-a",
    other: Annotated[str, typer.Option(help="another decoder")] = "zoo:kl-f8-b",
    count: Annotated[int, typer.Option(help="images of each kind")] = 100,
    out: Annotated[Path, typer.Option(help="the document")] = RESULTS / "claims.json",
) -> None:
    """Ask about every kind, print the table and write it."""
    checked, rows = load_model(model), []
    with tempfile.TemporaryDirectory() as folder:
        made = kinds(checked, load_model(other), photos, Path(folder), count)
        for kind, paths in made.items():
            for edit in EDITS:
                place = Path(folder) / f"{kind}-{edit}".replace(" ", "-").replace(":", "-").replace(",", "")
                place.mkdir()
                rows.append({"kind": kind, "edit": edit, **measured(checked, paths, edit, place)})
                print(rows[-1], flush=True)
    command = f"python -m benchmarks.claims --model {model} --other {other} --count {count}"
    document = {"command": command, "beta": BETA, "side": SIDE, "rows": rows}
    out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(show(document))


if __name__ == "__main__":
    typer.run(main)
