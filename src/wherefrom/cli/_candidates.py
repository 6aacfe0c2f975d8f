"""Profiles, the models they speak of, and the scores of images under each."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wherefrom.cli._work import Work, through_of
from wherefrom.core.errors import ProfileError, UsageError

if TYPE_CHECKING:
    from wherefrom.core.card import Fact
    from wherefrom.images.sources import Source
    from wherefrom.methods.base import Method
    from wherefrom.records.profile import Profile
    from wherefrom.records.table import ScoreTable

__all__ = ["Opening", "open_for", "profile_names", "profiles_of", "score_all"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """How the models of profiles are opened.

    Attributes:
        models: where they are, in the profiles' order; empty: where the profiles say.
        device: None is the profile's.
        dtype: None is the profile's.
        trust: whether code that a name points to may be run.
        options: of generators, over those that the profiles say.
        through: the edit that models are asked through; None is the profile's.
    """

    models: tuple[str, ...] = ()
    device: str | None = None
    dtype: str | None = None
    trust: bool = False
    options: Mapping[str, Fact] = field(default_factory=dict)
    through: str | None = None


def profile_names(paths: Sequence[Path]) -> list[str]:
    """The names of profiles' files without the suffix; whole paths where those are not unique."""
    unique = len({path.stem for path in paths}) == len(paths)
    return [path.stem if unique else str(path) for path in paths]


def profiles_of(paths: Sequence[Path]) -> dict[str, Profile]:
    """Profiles by the names that `profile_names` gives them.

    Raises:
        UsageError: when a file is named twice or is not there.
        ProfileError: when one is damaged.
    """
    from wherefrom.records.files import load_profile

    if len({os.path.realpath(path) for path in paths}) < len(paths):
        raise UsageError(f"a profile is named twice among {', '.join(map(str, paths))}: name each once")
    return {name: load_profile(path) for name, path in zip(profile_names(paths), paths, strict=True)}


def open_for(profiles: Mapping[str, Profile], how: Opening) -> dict[str, Any]:
    """The model of each profile; one that several share is opened once.

    Raises:
        UsageError: when there are not as many models as profiles.
        ProfileError: when a model is not the one that was profiled.
        ModelError: when one cannot be opened.
    """
    from wherefrom.models.load import load_model

    if how.models and len(how.models) != len(profiles):
        raise UsageError(f"{len(how.models)} --model for {len(profiles)} --profile: give one each, or none")
    opened: dict[tuple[str, str, str, str, tuple[tuple[str, Fact], ...]], Any] = {}
    found = {}
    for place, (name, profile) in enumerate(profiles.items()):
        facts = profile.model.facts
        asked = (
            how.models[place] if how.models else _source(profile),
            how.device or str(facts.get("device", "auto")),
            how.dtype or str(facts.get("dtype", "float32")),
            how.through or through_of(profile.model),
            tuple(sorted((_recorded(profile) | dict(how.options)).items())),
        )
        if asked not in opened:
            source, device, dtype, edit, options = asked
            opened[asked] = load_model(
                source, device=device, dtype=dtype, trust=how.trust, options=dict(options), through=edit
            )
        _check_same(name, profile, opened[asked])
        found[name] = opened[asked]
    return found


def _recorded(profile: Profile) -> dict[str, Fact]:
    """The options with which the profiled model was opened."""
    pairs = profile.model.notes.get("options")
    return {str(pair[0]): pair[1] for pair in pairs if isinstance(pair, tuple)} if isinstance(pairs, tuple) else {}


def _source(profile: Profile) -> str:
    """What opens the profile's model again: its source, or its name where that is no source."""
    from wherefrom.models.sources.names import parse

    named = [str(profile.model.notes[key]) for key in ("source",) if profile.model.notes.get(key)]
    for name in (*named, profile.model.name):
        try:
            parse(name)
        except UsageError:
            continue
        return name
    raise UsageError(f"the profile does not say where its model {profile.model.name!r} is: give --model")


def _check_same(name: str, profile: Profile, model: Any) -> None:
    """Refuse another model before a single image is asked about."""
    own, given = through_of(profile.model), through_of(model.card)
    if own != given:
        raise ProfileError(
            f"profile {name} is of {profile.model.name} asked through {own}, not through {given}: leave out --through,"
            f" or give a profile that was made with --through {given}, of images that went through it"
        )
    if model.card.digest != profile.model.digest:
        changed = "; ".join(profile.model.differences(model.card))
        raise ProfileError(
            f"profile {name} is of another model than {model.card.name} ({changed}): give the profiled one by --model,"
            " with its --device and --dtype, or profile this one"
        )


def score_all(
    images: Sequence[Source],
    profiles: Mapping[str, Profile],
    models: Mapping[str, Any],
    work: Work,
    methods: Mapping[str, Method[Any]],
) -> dict[str, ScoreTable]:
    """The images' scores under each profile; profiles that ask the same of one model ask once.

    Args:
        images: to score.
        profiles: by name.
        models: of the profiles, by the same names.
        work: how.
        methods: what is asked under each profile.

    Raises:
        WherefromError: as `wherefrom.scoring.run.score`.
    """
    asked: dict[tuple[str, str, int], ScoreTable] = {}
    tables = {}
    for name, profile in profiles.items():
        key = (profile.model.digest, methods[name].measure.digest, profile.seed)
        if key not in asked:
            asked[key] = replace(work, seed=profile.seed).score(
                images, model=models[name], method=methods[name], label=f"under {name}"
            )
        tables[name] = replace(asked[key], method=methods[name].card)
    return tables
