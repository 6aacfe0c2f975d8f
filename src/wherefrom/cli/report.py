"""`wherefrom report`: what can be said of images, as pages for people."""

from __future__ import annotations

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._attributing import AttributeOptions
from wherefrom.cli._reporting import ReportOptions, typed_command
from wherefrom.cli._stability import Tried

__all__ = ["report"]


def report(
    context: typer.Context,
    paths: options.PATHS,
    profile: options.PROFILES,
    out: options.OUT_DIR,
    model: options.MODELS = None,
    alpha: options.ALPHA = 0.05,
    beta: options.BETA = 0.01,
    rule: options.RULE = "conformal",
    rule_option: options.RULE_OPTION = None,
    no_pictures: options.NO_PICTURES = False,
    maps: options.MAP = False,
    stability: options.STEADY = None,
    force: options.FORCE = False,
    model_option: options.MODEL_OPTION = None,
    through: options.PROFILED_THROUGH = None,
    device: options.PROFILED_DEVICE = None,
    dtype: options.PROFILED_DTYPE = None,
    edit: options.KNOWN_EDIT = None,
    early: options.EARLY = False,
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
    """Say of each image what its scores support, as `attribute` does, and leave a page for people on each.

    A page is one file that opens in any browser and loads nothing from elsewhere. It says what was asked and answered
    in plain words, shows the image beside known ones, and says how often such an answer is wrong and what the evidence
    cannot exclude. Beside it lie all of its numbers as JSON; of several images, index.html lists them.

    An answer that a harmless change turns round is UNDECIDED: each image is asked about again as often as there are
    changes for which the profiles speak, of profiles of unedited images once. --no-stability leaves that out.
    """
    AttributeOptions(
        paths=paths,
        profile=profile,
        model=model,
        alpha=alpha,
        beta=beta,
        rule=rule,
        rule_option=rule_option,
        report=ReportOptions(out, typed_command(context), not no_pictures, maps, "--out-dir"),
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
        stability=_tried(stability, tile),
    ).run()


def _tried(stability: bool | None, tile: int | None) -> Tried:
    """Which changes of an image are tried: where nothing is said those that may decide, of images as wholes."""
    if stability is None:
        return "deciding" if tile is None else "none"
    return "all" if stability else "none"
