"""The two things that `wherefrom profile` does: a new profile, and one more condition for a profile that is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wherefrom.cli._forms import PROFILE
from wherefrom.cli._outputs import Output
from wherefrom.cli._work import Work, cutter, scorer
from wherefrom.core.errors import UsageError

if TYPE_CHECKING:
    from wherefrom.cli._beforehand import Pools
    from wherefrom.core.card import Fact
    from wherefrom.images.sources import Source
    from wherefrom.methods.base import Method
    from wherefrom.models.base import Model
    from wherefrom.records.profile import Profile

__all__ = ["AddedCondition", "NewProfile", "Opened", "added_condition", "new_profile"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """How the model is opened; None is the default, or what a profile says."""

    device: str | None
    dtype: str | None
    trust: bool
    options: Mapping[str, Fact]
    through: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NewProfile:
    """A new profile: where it goes, the model's name, the edits of its conditions, and what it keeps further."""

    out: Path
    name: str
    opening: Opened
    edits: Sequence[str]
    keep: Sequence[str] = ()

    @property
    def output(self) -> Output:
        """The file that is written."""
        return Output("--out", self.out, PROFILE)

    @property
    def conditions(self) -> list[str]:
        """The edits of the conditions that the profile will have."""
        return list(self.edits)

    @property
    def inputs(self) -> Sequence[str | Path]:
        """What is read beside images."""
        return [self.name]

    def model(self) -> Model:
        """The model, opened."""
        from wherefrom.models.load import load_model

        stated = self.opening
        return load_model(
            self.name,
            device=stated.device or "auto",
            dtype=stated.dtype or "float32",
            trust=stated.trust,
            options=stated.options,
            through=stated.through,
        )

    def make(
        self, images: Pools, model: Model, method: Method[Any] | None, work: Work
    ) -> tuple[Profile, Sequence[Profile]]:
        """The profile, and the conditions that were scored for it.

        Args:
            images: belongings and pools.
            model: opened.
            method: what is asked; None is the usual one of each condition.
            work: how images are scored.
        """
        from wherefrom.profiling import profile_images

        profile = profile_images(
            belonging=images[None],
            foreign=_pools(images),
            model=model,
            method=method,
            edits=self.edits,
            seed=work.seed,
            score=scorer(work),
            cut=cutter(work),
            limits=work.limits,
            keep=self.keep,
        )
        return profile, list(profile.conditions.values())

    def written(self, built: Profile, path: Path) -> Profile:
        """What goes to the file: the profile as it was made.

        Args:
            built: the profile.
            path: of the file.
        """
        del path
        return built


def new_profile(
    out: Path | None, name: str, opening: Opened, *, existing: Path | None, edits: Sequence[str], keep: Sequence[str]
) -> NewProfile:
    """What makes a new profile.

    Args:
        out: its file.
        name: of the model.
        opening: how the model is opened.
        existing: of `--profile`, which has no meaning here.
        edits: of the conditions; none is the condition `none` alone.
        keep: columns that it keeps beside those that its method reads.

    Raises:
        UsageError: when there is no place for it, an edit is none or named twice, or options do not go together.
    """
    if existing is not None:
        raise UsageError("--profile goes with --add-edit EDIT: name a new profile's file by --out")
    if out is None:
        raise UsageError("no file for the profile: name one by --out P.json")
    if edits and opening.through is not None:
        raise UsageError(
            "--edit and --through: an edit says by itself what the model is asked through, so leave --through out"
        )
    from wherefrom.profiling.conditions import loaded_edits
    from wherefrom.records.profile import UNEDITED

    wanted = loaded_edits(edits or [UNEDITED])  # so that a mistyped name does not wait for the model
    return NewProfile(out=out, name=name, opening=opening, edits=[edit.name for edit in wanted], keep=keep)


@dataclass(frozen=True, kw_only=True, slots=True)
class AddedCondition:
    """A condition that is added: the profile and its file, the edit, and where the result goes."""

    profile: Profile
    file: Path
    out: Path
    name: str | None
    opening: Opened
    edit: str

    @property
    def output(self) -> Output:
        """The file that is written."""
        return Output("--profile" if self.out == self.file else "--out", self.out, PROFILE)

    @property
    def conditions(self) -> list[str]:
        """The edits of the conditions that the profile will have."""
        return [*self.profile.conditions, self.edit]

    @property
    def inputs(self) -> Sequence[str | Path]:
        """What is read beside images."""
        named = [] if self.name is None else [self.name]
        return named if self.out == self.file else [*named, self.file]

    def model(self) -> Model:
        """The model, opened."""
        from wherefrom.candidates import Opening, open_candidates

        stated = self.opening
        models = () if self.name is None else (self.name,)
        opening = Opening(
            models=models, device=stated.device, dtype=stated.dtype, trust=stated.trust, options=stated.options
        )
        (candidate,) = open_candidates({self.file.stem: self.profile}, opening)
        model: Model = candidate.model
        return model

    def make(
        self, images: Pools, model: Model, method: Method[Any] | None, work: Work
    ) -> tuple[Profile, Sequence[Profile]]:
        """The profile, and the condition that was scored for it.

        Args:
            images: belongings and pools.
            model: opened.
            method: what is asked; None is the usual one where the profile has only usual ones, else the profile's own.
            work: how images are scored.
        """
        from wherefrom.profiling import add_condition

        profile = add_condition(
            self.profile,
            self.edit,
            belonging=images[None],
            foreign=_pools(images),
            model=model,
            method=method,
            score=scorer(work),
            cut=cutter(work),
            limits=work.limits,
        )
        return profile, profile.further[-1:]

    def written(self, built: Profile, path: Path) -> Profile:
        """What goes to the file: to that of the profile with the conditions that other runs have added meanwhile.

        Args:
            built: the profile with the new condition, as it was when this run began.
            path: of the file.

        Raises:
            UsageError: when the file holds another profile by now, or the same condition.
        """
        from wherefrom.records.files import load_profile

        now = load_profile(self.file) if path == self.file and self.file.is_file() else self.profile
        if now.digest == self.profile.digest:
            return built
        before, since = list(self.profile.conditions.values()), list(now.conditions.values())
        if [each.digest for each in before] != [each.digest for each in since[: len(before)]]:
            raise UsageError(f"{path} was replaced by another profile while condition {self.edit} was scored")
        if self.edit in now.conditions:
            raise UsageError(f"{path} got a condition {self.edit} from another run meanwhile")
        return replace(now, further=(*now.further, *built.further[-1:]))


def added_condition(
    out: Path | None,
    name: str | None,
    opening: Opened,
    *,
    existing: Path | None,
    edit: str,
    answered_by_profile: Mapping[str, object],
) -> AddedCondition:
    """What adds a condition.

    Args:
        out: the file of the result; None is the profile's own.
        name: of the model; None is where the profile says.
        opening: how the model is opened.
        existing: the profile's file.
        edit: of the condition.
        answered_by_profile: by their flags, options that the profile answers.

    Raises:
        UsageError: when no profile is named, the edit is none, or an option is given that the profile answers.
    """
    from wherefrom.profiling.conditions import loaded_edits
    from wherefrom.records.files import load_profile

    if existing is None:
        raise UsageError(f"--add-edit {edit}: name the profile that it is added to by --profile P.json")
    answered = [flag for flag, value in answered_by_profile.items() if value is not None]
    if answered:
        raise UsageError(f"--add-edit takes {answered[0]} from the profile: leave it out")
    (wanted,) = loaded_edits([edit])
    return AddedCondition(
        profile=load_profile(existing), file=existing, out=out or existing, name=name, opening=opening, edit=wanted.name
    )


def _pools(images: Pools) -> dict[str, tuple[Source, ...]]:
    """The pools without the belongings."""
    return {name: those for name, those in images.items() if name is not None}
