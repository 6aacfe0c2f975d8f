"""Images that are no photos, drawn from a seed: text, flat drawings, boxes, screens, and skies over ground.

And photos that were changed: enlarged, or cut out and laid on a plain ground.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from wherefrom.images.convert import Pixels

__all__ = ["DRAWN", "cut_out", "enlarged"]

_WORDS: Final = ("the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "and", "0123456789", "what", "it")


def text(rng: np.random.Generator, side: int) -> Image.Image:
    """Lines of words in one size, dark on light or light on dark."""
    paper, ink = sorted((tuple(map(int, rng.integers(0, 90, 3))), tuple(map(int, rng.integers(170, 256, 3)))))
    if rng.random() < 0.7:
        paper, ink = ink, paper
    image = Image.new("RGB", (side, side), paper)
    draw, size = ImageDraw.Draw(image), int(rng.integers(9, 24))
    font = ImageFont.load_default(size)
    for top in range(int(rng.integers(0, size)), side, int(size * 1.3)):
        draw.text((int(rng.integers(-10, 8)), top), " ".join(rng.choice(_WORDS, 12)), fill=ink, font=font)
    return image


def drawing(rng: np.random.Generator, side: int) -> Image.Image:
    """Flat polygons and ellipses with outlines."""
    image = Image.new("RGB", (side, side), tuple(map(int, rng.integers(0, 256, 3))))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(4, 14))):
        colour = tuple(map(int, rng.integers(0, 256, 3)))
        points = [(int(x), int(y)) for x, y in rng.integers(-20, side + 20, (int(rng.integers(3, 6)), 2))]
        if rng.random() < 0.5:
            draw.polygon(points, fill=colour, outline=(0, 0, 0))
        else:
            (x, y), (a, b) = points[0], rng.integers(6, 60, 2)
            draw.ellipse((x, y, x + int(a), y + int(b)), fill=colour, outline=(0, 0, 0))
    return image


def box(rng: np.random.Generator, side: int) -> Image.Image:
    """One flat box on a flat ground: four edges are all that it has."""
    image = Image.new("RGB", (side, side), tuple(map(int, rng.integers(0, 256, 3))))
    (left, top), (width, height) = rng.integers(4, 3 * side // 5, 2), rng.integers(side // 12, side // 3, 2)
    corners = (int(left), int(top), int(left + width), int(top + height))
    ImageDraw.Draw(image).rectangle(corners, fill=tuple(map(int, rng.integers(0, 256, 3))))
    return image


def screen(rng: np.random.Generator, side: int) -> Image.Image:
    """A window: bars, buttons and labels, all axes parallel."""
    image = Image.new("RGB", (side, side), tuple(map(int, rng.integers(200, 256, 3))))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(int(rng.integers(9, 14)))
    draw.rectangle((0, 0, side, int(rng.integers(12, 24))), fill=tuple(map(int, rng.integers(20, 160, 3))))
    for _ in range(int(rng.integers(5, 12))):
        x, y = map(int, rng.integers(0, side - 30, 2))
        width, height = map(int, rng.integers(14, 60, 2))
        draw.rectangle(
            (x, y, x + width, y + height // 2), fill=tuple(map(int, rng.integers(120, 256, 3))), outline=(90,) * 3
        )
        draw.text((x + 3, y + 2), str(rng.choice(_WORDS)), fill=(20, 20, 20), font=font)
    return image


def sky(rng: np.random.Generator, side: int) -> Image.Image:
    """A bright gradient above a darker, rougher ground: what changes when turned upside down."""
    rows = np.linspace(0, 1, side)[:, None, None]
    horizon = rng.uniform(0.3, 0.8)
    above = rng.uniform(120, 220, 3) + (rng.uniform(0, 60, 3) * rows)
    below = rng.uniform(20, 110, 3) * (1 + 0 * rows)
    rough = rng.normal(0, 1, (side, side, 1)) * np.where(rows < horizon, rng.uniform(0.5, 2), rng.uniform(6, 25))
    levels = np.where(rows < horizon, above, below) + rough
    return Image.fromarray(np.clip(np.broadcast_to(levels, (side, side, 3)), 0, 255).astype(np.uint8))


DRAWN: Final[Mapping[str, Callable[[np.random.Generator, int], Image.Image]]] = {
    "text": text,
    "drawings": drawing,
    "boxes": box,
    "screens": screen,
    "skies": sky,
}
"""By kind: draws one image of so many pixels a side."""


def enlarged(pixels: Pixels) -> Pixels:
    """The middle of a square image, enlarged to the image's size by a bicubic filter."""
    side = len(pixels)
    quarter = side // 4
    middle = Image.fromarray(pixels[quarter:-quarter, quarter:-quarter])
    return np.asarray(middle.resize((side, side), Image.Resampling.BICUBIC))


def cut_out(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A square part of an image, left where it was, on a white ground; its side is an eighth to a half of the image's.

    Args:
        pixels: square, `(h, h, 3)` uint8.
        rng: where and how large.
    """
    side = len(pixels)
    part = int(rng.integers(side // 8, side // 2 + 1))
    top, left = map(int, rng.integers(0, side - part + 1, 2))
    ground = np.full_like(pixels, 255)
    ground[top : top + part, left : left + part] = pixels[top : top + part, left : left + part]
    return ground
