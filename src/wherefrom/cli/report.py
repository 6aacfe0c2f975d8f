"""`wherefrom report`: what can be said of images, as pages for people."""

from __future__ import annotations

from typing import Annotated

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._attributing import AttributeOptions
from wherefrom.cli._option_groups import OpeningOptions, OutputOptions, PageOptions, QuestionOptions, ScoringOptions
from wherefrom.cli._reporting import ReportOptions, typed_command
from wherefrom.cli._stability import Tried
from wherefrom.cli.grouped import grouped

__all__ = ["report"]


@grouped
def report(
    context: typer.Context,
    *,
    question: QuestionOptions,
    out: options.OUT_DIR,
    pages: PageOptions,
    stability: Annotated[
        bool | None,
        typer.Option(
            "--stability/--no-stability",
            help="ask again after harmless changes; an answer that flips is UNDECIDED; by default after those that may"
            " decide, with --stability after all, to show them",
        ),
    ] = None,
    force: options.FORCE = False,
    opening: OpeningOptions,
    scoring: ScoringOptions,
    output: OutputOptions,
) -> None:
    """Say of each image what its scores support, as `attribute` does, and leave a page for people on each.

    A page is one file that opens in any browser and loads nothing from elsewhere. It says what was asked and answered
    in plain words, shows the image beside known ones, and says how often such an answer is wrong and what the evidence
    cannot exclude. Beside it lie all of its numbers as JSON; of several images, index.html lists them.

    An answer that a harmless change turns round is UNDECIDED: each image is asked about again after the changes for
    which the profiles speak, as saving it as JPEG where they have such a condition. --no-stability leaves that out.
    """
    AttributeOptions(
        question=question,
        report=ReportOptions(out, typed_command(context), pages, "--out-dir"),
        force=force,
        opening=opening,
        stability=_tried(stability, scoring.tile),
        scoring=scoring,
        output=output,
    ).run()


def _tried(stability: bool | None, tile: int | None) -> Tried:
    """Which changes of an image are tried: where nothing is said those that may decide, of images as wholes."""
    if stability is None:
        return "deciding" if tile is None else "none"
    return "all" if stability else "none"
