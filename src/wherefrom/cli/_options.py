"""Options that several commands share: each is described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from wherefrom.cli._outputs import typed_path
from wherefrom.core import plugins

__all__ = [
    "BATCH",
    "BELONGING",
    "DEFAULT_METHOD",
    "DEVICE",
    "DTYPE",
    "FORCE",
    "GUIDANCE",
    "METHOD",
    "MODEL",
    "MODEL_OPTION",
    "NEGATIVE",
    "OPTION",
    "OUT_DIR",
    "PATHS",
    "PHOTOS",
    "PLACED_MODEL",
    "POOL",
    "PROMPTS",
    "QUIET",
    "SEED",
    "SIZE",
    "STEPS",
    "STORE",
    "TOGETHER",
    "TRUST",
    "Json",
]

DEFAULT_METHOD: Final = "spectral"
"""What a profile is made by unless another is asked for."""

PATHS = Annotated[
    list[str], typer.Argument(metavar="PATH...", help="files, folders, globs, manifests (.csv .jsonl .parquet), .tar")
]
BELONGING = Annotated[
    list[str], typer.Option("--belonging", metavar="PATH", help="images that the model made; may be repeated")
]
POOL = Annotated[
    list[str] | None,
    typer.Option("--pool", metavar="NAME=PATH", help="images that it did not make, by kind; may be repeated"),
]
DEVICE = Annotated[str, typer.Option("--device", help="cpu, cuda, or auto: the first GPU where there is one")]
DTYPE = Annotated[str, typer.Option("--dtype", help="float32, or less by name, as bfloat16")]
STORE = Annotated[
    Path | None,
    typer.Option(
        "--store", metavar="FILE", parser=typed_path, help="keep scores here: a stopped run goes on, none is repeated"
    ),
]
BATCH = Annotated[int | None, typer.Option("--batch", min=1, help="images at a time; by default found by itself")]
SEED = Annotated[int, typer.Option("--seed", min=0, help="the root seed")]
TRUST = Annotated[bool, typer.Option("--trust", help="run the code that MODEL names as module:attribute")]
FORCE = Annotated[
    bool, typer.Option("--force", help="replace a file that this command did not make; an input never is")
]
QUIET = Annotated[bool, typer.Option("--quiet", "-q", help="no progress and no notes")]
Json = Annotated[bool, typer.Option("--json", help="JSON lines in place of a table")]
MODEL = Annotated[str | None, typer.Option("--model", help="the model to ask; see `wherefrom models`")]
PLACED_MODEL = Annotated[str | None, typer.Argument(metavar="MODEL", hidden=True)]
"""The model as it was typed before there was an option for it; see `one_model`."""
METHOD = Annotated[
    str, typer.Option("--method", help=f"what to ask of the model: {', '.join(plugins.names('wherefrom.methods'))}")
]
MODEL_OPTION = Annotated[
    list[str] | None,
    typer.Option(
        "--model-option",
        metavar="NAME=VALUE",
        help="what a generator's file does not say, as prior=uniform; repeatable",
    ),
]
OPTION = Annotated[
    list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="an option of the method; may be repeated")
]
OUT_DIR = Annotated[Path, typer.Option("--out-dir", metavar="DIR", parser=typed_path, help="where the files go")]
SIZE = Annotated[
    str | None,
    typer.Option("--size", metavar="WIDTHxHEIGHT", help="or one side, in pixels; by default the model's own"),
]
PHOTOS = Annotated[
    list[str] | None,
    typer.Option("--from", metavar="PATH", help="pass these images through the model: round trips, no draws"),
]
TOGETHER = Annotated[
    int | None,
    typer.Option("--batch", min=1, help="images at a time; by default 1, or what a generator computes together anyway"),
]
PROMPTS = Annotated[
    Path | None,
    typer.Option(
        "--prompts",
        metavar="FILE",
        parser=typed_path,
        help="what a text-to-image pipeline should show: one prompt a line, # for comments; or .csv, .jsonl",
    ),
]
STEPS = Annotated[int | None, typer.Option("--steps", min=1, help="of the pipeline's sampler; by default its own")]
GUIDANCE = Annotated[float | None, typer.Option("--guidance", help="the pipeline's guidance scale; by default its own")]
NEGATIVE = Annotated[
    str | None, typer.Option("--negative", metavar="TEXT", help="what the pipeline's images should not show")
]
