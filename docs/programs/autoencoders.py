"""The page of the reference that lists the classes of autoencoder, made from the table that the package has of them."""

from __future__ import annotations

from collections.abc import Mapping

from wherefrom.models.sources.classes import OPENED, REFUSED, TINY, TOKENISERS, AutoencoderClass

__all__ = ["autoencoders"]

_NOTE = "<!-- Made by `python -m docs.programs.reference`: change the code, not this page. -->"
_BEGIN = """\
An autoencoder is asked about one small image when it is opened, and its answers say how it has to be asked. The tables
say what was found of a tiny model of each class of the installed diffusers; a test builds every one and compares.

- *Latents* is what is decoded: the mode of the posterior, never a sample; `codes` are entries of a codebook.
- *Frames* of a class that codes videos: so many equal frames are given to its encoder, and one comes back.
- Where a class *clamps* its result, the clamp is left out, so that a search does not stand still at saturated pixels.
- Where a decoder draws *random numbers*, they are those of one fixed seed, which stands on the card. Images that its
  generator made have others.

A class that is in none of the tables is asked in the same way. Where it gives an image back it opens, with a note on
its card; else the message says what came instead."""
_TOKENISERS = """\
Autoregressive generators write the codes of these. VQGAN's own kind opens as `VQModel`.
[A page](../models/tokenisers.md) says which files are meant, and what of them was verified."""
_REFUSED = "A folder of one of these is refused with the reason. Name the folder of the autoencoder of images instead."


def autoencoders() -> str:
    """The classes that are opened, how, and those that are not, and why."""
    lines = ["# Classes of autoencoder", "", _NOTE, "", _BEGIN, "", "## Of diffusers", "", *_rows(OPENED)]
    lines += ["", "## For previews, of raw files", ""]
    lines += [
        "Pairs `NAME_encoder` and `NAME_decoder`, as their authors publish them. A decoder alone opens as well, for"
    ]
    lines += ["methods that only decode; an encoder alone does not.", "", *_rows(TINY)]
    lines += ["", "## Tokenisers, of their authors' files", "", _TOKENISERS, "", *_rows(TOKENISERS)]
    lines += ["", "## Not opened", "", _REFUSED, "", "| class | why |", "| --- | --- |"]
    lines += [f"| `{name}` | {why} |" for name, why in REFUSED.items()]
    return "\n".join(lines)


def _rows(table: Mapping[str, AutoencoderClass]) -> list[str]:
    """A table of classes."""
    head = ["| class | of | latents | frames | by itself |", "| --- | --- | --- | --- | --- |"]
    return head + [
        f"| `{name}` | {known.used_by} | {known.latents} | {known.frames or ''} | {_itself(known)} |"
        for name, known in table.items()
    ]


def _itself(known: AutoencoderClass) -> str:
    """What a class does by itself, and what else is its own."""
    said = {
        "clamps": known.clamps,
        "draws random numbers": known.noise,
        "makes one size": known.fixed,
        "has a plane of opacity, which is full": known.planes == 4,
        "pixels in [0, 1]": known.unit,
    }
    return ", ".join(words for words, true in said.items() if true)
