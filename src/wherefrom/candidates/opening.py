"""The models of profiles, opened as they were when the profiles were made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from wherefrom.attribution import Candidate
from wherefrom.candidates.looking import through_fact
from wherefrom.core.card import Fact, as_asked
from wherefrom.core.errors import NoSuchModel, ProfileError, UsageError
from wherefrom.core.given import check_names, refuse_name
from wherefrom.models import load
from wherefrom.models.adapters.through import THROUGH, through
from wherefrom.models.base import Model
from wherefrom.models.sources.names import parse
from wherefrom.records.profile import UNEDITED, Profile

__all__ = ["Opening", "open_candidates", "source_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """How the models of profiles are opened.

    Attributes:
        models: where they are, in the profiles' order; empty: where the profiles say.
        device: None is the profile's.
        dtype: None is the profile's.
        trust: whether code that a name points to may be run.
        options: of generators, over those that the profiles say.
        through: the edit that models are asked through; None is the conditions'.
    """

    models: tuple[str, ...] = ()
    device: str | None = None
    dtype: str | None = None
    trust: bool = False
    options: Mapping[str, Fact] = field(default_factory=dict)
    through: str | None = None


_AS_PROFILED: Final = Opening()


def open_candidates(
    profiles: Mapping[str, Profile], how: Opening = _AS_PROFILED, *, files: Mapping[str, Path] | None = None
) -> tuple[Candidate, ...]:
    """A candidate a profile, its model opened; a model that several share is opened once.

    Args:
        profiles: by a name that is shown.
        how: the models are opened.
        files: that hold the profiles, by the same names, where they are known.

    Raises:
        UsageError: when there are not as many models as profiles.
        ProfileError: when a model is not the one that was profiled.
        ModelError: when one cannot be opened.
    """
    check_names("profiles", profiles, "{'model-a': profile}")
    for name, profile in profiles.items():
        refuse_name(f"profiles[{name!r}]", profile, "wf.load_profile")
    if how.models and len(how.models) != len(profiles):
        raise UsageError(f"{len(how.models)} --model for {len(profiles)} --profile: give one each, or none")
    opened: dict[tuple[str, str, str, tuple[tuple[str, Fact], ...]], Model] = {}
    found = []
    for place, (name, profile) in enumerate(profiles.items()):
        facts = profile.model.facts
        asked = (
            how.models[place] if how.models else source_of(profile),
            how.device or str(facts.get("device", "auto")),
            how.dtype or str(facts.get("dtype", "float32")),
            tuple(sorted((options_of(profile) | dict(how.options)).items())),
        )
        if asked not in opened:
            opened[asked] = _opened(name, asked, how)
        for condition in profile.conditions.values():
            _check_same(name, condition, through(opened[asked], how.through or through_fact(condition)))
        found.append(Candidate(name=name, profile=profile, model=opened[asked], file=(files or {}).get(name)))
    return tuple(found)


def _opened(name: str, asked: tuple[str, str, str, tuple[tuple[str, Fact], ...]], how: Opening) -> Model:
    """The model of a profile; where it is not found in the place that the profile names, how to say where it is now."""
    source, device, dtype, options = asked
    try:
        return load.load_model(source, device=device, dtype=dtype, trust=how.trust, options=dict(options))
    except NoSuchModel as error:
        if how.models:
            raise
        raise NoSuchModel(
            f"{error} Profile {name} was made of the model there: where it is now, is said by --model PATH"
        ) from error


def options_of(profile: Profile) -> dict[str, Fact]:
    """The options with which the profiled model was opened."""
    pairs = profile.model.notes.get("options")
    return {str(pair[0]): pair[1] for pair in pairs if isinstance(pair, tuple)} if isinstance(pairs, tuple) else {}


def source_of(profile: Profile) -> str:
    """What opens the profile's model again: its source, or its name where that is no source.

    Raises:
        UsageError: when it is neither.
    """
    named = [str(profile.model.notes[key]) for key in ("source",) if profile.model.notes.get(key)]
    for name in (*named, profile.model.name):
        try:
            parse(name)
        except UsageError:
            continue
        return name
    raise UsageError(f"the profile does not say where its model {profile.model.name!r} is: give --model")


def _check_same(name: str, profile: Profile, model: Model) -> None:
    """Refuse another model before a single image is asked about."""
    own, given = through_fact(profile), str(model.card.facts.get(THROUGH, UNEDITED))
    if own != given:
        raise ProfileError(
            f"profile {name} is of {profile.model.name} asked through {own}, not through {given}: leave out --through,"
            f" or give a profile that was made with --through {given}, of images that went through it"
        )
    if as_asked(model.card, profile.measure).digest != as_asked(profile.model, profile.measure).digest:
        changed = "; ".join(profile.model.differences(model.card))
        raise ProfileError(
            f"profile {name} is of another model than {model.card.name} ({changed}): give the profiled one by --model,"
            " with its --device and --dtype, or profile this one"
        )
