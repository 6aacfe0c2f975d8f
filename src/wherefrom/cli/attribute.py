"""`wherefrom attribute`: what can be said of images under one profile or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._beforehand import tell_outside
from wherefrom.cli._beside import beside
from wherefrom.cli._candidates import profile_names, profiles_of
from wherefrom.cli._forms import FIGURE, VERDICTS
from wherefrom.cli._output import emit_json, finish
from wherefrom.cli._outputs import Output, Writing, typed_path
from wherefrom.cli._summary import tell_attributions, tell_verdicts
from wherefrom.cli._verdicts import attribution_row, note_warnings, save_rows, verdict_row, with_path
from wherefrom.cli._work import Work, cutter, limits_of, listed, made_rule, model_options, scorer
from wherefrom.images.edits import load as load_edit

if TYPE_CHECKING:
    from wherefrom.attribution import Candidate
    from wherefrom.images.sources import Source
    from wherefrom.records.profile import Profile
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
    from wherefrom.core.shares import check_share

    check_share("alpha", alpha)
    check_share("beta", beta)
    known = None if edit is None else load_edit(edit).name
    profiles = profiles_of(profile)
    figures = {} if figure is None else _figures(figure, profiles, known)
    outputs = [] if out is None else [Output("--out", out, VERDICTS)]
    outputs += [Output("--figure", path, FIGURE) for path in figures.values()]
    writing = Writing(outputs=outputs, typed=paths, inputs=[*profile, *(model or ())], store=store, force=force)
    writing.check_names()
    cut = made_rule(rule, rule_option)
    images = listed(paths, quiet=quiet)
    writing.check(images)
    for one in profiles.values():
        for condition in _conditions(one, known).values():
            cut.threshold(condition.statistic, alpha)  # a rule says what it lacks before anything is asked
    from wherefrom.candidates import Opening, open_candidates, score_candidates
    from wherefrom.images.read import DEFAULT_LIMITS

    given = model_options(model_option)
    how = Opening(models=tuple(model or ()), device=device, dtype=dtype, trust=trust, options=given, through=through)
    candidates = open_candidates(profiles, how, files=dict(zip(profile_names(profile), profile, strict=True)))
    work = Work(store=store, batch=batch, quiet=quiet, limits=limits_of(max_pixels, max_bytes), tile=tile)
    if tile is None:
        tell_outside(images, candidates, work, edit=known)
    bounds = Bounds(alpha, beta, cut, known, whole)
    if early:
        candidates = _left_early(candidates, bounds)
    limits = work.limits or DEFAULT_LIMITS
    candidates = score_candidates(images, candidates, edit=known, score=scorer(work), cut=cutter(work), limits=limits)
    decide = _one if len(candidates) == 1 else _several
    verdicts = decide(candidates, bounds, Told(images, as_json, out, writing))
    for found in verdicts.values():
        note_warnings(found)
    if figures:
        writing.check(images)
    _draw(figures, candidates, verdicts)
    judged = [verdict.image for found in verdicts.values() for verdict in found]
    failed = {image.name for image in judged if image.error is not None}
    finish(len(failed), len(judged) // len(candidates), quiet=quiet)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is promised.

    Attributes:
        alpha: the bound on missed belongings.
        beta: the bound on false claims.
        rule: where to cut.
        edit: what the images went through; None where that is not known.
        whole: whether a person is shown every row.
    """

    alpha: float
    beta: float
    rule: Rule
    edit: str | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """Where rows go.

    Attributes:
        images: that they are about.
        as_json: whether they are printed as JSON.
        out: the file; None writes none.
        writing: which writes it.
    """

    images: Sequence[Source]
    as_json: bool
    out: Path | None
    writing: Writing

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Write rows to the file, and print them where that was asked for; returns whether a table is wanted."""
        if self.out is not None:
            self.writing.saved(
                lambda path: save_rows(rows, path, beside=beside(self.images, path.parent)),
                self.out,
                images=self.images,
            )
        if self.as_json:
            here = beside(self.images, Path())
            for row in rows:
                emit_json(with_path(row, here))
        return not self.as_json


def _conditions(profile: Profile, edit: str | None) -> Mapping[str, Profile]:
    """The conditions of a profile that count."""
    return profile.conditions if edit is None else {edit: profile.condition(edit)}


def _left_early(candidates: Sequence[Candidate], bounds: Bounds) -> tuple[Candidate, ...]:
    """The candidates with methods that leave an image's search once its verdict is known."""
    from wherefrom import methods
    from wherefrom.judging import decoder_of, early

    count = len({decoder_of(each.profile) for each in candidates})
    return tuple(
        replace(
            each,
            method=early(
                methods.from_card(each.profile.method),
                each.profile,
                alpha=bounds.alpha,
                beta=bounds.beta,
                rule=bounds.rule,
                candidates=count,
            ),
        )
        for each in candidates
    )


def _one(candidates: Sequence[Candidate], bounds: Bounds, told: Told) -> dict[str, tuple[Verdict, ...]]:
    """Judge by the only profile, and say so."""
    from wherefrom.attribution import attribute as under

    (only,) = candidates
    found = under(
        only.tables,
        profile=only.profile,
        alpha=bounds.alpha,
        beta=bounds.beta,
        rule=bounds.rule,
        edit=bounds.edit,
        file=only.file,
    )
    if told.rows([verdict_row(verdict) for verdict in found]):
        tell_verdicts(found, whole=bounds.whole)
    return {only.name: found}


def _several(candidates: Sequence[Candidate], bounds: Bounds, told: Told) -> dict[str, tuple[Verdict, ...]]:
    """Attribute among all profiles, and say so."""
    from wherefrom.attribution import attribute as among

    found = among(candidates, alpha=bounds.alpha, beta=bounds.beta, rule=bounds.rule, edit=bounds.edit)
    names = [each.name for each in candidates]
    if told.rows([attribution_row(item, names) for item in found]):
        tell_attributions(found, names, whole=bounds.whole)
    return {name: tuple(item.verdicts[place] for item in found) for place, name in enumerate(names)}


def _figures(path: Path, profiles: Mapping[str, Profile], edit: str | None) -> dict[tuple[str, str], Path]:
    """A figure a profile and condition; with several, each with the names of both in its file's."""
    from wherefrom.images.labels import slug

    found = {}
    for name, profile in profiles.items():
        conditions = _conditions(profile, edit)
        for condition in conditions:
            parts = [name] if len(profiles) > 1 else []
            parts += [condition] if len(conditions) > 1 else []
            found[name, condition] = path.with_name("-".join([path.stem, *map(slug, parts)]) + path.suffix)
    return found


def _draw(
    figures: Mapping[tuple[str, str], Path],
    candidates: Sequence[Candidate],
    verdicts: Mapping[str, Sequence[Verdict]],
) -> None:
    """The figures that were asked for: in each the images whose statistic is of its condition."""
    from wherefrom.report.figures import profile_figure

    profiles = {each.name: each.profile for each in candidates}
    for (name, edit), path in figures.items():
        shown = verdicts[name]
        if sum(named == name for named, _ in figures) > 1:
            shown = [verdict for verdict in shown if verdict.conditions[:1] == (edit,)]
        profile_figure(profiles[name].condition(edit), shown, path=path)
