"""C2PA manifests: the state as the library says it, and nothing fetched."""

from __future__ import annotations

import socket
import threading

import pytest

from tests.signed_images import image_bytes, signed_image, signer
from wherefrom.side_evidence import Finding, State, side_evidence_of
from wherefrom.side_evidence.sources.c2pa import C2pa


def look(data: bytes, anchors: str | None = None) -> Finding:
    return side_evidence_of(data, sources=[C2pa(anchors=anchors)])["c2pa"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_manifest_is_told_with_its_state(kind: str) -> None:
    data = signed_image(kind)
    found = look(data)
    assert found.state is State.PRESENT
    assert "(validation state: Valid)" in found.summary
    assert found.facts["Kind of source (IPTC)"] == "trainedAlgorithmicMedia"
    assert found.facts["Program"] == "Some generator 1.0"
    assert found.facts["Signed by the organisation"] == "Tests"
    assert found.facts["What failed"] == "signingCredential.untrusted"
    assert look(image_bytes(kind)).state is State.ABSENT


def test_a_signer_is_trusted_only_by_authorities_that_were_given() -> None:
    data = signed_image()
    assert "(validation state: Trusted)" in look(data, signer().authority.decode()).summary
    assert "(validation state: Valid)" in look(data).summary


def test_a_changed_pixel_is_seen() -> None:
    data = bytearray(signed_image())
    data[data.rfind(b"IDAT") + 200] ^= 1
    found = look(bytes(data))
    assert found.state is State.PRESENT
    assert "does not hold (validation state: Invalid: " in found.summary
    assert "assertion.dataHash.mismatch" in found.facts["What failed"]


def test_a_damaged_manifest_is_no_absence() -> None:
    data = signed_image()
    at = data.index(b"jumdc2pa")
    found = look(data[: at + 20] + b"\xff" * 40 + data[at + 60 :])
    assert found.state is State.NOT_LOOKED
    assert "cannot be read" in found.summary


def test_a_manifest_elsewhere_is_named_and_not_fetched() -> None:
    calls: list[bytes] = []
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def answer() -> None:
            while True:
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                calls.append(b"called")
                caller.close()

        threading.Thread(target=answer, daemon=True).start()
        place = f"http://127.0.0.1:{server.getsockname()[1]}/m.c2pa"
        found = look(signed_image(elsewhere=place))
        server.shutdown(socket.SHUT_RDWR)
    assert calls == []
    assert found.state is State.NOT_LOOKED
    assert found.summary == f"the file says that its manifest lies at {place}, and nothing is fetched"


def test_without_the_package_a_manifest_is_still_suspected(monkeypatch: pytest.MonkeyPatch) -> None:
    data = signed_image()

    def absent(name: str) -> None:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr("importlib.import_module", absent)
    found = look(data)
    assert found.state is State.NOT_LOOKED
    assert "pip install 'wherefrom[c2pa]'; the file holds bytes of a manifest" in found.summary
    assert "holds bytes" not in look(image_bytes()).summary


def test_words_of_a_manifest_are_shortened() -> None:
    assert len(look(signed_image(program="x" * 5000)).facts["Program"]) < 300
