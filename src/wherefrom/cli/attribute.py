"""`wherefrom attribute`: what can be said of images under one profile or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._beforehand import tell_outside
from wherefrom.cli._beside import beside
from wherefrom.cli._candidates import Opening, open_for, profile_names, profiles_of, score_all
from wherefrom.cli._forms import FIGURE, VERDICTS
from wherefrom.cli._output import emit_json, finish
from wherefrom.cli._outputs import Output, Writing, typed_path
from wherefrom.cli._summary import tell_attributions, tell_verdicts
from wherefrom.cli._verdicts import attribution_row, note_warnings, save_rows, verdict_row, with_path
from wherefrom.cli._work import Work, limits_of, listed, made_rule, model_options

if TYPE_CHECKING:
    from wherefrom.images.sources import Source
    from wherefrom.methods.base import Method
    from wherefrom.records.profile import Profile
    from wherefrom.records.table import ScoreTable
    from wherefrom.records.verdict import Verdict
    from wherefrom.rules.base import Rule

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
    profiles, false claims are bounded over all candidates together.
    """
    figures = {} if figure is None else _figures(figure, profile)
    outputs = [] if out is None else [Output("--out", out, VERDICTS)]
    outputs += [Output("--figure", path, FIGURE) for path in figures.values()]
    writing = Writing(outputs=outputs, typed=paths, inputs=[*profile, *(model or ())], store=store, force=force)
    writing.check_names()
    from wherefrom.core.shares import check_share

    check_share("alpha", alpha)
    check_share("beta", beta)
    cut = made_rule(rule, rule_option)
    images, profiles = listed(paths, quiet=quiet), profiles_of(profile)
    writing.check(images)
    for one in profiles.values():
        cut.threshold(one.statistic, alpha)  # a rule without what it needs says so before anything is asked
    given = model_options(model_option)
    how = Opening(models=tuple(model or ()), device=device, dtype=dtype, trust=trust, options=given, through=through)
    models = open_for(profiles, how)
    work = Work(store=store, batch=batch, quiet=quiet, limits=limits_of(max_pixels, max_bytes), tile=tile)
    if tile is None:
        tell_outside(images, profiles, models, work)
    bounds = Bounds(alpha, beta, cut, whole)
    asked = _methods(profiles, bounds, leave=early)
    tables = score_all(images, profiles, models, work, asked)
    writing.check(images)
    decide = _one if len(profiles) == 1 else _several
    verdicts = decide(tables, profiles, bounds, Told(images, as_json, out))
    for found in verdicts.values():
        note_warnings(found)
    _draw(figures, profiles, verdicts)
    failed = {name for table in tables.values() for name in table.errors}
    finish(len(failed), len(next(iter(tables.values()))), quiet=quiet)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is promised.

    Attributes:
        alpha: the bound on missed belongings.
        beta: the bound on false claims.
        rule: where to cut.
        whole: whether a person is shown every row.
    """

    alpha: float
    beta: float
    rule: Rule
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """Where rows go.

    Attributes:
        images: that they are about.
        as_json: whether they are printed as JSON.
        out: the file; None writes none.
    """

    images: Sequence[Source]
    as_json: bool
    out: Path | None

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Write rows to the file, and print them where that was asked for; returns whether a table is wanted."""
        if self.out is not None:
            save_rows(rows, self.out, beside=beside(self.images, self.out.parent))
        if self.as_json:
            here = beside(self.images, Path())
            for row in rows:
                emit_json(with_path(row, here))
        return not self.as_json


Tables = Mapping[str, "ScoreTable"]
Profiles = Mapping[str, "Profile"]


def _methods(profiles: Profiles, bounds: Bounds, *, leave: bool) -> dict[str, Method[Any]]:
    """What is asked under each profile, to its end or until the verdict is known."""
    from wherefrom import methods
    from wherefrom.judging import decoder_of, early

    found = {name: methods.from_card(profile.method) for name, profile in profiles.items()}
    if not leave:
        return found
    candidates = len({decoder_of(profile) for profile in profiles.values()})
    return {
        name: early(found[name], profile, alpha=bounds.alpha, beta=bounds.beta, rule=bounds.rule, candidates=candidates)
        for name, profile in profiles.items()
    }


def _one(tables: Tables, profiles: Profiles, bounds: Bounds, told: Told) -> dict[str, tuple[Verdict, ...]]:
    """Judge by the only profile, and say so."""
    from wherefrom.judging import judge

    ((name, profile),) = profiles.items()
    found = judge(tables[name], profile=profile, alpha=bounds.alpha, beta=bounds.beta, rule=bounds.rule)
    if told.rows([verdict_row(verdict) for verdict in found]):
        tell_verdicts(found, whole=bounds.whole)
    return {name: found}


def _several(tables: Tables, profiles: Profiles, bounds: Bounds, told: Told) -> dict[str, tuple[Verdict, ...]]:
    """Attribute among all profiles, and say so."""
    from wherefrom.attribution import attribute as among

    found = among(tables, profiles=profiles, alpha=bounds.alpha, beta=bounds.beta, rule=bounds.rule)
    names = list(profiles)
    if told.rows([attribution_row(item, names) for item in found]):
        tell_attributions(found, names, whole=bounds.whole)
    return {name: tuple(item.verdicts[place] for item in found) for place, name in enumerate(names)}


def _figures(path: Path, profiles: Sequence[Path]) -> dict[str, Path]:
    """A figure a profile; with several, each with the profile's name in its file's."""
    from wherefrom.images.labels import slug

    names = profile_names(profiles)
    if len(names) == 1:
        return {names[0]: path}
    return {name: path.with_name(f"{path.stem}-{slug(name)}{path.suffix}") for name in names}


def _draw(figures: Mapping[str, Path], profiles: Profiles, verdicts: Mapping[str, Sequence[Verdict]]) -> None:
    """The figures that were asked for."""
    from wherefrom.report.figures import profile_figure

    for name, path in figures.items():
        profile_figure(profiles[name], verdicts[name], path=path)
