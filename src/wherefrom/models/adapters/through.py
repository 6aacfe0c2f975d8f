"""A model behind an edit: asked whether an image is what the edit leaves of one of its own.

    latent -> decode -> edit -> image seen           image seen -> edit undone -> encode -> latent

An image that was resized since the model made it is no image of the model, so that a method that asks for one looks in
the wrong place. It still is what resizing leaves of one: y = e(D(z)) for some z. Behind the edit the model is a model
again, so that every method asks it as it asks any other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import torch

from wherefrom.core.arrays import Seeds
from wherefrom.core.card import Card
from wherefrom.core.errors import ImageError, ModelError, UsageError
from wherefrom.core.given import refuse_name
from wherefrom.core.tensors import Images, Latents, check_images
from wherefrom.images import edits
from wherefrom.images.edits import Edit, Step
from wherefrom.images.edits.sides import original, reduced
from wherefrom.images.edits.steps import TURNED
from wherefrom.images.operators import check_known, operator
from wherefrom.models.adapters.arithmetic import exact
from wherefrom.models.base import Autoencoder, ClassConditional, Decoder, Model, former_spread, search_starts_of

__all__ = ["THROUGH", "EditedAutoencoder", "EditedDecoder", "edit_of", "through", "through_same_edit"]

THROUGH: Final = "through"
"""The fact on a model's card that names the edit."""
_NONE: Final = "none"
_ALIGNED: Final = frozenset({"brightness", "crop", "noise"})
"""Edits that leave every pixel where it was, whatever its neighbours are."""


def through(model: Model, edit: str | Edit) -> Model:
    """The model behind an edit; the model itself where the edit is `none`.

    Args:
        model: with a decoder at least. One that is behind an edit already gets the further edit after that.
        edit: what its images went through since it made them, as `resize:0.5` or `screenshot:1.25,3,5,2,7+jpeg:75`.

    Returns:
        A `Decoder`, an `Autoencoder` where the model is one. Its card is the model's with the fact `through`, so that
        scores are never taken for those of the model itself; the decoder's digest stays.

    Raises:
        ImageError: when a model that makes one size only has nothing left after the edit.
        ModelError: when the model has no decoder.
        UsageError: when there is no such edit, it cuts off what cannot be known, or it turns images.

    Example:
        >>> from wherefrom.models.toy import Toy
        >>> through(Toy(), "resize:0.5").card.facts["through"]
        'resize:0.5'
    """
    refuse_name("model", model, "wf.load_model")
    wanted = edit_of(edit)
    if wanted.name == _NONE:
        return model
    if isinstance(model, EditedDecoder):
        return through(model.model, Edit((*model.edit.steps, *wanted.steps)))
    if not isinstance(model, Decoder):
        raise ModelError(f"{model.card.name} has no decoder, so nothing of it can have gone through {wanted}")
    if isinstance(model, Autoencoder):
        return EditedAutoencoder(model=model, edit=wanted)
    return EditedDecoder(model=model, edit=wanted)


def edit_of(edit: str | Edit) -> Edit:
    """An edit that a model can be behind.

    Raises:
        UsageError: when there is none of that name, it cuts off what cannot be known, or it turns images.
    """
    wanted = edits.load(edit) if isinstance(edit, str) else edit
    check_known(wanted)
    turned = [step.kind for step in wanted.steps if step.kind in TURNED]
    if turned:
        raise UsageError(
            f"edit {wanted}: no model is asked through {turned[0]}, which loses nothing: turn the images back first (as"
            " `wherefrom edit IMAGES --edit turn270` does after turn90), or have the turn found by the method blind"
            " with find=crop+turns"
        )
    return wanted


def through_same_edit(model: Model, other: Model) -> Model:
    """The other model behind the edit that the first is behind, if any.

    Args:
        model: perhaps behind an edit.
        other: put behind the same.
    """
    return through(other, model.edit) if isinstance(model, EditedDecoder) else other


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class EditedDecoder:
    """A decoder behind an edit; made by `through`.

    Images are those seen, after the edit: their sizes and the model's own differ where the edit resizes or crops. Of
    all sizes that the model makes and that the edit brings to the size seen, the nearest is taken.

    Attributes:
        model: the decoder itself.
        edit: that its images went through.
    """

    model: Decoder
    edit: Edit
    _edit: Edit = field(init=False, repr=False)  # the same, without whole cells of the model's grid that were cut off
    _aligned: tuple[int, int] | None = field(init=False, repr=False)  # rows and columns to drop to be on that grid
    _size: tuple[int, int] | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Find out what the edit does to the model's grid and to its only size."""
        steps, factor = self.edit.steps, self.model.factor
        aligned, size = None, None
        if self.model.size is not None:
            size = operator(self.edit, self.model.size).seen
        elif all(step.kind in _ALIGNED for step in steps):
            cut = [sum(int(step.values[1 - axis]) for step in steps if step.kind == "crop") for axis in (0, 1)]
            aligned = (-cut[0] % factor, -cut[1] % factor)
            steps = tuple(step for step in steps if step.kind != "crop") or (Step(_NONE),)
        else:
            steps = reduced(steps, factor)
        for name, value in (("_edit", Edit(steps)), ("_aligned", aligned), ("_size", size)):
            object.__setattr__(self, name, value)

    @property
    def card(self) -> Card:
        """The model's own, with the edit as a fact."""
        model_card = self.model.card
        return Card(
            kind=model_card.kind,
            name=model_card.name,
            facts={**model_card.facts, THROUGH: self.edit.name},
            notes=model_card.notes,
        )

    @property
    def device(self) -> torch.device:
        """The model's own."""
        return self.model.device

    @property
    def factor(self) -> int:
        """Which sizes can be asked about is no matter of a factor: see `part`."""
        return self.model.factor if self._aligned is not None else 1

    @property
    def size(self) -> tuple[int, int] | None:
        """What the edit leaves of the only size that the model makes; None where that is any."""
        return self._size

    @property
    def scaling(self) -> tuple[float, float]:
        """The model's own: in which units its latents are searched."""
        scaling: tuple[float, float] = getattr(self.model, "scaling", (1.0, 0.0))
        return scaling

    @property
    def width(self) -> int | None:
        """Latents an evaluation, where the model states it."""
        return getattr(self.model, "width", None)

    @property
    def classes(self) -> int | None:
        """How many classes latents may carry; None where they carry none."""
        return self.model.classes if isinstance(self.model, ClassConditional) else None

    def part(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Top, left, height and width of the part of an image seen that the model can be asked about.

        After crops alone, the part that lies on the model's grid: nothing of it was lost. After other edits, the part
        from the top-left corner that is as large as one of the model's images is then.

        Raises:
            ImageError: when the image is too small for any, or of another size than the only one.
        """
        if self._size is not None:
            self._check(size, self._size)
            return 0, 0, *size
        if self._aligned is None:
            height, width = (original(self._edit.steps, side, self.model.factor, axis)[1] for axis, side in _axes(size))
            return 0, 0, height, width
        (top, left), factor = self._aligned, self.model.factor
        height, width = ((side - first) // factor * factor for side, first in zip(size, (top, left), strict=True))
        if min(height, width) <= 0:
            raise ImageError(
                f"{size[1]} x {size[0]} pixels hold no cell of {factor} x {factor} on the model's grid"
                f" after {self.edit}"
            )
        return top, left, height, width

    def decode(self, latents: Latents) -> Images:
        """What the edit leaves of the images of latents, `(n, 3, h, w)` float32; differentiable.

        Cut off at black and white where the edit does so.

        Raises:
            ImageError: when the edit leaves too few pixels of these images.
            ModelError: as the model's own `decode`.
        """
        images = self.model.decode(latents)
        with exact(self.device):
            return operator(self._edit, (images.shape[2], images.shape[3])).apply(images)

    def draw(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        """Latents of the model; `size` is that of the images seen.

        Args:
            seeds: one a latent.
            size: `(height, width)` after the edit; None is what the model makes by itself.

        Raises:
            ModelError: when no image of the model has that size after the edit, or the model draws none.
        """
        return self.model.draw(seeds, size=self._before(size))

    def search_starts(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        """Starts of a search; `size` is that of the images seen.

        Raises:
            ModelError: as `draw`.
        """
        return search_starts_of(self.model)(seeds, size=self._before(size))

    spread = former_spread

    def labels(self, seeds: Seeds) -> list[int]:
        """The class that `draw` draws with each seed; 0 where latents carry none."""
        return self.model.labels(seeds) if isinstance(self.model, ClassConditional) else [0] * len(seeds)

    def _before(self, size: tuple[int, int] | None) -> tuple[int, int] | None:
        """The model's size of images that are seen in this one."""
        if size is None:
            return None
        try:
            return self._original(size)
        except ImageError as error:
            raise ModelError(f"{self.card.name}: {error}") from error

    def _original(self, seen: tuple[int, int]) -> tuple[int, int]:
        """The size of the model's images that the edit brings to the size seen.

        Raises:
            ImageError: when there is none.
        """
        if self._size is not None:
            self._check(seen, self._size)
            assert self.model.size is not None
            return self.model.size
        originals = [original(self._edit.steps, side, self.model.factor, axis) for axis, side in _axes(seen)]
        self._check(seen, (originals[0][1], originals[1][1]))
        return originals[0][0], originals[1][0]

    def _check(self, seen: tuple[int, int], wanted: tuple[int, int]) -> None:
        if tuple(seen) != tuple(wanted):
            raise ImageError(
                f"images are {seen[1]} x {seen[0]} pixels, and {self.edit} leaves {wanted[1]} x {wanted[0]} of this"
                " model's: crop them to that"
            )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class EditedAutoencoder(EditedDecoder):
    """An autoencoder behind an edit; made by `through`."""

    model: Autoencoder

    def encode(self, images: Images) -> Latents:
        """The latents of images before the edit, as near as it can be undone.

        Raises:
            ImageError: when the shape is not `(n, 3, h, w)`, or no image of the model has that size after the edit.
        """
        check_images(images)
        seen = (images.shape[2], images.shape[3])
        with exact(self.device):
            before = operator(self._edit, self._original(seen)).undo(images.float())
        return self.model.encode(before)


def _axes(size: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Each side with its axis."""
    return (0, size[0]), (1, size[1])
