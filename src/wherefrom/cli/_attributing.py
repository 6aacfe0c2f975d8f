"""What `wherefrom attribute` and `wherefrom report` do with what was typed: ask, decide, say so, draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom.cli._beforehand import tell_outside
from wherefrom.cli._bundling import NO_BUNDLE, BundleOptions
from wherefrom.cli._candidates import profiles_of, refuse_profiles
from wherefrom.cli._drawing import conditions_of, draw, figures_of
from wherefrom.cli._early import left_early
from wherefrom.cli._folders import NO_FOLDER, Folder, devices_of
from wherefrom.cli._forms import FIGURE, VERDICTS
from wherefrom.cli._likelihoods import NO_LIKELIHOOD, LikelihoodOptions
from wherefrom.cli._option_groups import OpeningOptions, OutputOptions, QuestionOptions, ScoringOptions
from wherefrom.cli._output import finish
from wherefrom.cli._outputs import Output, Writing
from wherefrom.cli._reporting import ReportOptions
from wherefrom.cli._stability import Steadying, Tried, measured, refuse_beside
from wherefrom.cli._telling import Told
from wherefrom.cli._verdicts import note_warnings
from wherefrom.cli._work import Work, cutter, listed, made_rule, scorer
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
    """What was typed for `wherefrom attribute` or `wherefrom report`.

    Attributes:
        question: the images, the profiles, and what is promised.
        force: whether files are replaced that this command did not make.
        opening: how models are opened.
        scoring: how images are scored.
        output: what is printed.
        folder: where rows go.
        figure: file of a figure; None draws none.
        report: where pages for people go; None writes none.
        bundle: where all that the verdicts rest on goes.
        likelihood: whether likelihood ratios are given.
        stability: which harmless changes are tried.
    """

    question: QuestionOptions
    force: bool
    opening: OpeningOptions
    scoring: ScoringOptions
    output: OutputOptions
    folder: Folder = NO_FOLDER
    figure: Path | None = None
    report: ReportOptions | None = None
    bundle: BundleOptions = NO_BUNDLE
    likelihood: LikelihoodOptions = NO_LIKELIHOOD
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
            refuse_beside(tile=self.scoring.tile)
        profiles = profiles_of(self.question.profile)
        figures = {} if self.figure is None else figures_of(self.figure, profiles, bounds.edit)
        writing = self._writing(figures.values())
        writing.check_names()
        images = listed(
            self.question.paths, quiet=self.output.quiet, follow=self.folder.follow, column=self.folder.image_column
        )
        writing.check(images)
        if self.report is not None:
            self.report.check(force=self.force)
        self._check_rule(profiles, bounds)
        likelihood = self.likelihood.ratios(profiles, early=self.opening.early)
        work = self.scoring.work(quiet=self.output.quiet)
        candidates = self._scored(images, profiles, bounds, work)
        steady = self._steadying(images, candidates, bounds, work)
        decisions = steady.steadied(_decided(candidates, bounds), candidates)
        Told(images, self.output.as_json, self.output.whole, self.folder.file, writing, steady, likelihood).tell(
            decisions, candidates
        )
        verdicts = _by_candidate(decisions, candidates)
        for group in verdicts.values():
            note_warnings(group)
        if figures:
            writing.check(images)
        draw(figures, candidates, verdicts)
        pages = self._report(decisions, candidates, images, work, steady)
        self.bundle.write(
            candidates,
            verdicts,
            images,
            bounds=bounds,
            report=pages,
            writing=writing,
            stabilities=steady.stabilities,
        )
        judged = [verdict.image for group in verdicts.values() for verdict in group]
        failed = {image.name for image in judged if image.error is not None}
        finish(len(failed), len(decisions), quiet=self.output.quiet)

    @property
    def _of_single_files(self) -> dict[str, object]:
        """What was typed that does not go with a folder of rows."""
        return {
            "--tile": self.scoring.tile,
            "--early": self.opening.early,
            "--figure": self.figure,
            "--report": self.report,
            "--bundle": self.bundle.path,
            "--likelihood": self.likelihood.wanted,
            "--verbal": self.likelihood.verbal,
            "--stability": self.stability != "none",
            "--all": self.output.whole,
            "--force": self.force,
        }

    def _to_folder(self, bounds: Bounds) -> None:
        """Ask about images of any number, and leave their rows in a folder."""
        from wherefrom.engines.attributions import AttributeTask

        profiles = profiles_of(self.question.profile)
        self._check_rule(profiles, bounds)
        task = AttributeTask(
            profiles=profiles,
            rule=bounds.rule,
            opening=self._opening(None if devices_of(self.opening.device) else self.opening.device),
            alpha=bounds.alpha,
            beta=bounds.beta,
            edit=bounds.edit,
            batch=self.scoring.batch,
            limits=self.scoring.limits,
            store=self.scoring.store,
            files=self.question.files,
        )
        self.folder.run(
            task,
            self.question.paths,
            device=self.opening.device,
            what="attributing",
            as_json=self.output.as_json,
            quiet=self.output.quiet,
        )

    def _check_rule(self, profiles: Mapping[str, Profile], bounds: Bounds) -> None:
        """Have the rule say what it lacks before a model is asked."""
        for profile in profiles.values():
            for condition in conditions_of(profile, bounds.edit).values():
                bounds.rule.threshold(condition.statistic, bounds.alpha)

    def _report(
        self,
        decisions: Verdicts | Attributions,
        candidates: Sequence[Candidate],
        images: Sequence[Source],
        work: Work,
        steady: Steadying,
    ) -> Path | None:
        """The folder of the pages, where they were asked for."""
        if self.report is None:
            return None
        cut = cutter(work)
        return self.report.write(
            decisions,
            candidates,
            images if cut is None else cut(images, candidates[0].model),
            limits=self.scoring.limits,
            force=self.force,
            told=not self.output.as_json,
            quiet=self.output.quiet,
            stabilities=steady.by_name,
        )

    def _bounds(self) -> Bounds:
        """What is promised, and by which rule.

        Raises:
            UsageError: when a bound is no share, or there is no such rule or edit.
        """
        from wherefrom.core.shares import check_share

        question = self.question
        refuse_profiles(question.paths)
        check_share("alpha", question.alpha)
        check_share("beta", question.beta)
        known = None if self.opening.edit is None else load_edit(self.opening.edit).name
        return Bounds(question.alpha, question.beta, made_rule(question.rule, question.rule_option), known)

    def _writing(self, figures: Iterable[Path]) -> Writing:
        """What is written and what is read."""
        outputs = [] if self.folder.file is None else [Output("--out", self.folder.file, VERDICTS)]
        outputs += [Output("--figure", path, FIGURE) for path in figures]
        outputs += self.bundle.outputs()
        inputs = [*self.question.profile, *(self.question.model or ()), *self.bundle.inputs]
        return Writing(
            outputs=outputs, typed=self.question.paths, inputs=inputs, store=self.scoring.store, force=self.force
        )

    def _steadying(
        self, images: Sequence[Source], candidates: Sequence[Candidate], bounds: Bounds, work: Work
    ) -> Steadying:
        """What harmless changes leave of the answers, where that was asked for."""
        asked = {"alpha": bounds.alpha, "beta": bounds.beta}
        return measured(images, candidates, work, rule=bounds.rule, edit=bounds.edit, tried=self.stability, **asked)

    def _opening(self, device: str | None) -> Opening:
        """How models are opened, on this device."""
        return self.opening.opening(self.question.model, device, trust=self.scoring.trust)

    def _scored(
        self, images: Sequence[Source], profiles: Mapping[str, Profile], bounds: Bounds, work: Work
    ) -> tuple[Candidate, ...]:
        """The candidates with their models opened and the images scored under each."""
        from wherefrom.candidates import open_candidates, score_candidates

        candidates = open_candidates(profiles, self._opening(self.opening.device), files=self.question.files)
        if self.scoring.tile is None:
            tell_outside(images, candidates, work, edit=bounds.edit)
        if self.opening.early:
            candidates = left_early(candidates, alpha=bounds.alpha, beta=bounds.beta, rule=bounds.rule)
        return score_candidates(
            images,
            candidates,
            edit=bounds.edit,
            score=scorer(work),
            cut=cutter(work),
            limits=self.scoring.limits,
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


def _by_candidate(
    decisions: Verdicts | Attributions, candidates: Sequence[Candidate]
) -> dict[str, tuple[Verdict, ...]]:
    """The verdicts under each candidate, in the images' order."""
    if isinstance(decisions, Verdicts):
        return {candidates[0].name: decisions}
    return {each.name: tuple(item.verdicts[place] for item in decisions) for place, each in enumerate(candidates)}
