"""EXIF: what a camera or a program wrote of itself. Names of persons, serial numbers and places are left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from wherefrom.side_evidence.findings import Finding, State
from wherefrom.side_evidence.shortened import listed, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wherefrom.side_evidence.image_file import ImageFile

__all__ = ["SOURCE", "Exif"]

_SHOWN: Final = {
    "Make": "Maker",
    "Model": "Camera",
    "LensModel": "Lens",
    "Software": "Program",
    "DateTimeOriginal": "Taken",
    "DateTime": "Changed",
    "ExposureTime": "Exposure in seconds",
    "FNumber": "Aperture",
    "ISOSpeedRatings": "ISO",
    "FocalLength": "Focal length in mm",
}
_LEFT_OUT: Final = (
    "Artist",
    "BodySerialNumber",
    "CameraOwnerName",
    "CameraSerialNumber",
    "Copyright",
    "GPSInfo",
    "HostComputer",
    "ImageUniqueID",
    "LensSerialNumber",
    "Photographer",
    "XPAuthor",
)
"""Tags that name or locate a person: that they are there is told, and not what they hold."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exif:
    """EXIF tags of the camera and of the program that wrote the file."""

    name: ClassVar[str] = "exif"
    title: ClassVar[str] = "EXIF"

    def look(self, file: ImageFile) -> Finding:
        """The tags that say how the file came about.

        Args:
            file: from outside.

        Raises:
            ImageError: when its tags cannot be read.
        """
        tags = {tag: value for tag, value in file.exif.items() if file.kind != "TIFF" or tag in (*_SHOWN, *_LEFT_OUT)}
        if not tags:
            return Finding(source=self.name, title=self.title, state=State.ABSENT, summary="The file has no EXIF tags.")
        facts = {word: shortened(_value(tags[tag])) for tag, word in _SHOWN.items() if tag in tags}
        private = [tag for tag in _LEFT_OUT if tag in tags]
        others = len(tags) - len(private) - len(facts)
        return Finding(
            source=self.name,
            title=self.title,
            state=State.PRESENT,
            summary=_summary(facts, len(tags)),
            facts=facts
            | ({"Not shown, as it may name a person or a place": listed(private)} if private else {})
            | ({"Further tags": str(others)} if others else {}),
        )


def _value(value: object) -> object:
    return value.decode("utf-8", "replace").strip("\0 ") if isinstance(value, bytes) else value


def _summary(facts: Mapping[str, str], count: int) -> str:
    camera = " ".join(facts[word] for word in ("Maker", "Camera") if word in facts)
    said = [
        f"a camera {camera} took it" if camera else "",
        f"{facts['Program']} wrote it" if "Program" in facts else "",
    ]
    told = " and that ".join(part for part in said if part)
    tags = "1 EXIF tag, which does not say" if count == 1 else f"{count} EXIF tags, of which none says"
    return f"The file says that {told}." if told else f"The file has {tags} what made it."


SOURCE: Final = Exif
