"""The models of a bundle's candidates, asked again about its images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from wherefrom.cli._work import Work, scorer
from wherefrom.core.errors import ProfileError, UsageError

if TYPE_CHECKING:
    from wherefrom.attribution import Candidate
    from wherefrom.bundle.scored_again import ScoreAgain
    from wherefrom.core.card import Card, Fact
    from wherefrom.models.base import Model

__all__ = ["replaying"]

_DEVICE = "device"


def replaying(
    models: Sequence[str], *, device: str | None, options: Mapping[str, Fact], trust: bool, quiet: bool
) -> ScoreAgain:
    """What scores the images of a bundle again.

    Args:
        models: one for each candidate, in their order.
        device: to ask them on; None is the profile's.
        options: of generators, over those that the profiles say.
        trust: whether code that a name points to may be run.
        quiet: whether no progress is shown.
    """

    def score_again(
        candidates: Sequence[Candidate], images: Mapping[str, bytes], *, edit: str | None
    ) -> Sequence[Candidate]:
        from wherefrom.candidates import score_candidates
        from wherefrom.images.sources import Source

        if len(models) != len(candidates):
            names = ", ".join(each.name for each in candidates)
            raise UsageError(f"{len(models)} --replay for {len(candidates)} candidates ({names}): give one each")
        asked = [
            _with_model(each, name, device=device, options=options, trust=trust)
            for each, name in zip(candidates, models, strict=True)
        ]
        sources = [Source(name=name, data=data) for name, data in images.items()]
        return score_candidates(sources, asked, edit=edit, score=scorer(Work(quiet=quiet)))

    return score_again


def _with_model(
    candidate: Candidate, name: str, *, device: str | None, options: Mapping[str, Fact], trust: bool
) -> Candidate:
    """A candidate with its model opened, and with the method that its scores are of.

    Raises:
        ProfileError: when it is another model than was profiled.
    """
    from wherefrom import methods
    from wherefrom.candidates.looking import through_fact
    from wherefrom.candidates.opening import options_of
    from wherefrom.models.adapters.through import through
    from wherefrom.models.load import load_model

    profile = candidate.profile
    opened = load_model(
        name,
        device=device or str(profile.model.facts.get(_DEVICE, "auto")),
        dtype=str(profile.model.facts.get("dtype", "float32")),
        trust=trust,
        options={**options_of(profile), **options},
    )
    for condition in profile.conditions.values():
        _check_same(candidate.name, through(opened, through_fact(condition)), condition.model, condition.measure)
    early = next((table.method for table in candidate.tables.values() if table.method.facts.get("cut")), None)
    return replace(candidate, model=opened, method=None if early is None else methods.from_card(early))


def _check_same(name: str, model: Model, profiled: Card, measure: Card) -> None:
    """Refuse another model than was profiled; another device rounds otherwise, and the tolerance is for that.

    Raises:
        ProfileError: with every fact that differs.
    """
    from wherefrom.core.card import as_asked

    here = replace(model.card, facts={**model.card.facts, _DEVICE: profiled.facts.get(_DEVICE)})
    if as_asked(here, measure).digest != as_asked(profiled, measure).digest:
        changed = "; ".join(profiled.differences(here))
        raise ProfileError(f"{model.card.name} is another model than candidate {name!r} was profiled with ({changed})")
