"""Groups of options that `wherefrom attribute` and `wherefrom report` both take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._candidates import profile_names
from wherefrom.cli._work import Work, limits_of, model_options

if TYPE_CHECKING:
    from wherefrom.candidates import Opening
    from wherefrom.images.read import Limits

__all__ = ["OpeningOptions", "OutputOptions", "PageOptions", "QuestionOptions", "ScoringOptions"]


@dataclass(frozen=True, kw_only=True, slots=True)
class QuestionOptions:
    """Which images are asked about, under which profiles, and which error rates are promised."""

    paths: options.PATHS
    profile: options.PROFILES
    model: options.MODELS = None
    alpha: options.ALPHA = 0.05
    beta: options.BETA = 0.01
    rule: options.RULE = "conformal"
    rule_option: options.RULE_OPTION = None

    @property
    def files(self) -> dict[str, Path]:
        """The files that hold the profiles, by their names."""
        return dict(zip(profile_names(self.profile), self.profile, strict=True))


@dataclass(frozen=True, kw_only=True, slots=True)
class PageOptions:
    """What the pages of a report show."""

    no_pictures: Annotated[
        bool,
        typer.Option("--no-pictures", help="a report that shows neither the images nor what decoders make of them"),
    ] = False
    maps: Annotated[
        bool,
        typer.Option(
            "--map",
            help="in a report, where in the image the evidence lies; six reconstructions more for each candidate",
        ),
    ] = False


@dataclass(frozen=True, kw_only=True, slots=True)
class OpeningOptions:
    """How the models of profiles are opened, and what is asked of them."""

    model_option: options.MODEL_OPTION = None
    through: Annotated[
        str | None, typer.Option("--through", metavar="EDIT", help="the edit of the images; by default the profile's")
    ] = None
    device: options.PROFILED_DEVICE = None
    dtype: options.PROFILED_DTYPE = None
    edit: Annotated[
        str | None,
        typer.Option(
            "--edit",
            metavar="EDIT",
            help="what the images went through, where that is known: only this condition of a profile counts",
        ),
    ] = None
    early: Annotated[
        bool,
        typer.Option("--early", help="end an image's search once its verdict is known; p-values become upper bounds"),
    ] = False

    def opening(self, models: list[str] | None, device: str | None, *, trust: bool) -> Opening:
        """How models are opened.

        Args:
            models: paths of models that moved, one a profile.
            device: in place of the one that was typed.
            trust: whether code that a model's name leads to may be run.

        Raises:
            UsageError: when an option of a model has no name or no value.
        """
        from wherefrom.candidates import Opening

        return Opening(
            models=tuple(models or ()),
            device=device,
            dtype=self.dtype,
            trust=trust,
            options=model_options(self.model_option),
            through=self.through,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoringOptions:
    """How images are read and scored."""

    store: options.STORE = None
    batch: options.BATCH = None
    trust: options.TRUST = False
    tile: options.TILE = None
    max_pixels: options.MAX_PIXELS = None
    max_bytes: options.MAX_BYTES = None

    @property
    def limits(self) -> Limits:
        """How large a file may be."""
        return limits_of(self.max_pixels, self.max_bytes)

    def work(self, *, quiet: bool) -> Work:
        """How images are scored.

        Args:
            quiet: whether no progress is shown.
        """
        return Work(store=self.store, batch=self.batch, quiet=quiet, limits=self.limits, tile=self.tile)


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputOptions:
    """What is printed."""

    whole: options.ALL = False
    as_json: options.Json = False
    quiet: options.QUIET = False
