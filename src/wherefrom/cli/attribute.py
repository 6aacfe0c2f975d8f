"""`wherefrom attribute`: what can be said of images under one profile or several."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._attributing import AttributeOptions
from wherefrom.cli._bundling import BundleOptions
from wherefrom.cli._folders import Folder
from wherefrom.cli._likelihoods import LikelihoodOptions
from wherefrom.cli._option_groups import OpeningOptions, OutputOptions, PageOptions, QuestionOptions, ScoringOptions
from wherefrom.cli._outputs import typed_path
from wherefrom.cli._reporting import ReportOptions, typed_command
from wherefrom.cli.grouped import grouped

__all__ = ["attribute"]


@grouped
def attribute(
    context: typer.Context,
    *,
    question: QuestionOptions,
    folder: Folder,
    figure: Annotated[
        Path | None,
        typer.Option(
            "--figure", metavar="F.png", parser=typed_path, help="draw the profile and the images: .png, .svg, .pdf"
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report", metavar="DIR", parser=typed_path, help="a page for people on each image, in this new folder"
        ),
    ] = None,
    pages: PageOptions,
    bundle: BundleOptions,
    force: options.FORCE = False,
    opening: OpeningOptions,
    likelihood: LikelihoodOptions,
    stability: Annotated[
        bool,
        typer.Option(
            "--stability",
            help="ask again after harmless changes (saved again, cut, turned); an answer that flips is UNDECIDED",
        ),
    ] = False,
    scoring: ScoringOptions,
    output: OutputOptions,
) -> None:
    """Say of each image what its scores support under a profile, with both error rates bounded.

    SUPPORTED: ranks as a belonging and below every named pool. COMPATIBLE: ranks as a belonging, but no pool is fit to
    bound false claims. EXCLUDED: does not rank as a belonging. UNDECIDED: always with the reason. With several
    profiles, false claims are bounded over all candidates together. Of a profile with several conditions those count
    that cover an image's file, the most cautious where several do.
    """
    AttributeOptions(
        question=question,
        folder=folder,
        figure=figure,
        report=None if report is None else ReportOptions(report, typed_command(context), pages),
        bundle=bundle,
        force=force,
        opening=opening,
        likelihood=likelihood,
        stability="all" if stability else "none",
        scoring=scoring,
        output=output,
    ).run()
