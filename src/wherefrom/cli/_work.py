"""What several commands do: open a model, make a method, score images with the progress shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wherefrom.cli._cost import cut, tell_cost
from wherefrom.cli._output import note
from wherefrom.cli._progress import Show, shown
from wherefrom.core.errors import UsageError

if TYPE_CHECKING:
    from wherefrom.core.card import Card, Fact
    from wherefrom.images.read import Limits
    from wherefrom.images.sources import Source
    from wherefrom.methods.base import Method
    from wherefrom.models.base import Model
    from wherefrom.records.table import ScoreTable
    from wherefrom.rules.base import Rule
    from wherefrom.scoring.scorer import Cutter, Scorer

__all__ = [
    "Work",
    "cutter",
    "limits_of",
    "listed",
    "made_method",
    "made_rule",
    "model_options",
    "named",
    "named_paths",
    "one_model",
    "options_of",
    "scorer",
    "size_of",
    "square",
    "through_of",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """How images are scored.

    Attributes:
        store: where scores are kept.
        batch: images at a time; None finds it.
        seed: the root seed.
        quiet: whether no progress is shown.
        limits: on bytes and pixels of a file; None are the reader's own.
        tile: side of the tiles that images are cut into; None leaves them whole.
        single: whether one tile an image is taken, in place of all.
        show: draws the progress in place of the bar on stderr, whatever `quiet` says.
    """

    store: Path | None = None
    batch: int | None = None
    seed: int = 0
    quiet: bool = False
    limits: Limits | None = None
    tile: int | None = None
    single: bool = False
    show: Show | None = None

    def score(
        self, images: Iterable[Source | str | Path], *, model: Any, method: Method[Any], label: str
    ) -> ScoreTable:
        """Score images, with the progress shown under a label.

        Raises:
            WherefromError: as `wherefrom.scoring.run.score`.
        """
        from wherefrom.images.read import DEFAULT_LIMITS
        from wherefrom.scoring.run import score

        asked = images if self.tile is None else cut(images, self.tile, model, self)
        tell_cost(asked, model=model, method=method, work=self)
        with self.show(label) if self.show else shown(label, quiet=self.quiet) as report:
            return score(
                asked,
                model=model,
                method=method,
                seed=self.seed,
                store=self.store,
                batch=self.batch,
                limits=self.limits or DEFAULT_LIMITS,
                progress=report,
            )


def scorer(work: Work) -> Scorer:
    """Scores as `work` says, but for the seed, and images that are cut already."""

    def score(images: Sequence[Source], *, model: Model, method: Method[Any], seed: int, label: str) -> ScoreTable:
        return replace(work, seed=seed, tile=None).score(images, model=model, method=method, label=label)

    return score


def cutter(work: Work) -> Cutter | None:
    """Cuts into the tiles that `work` says; None where it says none."""
    side = work.tile
    return None if side is None else lambda images, model: cut(images, side, model, work)


def limits_of(max_pixels: int | None, max_bytes: int | None) -> Limits:
    """How large a file may be: as the options say, else as the reader does by itself.

    Pillow's own limit for TIFF, WebP and GIF is raised with it, for this process.

    Args:
        max_pixels: width times height; None is the default.
        max_bytes: of a file; None is the default.
    """
    from PIL import Image

    from wherefrom.images.read import DEFAULT_LIMITS, Limits

    if max_pixels is not None and Image.MAX_IMAGE_PIXELS is not None:
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS, max_pixels)
    return Limits(max_pixels=max_pixels or DEFAULT_LIMITS.max_pixels, max_bytes=max_bytes or DEFAULT_LIMITS.max_bytes)


def listed(
    paths: Sequence[str], *, quiet: bool, follow: Sequence[str] | None = None, column: str | None = None
) -> tuple[Source, ...]:
    """The images that were named, with a note on what was left out.

    Args:
        paths: as they were typed.
        quiet: whether notes are not wanted.
        follow: schemes of addresses that the paths of manifests may have.
        column: of a table that holds images; None is the only one there is.

    Raises:
        UsageError: as `load_images`.
    """
    from wherefrom.images.sources import load_images

    return load_images(
        *paths, on_message=lambda text: note(f"note: {text}", quiet=quiet), follow=follow or (), column=column
    )


def made_method(name: str, options: Sequence[str] | None) -> Method[Any]:
    """A method with its options, each as `name=value`; a value is JSON where it can be, else text.

    Raises:
        UsageError: when there is no such method or option, or a value is refused.
    """
    from wherefrom import methods

    return methods.load(name, dict(_option(text, "--option", "adjustment=none") for text in options or ()))


def made_rule(name: str, options: Sequence[str] | None) -> Rule:
    """A rule with its options, each as `name=value`; a value is JSON where it can be, else text.

    Raises:
        UsageError: when there is no such rule or option, or a value is refused.
    """
    from wherefrom import rules

    return rules.load(name, dict(_option(text, "--rule-option", "cut=1.2") for text in options or ()))


def model_options(texts: Sequence[str] | None) -> dict[str, Fact]:
    """Options of a model, each as `name=value`; a value is JSON where it can be, else text.

    Raises:
        UsageError: when one has no name or no value.
    """
    return options_of(texts, "--model-option", "prior=uniform")


def options_of(texts: Sequence[str] | None, flag: str, example: str) -> dict[str, Fact]:
    """Options, each as `name=value`; a value is JSON where it can be, else text.

    Args:
        texts: as they were typed.
        flag: the option that named them.
        example: of one, for the message.

    Raises:
        UsageError: when one has no name or no value.
    """
    return dict(_option(text, flag, example) for text in texts or ())


def _option(text: str, flag: str, example: str) -> tuple[str, Fact]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise UsageError(f"{flag} {text!r} is no NAME=VALUE, as {example}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def through_of(model: Card) -> str:
    """The edit that a model is asked through, `none` where it is asked as it is."""
    return str(model.facts.get("through", "none"))


def named(model: Card) -> str:
    """A model's name, and through which edit it is asked."""
    return model.name if through_of(model) == "none" else f"{model.name} through {through_of(model)}"


def one_model(model: str | None, placed: str | None) -> str:
    """The model that was named, by `--model` or, as it once was, by its place alone.

    Args:
        model: of `--model`.
        placed: of the argument without an option.

    Raises:
        UsageError: when none was, or two.
    """
    if (model is None) == (placed is None):
        problem = "no model" if model is None else f"two models, {model} and {placed}"
        raise UsageError(f"{problem}: name one by --model, see `wherefrom models`")
    return str(model or placed)


def size_of(text: str) -> tuple[int, int]:
    """`(height, width)` of what a person writes as WIDTHxHEIGHT, or as one side of a square.

    Raises:
        UsageError: when it is neither.
    """
    match = re.fullmatch(r"(\d+)(?:[xX](\d+))?", text.strip())
    if match is None or int(match[1]) < 1 or int(match[2] or 1) < 1:
        raise UsageError(f"--size {text!r} is no WIDTHxHEIGHT in pixels, as 512x512")
    return int(match[2] or match[1]), int(match[1])


def square(text: str, *, least: int) -> int:
    """The side of a square that the embedded latent models make.

    Args:
        text: what was typed, as `256` or `256x256`.
        least: the shortest side, in pixels.

    Raises:
        UsageError: when it is no square, smaller than `least`, or no multiple of the models' factor.
    """
    height, width = size_of(text)
    if height != width or width < least:
        raise UsageError(f"--size {text} is no square of at least {least} pixels: use {max(least, width // 8 * 8)}")
    if width % 8:
        raise UsageError(f"--size {width} is no multiple of 8, the models' factor: use {width // 8 * 8}")
    return width


def named_paths(texts: Sequence[str] | None, *, flag: str = "--pool") -> dict[str, list[str]]:
    """Pools from `NAME=PATH`, several paths under one name together.

    Args:
        texts: as they were typed.
        flag: the option that named them.

    Raises:
        UsageError: when one has no name or no path.
    """
    pools: dict[str, list[str]] = {}
    for text in texts or ():
        name, sign, path = text.partition("=")
        if not sign or not name or not path:
            raise UsageError(f"{flag} {text!r} is no NAME=PATH, as photos=folder/of/photos")
        pools.setdefault(name, []).append(path)
    return pools
