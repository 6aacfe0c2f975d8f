"""One or several edits as a value: applied to pixels, or written as a file that says how it was made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wherefrom.images.edits.steps import FORMS, Step
from wherefrom.images.labels import text_of

if TYPE_CHECKING:
    from wherefrom.core.facts import ImageFacts
    from wherefrom.images.convert import Pixels

__all__ = ["Edit"]


@dataclass(frozen=True, slots=True)
class Edit:
    """One or several edits, from left to right. `load` makes them from a name.

    Attributes:
        steps: at least one.
    """

    steps: tuple[Step, ...]

    def __str__(self) -> str:
        """The name."""
        return self.name

    @property
    def name(self) -> str:
        """The name that `load` reads back to an equal edit."""
        return "+".join(step.name for step in self.steps)

    @property
    def suffix(self) -> str:
        """Of the file that it leaves: `.jpg` or `.webp` where that is the last step, else `.png`."""
        return FORMS[self.steps[-1].kind].suffix

    @property
    def seeded(self) -> bool:
        """Whether it draws numbers, so that the result depends on a seed."""
        return any(step.seeded for step in self.steps)

    def apply(self, pixels: Pixels, *, seed: int = 0) -> Pixels:
        """The edited image, as it is read back from its file.

        Args:
            pixels: `(h, w, 3)` uint8 RGB; not changed.
            seed: the root seed. Each step that draws numbers takes its seed from this one and from the digest of the
                pixels that reach it.

        Returns:
            `(h', w', 3)` uint8 RGB; perhaps read-only, and of `none` the array itself.

        Raises:
            ImageError: when the array is no 8-bit RGB image, or a step's result is too small, too large or cannot be
                stored in its format.
        """
        from wherefrom.images.edits.pixels import applied

        return applied(self.steps, pixels, seed)

    def encode(self, pixels: Pixels, *, seed: int = 0, of: ImageFacts | None = None) -> bytes:
        """The edited image's file: JPEG or WebP where that is the last step, else PNG. It says how it was made.

        Args:
            pixels: `(h, w, 3)` uint8 RGB; not changed.
            seed: the root seed.
            of: what is known of the image before the edit, whose origin the file then says.

        Returns:
            Bytes that `read_image` reads as `apply(pixels, seed=seed)`. A PNG has the record as text, a JPEG as its
            comment, a WebP as the EXIF image description.

        Raises:
            ImageError: as `apply`.
        """
        from wherefrom.images.edits.pixels import check, encoded
        from wherefrom.images.read import pixel_digest

        check(pixels)
        text = self.record(pixel_digest(pixels), seed=seed, of=of)
        return encoded(self.steps, pixels, seed, text)

    def write(self, pixels: Pixels, place: str | Path, *, seed: int = 0, of: ImageFacts | None = None) -> Path:
        """Write the edited image's file, whole or not at all.

        Args:
            pixels: `(h, w, 3)` uint8 RGB; not changed.
            place: folder and stem; the suffix is added. A file of that name is replaced.
            seed: the root seed.
            of: as for `encode`.

        Returns:
            The file.

        Raises:
            ImageError: as `apply`, and when the file cannot be written.
        """
        from wherefrom.images.write import save_bytes

        path = Path(place)
        path = path.with_name(path.name + self.suffix)
        save_bytes(self.encode(pixels, seed=seed, of=of), path)
        return path

    def record(self, pixel_digest: str, *, seed: int = 0, of: ImageFacts | None = None) -> dict[str, str]:
        """What the file of an edited image says of itself.

        Args:
            pixel_digest: of the image before the edit.
            seed: the root seed; left out where nothing is drawn.
            of: as for `encode`.
        """
        drawn = {"seed": str(seed)} if self.seeded else {}
        known = {"of": of.origin, "decoder": of.origin_decoder} if of is not None else {}
        before = {name: fact for name, fact in known.items() if fact is not None}
        return text_of({"kind": "edit", "edit": self.name, "source": pixel_digest, **drawn, **before})
