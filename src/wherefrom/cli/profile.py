"""`wherefrom profile`: how known images score, kept so that others can be compared with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._beforehand import Pools, leave_out, leave_out_twins, refuse_twins, twins, where
from wherefrom.cli._forms import PROFILE
from wherefrom.cli._output import emit, emit_json, emit_table, finish, note
from wherefrom.cli._outputs import Output, Writing, typed_path
from wherefrom.cli._work import (
    Work,
    limits_of,
    listed,
    made_method,
    model_options,
    named,
    named_paths,
    one_model,
    through_of,
)

if TYPE_CHECKING:
    from wherefrom.core.arrays import Vector
    from wherefrom.images.sources import Source
    from wherefrom.records.profile import Profile
    from wherefrom.records.table import ScoreTable

__all__ = ["profile", "show_profile"]

_ALPHA: Final = 0.05
_BETA: Final = 0.01
_MOST: Final = 5  # omitted images that are named one by one


def profile(
    belonging: options.BELONGING,
    out: Annotated[Path, typer.Option("--out", metavar="P.json", parser=typed_path, help="the profile")],
    placed: options.PLACED_MODEL = None,
    model: options.MODEL = None,
    pool: options.POOL = None,
    leaving: Annotated[
        list[str] | None,
        typer.Option("--leave-out", metavar="NAME", help="use no image of this name; may be repeated"),
    ] = None,
    leaving_twins: Annotated[
        bool,
        typer.Option(
            "--leave-out-duplicates", help="use one of equal images, and none that is both a belonging and in a pool"
        ),
    ] = False,
    force: options.FORCE = False,
    method: options.METHOD = options.DEFAULT_METHOD,
    option: options.OPTION = None,
    model_option: options.MODEL_OPTION = None,
    through: options.THROUGH = None,
    device: options.DEVICE = "auto",
    dtype: options.DTYPE = "float32",
    store: options.STORE = None,
    batch: options.BATCH = None,
    seed: options.SEED = 0,
    trust: options.TRUST = False,
    tile: options.TILE = None,
    max_pixels: options.MAX_PIXELS = None,
    max_bytes: options.MAX_BYTES = None,
    as_json: options.Json = False,
    quiet: options.QUIET = False,
) -> None:
    """Profile a model: score images that it made, and named pools of images that it did not make.

    Store all of them as the images in question will be stored, from the start: same format, same size. A JPEG that is
    saved again as PNG stays one.
    """
    name, kinds = one_model(model, placed), named_paths(pool)
    typed = [*belonging, *(path for paths in kinds.values() for path in paths)]
    writing = Writing(outputs=[Output("--out", out, PROFILE)], typed=typed, inputs=[name], store=store, force=force)
    writing.check_names()
    images: Pools = {None: listed(belonging, quiet=quiet)}
    images |= {kind: listed(paths, quiet=quiet) for kind, paths in kinds.items()}
    given = [image for pictures in images.values() for image in pictures]
    writing.check(given)
    images = leave_out(images, leaving or ())
    chosen = made_method(method, option)
    from wherefrom.judging import calibrate
    from wherefrom.models.load import load_model
    from wherefrom.records.files import save_profile

    options_of_model = model_options(model_option)
    opened = load_model(name, device=device, dtype=dtype, trust=trust, options=options_of_model, through=through)
    work = Work(
        store=store,
        batch=batch,
        seed=seed,
        quiet=quiet,
        limits=limits_of(max_pixels, max_bytes),
        tile=tile,
        single=True,
    )
    found = twins(images, model=opened, limits=work.limits)
    if leaving_twins:
        images = leave_out_twins(images, found)
    else:
        refuse_twins(found)
    known, others = _scored(images, lambda label, those: work.score(those, model=opened, method=chosen, label=label))
    made = calibrate(belonging=known, foreign=others)
    writing.check(given)
    save_profile(made, out)
    if as_json:
        emit_json(_summary(made, out))
    else:
        show_profile(made, out)
    warn(made)
    tables = [known, *others.values()]
    finish(sum(len(table.errors) for table in tables), sum(len(table) for table in tables), quiet=quiet)


def _scored(
    images: Pools, score: Callable[[str, Sequence[Source]], ScoreTable]
) -> tuple[ScoreTable, dict[str, ScoreTable]]:
    """Scores of the belongings and of each pool."""
    known = score("belongings", images[None])
    return known, {name: score(where(name), those) for name, those in images.items() if name is not None}


def warn(made: Profile) -> None:
    """What a person should know before the profile is used, on stderr: never kept quiet."""
    for warning in made.warnings:
        note(f"warning: {warning}")
    for name, values in made.foreign_statistic.items():
        count, undefined, needed = len(values), _undefined(values), _fewest(_BETA)
        if undefined:
            note(f"note: {undefined} of {count} images of pool {name!r} have no statistic, and count as never claimed")
        if count < needed:
            note(
                f"warning: pool {name!r} has {count} images, beta={_BETA:g} needs {needed}: without, none is SUPPORTED"
            )
    if not made.foreign:
        note("warning: no pool of non-belongings: without one, no image can be SUPPORTED; add --pool NAME=DIR")
    for omission in made.omitted[:_MOST]:
        place = "belongings" if omission.pool is None else f"pool {omission.pool!r}"
        note(f"warning: left out of {place}: {omission.name}: {omission.reason}")
    if len(made.omitted) > _MOST:
        note(f"warning: and {len(made.omitted) - _MOST} more, each with its reason in the profile")


def _undefined(values: Vector) -> int:
    """How many of a pool's images have no statistic."""
    return sum(value == inf for value in values.tolist())


def _fewest(share: float) -> int:
    from wherefrom.core.shares import fewest

    return fewest(share)


def _summary(made: Profile, out: Path) -> dict[str, Any]:
    """What the profile holds, in numbers."""
    from wherefrom.core.shares import rounded_up
    from wherefrom.evaluation import auc
    from wherefrom.records.warnings import reversed_pools

    omitted = Counter(omission.pool for omission in made.omitted)
    ranked = len(made.ranked)
    low = reversed_pools(made)
    pools = []
    for name, values in made.foreign_statistic.items():
        findings = [finding.message for finding in made.audit.findings if finding.pool == name]
        pool: dict[str, Any] = {
            "name": name,
            "images": len(made.foreign[name]),
            "ranked": len(values),
            "undefined": _undefined(values),
            "omitted": omitted[name],
            "least_beta": rounded_up(1 / (len(values) + 1)),
            "auc": None,
            "tpr": None,
            "findings": findings,
            "reversed": name in low,
        }
        if _undefined(values) < len(values):
            pool["auc"] = auc(made.statistic, values).value
            pool |= _found(made, [name])
        pools.append(pool)
    return {
        "profile": out,
        "digest": made.digest,
        "model": made.model.name,
        "through": through_of(made.model),
        "method": made.method.name,
        "options": made.method.facts,
        "belonging": {
            "images": len(made.belonging),
            "ranked": ranked,
            "learned": len(made.belonging) - ranked - omitted[None] if made.fit else 0,
            "omitted": omitted[None],
            "least_alpha": rounded_up(1 / (ranked + 1)),
        },
        "beta": _BETA,
        "pools": pools,
        "supported": _found(made, list(made.foreign_statistic), alpha=_ALPHA) if pools else None,
        "warnings": made.warnings,
    }


def _found(made: Profile, pools: Sequence[str], *, alpha: float | None = None) -> dict[str, Any]:
    """The share of belongings below all of these pools, with its interval."""
    from wherefrom.evaluation import clopper_pearson
    from wherefrom.judging import found

    count, total = found(made, beta=_BETA, pools=pools, alpha=alpha)
    return {"found": count, "of": total, "tpr": count / total, "tpr_interval": clopper_pearson(count, total)}


def _shown(about: Mapping[str, Any]) -> str | None:
    """A share with its interval."""
    if about["tpr"] is None:
        return None
    low, high = about["tpr_interval"]
    return f"{about['tpr']:.3f} ({low:.3f} to {high:.3f})"


def show_profile(made: Profile, out: Path) -> None:
    """Print what a profile holds and which error rates it can bound."""
    about = _summary(made, out)
    ours = about["belonging"]
    rows: list[tuple[object, ...]] = [
        (
            "belongings",
            ours["images"],
            ours["learned"],
            ours["ranked"],
            f"alpha >= {ours['least_alpha']:g}",
            None,
            None,
            None,
        )
    ]
    for pool in about["pools"]:
        few = pool["ranked"] < _fewest(_BETA)
        said = "files differ" if pool["findings"] else "swapped?" if pool["reversed"] else "too few" if few else "ok"
        rows.append(
            (
                f"pool {pool['name']}",
                pool["images"],
                0,
                pool["ranked"],
                f"beta >= {pool['least_beta']:g}",
                pool["auc"],
                _shown(pool),
                said,
            )
        )
    emit_table(
        ("images", "given", "learned from", "ranked", "supports", "AUC", f"found at beta={_BETA:g}", "fit to bound"),
        rows,
        title=f"{named(made.model)} by {made.method.name}",
    )
    emit(
        "AUC: how often a belonging scores lower than an image of the pool. Found: the share of belongings, of those"
        f" without a rank too, that rank below the pool at beta={_BETA:g}, on these same images, with a 95 % interval."
    )
    if about["supported"] is not None:
        emit(
            f"Below all pools, and among the belongings at alpha={_ALPHA:g}: {about['supported']['found']} of"
            f" {about['supported']['of']} belongings, {_shown(about['supported'])}."
        )
    emit(f"profile {made.digest[:12]} in {out}")
