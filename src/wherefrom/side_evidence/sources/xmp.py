"""XMP: which program wrote the file, and the kind of source that IPTC's vocabulary gives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final
from xml.etree import ElementTree as ET

from wherefrom.core.errors import ImageError
from wherefrom.side_evidence.findings import Finding, State
from wherefrom.side_evidence.shortened import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wherefrom.side_evidence.image_file import ImageFile

__all__ = ["SOURCE", "Xmp"]

_IPTC: Final = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
_XMP: Final = "{http://ns.adobe.com/xap/1.0/}"
_SHOWN: Final = {
    f"{_IPTC}DigitalSourceType": "Kind of source (IPTC)",
    f"{_IPTC}AISystemUsed": "AI system",
    f"{_IPTC}AISystemVersionUsed": "Version of the AI system",
    f"{_XMP}CreatorTool": "Program",
    f"{_XMP}CreateDate": "Made",
    f"{_XMP}ModifyDate": "Changed",
    "{http://purl.org/dc/terms/}provenance": "Address of a manifest elsewhere, which is not fetched",
}
_RESOURCE: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource"
_BY_A_MODEL: Final = ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "algorithmicMedia")
_LONGEST: Final = 4 << 20
"""Bytes of a packet that is parsed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Xmp:
    """Properties of an XMP packet that say how the file came about."""

    name: ClassVar[str] = "xmp"
    title: ClassVar[str] = "XMP"

    def look(self, file: ImageFile) -> Finding:
        """The properties, with the kind of source first.

        Args:
            file: from outside.

        Raises:
            ImageError: when the packet cannot be read, or declares entities, which no XMP needs.
        """
        packet = file.xmp
        if packet is None:
            return Finding(
                source=self.name, title=self.title, state=State.ABSENT, summary="The file has no XMP packet."
            )
        root = _parsed(packet)
        facts = {word: said for tag, word in _SHOWN.items() if (said := listed(list(_values(root, tag))))}
        return Finding(source=self.name, title=self.title, state=State.PRESENT, summary=_summary(facts), facts=facts)


def _parsed(packet: bytes) -> ET.Element:
    """The packet as a tree.

    Raises:
        ImageError: when it is too long, declares entities or is not well formed.
    """
    if len(packet) > _LONGEST:
        raise ImageError(f"the XMP packet has {len(packet):,} bytes, of which at most {_LONGEST:,} are parsed")
    if b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        raise ImageError("the XMP packet declares entities, which could be made to grow without bound: not parsed")
    try:
        return ET.fromstring(packet.strip(b"\0 \r\n\t"))  # noqa: S314  (entities were refused)
    except ET.ParseError as error:
        raise ImageError(f"the XMP packet is no well-formed XML: {error}") from error


def _values(root: ET.Element, tag: str) -> Iterator[str]:
    """What a property holds, written as an attribute, as a text, as a list or as a reference."""
    for element in root.iter():
        if tag in element.attrib:
            yield element.attrib[tag]
        if element.tag == tag:
            yield element.attrib.get(_RESOURCE) or " ".join("".join(element.itertext()).split())


def _summary(facts: dict[str, str]) -> str:
    kind = facts.get("Kind of source (IPTC)", "")
    if any(word in kind for word in _BY_A_MODEL):
        return f"The file says that a model made all or part of it ({kind.rpartition('/')[2]})."
    if kind:
        return f"The file calls its kind of source {kind.rpartition('/')[2]}."
    if "Program" in facts:
        return f"The file says that {facts['Program']} wrote it."
    return "The file has an XMP packet, which does not say what made it."


SOURCE: Final = Xmp
