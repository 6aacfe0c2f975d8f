"""Likelihood ratios beside verdicts: in the rows that are written, and as a table for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from wherefrom.cli._output import emit, emit_table
from wherefrom.core.errors import UsageError
from wherefrom.records.verdict import Verdicts

if TYPE_CHECKING:
    from wherefrom.attribution import Candidate
    from wherefrom.evaluation import Likelihood
    from wherefrom.evaluation.verbal import VerbalScale
    from wherefrom.records.profile import Profile
    from wherefrom.records.verdict import Attributions

__all__ = ["NO_LIKELIHOOD", "LikelihoodOptions", "Ratios"]

_ROWS: Final = 10
_WHAT: Final = (
    "How much likelier such a statistic is for an image of this decoder than for one of the profile's pools, as a"
    " decimal logarithm, within the bounds that the number of images allows. It is no probability that the decoder made"
    " the image."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ratios:
    """Likelihood ratios of images under each candidate.

    Attributes:
        scale: words for them; None says none.
    """

    scale: VerbalScale | None

    def add(
        self,
        rows: Sequence[dict[str, Any]],
        decisions: Verdicts | Attributions,
        candidates: Sequence[Candidate],
    ) -> None:
        """Add the ratio to each row of a verdict, and to each verdict in the row of an attribution.

        Args:
            rows: of what was found, in its order.
            decisions: what was decided.
            candidates: among which.
        """
        for each, likelihoods in self._of(decisions, candidates):
            for row, likelihood in zip(rows, likelihoods, strict=True):
                place = row["verdicts"][each.name] if "verdicts" in row else row
                place.update(self._cells(likelihood))

    def _cells(self, likelihood: Likelihood | None) -> dict[str, Any]:
        cells: dict[str, Any] = {
            "log10_lr": None if likelihood is None else likelihood.log10,
            "log10_lr_low": None if likelihood is None else likelihood.low,
            "log10_lr_high": None if likelihood is None else likelihood.high,
            "lr_bound": None if likelihood is None else likelihood.bound,
        }
        if self.scale is not None:
            cells["lr_words"] = None if likelihood is None else self.scale.words(likelihood.log10)
            cells["lr_scale"] = f"{self.scale.name}: {self.scale.source}"
        return cells

    def _of(
        self, decisions: Verdicts | Attributions, candidates: Sequence[Candidate]
    ) -> Iterator[tuple[Candidate, list[Likelihood | None]]]:
        from wherefrom.evaluation import likelihoods

        for place, each in enumerate(candidates):
            if isinstance(decisions, Verdicts):
                yield each, likelihoods(each.profile, decisions)
            else:
                yield each, likelihoods(each.profile, [item.verdicts[place] for item in decisions])

    def tell(self, decisions: Verdicts | Attributions, candidates: Sequence[Candidate], *, whole: bool) -> None:
        """Print the ratio of each image under each candidate.

        Args:
            decisions: what was decided.
            candidates: among which.
            whole: whether every image has its row; else the first ten.
        """
        words = () if self.scale is None else ("in words",)
        names = [item.image.name for item in decisions]
        for each, likelihoods in self._of(decisions, candidates):
            rows = [
                (name, *self._shown(likelihood))
                for name, likelihood in list(zip(names, likelihoods, strict=True))[: None if whole else _ROWS]
            ]
            title = f"Likelihood ratio under {each.name}"
            title += f", the first {_ROWS} of {len(decisions)} images" if len(rows) < len(decisions) else ""
            emit_table(("name", "log10 LR", "bounds", *words), rows, title=title, folded="name")
        emit(_WHAT)
        if self.scale is not None:
            emit(f"Words by {self.scale.name}: {self.scale.source}.")

    def _shown(self, likelihood: Likelihood | None) -> tuple[str, ...]:
        if likelihood is None:
            return ("none", "", *(() if self.scale is None else ("",)))
        value = f"{likelihood.log10:.2f}{', a bound' if likelihood.at_bound else ''}"
        cells = (value, f"{likelihood.low:.2f} to {likelihood.high:.2f}")
        return cells if self.scale is None else (*cells, self.scale.words(likelihood.log10))


@dataclass(frozen=True, kw_only=True, slots=True)
class LikelihoodOptions:
    """Whether likelihood ratios are given, and in which words."""

    wanted: Annotated[
        bool,
        typer.Option("--likelihood", help="a likelihood ratio for each image, with the bounds that the profile allows"),
    ] = False
    verbal: Annotated[
        str | None,
        typer.Option(
            "--verbal",
            metavar="SCALE",
            help="and words for it: enfsi-2015, or a .json file of your own; by default none",
        ),
    ] = None

    def ratios(self, profiles: Mapping[str, Profile], *, early: bool) -> Ratios | None:
        """What adds likelihood ratios, where they are wanted; refused before a model is asked where there can be none.

        Args:
            profiles: of the candidates.
            early: whether searches are left once a verdict is known, so that their statistics are bounds.

        Raises:
            UsageError: when there is no such scale, or searches are left early.
            ProfileError: when no ratio can be learned from a profile.
        """
        if not self.wanted and self.verbal is None:  # asking for words asks for the ratios
            return None
        if early:
            raise UsageError("--likelihood and --early: a search that is left early has no statistic, leave one out")
        from wherefrom.evaluation import likelihood_ratio
        from wherefrom.evaluation.verbal import verbal_scale

        scale = None if self.verbal is None else verbal_scale(self.verbal)
        for profile in profiles.values():
            for condition in profile.conditions.values():
                likelihood_ratio(condition)
        return Ratios(scale=scale)


NO_LIKELIHOOD: Final = LikelihoodOptions()
"""Where none are given."""
