"""How many numbers a JPEG keeps of an image, beside how many a decoder makes it from.

    python -m benchmarks.kept

An image that a decoder of factor 8 made is given by the numbers of its latent, so many for 8 x 8 pixels. Of the same
pixels a JPEG keeps the coefficients that are not quantised to zero. Where these are no more than the latent's numbers,
some latent may meet nearly any image's coefficients, and little is left to tell by: a count, and no proof.

The contents are those of the tables of edits: photos at 192 and 256 px, and tiles at 192 and 512 px. A block's luma has
64 coefficients; the chroma, at half the resolution, adds 32. Writes benchmarks/results/kept.json.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from PIL import Image
from scipy.fft import dctn

from benchmarks.decoders import RESULTS, SHARED
from wherefrom.bench import _pictures as pictures
from wherefrom.core.arrays import Matrix, Vector
from wherefrom.images.jpeg_tables import tables_of

CONTENTS: Final = ((192, False), (256, False), (192, True), (512, True))
"""Pixels a side, and whether they are tiles at their own scale."""
QUALITIES: Final = (90, 75, 50)
LATENTS: Final = {"taesd": 4, "the embedded": 8, "taesd3 and taef1": 16}
"""Numbers for 8 x 8 pixels of the decoders of these tables."""
_BLOCK: Final = 8


def kept(image: Image.Image, quality: int) -> float:
    """Coefficients that are not zero, of luma and chroma (4:2:0), for 8 x 8 pixels on average."""
    tables = tables_of(quality)
    luma, *chroma = (np.asarray(plane, dtype=np.float64) - 128 for plane in image.convert("YCbCr").split())
    halved = [plane.reshape(len(plane) // 2, 2, -1, 2).mean((1, 3)) for plane in chroma]
    count = _coefficients(luma, tables[0]) + sum(_coefficients(plane, tables[1]) for plane in halved)
    return count / (luma.size / _BLOCK**2)


def _coefficients(plane: Matrix, table: Vector) -> int:
    rows, columns = (side // _BLOCK for side in plane.shape)
    blocks = plane[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK).swapaxes(1, 2)
    found = dctn(blocks, axes=(2, 3), norm="ortho") / np.reshape(table, (_BLOCK, _BLOCK))
    return int(np.count_nonzero(np.rint(found)))


def measured(paths: Sequence[Path], quality: int) -> dict[str, float]:
    """Over images: the median of what is kept, and the shares of images that keep fewer numbers than a latent has."""
    counts = []
    for path in paths:
        with Image.open(path) as image:
            counts.append(kept(image.convert("RGB"), quality))
    fewer = {f"below {number}": float(np.mean(np.array(counts) < number)) for number in LATENTS.values()}
    return {"images": len(counts), "median": float(np.median(counts)), **fewer}


def show(document: dict[str, Any]) -> str:
    """The table in Markdown."""
    fewer = [f"fewer than {number} ({name})" for name, number in LATENTS.items()]
    lines = [f"| images | quality | kept of 8 x 8 pixels, median | {' | '.join(fewer)} |", "| --- " * 6 + "|"]
    for row in document["rows"]:
        shares = " | ".join(f"{row[f'below {number}']:.2f}" for number in LATENTS.values())
        lines.append(f"| {row['what']} | {row['quality']} | {row['median']:.1f} | {shares} |")
    return "\n".join(lines)


def main(
    data: Annotated[Path, typer.Option(help="folder with photos/ and generated/")] = SHARED,
    count: Annotated[int, typer.Option(help="images of each size, those of tiles a half of it")] = 200,
) -> None:
    """Count them for every size and quality, print the table and write it."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for size, tiles in CONTENTS:
            place = Path(folder) / f"{size}-{tiles}"
            place.mkdir()
            if tiles:
                paths = [
                    path
                    for half in (True, False)
                    for path in pictures.tiled(data, place, size, count // 4, profiled=half)
                ]
            else:
                paths = pictures.of_photos(data / "photos", place, size, count)
            what = f"{len(paths)} {'tiles' if tiles else 'photos'} of {size} px"
            rows += [{"what": what, "quality": quality, **measured(paths, quality)} for quality in QUALITIES]
    document = {"command": f"python -m benchmarks.kept --count {count}", "rows": rows}
    (RESULTS / "kept.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    typer.echo(show(document))


if __name__ == "__main__":
    typer.run(main)
