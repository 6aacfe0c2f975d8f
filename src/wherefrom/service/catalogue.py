"""The profiles of a service, and what is said of them; read without torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from wherefrom.core.errors import UsageError
from wherefrom.records.files import load_profile
from wherefrom.records.profile import Profile
from wherefrom.service import answers
from wherefrom.service.problems import Refused

__all__ = ["chosen", "load_profiles", "models_of", "profiles_of"]


def load_profiles(folder: Path) -> dict[str, Profile]:
    """All profiles of a folder, by their files' names without the suffix.

    Raises:
        UsageError: when there is no such folder, or no profile in it.
        ProfileError: when one is damaged.
    """
    if not folder.is_dir():
        raise UsageError(f"no folder {folder}: name the folder with the profiles, as `wherefrom profile` writes them")
    found = {path.stem: load_profile(path) for path in sorted(folder.glob("*.json"))}
    if not found:
        raise UsageError(f"no profile (.json) in {folder}: make one by `wherefrom profile MODEL --out {folder}/P.json`")
    return found


def chosen(profiles: Mapping[str, Profile], names: Sequence[str], edit: str | None) -> tuple[str, ...]:
    """The names of the candidates of a request: those that are named, or all.

    Args:
        profiles: of the service.
        names: that were asked for, each once or more.
        edit: the condition that is asked for; None: all.

    Raises:
        Refused: when there is no such profile, or one has no such condition.
    """
    unknown = [name for name in names if name not in profiles]
    if unknown:
        known = ", ".join(profiles)
        raise Refused(422, "no-such-profile", f"no profile {unknown[0]!r} here, there are: {known}")
    found = tuple(dict.fromkeys(names)) or tuple(profiles)
    lacking = [name for name in found if edit is not None and edit not in profiles[name].conditions]
    if lacking:
        raise Refused(
            422,
            "no-such-condition",
            f"profile {lacking[0]} has no condition {edit!r}, there are: {', '.join(profiles[lacking[0]].conditions)}:"
            " leave edit out, or name profiles that have it",
        )
    return found


def profiles_of(profiles: Mapping[str, Profile], slow: Mapping[str, bool]) -> answers.Profiles:
    """What is said of all profiles.

    Args:
        profiles: by name.
        slow: whether each one's method searches, once that is known.
    """
    return answers.Profiles(profiles=[_profile(name, one, slow=slow.get(name)) for name, one in profiles.items()])


def _profile(name: str, profile: Profile, *, slow: bool | None) -> answers.Profile:
    return answers.Profile(
        name=name,
        digest=profile.digest,
        model=profile.model.name,
        decoder=profile.decoder,
        conditions=[_condition(one) for one in profile.conditions.values()],
        slow=slow,
        warnings=list(profile.warnings),
        version=profile.version,
    )


def _condition(condition: Profile) -> answers.Condition:
    return answers.Condition(
        edit=condition.edit,
        method=condition.method.name,
        belonging=len(condition.ranked),
        pools={name: len(values) for name, values in condition.foreign_statistic.items()},
        coverage=answers.Coverage.model_validate(condition.coverage),
    )


def models_of(profiles: Mapping[str, Profile]) -> answers.Models:
    """What is said of the models behind profiles, one a decoder. Where their weights lie is nobody's business."""
    by_decoder: dict[str, list[str]] = {}
    for name, profile in profiles.items():
        by_decoder.setdefault(profile.decoder, []).append(name)
    found = []
    for decoder, names in by_decoder.items():
        card = profiles[names[0]].model
        architecture = card.facts.get("architecture")
        found.append(
            answers.Model(
                name=card.name,
                decoder=decoder,
                architecture=None if architecture is None else str(architecture),
                profiles=names,
            )
        )
    return answers.Models(models=found)
