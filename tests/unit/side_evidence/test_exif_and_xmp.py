"""EXIF and XMP: what says how a file came about, without persons and places."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.signed_images import MADE_BY_A_MODEL, image_bytes
from wherefrom.side_evidence import Finding, State, side_evidence_of

PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:i="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    ' xmp:CreatorTool="Some tool"><i:DigitalSourceType>{kind}</i:DigitalSourceType></rdf:Description></rdf:RDF>'
    "</x:xmpmeta>"
)


def photo(kind: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif.update({0x010F: "NIKON", 0x0110: "D700", 0x0131: "darktable 4", 0x013B: "Jane Doe", 0x0132: "2024:01:02"})
    exif.get_ifd(0x8769).update({0x829D: 4.0, 0xA430: "Jane Doe"})
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.5)})
    return image_bytes(kind, exif=exif)


def look(data: bytes, source: str) -> Finding:
    return side_evidence_of(data, sources=[source])[source]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_exif_tells_the_camera_and_leaves_out_persons_and_places(kind: str) -> None:
    found = look(photo(kind), "exif")
    assert found.state is State.PRESENT
    assert found.summary == "The file says that a camera NIKON D700 took it and that darktable 4 wrote it."
    assert found.facts["Aperture"] == "4.0"
    private = found.facts["Not shown, as it may name a person or a place"]
    assert private == "Artist, CameraOwnerName, GPSInfo"
    assert "Jane" not in repr(found)
    assert "52" not in repr(found)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP"])
def test_no_exif_is_absent(kind: str) -> None:
    assert look(image_bytes(kind), "exif").state is State.ABSENT


def test_a_tiff_has_the_tags_of_exif_among_its_own() -> None:
    found = look(photo("TIFF"), "exif")
    assert found.summary == "The file says that a camera NIKON D700 took it and that darktable 4 wrote it."
    assert found.facts["Not shown, as it may name a person or a place"].startswith("Artist")


def test_a_damaged_file_is_no_absence() -> None:
    found = look(photo()[:40], "exif")
    assert found.state is State.NOT_LOOKED
    assert "damaged" in found.summary or "truncated" in found.summary


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_xmp_tells_the_kind_of_source(kind: str) -> None:
    found = look(image_bytes(kind, xmp=PACKET.format(kind=MADE_BY_A_MODEL).encode()), "xmp")
    assert found.summary == "The file says that a model made all or part of it (trainedAlgorithmicMedia)."
    assert found.facts["Program"] == "Some tool"
    camera = look(image_bytes(kind, xmp=PACKET.format(kind="http://x/digitalCapture").encode()), "xmp")
    assert camera.summary == "The file calls its kind of source digitalCapture."
    assert look(image_bytes(kind), "xmp").state is State.ABSENT


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        ('<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>', "declares entities"),
        ("<a><b></a>", "no well-formed XML"),
        ("<a>" + "x" * 5_000_000 + "</a>", "of which at most"),
    ],
)
def test_a_hostile_packet_is_not_parsed(packet: str, reason: str) -> None:
    found = look(image_bytes("WEBP", xmp=packet.encode()), "xmp")
    assert found.state is State.NOT_LOOKED
    assert reason in found.summary
