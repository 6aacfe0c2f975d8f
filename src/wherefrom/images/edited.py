"""Images as an edit leaves them, made when they are read: nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from wherefrom.core.errors import ImageError
from wherefrom.core.facts import ImageFacts
from wherefrom.images.edits import Edit
from wherefrom.images.read import DEFAULT_LIMITS, Limits, read_image
from wherefrom.images.sources import Source

__all__ = ["EditedImages", "edited_images"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class EditedImages(Sequence[Source]):
    """Images as an edit leaves them, under the names that they have; each is edited anew whenever it is taken.

    Attributes:
        images: before the edit.
        edit: what is done to each.
        seed: the root seed of an edit that draws numbers.
        limits: on bytes and pixels of a file.
    """

    images: Sequence[Source]
    edit: Edit
    seed: int = 0
    limits: Limits = DEFAULT_LIMITS

    def __len__(self) -> int:
        """The number of images."""
        return len(self.images)

    @overload
    def __getitem__(self, place: int) -> Source: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Source, ...]: ...

    def __getitem__(self, place: int | slice) -> Source | tuple[Source, ...]:
        """An edited image, or several; one that cannot be read or edited holds the reason."""
        if isinstance(place, slice):
            return tuple(self._edited(image) for image in self.images[place])
        return self._edited(self.images[place])

    def _edited(self, image: Source) -> Source:
        try:
            record = read_image(image, self.limits)
            data = self.edit.encode(record.pixels, seed=self.seed, of=record.facts)
        except ImageError as error:
            return Source(
                name=image.name, in_memory=ImageFacts(name=image.name, error=str(error)), columns=image.columns
            )
        return Source(name=image.name, data=data, columns=image.columns)


def edited_images(
    images: Sequence[Source], edit: Edit, *, seed: int = 0, limits: Limits = DEFAULT_LIMITS
) -> Sequence[Source]:
    """The images as an edit leaves them: the bytes of the file that `Edit.encode` writes; of `none`, as they are.

    Args:
        images: to edit; none is read yet.
        edit: what is done to each.
        seed: the root seed of an edit that draws numbers.
        limits: on bytes and pixels of a file.
    """
    return images if edit.name == "none" else EditedImages(images=images, edit=edit, seed=seed, limits=limits)
