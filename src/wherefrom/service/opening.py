"""The candidates of a service, with the models of its profiles opened. The worker alone imports this, with torch."""

from __future__ import annotations

from collections.abc import Mapping

from wherefrom import methods
from wherefrom.attribution import Candidate
from wherefrom.candidates import open_candidates
from wherefrom.candidates.opening import Opening, source_of
from wherefrom.core.errors import UsageError
from wherefrom.methods.base import Gradual
from wherefrom.records.profile import Profile
from wherefrom.service.settings import Settings

__all__ = ["candidates_of", "searches"]


def candidates_of(profiles: Mapping[str, Profile], settings: Settings) -> tuple[Candidate, ...]:
    """The candidates of all profiles, with their models opened.

    Args:
        profiles: by name.
        settings: which say where the models are, and on which device they are asked.

    Raises:
        UsageError: when a model is named for a profile that is not there.
        WherefromError: as `open_candidates`.
    """
    unknown = sorted(set(settings.models) - set(profiles))
    if unknown:
        raise UsageError(f"a model is named for {unknown[0]}, which is no profile: there are {', '.join(profiles)}")
    how = Opening(
        models=tuple(settings.models.get(name) or source_of(profile) for name, profile in profiles.items()),
        device=settings.device,
        dtype=settings.dtype,
        trust=settings.trust,
    )
    return open_candidates(profiles, how)


def searches(candidate: Candidate) -> bool:
    """Whether a method of the candidate's profile searches, so that an image takes long."""
    conditions = candidate.profile.conditions.values()
    return any(isinstance(methods.from_card(one.method, one.asked), Gradual) for one in conditions)
