"""What a run of tables is given, and how it names models."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wherefrom.images.labels import slug

if TYPE_CHECKING:
    from wherefrom.scoring.progress import Progress

__all__ = ["FEWEST", "Setting", "Shown", "label", "unseen"]

FEWEST: Final = 20
"""Images of each kind that a table needs at least: so many give a cut at alpha 0.05."""

Shown = Callable[[str], AbstractContextManager[Callable[["Progress"], None] | None]]


def unseen(_: str) -> AbstractContextManager[None]:
    """Shows no progress."""
    return nullcontext()


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What a run of tables is given.

    Attributes:
        work: folder of images and scores; a second run goes on from it.
        count: images of each kind: so many belongings for the cuts, so many to judge, so many of every other kind.
        quick: whether searches are cut short and rows left out, to fit ten minutes.
        size: pixels a side for latent models.
        cifar10: folder with CIFAR-10 as `train.parquet` and `test.parquet`, each with a column `image` of file bytes.
        photos: folder of photos; None: those that come with scikit-image and scikit-learn.
        tiles: whether photos are cut into as many tiles of the size as fit, instead of reduced and cropped once.
        decoders: further latent models, as `load_model` takes them.
        generators: further generators, likewise.
        asked: the models that are asked, the images of others being judged alone; empty: all.
        edits: which edits the tables of edits go through; empty: the table's own.
        alike: whether images that were edited are judged by profiles of images edited alike alone.
        device: of the models.
        dtype: in which the models compute, by name.
        shown: makes the progress of a label visible.
    """

    work: Path
    count: int = 100
    quick: bool = False
    size: int = 192
    cifar10: Path | None = None
    photos: Path | None = None
    tiles: bool = False
    decoders: tuple[str, ...] = ()
    generators: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    edits: tuple[str, ...] = ()
    alike: bool = False
    device: str = "auto"
    dtype: str = "float32"
    shown: Shown = unseen


def label(name: str) -> str:
    """A model's name in tables: without `zoo:`, a folder or a suffix."""
    return slug(Path(name.removeprefix("zoo:")).stem if "/" in name else name.removeprefix("zoo:"))
