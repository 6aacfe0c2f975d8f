"""Conditions: how images score after an edit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from wherefrom.core.errors import NoTrace, UsageError
from wherefrom.images import edits as known_edits
from wherefrom.images.edits import Edit
from wherefrom.images.edits.steps import TURNED
from wherefrom.judging import calibrate
from wherefrom.judging.keeping import known_beforehand, refuse_unknown
from wherefrom.profiling.usual import usual_methods
from wherefrom.records.profile import UNEDITED, Profile

if TYPE_CHECKING:
    from wherefrom.images.read import Limits
    from wherefrom.images.sources import Source
    from wherefrom.methods.base import Method
    from wherefrom.models.base import Model
    from wherefrom.records.table import ScoreTable
    from wherefrom.scoring.scorer import Cutter, Scorer

__all__ = ["asked_through", "behind", "loaded_edits", "prepared", "profile_images", "scored_condition"]

_MOVING: Final = frozenset({"back", "crop", "resize", "screenshot", *TURNED})
"""Edits after which pixels are elsewhere, or of another scale."""
_STORING: Final = frozenset({"jpeg", "webp"})


def profile_images(
    *,
    belonging: Sequence[Source],
    foreign: Mapping[str, Sequence[Source]],
    model: Model,
    method: Method[Any] | None = None,
    edits: Sequence[str] = (UNEDITED,),
    seed: int = 0,
    score: Scorer | None = None,
    cut: Cutter | None = None,
    limits: Limits | None = None,
    keep: Sequence[str] = (),
) -> Profile:
    """A profile with a condition for each edit.

    Args:
        belonging: images that the model made.
        foreign: images that it did not make, by kind.
        model: to be asked, of a condition that moves pixels through the edit.
        method: what is asked; None is the usual one, see `usual_methods`.
        edits: at least one, each once; `none` are the files as they are given.
        seed: the root seed, of scores and of edits that draw numbers.
        score: how; None shows and keeps nothing.
        cut: into the tiles that are scored; None leaves images whole.
        limits: on bytes and pixels of a file that is edited; None are the reader's own.
        keep: columns that are kept beside those that the method reads; see `wherefrom.judging.calibrate`.

    Raises:
        ProfileError: as `wherefrom.judging.calibrate`.
        UsageError: when there is no edit, one is named twice or is none, a model cannot be asked through it, or `keep`
            names no column.
    """
    from wherefrom.scoring.scorer import quietly

    wanted = loaded_edits(edits)
    models = [behind(model, edit) for edit in wanted]  # so that none is refused after others were asked
    methods = (method,) if method else usual_methods()
    images: dict[str | None, Sequence[Source]] = {None: belonging}
    images.update(foreign)
    for edit, asked in zip(wanted, models, strict=True):
        if not known_beforehand(
            keep, methods[0]
        ):  # one image shows the columns, so a mistyped one does not wait for all
            one = prepared(belonging[:1], edit, model=asked, seed=seed, cut=cut, limits=limits)
            table = (score or quietly)(
                one, model=asked, method=methods[0], seed=seed, label="one image, for its columns"
            )
            refuse_unknown(table.scores.names, keep)
    conditions = [
        scored_condition(
            images, edit, model=asked, methods=methods, seed=seed, score=score, cut=cut, limits=limits, keep=keep
        )
        for edit, asked in zip(wanted, models, strict=True)
    ]
    return replace(conditions[0], further=tuple(conditions[1:]))


def asked_through(edit: Edit) -> Edit | None:
    """The part of an edit that a model is asked through: up to a JPEG or WebP at its end; None where nothing moves.

    Example:
        >>> from wherefrom.images import edits
        >>> [str(asked_through(edits.load(name))) for name in ("resize:0.5+jpeg:85", "blur:1+jpeg:85")]
        ['resize:0.5', 'None']
    """
    steps = edit.steps
    while steps and steps[-1].kind in _STORING:
        steps = steps[:-1]
    return Edit(steps) if any(step.kind in _MOVING for step in steps) else None


def loaded_edits(names: Sequence[str]) -> list[Edit]:
    """The edits of these names, each once.

    Raises:
        UsageError: when there is no name, one is no edit's, or one is there twice.
    """
    if isinstance(names, str) or not names:
        raise UsageError(f"edits={names!r}: give a list of at least one, as ['none', 'jpeg:75']")
    wanted = [known_edits.load(name) for name in names]
    for edit, count in Counter(edit.name for edit in wanted).items():
        if count > 1:
            raise UsageError(f"edit {edit} is named {count} times: name each condition once")
    return wanted


def behind(model: Model, edit: Edit) -> Model:
    """The model, through the part of an edit that moves pixels.

    Args:
        model: to be asked.
        edit: of a condition.
    """
    from wherefrom.models.adapters.through import through

    part = asked_through(edit)
    return model if part is None else through(model, part)


def scored_condition(
    images: Mapping[str | None, Sequence[Source]],
    edit: Edit,
    *,
    model: Model,
    methods: Sequence[Method[Any]],
    seed: int,
    score: Scorer | None,
    cut: Cutter | None,
    limits: Limits | None,
    keep: Sequence[str] = (),
) -> Profile:
    """How images score after an edit, by the first of some methods that finds a trace in the belongings.

    Args:
        images: belongings, under None, and pools by name.
        edit: of the condition.
        model: to be asked, behind the edit already.
        methods: at least one, in the order in which they are tried.
        seed: as for `profile_images`, and so the rest.
        score: how.
        cut: into tiles.
        limits: on bytes and pixels.
        keep: columns.

    Raises:
        NoTrace: when none finds any.
    """
    from wherefrom.scoring.scorer import quietly

    chosen, *further = methods
    tables: dict[str | None, ScoreTable] = {}
    for pool, sources in images.items():
        ready = prepared(sources, edit, model=model, seed=seed, cut=cut, limits=limits)
        label = "belongings" if pool is None else f"pool {pool}"
        label = label if edit.name == UNEDITED else f"{label} after {edit}"
        tables[pool] = (score or quietly)(ready, model=model, method=chosen, seed=seed, label=label)
    known = tables.pop(None)
    pools = {pool: table for pool, table in tables.items() if pool is not None}
    try:
        return replace(calibrate(belonging=known, foreign=pools, method=chosen, keep=keep), edit=edit.name)
    except NoTrace:
        if not further:
            raise
    return scored_condition(
        images, edit, model=model, methods=further, seed=seed, score=score, cut=cut, limits=limits, keep=keep
    )


def prepared(
    images: Sequence[Source], edit: Edit, *, model: Model, seed: int, cut: Cutter | None, limits: Limits | None
) -> Sequence[Source]:
    """Images as they are scored: edited, then cut; arguments as for `profile_images`."""
    from wherefrom.images.edited import edited_images
    from wherefrom.images.read import DEFAULT_LIMITS

    edited = edited_images(images, edit, seed=seed, limits=limits or DEFAULT_LIMITS)
    return edited if cut is None else cut(edited, model)
