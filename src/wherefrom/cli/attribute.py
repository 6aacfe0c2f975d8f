"""`wherefrom attribute`: what can be said of images under one profile or several."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._attributing import AttributeOptions
from wherefrom.cli._outputs import typed_path

__all__ = ["attribute"]


def attribute(
    paths: options.PATHS,
    profile: Annotated[
        list[Path], typer.Option("--profile", metavar="P.json", parser=typed_path, help="of a candidate; repeatable")
    ],
    model: Annotated[
        list[str] | None,
        typer.Option("--model", help="path of the model if it moved; give one per profile, in the same order"),
    ] = None,
    alpha: Annotated[float, typer.Option("--alpha", help="the bound on missed belongings")] = 0.05,
    beta: Annotated[float, typer.Option("--beta", help="the bound on false claims")] = 0.01,
    rule: Annotated[str, typer.Option("--rule", help="where to cut; see `wherefrom rules`")] = "conformal",
    rule_option: options.RULE_OPTION = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", parser=typed_path, help="the verdicts: .csv, .parquet, .json or .jsonl"),
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option(
            "--figure", metavar="F.png", parser=typed_path, help="draw the profile and the images: .png, .svg, .pdf"
        ),
    ] = None,
    force: options.FORCE = False,
    model_option: options.MODEL_OPTION = None,
    through: Annotated[
        str | None, typer.Option("--through", metavar="EDIT", help="the edit of the images; by default the profile's")
    ] = None,
    device: Annotated[str | None, typer.Option("--device", help="cpu or cuda; by default the profile's")] = None,
    dtype: Annotated[str | None, typer.Option("--dtype", help="by default the profile's")] = None,
    edit: Annotated[
        str | None,
        typer.Option(
            "--edit",
            metavar="EDIT",
            help="what the images went through, where that is known: only this condition of a profile counts",
        ),
    ] = None,
    early: Annotated[
        bool,
        typer.Option("--early", help="end an image's search once its verdict is known; p-values become upper bounds"),
    ] = False,
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
        out=out,
        figure=figure,
        force=force,
        model_option=model_option,
        through=through,
        device=device,
        dtype=dtype,
        edit=edit,
        early=early,
        store=store,
        batch=batch,
        trust=trust,
        tile=tile,
        limits=(max_pixels, max_bytes),
        whole=whole,
        as_json=as_json,
        quiet=quiet,
    ).run()
