"""A result as a C2PA assertion, in a signed manifest, and as trust indicators."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from PIL import Image

from tests.signed_images import image_bytes, signed_image, signer
from tests.unit.report.examples import judged, profile_of
from wherefrom.core.errors import UsageError
from wherefrom.exporting import (
    Credentials,
    Reported,
    c2pa_assertion,
    read_report,
    trust_indicators,
    with_manifest,
)
from wherefrom.images.read import DEFAULT_LIMITS, read_image
from wherefrom.report.writing import write_report
from wherefrom.side_evidence.image_file import ImageFile
from wherefrom.side_evidence.sources.c2pa import C2pa

PEM = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def report_on(file: bytes, folder: Path) -> bytes:
    """The JSON of a report on a file."""
    (folder / "a.png").write_bytes(file)
    profile = profile_of()
    found = judged(profile, 0.9, images=[read_image(folder / "a.png").facts])
    page = write_report(found, profiles=profile, folder=folder / "r", images=[folder / "a.png"])
    return page.with_suffix(".json").read_bytes()


@pytest.fixture
def result(tmp_path: Path) -> Reported:
    return read_report(report_on(image_bytes(), tmp_path))


def test_an_assertion_says_what_the_report_says(result: Reported) -> None:
    found = c2pa_assertion(result, label="com.example.attribution")
    data = found["data"]
    assert found["label"] == "com.example.attribution"
    assert data["answer"] == result.answer
    assert data["kind"] == "consistent with"
    assert data["image"]["file_sha256"] == hashlib.sha256(image_bytes()).hexdigest()
    assert data["candidates"][0]["outcome"] == "SUPPORTED"
    assert data["candidates"][0]["decoder_sha256"] == "d" * 64
    assert data["candidates"][0]["promised_rate_of_misses"] == 0.05
    assert "about no person" in data["limits"]
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("attribution", "is no label"),
        ("a..b", "is no label"),
        ("c2pa.actions", "of their own"),
        ("a.b\n", "is no label"),
    ],
)
def test_a_label_is_of_the_signers_own(result: Reported, label: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        c2pa_assertion(result, label=label)


@pytest.mark.parametrize("signed", [False, True], ids=["none before", "one before"])
def test_a_signed_copy_holds_the_result_and_the_same_pixels(signed: bool, tmp_path: Path) -> None:
    file = signed_image() if signed else image_bytes()
    result = read_report(report_on(file, tmp_path))
    who = Credentials(certificates=signer().certificates, key=signer().key)
    copy = with_manifest(result, file, who)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(copy))), np.asarray(Image.open(io.BytesIO(file))))
    found = C2pa(anchors=signer().authority.decode())
    held = found.indicators(ImageFile(name="copy", data=copy, limits=DEFAULT_LIMITS))
    assert len(held["manifests"]) == 1 + signed
    (said,) = (each["assertions"] for each in held["manifests"] if "wherefrom.attribution" in each["assertions"])
    assert said["wherefrom.attribution"]["answer"] == result.answer
    assert not any(each["validationResults"]["failure"] for each in held["manifests"][:1])


def test_another_file_is_not_signed(result: Reported) -> None:
    who = Credentials(certificates=signer().certificates, key=signer().key)
    with pytest.raises(UsageError, match="the report is on"):
        with_manifest(result, image_bytes("JPEG"), who)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (b"no key", "cannot be read"),
        (ec.generate_private_key(ec.SECP256K1()).private_bytes(*PEM), "not by secp256k1"),
        (x25519.X25519PrivateKey.generate().private_bytes(*PEM), "not by X25519"),
        (ec.generate_private_key(ec.SECP256R1()).private_bytes(*PEM), "does not sign this"),
    ],
    ids=["none", "curve", "kind", "another's"],
)
def test_a_key_that_cannot_sign_is_refused(result: Reported, key: bytes, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        with_manifest(result, image_bytes(), Credentials(certificates=signer().certificates, key=key))


def test_trust_indicators_have_the_result_beside_the_manifests(tmp_path: Path) -> None:
    file = signed_image()
    result = read_report(report_on(file, tmp_path))
    found = trust_indicators(result, file=file)
    assert found["@context"]["@vocab"] == "https://jpeg.org/jpegtrust"
    assert all(":" in value for value in found["@context"].values())
    assert base64.b64decode(found["asset_info"]["hash"]) == hashlib.sha256(file).digest()
    assert found["manifests"][0]["assertions"]["c2pa.actions.v2"]["actions"][0]["action"] == "c2pa.created"
    assert found["content"]["imageWidth"] == 32
    assert found["content"]["wherefrom:attribution"] == c2pa_assertion(result)["data"]
    assert found["metadata"]["wherefrom:sideEvidence"][0]["state"] == "present"
    assert "manifests" not in trust_indicators(result), "without the file nobody has looked"
    with pytest.raises(UsageError, match="the report is on"):
        trust_indicators(result, file=image_bytes())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"wherefrom": "evaluation"}, "not the JSON of a report"),
        ({"schema": 2}, "schema 2, this version reads 1"),
        ({"candidates": [{}]}, "not of the expected form, at candidates.0"),
        ({"image": {}}, "not of the expected form, at image"),
    ],
)
def test_what_is_no_report_is_refused(change: dict[str, object], reason: str, tmp_path: Path) -> None:
    held = json.loads(report_on(image_bytes(), tmp_path)) | change
    with pytest.raises(UsageError, match=reason):
        read_report(json.dumps(held).encode())


def test_a_report_on_no_file_binds_to_nothing(tmp_path: Path) -> None:
    held = json.loads(report_on(image_bytes(), tmp_path))
    held["image"]["file_digest"] = None
    with pytest.raises(UsageError, match="nothing to bind to"):
        read_report(json.dumps(held).encode())
    with pytest.raises(UsageError, match="this is no JSON"):
        read_report(b"\xff")


@pytest.mark.parametrize("text", ["no json", "{}", '{"wherefrom": "report", "schema": 1}'])
def test_the_command_names_the_file_that_is_no_report(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from wherefrom.cli import run

    (tmp_path / "r.json").write_text(text)
    assert run(["export", str(tmp_path / "r.json"), "--to", "c2pa", "--out", str(tmp_path / "o.json")]) == 2
    assert capsys.readouterr().err.startswith(f"error: {tmp_path}/r.json: th")
