"""`wherefrom attribute`: what can be said of images under one profile or several."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._attributing import AttributeOptions
from wherefrom.cli._bundling import BundleOptions
from wherefrom.cli._folders import Folder
from wherefrom.cli._outputs import typed_path
from wherefrom.cli._reporting import ReportOptions, typed_command

__all__ = ["attribute"]


def attribute(
    context: typer.Context,
    paths: options.PATHS,
    profile: options.PROFILES,
    model: options.MODELS = None,
    alpha: options.ALPHA = 0.05,
    beta: options.BETA = 0.01,
    rule: options.RULE = "conformal",
    rule_option: options.RULE_OPTION = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            parser=typed_path,
            help="the verdicts: .csv, .parquet, .json or .jsonl; or a folder, for many images",
        ),
    ] = None,
    engine: options.ENGINE = None,
    engine_option: options.ENGINE_OPTION = None,
    images_a_file: options.IMAGES_A_FILE = None,
    keep_failed: options.KEEP_FAILED = False,
    follow: options.FOLLOW = None,
    image_column: options.IMAGE_COLUMN = None,
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
    no_pictures: options.NO_PICTURES = False,
    maps: options.MAP = False,
    bundle: options.BUNDLE = None,
    sign: options.SIGN = None,
    bundle_images: options.BUNDLE_IMAGES = False,
    force: options.FORCE = False,
    model_option: options.MODEL_OPTION = None,
    through: options.PROFILED_THROUGH = None,
    device: options.PROFILED_DEVICE = None,
    dtype: options.PROFILED_DTYPE = None,
    edit: options.KNOWN_EDIT = None,
    early: options.EARLY = False,
    likelihood: Annotated[
        bool,
        typer.Option("--likelihood", help="a likelihood ratio for each image, with the bounds that the profile allows"),
    ] = False,
    verbal: Annotated[
        str | None,
        typer.Option(
            "--verbal",
            metavar="SCALE",
            help="and words for it: enfsi-2015, or a .json file of your own; by default none",
        ),
    ] = None,
    stability: options.STABILITY = False,
    store: options.STORE = None,
    batch: options.BATCH = None,
    trust: options.TRUST = False,
    tile: options.TILE = None,
    max_pixels: options.MAX_PIXELS = None,
    max_bytes: options.MAX_BYTES = None,
    whole: options.ALL = False,
    as_json: options.Json = False,
    quiet: options.QUIET = False,
) -> None:
    """Say of each image what its scores support under a profile, with both error rates bounded.

    SUPPORTED: ranks as a belonging and below every named pool. COMPATIBLE: ranks as a belonging, but no pool is fit to
    bound false claims. EXCLUDED: does not rank as a belonging. UNDECIDED: always with the reason. With several
    profiles, false claims are bounded over all candidates together. Of a profile with several conditions those count
    that cover an image's file, the most cautious where several do.
    """
    AttributeOptions(
        paths=paths,
        profile=profile,
        model=model,
        alpha=alpha,
        beta=beta,
        rule=rule,
        rule_option=rule_option,
        folder=Folder(out, engine, engine_option, images_a_file, keep_failed, follow, image_column),
        figure=figure,
        report=None if report is None else ReportOptions(report, typed_command(context), not no_pictures, maps),
        bundle=BundleOptions(path=bundle, sign=sign, with_images=bundle_images),
        force=force,
        model_option=model_option,
        through=through,
        device=device,
        dtype=dtype,
        edit=edit,
        early=early,
        likelihood=likelihood,
        verbal=verbal,
        stability="all" if stability else "none",
        store=store,
        batch=batch,
        trust=trust,
        tile=tile,
        limits=(max_pixels, max_bytes),
        whole=whole,
        as_json=as_json,
        quiet=quiet,
    ).run()
