"""`wherefrom evaluate`: profiles tried on images of known origin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._candidates import profile_names, profiles_of
from wherefrom.cli._forms import EVALUATION, FIGURE
from wherefrom.cli._output import emit, emit_json, finish, note
from wherefrom.cli._outputs import Output, Writing
from wherefrom.cli._reporting import typed_command
from wherefrom.cli._tried import show_trial
from wherefrom.cli._work import Work, limits_of, listed, made_rule, model_options, named_paths, scorer
from wherefrom.core.errors import UsageError

if TYPE_CHECKING:
    from wherefrom.evaluation import Trial
    from wherefrom.images.sources import Source

__all__ = ["evaluate"]


def evaluate(
    context: typer.Context,
    profile: options.PROFILES,
    belonging: Annotated[
        list[str],
        typer.Option(
            "--belonging",
            metavar="[NAME=]PATH",
            help="images that the model made, none of which the profile was made of; with several profiles NAME is that"
            " of the profile's file; repeatable",
        ),
    ],
    out_dir: options.OUT_DIR,
    foreign: Annotated[
        list[str] | None,
        typer.Option("--foreign", metavar="NAME=PATH", help="images that no candidate made, by kind; repeatable"),
    ] = None,
    edit: Annotated[
        list[str] | None,
        typer.Option(
            "--edit", metavar="EDIT", help="what images go through first, as none, jpeg:75 or resize:0.5; repeatable"
        ),
    ] = None,
    alpha: options.ALPHA = 0.05,
    beta: options.BETA = 0.01,
    rule: options.RULE = "conformal",
    rule_option: options.RULE_OPTION = None,
    fpr: Annotated[
        float, typer.Option("--fpr", help="the rate of false claims at which the share of found belongings is given")
    ] = 0.01,
    confidence: options.CONFIDENCE = 0.95,
    model: options.MODELS = None,
    model_option: options.MODEL_OPTION = None,
    device: options.PROFILED_DEVICE = None,
    dtype: options.PROFILED_DTYPE = None,
    seed: options.SEED = 0,
    store: options.STORE = None,
    batch: options.BATCH = None,
    trust: options.TRUST = False,
    max_pixels: options.MAX_PIXELS = None,
    max_bytes: options.MAX_BYTES = None,
    force: options.FORCE = False,
    as_json: options.Json = False,
    quiet: options.QUIET = False,
) -> None:
    """Measure on images of known origin how often profiles are right: error rates, curves, abstentions.

    Every image is edited in memory, scored and judged as `wherefrom attribute` does it. DIR gets evaluation.json,
    rates.csv, images.csv, and ROC, histogram and Tippett plot as SVG and PNG for each candidate and edit; with several
    candidates also answers.csv, which kind got which answer. Images that the profile was made of, that are there twice
    or that cannot be scored count in no rate.
    """
    from wherefrom.profiling.conditions import loaded_edits
    from wherefrom.report.trial_files import trial_paths, write_trial

    profiles = profiles_of(profile)
    names = list(profiles)
    edits = [operator.name for operator in loaded_edits(edit or ["none"])]
    kinds = named_paths(foreign, flag="--foreign")
    own = _by_candidate(belonging, names)
    typed = [path for paths in (*own.values(), *kinds.values()) for path in paths]
    numbers, figures = trial_paths(out_dir, names, edits)
    outputs = [Output("--out-dir", path, EVALUATION) for path in numbers]
    outputs += [Output("--out-dir", path, FIGURE) for path in figures]
    writing = Writing(outputs=outputs, typed=typed, inputs=[*profile, *(model or ())], store=store, force=force)
    writing.check_names()
    cut = made_rule(rule, rule_option)
    images: dict[str, tuple[Source, ...]] = {
        name: listed(paths, quiet=quiet) for name, paths in (*own.items(), *kinds.items())
    }
    given = [image for sources in images.values() for image in sources]
    writing.check(given)
    from wherefrom.candidates import Opening, open_candidates
    from wherefrom.evaluating import evaluate as tried
    from wherefrom.images.read import DEFAULT_LIMITS

    opening = Opening(
        models=tuple(model or ()), device=device, dtype=dtype, trust=trust, options=model_options(model_option)
    )
    candidates = open_candidates(profiles, opening, files=dict(zip(profile_names(profile), profile, strict=True)))
    work = Work(store=store, batch=batch, seed=seed, quiet=quiet, limits=limits_of(max_pixels, max_bytes))
    trial = tried(
        candidates,
        belonging={name: images[name] for name in own},
        foreign={name: images[name] for name in kinds},
        edits=edits,
        alpha=alpha,
        beta=beta,
        rule=cut,
        fpr=fpr,
        confidence=confidence,
        seed=seed,
        score=scorer(work),
        limits=work.limits or DEFAULT_LIMITS,
    )
    command = typed_command(context) or "wherefrom evaluate"
    writing.saved(lambda place: write_trial(trial, place, command=command), out_dir, images=given)
    _tell(trial, out_dir, as_json=as_json, quiet=quiet)
    finish(trial.failed, len(given), quiet=quiet)


def _tell(trial: Trial, out_dir: Path, *, as_json: bool, quiet: bool) -> None:
    """Print the rates, and why a number is not there."""
    if as_json:
        for row in trial.to_rows():
            emit_json(row)
    else:
        show_trial(trial)
        emit(f"All numbers and figures: {out_dir}")
    for text in dict.fromkeys(text for rates in trial.rates for text in rates.notes):
        note(f"note: {text}", quiet=quiet)


def _by_candidate(texts: list[str], names: list[str]) -> dict[str, list[str]]:
    """Paths of belongings by the candidate's name; of one candidate a path needs no name.

    Raises:
        UsageError: when a path has no name, or one that no profile has.
    """
    paths: dict[str, list[str]] = {}
    for text in texts:
        name, sign, path = text.partition("=")
        if sign and path and name in names:
            paths.setdefault(name, []).append(path)
        elif len(names) == 1:
            paths.setdefault(names[0], []).append(text)
        else:
            raise UsageError(f"--belonging {text!r}: say whose it is, as {names[0]}=PATH, one of {', '.join(names)}")
    return paths
