"""One more condition for a profile, from the images that it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wherefrom.core.card import as_asked
from wherefrom.core.errors import ProfileError
from wherefrom.images import edits
from wherefrom.images.sources import given_images
from wherefrom.methods.arithmetic.columns import with_current_names
from wherefrom.profiling.conditions import behind, loaded_edits, prepared, scored_condition
from wherefrom.profiling.usual import usual_methods
from wherefrom.records.profile import UNEDITED, Profile

if TYPE_CHECKING:
    from wherefrom.images.read import Limits
    from wherefrom.images.sources import Image, Source
    from wherefrom.methods.base import Method
    from wherefrom.models.base import Model
    from wherefrom.scoring.scorer import Cutter, Scorer

__all__ = ["add_condition"]


def add_condition(
    made: Profile,
    edit: str,
    *,
    belonging: Image | Iterable[Image],
    foreign: Mapping[str, Image | Iterable[Image]],
    model: Model,
    method: Method[Any] | None = None,
    score: Scorer | None = None,
    cut: Cutter | None = None,
    limits: Limits | None = None,
) -> Profile:
    """The profile with one more condition, from the images that it was made from; nothing else is asked again.

    The condition keeps the columns that the profile keeps, where its method asks the same.

    Args:
        made: the profile, which remembers its images by digests of their pixels.
        edit: of the new condition.
        belonging: the images that the profile's belongings were, before any edit, as for `load_images`.
        foreign: those of its pools, by the same names.
        model: the profile's own, through no edit.
        method: of the condition. None is the usual one, see `usual_methods`, where all conditions of the profile have
            theirs; else that of the profile.
        score: as for `profile_images`.
        cut: as for `profile_images`; a profile of tiles needs it.
        limits: as for `profile_images`.

    Raises:
        ProfileError: when the profile has this condition, the model is another, or the images are; the message names
            the first image.
        UsageError: when there is no such edit, or the model cannot be asked through it.
    """
    (wanted,) = loaded_edits([edit])
    if wanted.name in made.conditions:
        raise ProfileError(f"the profile has a condition {wanted} already: name another edit, or make a new profile")
    reference = made.conditions.get(UNEDITED) or next(iter(made.conditions.values()))
    model = _given_through(model, reference)
    _refuse_model(model, reference)
    if set(foreign) != set(made.foreign):
        odd = min(set(foreign) ^ set(made.foreign))
        there = "is one of the profile, and not given" if odd in made.foreign else "is none of the profile"
        raise ProfileError(f"pool {odd!r} {there}: give the profile's own pools, {', '.join(made.foreign) or 'none'}")
    images: dict[str | None, Sequence[Source]] = {None: given_images(belonging)}
    images.update({pool: given_images(each) for pool, each in foreign.items()})
    _refuse_images(images, reference, model=behind(model, edits.load(reference.edit)), cut=cut, limits=limits)
    asked = (method,) if method else _methods(made)
    same = {each.measure.digest for each in asked} == {reference.measure.digest}
    added = scored_condition(
        images,
        wanted,
        model=behind(model, wanted),
        methods=asked,
        seed=made.seed,
        score=score,
        cut=cut,
        limits=limits,
        keep=with_current_names(reference.belonging.scores).names if same else (),
    )
    return replace(made, further=(*made.further, added))


def _methods(made: Profile) -> tuple[Method[Any], ...]:
    """The usual methods where a profile has only usual ones, else the profile's own."""
    from wherefrom import methods

    usual = usual_methods()
    digests = {each.card.digest for each in usual}
    as_usual = digests.issuperset(condition.method.digest for condition in made.conditions.values())
    return usual if as_usual else (methods.from_card(made.method, made.asked),)


def _given_through(model: Model, reference: Profile) -> Model:
    """The model behind the edit that the profile's images had gone through before they were given, if any.

    A condition of images as they were given has no edit of its own, so that it is what its model is asked through.
    """
    from wherefrom.models.adapters.through import THROUGH, through

    return through(model, str(reference.model.facts.get(THROUGH, UNEDITED))) if reference.edit == UNEDITED else model


def _refuse_model(model: Model, reference: Profile) -> None:
    """Refuse a model that the profile was not made with."""
    asked = behind(model, edits.load(reference.edit)).card
    if as_asked(asked, reference.measure).digest != as_asked(reference.model, reference.measure).digest:
        changed = "; ".join(reference.model.differences(asked))
        raise ProfileError(
            f"the profile is of another model than {asked.name} ({changed}): give the profiled one, with its device and"
            " dtype, or make a new profile"
        )


def _refuse_images(
    images: Mapping[str | None, Sequence[Source]],
    reference: Profile,
    *,
    model: Model,
    cut: Cutter | None,
    limits: Limits | None,
) -> None:
    """Refuse images whose pixels after the condition's edit are not those that it remembers, before any is asked."""
    from wherefrom.images.batches import read_ahead
    from wherefrom.images.read import DEFAULT_LIMITS, ImageRecord

    edit = edits.load(reference.edit)
    for pool, sources in images.items():
        table = reference.belonging if pool is None else reference.foreign[pool]
        place = "the belongings" if pool is None else f"pool {pool!r}"
        remembered = {facts.pixel_digest or facts.name: facts.name for facts in table.images}
        ready = prepared(sources, edit, model=model, seed=reference.seed, cut=cut, limits=limits)
        for read in read_ahead(ready, limits=limits or DEFAULT_LIMITS):
            facts = read.facts if isinstance(read, ImageRecord) else read
            if remembered.pop(facts.pixel_digest or facts.name, None) is None:
                raise ProfileError(
                    f"{facts.name} in {place} is none of the images that the profile was made from, or is given twice:"
                    " give these alone, as they were then"
                )
        if remembered:
            raise ProfileError(
                f"{next(iter(remembered.values()))} in {place} of the profile is not among the images given: give all"
                " that the profile was made from"
            )
