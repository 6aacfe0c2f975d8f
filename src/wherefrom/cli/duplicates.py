"""`wherefrom duplicates`: the images of a profile that are there twice."""

from __future__ import annotations

from typing import Annotated

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._beforehand import Pools, twins, where
from wherefrom.cli._output import emit, emit_json, emit_table
from wherefrom.cli._work import listed, model_options, named_paths

__all__ = ["duplicates"]


def duplicates(
    belonging: options.BELONGING,
    pool: options.POOL = None,
    model: Annotated[
        str | None, typer.Option("--model", help="compare images as cropped for this model, as a profile does")
    ] = None,
    model_option: options.MODEL_OPTION = None,
    trust: options.TRUST = False,
    as_json: options.Json = False,
    quiet: options.QUIET = False,
) -> None:
    """List the images of equal pixels among belongings and pools: a profile refuses them. No model is asked.

    The last column says which are left out by `wherefrom profile --leave-out-duplicates`: all of a group that is among
    the belongings and in a pool, else all but the first.
    """
    images: Pools = {None: listed(belonging, quiet=quiet)}
    images |= {name: listed(paths, quiet=quiet) for name, paths in named_paths(pool).items()}
    opened = None
    if model is not None:
        from wherefrom.models.load import load_model

        opened = load_model(model, device="cpu", trust=trust, options=model_options(model_option))
    copies = twins(images, model=opened)
    if as_json:
        for twin in copies:
            emit_json(twin)
        return
    if copies:
        rows = [(twin.group, where(twin.pool), twin.name, "left out" if twin.leaves else "kept") for twin in copies]
        emit_table(("group", "in", "name", "--leave-out-duplicates"), rows, folded="name")
    groups, total = len({twin.group for twin in copies}), sum(map(len, images.values()))
    emit(f"{len(copies)} of {total} images have the pixels of another one, in {groups} groups")
