"""`wherefrom check`: an answer without any profile."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._output import emit_json, emit_table, finish, plain
from wherefrom.cli._progress import shown

__all__ = ["check"]


def check(
    paths: options.PATHS,
    model: Annotated[list[str], typer.Option("--model", help="the model to ask; repeat it; see `wherefrom models`")],
    beta: Annotated[float, typer.Option("--beta", help="the largest p-value that counts")] = 0.01,
    find: Annotated[
        str, typer.Option("--find", help="search for what moved the image first: crop, crop+turns or crop+scale")
    ] = "",
    device: options.DEVICE = "auto",
    dtype: options.DTYPE = "float32",
    store: options.STORE = None,
    trust: options.TRUST = False,
    as_json: options.Json = False,
    quiet: options.QUIET = False,
) -> None:
    """Ask whether a decoder drew the pixels of images, without a profile.

    COMPATIBLE: the image is reconstructed better than its own turned and mirrored copies, as hardly any known photo is.
    UNDECIDED: no sign of the decoder, which excludes nothing. Where consequences hang on the answer make a profile.
    An image that was cropped shows a sign only with --find crop, and one that was resized with --find crop+scale.
    """
    from wherefrom.checking import check as checked
    from wherefrom.images.sources import load_images
    from wherefrom.models.load import load_model

    images = load_images(*paths)
    models: list[Any] = [load_model(name, device=device, dtype=dtype, trust=trust) for name in model]
    with shown("checking", quiet=quiet) as report:
        answers = checked(images, model=models, beta=beta, find=find, store=store, progress=report)
    if as_json:
        for answer in answers:
            row = plain(answer)
            row["image"].pop("jpeg_tables")
            emit_json({"name": answer.image.name, **row})
    else:
        emit_table(
            ("name", "model", "outcome", "s at most", "p", "reason"),
            [
                (answer.image.name, answer.model, str(answer.outcome), answer.statistic, answer.p_value, answer.reason)
                for answer in answers
            ],
            folded="reason",
        )
    finish(sum(answer.image.error is not None for answer in answers[:: len(models)]), len(images), quiet=quiet)
