"""Options that several commands share: each is described once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from wherefrom.cli._outputs import typed_path
from wherefrom.core import plugins

__all__ = [
    "ALL",
    "ALPHA",
    "BATCH",
    "BELONGING",
    "BETA",
    "CONFIDENCE",
    "DEFAULT_METHOD",
    "DEVICE",
    "DTYPE",
    "FORCE",
    "GUIDANCE",
    "MAX_BYTES",
    "MAX_PIXELS",
    "METHOD",
    "MODEL",
    "MODELS",
    "MODEL_OPTION",
    "NEEDED_MODEL",
    "NEGATIVE",
    "OPTION",
    "OUT_DIR",
    "PATHS",
    "PHOTOS",
    "PLACED_MODEL",
    "POOL",
    "PROFILED_DEVICE",
    "PROFILED_DTYPE",
    "PROFILES",
    "PROMPTS",
    "QUIET",
    "RULE",
    "RULE_OPTION",
    "SEED",
    "SIZE",
    "STEPS",
    "STORE",
    "THROUGH",
    "TILE",
    "TOGETHER",
    "TRUST",
    "Json",
]


def _look_here(trusted: bool) -> bool:
    """Find modules of the current folder, as `python -m` does, once a person has said that code may be run."""
    here = str(Path.cwd())
    if trusted and here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)
    return trusted


DEFAULT_METHOD: Final = "joint"
"""What is asked of images unless another method is named."""

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
        "--store",
        metavar="FILE",
        parser=typed_path,
        help="keep scores in this file; a stopped run goes on, and no score is computed twice",
    ),
]
BATCH = Annotated[int | None, typer.Option("--batch", min=1, help="images at a time; by default found by itself")]
SEED = Annotated[int, typer.Option("--seed", min=0, help="the root seed")]
THROUGH = Annotated[
    str | None,
    typer.Option(
        "--through",
        metavar="EDIT",
        help="the edit that the images went through since the model made them, as resize:0.5",
    ),
]
TRUST = Annotated[
    bool,
    typer.Option(
        "--trust",
        callback=_look_here,
        help="run the code that MODEL names as module:attribute; looked for in this folder too",
    ),
]
FORCE = Annotated[bool, typer.Option("--force", help="replace a file that this command did not make; never an input")]
QUIET = Annotated[bool, typer.Option("--quiet", "-q", help="no progress and no notes")]
Json = Annotated[bool, typer.Option("--json", help="JSON lines in place of a table")]
MAX_PIXELS = Annotated[
    int | None,
    typer.Option("--max-pixels", metavar="N", min=1, help="read images of up to so many pixels; default 100 million"),
]
MAX_BYTES = Annotated[
    int | None,
    typer.Option("--max-bytes", metavar="N", min=1, help="read files of up to so many bytes; default 256 MiB"),
]
ALL = Annotated[bool, typer.Option("--all", help="show every row, each with its whole reason")]
_MODEL = typer.Option("--model", help="the model to ask; see `wherefrom models`")
MODEL = Annotated[str | None, _MODEL]
NEEDED_MODEL = Annotated[str, _MODEL]
PLACED_MODEL = Annotated[str | None, typer.Argument(metavar="MODEL", hidden=True)]
"""The model as it was typed before there was an option for it; see `one_model`."""
METHOD_HELP: Final = f"what to ask of the model: {', '.join(plugins.names('wherefrom.methods'))}"
METHOD = Annotated[str, typer.Option("--method", help=METHOD_HELP)]
MODEL_OPTION = Annotated[
    list[str] | None,
    typer.Option(
        "--model-option",
        metavar="NAME=VALUE",
        help="what a generator's file does not say, as prior=uniform; repeatable",
    ),
]
OPTION = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        metavar="NAME=VALUE",
        help="an option of the method; may be repeated; see `wherefrom methods info NAME`",
    ),
]
RULE_OPTION = Annotated[
    list[str] | None,
    typer.Option(
        "--rule-option",
        metavar="NAME=VALUE",
        help="an option of the rule, as cut=1.2 of fixed; may be repeated; see `wherefrom rules info NAME`",
    ),
]
OUT_DIR = Annotated[Path, typer.Option("--out-dir", metavar="DIR", parser=typed_path, help="where the files go")]
SIZE = Annotated[
    str | None,
    typer.Option("--size", metavar="WIDTHxHEIGHT", help="or one side, in pixels; by default the model's own"),
]
PHOTOS = Annotated[
    list[str] | None,
    typer.Option(
        "--from", metavar="PATH", help="pass these images through the autoencoder, instead of drawing new ones"
    ),
]
TILE = Annotated[
    int | None,
    typer.Option(
        "--tile",
        metavar="SIDE",
        min=1,
        help="cut images into tiles of SIDE x SIDE, each a row: less memory; `profile` takes one tile an image",
    ),
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
PROFILES = Annotated[
    list[Path], typer.Option("--profile", metavar="P.json", parser=typed_path, help="of a candidate; repeatable")
]
MODELS = Annotated[
    list[str] | None,
    typer.Option("--model", help="path of the model if it moved; give one per profile, in the same order"),
]
ALPHA = Annotated[float, typer.Option("--alpha", help="the bound on missed belongings")]
BETA = Annotated[float, typer.Option("--beta", help="the bound on false claims")]
CONFIDENCE = Annotated[float, typer.Option("--confidence", help="of the intervals")]
RULE = Annotated[str, typer.Option("--rule", help="where to cut; see `wherefrom rules`")]
PROFILED_DEVICE = Annotated[str | None, typer.Option("--device", help="cpu or cuda; by default the profile's")]
PROFILED_DTYPE = Annotated[str | None, typer.Option("--dtype", help="by default the profile's")]
