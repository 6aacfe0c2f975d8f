"""`wherefrom profile`: how known images score, kept so that others can be compared with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._beforehand import Pools, leave_out, leave_out_twins, refuse_twins, twins
from wherefrom.cli._carded import card_beside, card_outputs
from wherefrom.cli._output import emit_json, finish
from wherefrom.cli._outputs import Writing, typed_path
from wherefrom.cli._profiled import show_profile, summaries, warn
from wherefrom.cli._profiling import AddedCondition, NewProfile, Opened, added_condition, new_profile
from wherefrom.cli._work import Work, limits_of, listed, made_method, model_options, named_paths, one_model

if TYPE_CHECKING:
    from wherefrom.records.profile import Profile

__all__ = ["profile", "show_profile", "warn"]

_OUT = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="P.json", parser=typed_path, help="the profile; with --add-edit by default the one added to"
    ),
]
_LEAVING = Annotated[
    list[str] | None,
    typer.Option("--leave-out", metavar="NAME", help="use no image of this name; may be repeated"),
]
_TWINS = Annotated[
    bool,
    typer.Option(
        "--leave-out-duplicates", help="use one of equal images, and none that is both a belonging and in a pool"
    ),
]
_EDIT = Annotated[
    list[str] | None,
    typer.Option(
        "--edit",
        metavar="EDIT",
        help="a condition: the images after this edit, as none, jpeg:75 or resize:0.5+jpeg:85; may be repeated",
    ),
]
_ADDED = Annotated[
    str | None,
    typer.Option(
        "--add-edit",
        metavar="EDIT",
        help="add this condition to the profile that --profile names, from the images that it was made from",
    ),
]
_KEEP = Annotated[
    list[str] | None,
    typer.Option(
        "--keep",
        metavar="COLUMN",
        help="keep this column beside those that the method reads, for another statistic to be tried later without the"
        " model, as first or 'homogeneity_*'; '*' keeps all; may be repeated",
    ),
]
_EXISTING = Annotated[
    Path | None,
    typer.Option("--profile", metavar="P.json", parser=typed_path, help="with --add-edit: the profile added to"),
]
_METHOD = Annotated[
    str | None,
    typer.Option(
        "--method",
        help=f"{options.METHOD_HELP}; by default joint, or spectral where a decoder draws turned images as well",
    ),
]
_DEVICE = Annotated[
    str | None, typer.Option("--device", help="cpu, cuda, or auto, the default: the first GPU where there is one")
]
_DTYPE = Annotated[str | None, typer.Option("--dtype", help="float32, the default, or less by name, as bfloat16")]
_CARD = Annotated[
    Path | None,
    typer.Option(
        "--card",
        metavar="DIR",
        parser=typed_path,
        help="write the profile's card, too: card.md, card.html and card.json; of a profile that is there:"
        " `wherefrom card`",
    ),
]
_ROOT = Annotated[int | None, typer.Option("--seed", min=0, help="the root seed, by default 0")]


def profile(
    belonging: options.BELONGING,
    out: _OUT = None,
    placed: options.PLACED_MODEL = None,
    model: options.MODEL = None,
    pool: options.POOL = None,
    edit: _EDIT = None,
    added: _ADDED = None,
    existing: _EXISTING = None,
    card: _CARD = None,
    keep: _KEEP = None,
    leaving: _LEAVING = None,
    leaving_twins: _TWINS = False,
    force: options.FORCE = False,
    method: _METHOD = None,
    option: options.OPTION = None,
    model_option: options.MODEL_OPTION = None,
    through: options.THROUGH = None,
    device: _DEVICE = None,
    dtype: _DTYPE = None,
    store: options.STORE = None,
    batch: options.BATCH = None,
    seed: _ROOT = None,
    trust: options.TRUST = False,
    tile: options.TILE = None,
    max_pixels: options.MAX_PIXELS = None,
    max_bytes: options.MAX_BYTES = None,
    as_json: options.Json = False,
    quiet: options.QUIET = False,
) -> None:
    """Profile a model: score images that it made, and named pools of images that it did not make.

    Store all of them as the images in question will be stored, from the start: same format, same size. A JPEG that is
    saved again as PNG stays one. Or let this command edit them: each --edit is a condition of the profile, and
    `wherefrom attribute` takes for each image the conditions that cover its file.
    """
    kinds = named_paths(pool)
    typed = [*belonging, *(path for paths in kinds.values() for path in paths)]
    opening = Opened(device=device, dtype=dtype, trust=trust, options=model_options(model_option), through=through)
    if added is None:
        task: NewProfile | AddedCondition = new_profile(
            out, one_model(model, placed), opening, existing=existing, edits=edit or (), keep=keep or ()
        )
    else:
        answered_by_profile: dict[str, object] = {"--edit": edit, "--keep": keep, "--through": through, "--seed": seed}
        task = added_condition(
            out, model or placed, opening, existing=existing, edit=added, answered_by_profile=answered_by_profile
        )
    cards = [] if card is None else card_outputs(card, task.conditions, "--card")
    writing = Writing(outputs=[task.output, *cards], typed=typed, inputs=task.inputs, store=store, force=force)
    writing.check_names()
    images: Pools = {None: listed(belonging, quiet=quiet)}
    images |= {kind: listed(paths, quiet=quiet) for kind, paths in kinds.items()}
    given = [image for pictures in images.values() for image in pictures]
    writing.check(given)
    images = leave_out(images, leaving or ())
    asked = None if method is None and not option else made_method(method or options.DEFAULT_METHOD, option)
    limits = limits_of(max_pixels, max_bytes)
    work = Work(store=store, batch=batch, seed=seed or 0, quiet=quiet, limits=limits, tile=tile, single=True)
    model_asked = task.model()
    copies = twins(images, model=model_asked, limits=limits)
    if leaving_twins:
        images = leave_out_twins(images, copies)
    else:
        refuse_twins(copies)
    built, scored = task.make(images, model_asked, asked, work)
    from wherefrom.records.files import load_profile, save_profile

    writing.saved(lambda path: save_profile(task.written(built, path), path), task.output.path, images=given)
    if added is not None:
        built = load_profile(task.output.path)  # with what other runs have added meanwhile
    card_beside(built, task.output.path, card)
    _finish(built, task.output.path, scored, as_json=as_json, quiet=quiet)


def _finish(built: Profile, out: Path, scored: Sequence[Profile], *, as_json: bool, quiet: bool) -> None:
    """Say what the profile holds, and end with the failures of what was scored."""
    if as_json:
        for row in summaries(built, out):
            emit_json(row)
    else:
        show_profile(built, out)
    warn(built)
    tables = [table for condition in scored for table in (condition.belonging, *condition.foreign.values())]
    finish(sum(len(table.errors) for table in tables), sum(len(table) for table in tables), quiet=quiet)
