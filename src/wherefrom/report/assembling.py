"""From what is said of an image, and the profiles by which it is said, to all numbers of its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from wherefrom.core.computing import RELEASES, release_of
from wherefrom.core.multiplicity import levels
from wherefrom.records.coverage import covered_by
from wherefrom.records.profile import Profile
from wherefrom.records.verdict import Attribution, Verdict
from wherefrom.report.comparing import CONFIDENCE, Comparison, comparison
from wherefrom.report.further import Further
from wherefrom.report.numbers import CandidateNumbers, Difference, FileFacts, ImageReport
from wherefrom.report.standing import StandingFigure, standing_figure
from wherefrom.report.wording import answer_of, question, sentence, would_change

__all__ = ["Assembly", "verdicts_of"]

_SHOWN: Final = ("matplotlib", "jinja2")
"""Packages that make the page, beside those that compute scores."""


def verdicts_of(decision: Verdict | Attribution) -> tuple[Verdict, ...]:
    """The verdicts on one image, one a candidate.

    Args:
        decision: what is said of it.
    """
    return (decision,) if isinstance(decision, Verdict) else decision.verdicts


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Assembly:
    """The profiles of one question, with what their known images are counted and drawn as, once for all images.

    Attributes:
        profiles: by the candidate's name, in the order of verdicts.
        command: what was typed; None where nothing was.
    """

    profiles: Mapping[str, Profile]
    command: str | None = None
    _compared: dict[tuple[str, str, float | None], Comparison] = field(default_factory=dict)
    _figures: dict[tuple[str, str, float | None], StandingFigure] = field(default_factory=dict)
    _releases: dict[str, str] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """What sentences name the candidates by: their models' names, or their own where two share a model's name."""
        models = [profile.model.name for profile in self.profiles.values()]
        return tuple(models if len(set(models)) == len(models) else self.profiles)

    @property
    def decoders(self) -> int:
        """How many different decoders the candidates are."""
        return len({profile.decoder for profile in self.profiles.values()})

    def report(
        self,
        decision: Verdict | Attribution,
        further: Further,
        differences: Mapping[str, Difference],
        *,
        changed: bool = False,
    ) -> ImageReport:
        """All numbers of one image's report.

        Args:
            decision: what is said of the image.
            further: what else is shown.
            differences: by candidate, between the image and what its decoder makes of it.
            changed: whether the file is another one since.
        """
        first = verdicts_of(decision)[0]
        kind, answer = sentence(decision, self.labels)
        candidates = tuple(
            replace(self._candidate(name, verdict), label=label, difference=differences.get(name))
            for name, label, verdict in zip(self.profiles, self.labels, verdicts_of(decision), strict=True)
        )
        if not self._releases:
            found_here = {name: release_of(name) for name in (*RELEASES, *_SHOWN)}
            self._releases.update({name: release for name, release in found_here.items() if release != "none"})
        return ImageReport(
            image=_facts(decision, changed=changed),
            question=question(self.labels),
            answer=answer,
            kind=kind,
            reason=decision.reason,
            candidates=candidates,
            decoders=self.decoders,
            confidence=CONFIDENCE,
            would_change=would_change(decision),
            version=first.version,
            releases=dict(self._releases),
            time=first.time,
            command=self.command,
            maps=tuple(shown.numbers for shown in further.maps),
            without_map=dict(further.without_map),
            stability=further.stability,
            side_evidence=further.side_evidence,
        )

    def figure(self, name: str, verdict: Verdict) -> StandingFigure | None:
        """The figure of a candidate's known images; None where none has a statistic.

        Args:
            name: of the candidate.
            verdict: under it.
        """
        key = self._key(name, verdict)
        compared = self._compare(name, verdict)
        if not compared.groups:
            return None
        if key not in self._figures:
            place = list(self.profiles).index(name) + 1
            self._figures[key] = standing_figure(compared, prefix=f"figure-{place}")
        return self._figures[key]

    def _key(self, name: str, verdict: Verdict) -> tuple[str, str, float | None]:
        edit = verdict.conditions[0] if verdict.conditions else self.profiles[name].edit
        return name, edit, verdict.threshold

    def _compare(self, name: str, verdict: Verdict) -> Comparison:
        key = self._key(name, verdict)
        if key not in self._compared:
            level = float(levels(self.decoders, verdict.beta)[0])
            self._compared[key] = comparison(name, self.profiles[name].condition(key[1]), verdict, level)
        return self._compared[key]

    def _candidate(self, name: str, verdict: Verdict) -> CandidateNumbers:
        compared, profile = self._compare(name, verdict), self.profiles[name]
        condition = profile.condition(self._key(name, verdict)[1])
        ranked = verdict.statistic is not None and (bool(verdict.conditions) or not profile.further)
        return CandidateNumbers(
            name=name,
            label=name,
            model=verdict.model,
            decoder=verdict.decoder,
            outcome=verdict.outcome,
            answer=answer_of(verdict.outcome),
            reason=verdict.reason,
            statistic=verdict.statistic,
            ranked=ranked,
            p_belonging=verdict.p_belonging,
            p_foreign=dict(verdict.p_foreign),
            alpha=verdict.alpha,
            beta=verdict.beta,
            level=float(levels(self.decoders, verdict.beta)[0]),
            warnings=verdict.warnings,
            conditions=verdict.conditions,
            condition=condition.edit,
            groups=compared.beside(verdict.statistic if ranked else None),
            standing=compared.standing,
            coverage=covered_by(condition),
            method=verdict.method,
            method_options=dict(verdict.method_options),
            rule=verdict.rule,
            rule_options=dict(verdict.rule_options),
            seed=verdict.seed,
            profile=verdict.profile,
            profile_version=profile.version,
        )


def _facts(decision: Verdict | Attribution, *, changed: bool) -> FileFacts:
    image = decision.image
    return FileFacts(
        name=image.name,
        error=image.error,
        bytes=image.bytes,
        format=image.format,
        width=image.width,
        height=image.height,
        file_digest=image.file_digest,
        pixel_digest=image.pixel_digest,
        jpeg_quality=image.jpeg_quality,
        changes=image.changes,
        trailing_bytes=image.trailing_bytes,
        changed=changed,
    )
