"""What `wherefrom attribute` and `wherefrom report` do with what was typed: ask, decide, say so, draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom.cli._beforehand import tell_outside
from wherefrom.cli._bundling import NO_BUNDLE, BundleOptions
from wherefrom.cli._candidates import profile_names, profiles_of
from wherefrom.cli._drawing import conditions_of, draw, figures_of
from wherefrom.cli._early import left_early
from wherefrom.cli._folders import NO_FOLDER, Folder, devices_of
from wherefrom.cli._forms import FIGURE, VERDICTS
from wherefrom.cli._likelihoods import ratios
from wherefrom.cli._output import finish
from wherefrom.cli._outputs import Output, Writing
from wherefrom.cli._reporting import ReportOptions
from wherefrom.cli._stability import Steadying, Tried, measured, refuse_beside
from wherefrom.cli._telling import Told
from wherefrom.cli._verdicts import note_warnings
from wherefrom.cli._work import Work, cutter, limits_of, listed, made_rule, model_options, scorer
from wherefrom.images.edits import load as load_edit
from wherefrom.records.verdict import Verdicts

if TYPE_CHECKING:
    from wherefrom.attribution import Candidate
    from wherefrom.candidates import Opening
    from wherefrom.images.sources import Source
    from wherefrom.records.profile import Profile
    from wherefrom.records.verdict import Attributions, Verdict
    from wherefrom.rules.base import Rule

__all__ = ["AttributeOptions"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeOptions:
    """What was typed; each is an option of `wherefrom attribute`."""

    paths: list[str]
    profile: list[Path]
    model: list[str] | None
    alpha: float
    beta: float
    rule: str
    rule_option: list[str] | None
    force: bool
    model_option: list[str] | None
    through: str | None
    device: str | None
    dtype: str | None
    edit: str | None
    early: bool
    store: Path | None
    batch: int | None
    trust: bool
    tile: int | None
    limits: tuple[int | None, int | None]
    whole: bool
    as_json: bool
    quiet: bool
    folder: Folder = NO_FOLDER
    figure: Path | None = None
    report: ReportOptions | None = None
    bundle: BundleOptions = NO_BUNDLE
    likelihood: bool = False
    verbal: str | None = None
    stability: Tried = "none"

    def run(self) -> None:
        """Ask the models, decide, and leave what was asked for.

        Raises:
            WherefromError: when nothing can be said of what was asked.
            typer.Exit: with code 3 when some images failed.
        """
        self.folder.check(self._of_single_files)
        bounds = self._bounds()
        if self.folder.wanted:
            self._to_folder(bounds)
            return
        if self.stability != "none":
            refuse_beside(tile=self.tile)
        profiles = profiles_of(self.profile)
        figures = {} if self.figure is None else figures_of(self.figure, profiles, bounds.edit)
        writing = self._writing(figures.values())
        writing.check_names()
        images = listed(self.paths, quiet=self.quiet, follow=self.folder.follow, column=self.folder.image_column)
        writing.check(images)
        if self.report is not None:
            self.report.check(force=self.force)
        self._check_rule(profiles, bounds)
        likelihood = ratios(self.likelihood, self.verbal, profiles, early=self.early)
        work = self._work()
        candidates = self._scored(images, profiles, bounds, work)
        steady = self._steadying(images, candidates, bounds, work)
        found = steady.left(_decided(candidates, bounds), candidates)
        Told(images, self.as_json, self.whole, self.folder.out, writing, steady, likelihood).tell(found, candidates)
        verdicts = _by_candidate(found, candidates)
        for said in verdicts.values():
            note_warnings(said)
        if figures:
            writing.check(images)
        draw(figures, candidates, verdicts)
        if self.report is not None:
            cut = cutter(work)
            shown = images if cut is None else cut(images, candidates[0].model)
            self.report.write(
                found,
                candidates,
                shown,
                limits=limits_of(*self.limits),
                told=not self.as_json,
                quiet=self.quiet,
                stabilities=steady.by_name,
            )
        folder = None if self.report is None else self.report.folder
        self.bundle.write(
            candidates,
            verdicts,
            images,
            bounds=bounds,
            report=folder,
            writing=writing,
            stabilities=steady.stabilities,
        )
        judged = [verdict.image for said in verdicts.values() for verdict in said]
        failed = {image.name for image in judged if image.error is not None}
        finish(len(failed), len(found), quiet=self.quiet)

    @property
    def _of_single_files(self) -> dict[str, object]:
        """What was typed that does not go with a folder of rows."""
        return {
            "--tile": self.tile,
            "--early": self.early,
            "--figure": self.figure,
            "--report": self.report,
            "--bundle": self.bundle.path,
            "--likelihood": self.likelihood,
            "--verbal": self.verbal,
            "--stability": self.stability,
            "--all": self.whole,
            "--force": self.force,
        }

    def _to_folder(self, bounds: Bounds) -> None:
        """Ask about images of any number, and leave their rows in a folder."""
        from wherefrom.engines.attributions import AttributeTask

        profiles = profiles_of(self.profile)
        self._check_rule(profiles, bounds)
        task = AttributeTask(
            profiles=profiles,
            rule=bounds.rule,
            opening=self._opening(None if devices_of(self.device) else self.device),
            alpha=bounds.alpha,
            beta=bounds.beta,
            edit=bounds.edit,
            batch=self.batch,
            limits=limits_of(*self.limits),
            store=self.store,
            files=self._files,
        )
        self.folder.run(
            task, self.paths, device=self.device, what="attributing", as_json=self.as_json, quiet=self.quiet
        )

    def _check_rule(self, profiles: Mapping[str, Profile], bounds: Bounds) -> None:
        """Have the rule say what it lacks before a model is asked."""
        for one in profiles.values():
            for condition in conditions_of(one, bounds.edit).values():
                bounds.rule.threshold(condition.statistic, self.alpha)

    def _bounds(self) -> Bounds:
        """What is promised, and by which rule.

        Raises:
            UsageError: when a bound is no share, or there is no such rule or edit.
        """
        from wherefrom.core.shares import check_share

        check_share("alpha", self.alpha)
        check_share("beta", self.beta)
        known = None if self.edit is None else load_edit(self.edit).name
        return Bounds(self.alpha, self.beta, made_rule(self.rule, self.rule_option), known)

    def _writing(self, figures: Iterable[Path]) -> Writing:
        """What is written and what is read."""
        outputs = [] if self.folder.out is None else [Output("--out", self.folder.out, VERDICTS)]
        outputs += [Output("--figure", path, FIGURE) for path in figures]
        outputs += self.bundle.outputs()
        inputs = [*self.profile, *(self.model or ()), *self.bundle.inputs]
        return Writing(outputs=outputs, typed=self.paths, inputs=inputs, store=self.store, force=self.force)

    def _work(self) -> Work:
        """How images are scored."""
        limits = limits_of(*self.limits)
        return Work(store=self.store, batch=self.batch, quiet=self.quiet, limits=limits, tile=self.tile)

    def _steadying(
        self, images: Sequence[Source], candidates: Sequence[Candidate], bounds: Bounds, work: Work
    ) -> Steadying:
        """What harmless changes leave of the answers, where that was asked for."""
        asked = {"alpha": bounds.alpha, "beta": bounds.beta}
        return measured(images, candidates, work, rule=bounds.rule, edit=bounds.edit, tried=self.stability, **asked)

    def _opening(self, device: str | None) -> Opening:
        """How models are opened, on this device."""
        from wherefrom.candidates import Opening

        return Opening(
            models=tuple(self.model or ()),
            device=device,
            dtype=self.dtype,
            trust=self.trust,
            options=model_options(self.model_option),
            through=self.through,
        )

    @property
    def _files(self) -> dict[str, Path]:
        """The files that hold the profiles, by their names."""
        return dict(zip(profile_names(self.profile), self.profile, strict=True))

    def _scored(
        self, images: Sequence[Source], profiles: Mapping[str, Profile], bounds: Bounds, work: Work
    ) -> tuple[Candidate, ...]:
        """The candidates with their models opened and the images scored under each."""
        from wherefrom.candidates import open_candidates, score_candidates

        candidates = open_candidates(profiles, self._opening(self.device), files=self._files)
        if self.tile is None:
            tell_outside(images, candidates, work, edit=bounds.edit)
        if self.early:
            candidates = left_early(candidates, alpha=bounds.alpha, beta=bounds.beta, rule=bounds.rule)
        return score_candidates(
            images,
            candidates,
            edit=bounds.edit,
            score=scorer(work),
            cut=cutter(work),
            limits=limits_of(*self.limits),
        )


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is promised.

    Attributes:
        alpha: the bound on missed belongings.
        beta: the bound on false claims.
        rule: where to cut.
        edit: what the images went through; None where that is not known.
    """

    alpha: float
    beta: float
    rule: Rule
    edit: str | None = None


def _decided(candidates: Sequence[Candidate], bounds: Bounds) -> Verdicts | Attributions:
    """Judge by the only profile, or attribute among several."""
    from wherefrom.attribution import attribute

    if len(candidates) > 1:
        return attribute(candidates, alpha=bounds.alpha, beta=bounds.beta, rule=bounds.rule, edit=bounds.edit)
    (only,) = candidates
    return attribute(
        only.tables,
        profile=only.profile,
        alpha=bounds.alpha,
        beta=bounds.beta,
        rule=bounds.rule,
        edit=bounds.edit,
        file=only.file,
    )


def _by_candidate(found: Verdicts | Attributions, candidates: Sequence[Candidate]) -> dict[str, tuple[Verdict, ...]]:
    """The verdicts under each candidate, in the images' order."""
    if isinstance(found, Verdicts):
        return {candidates[0].name: found}
    return {each.name: tuple(item.verdicts[place] for item in found) for place, each in enumerate(candidates)}
