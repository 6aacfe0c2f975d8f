"""`wherefrom metadata` and `wherefrom export`: what files say of themselves, and results for other systems."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import call
from tests.signed_images import image_bytes, signed_image, signer
from tests.unit.report.examples import judged, profile_of
from wherefrom.images.read import read_image
from wherefrom.report.writing import write_report

ODD = "<script>\x1b[31m.png"


def test_what_files_say_is_a_table_or_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ODD).write_bytes(signed_image(program="Tool \x1b[31m"))
    (tmp_path / "text.png").write_text("no image")
    done = call(capsys, "metadata", tmp_path, "--source", "c2pa", "--source", "exif")
    assert done.code == 0, done.err
    assert "(validation state: Valid)" in done.out
    assert "\x1b" not in done.out
    rows = call(capsys, "metadata", tmp_path, "--json").rows
    assert [row["name"] for row in rows] == [str(tmp_path / ODD), str(tmp_path / "text.png")]
    assert {"c2pa", "exif", "generation", "xmp"} < {each["source"] for each in rows[0]["findings"]}
    assert all(each["state"] == "could not look" for each in rows[1]["findings"])


def test_authorities_are_given_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.png").write_bytes(signed_image())
    (tmp_path / "ca.pem").write_bytes(signer().authority)
    given = ("metadata", tmp_path / "a.png", "--source", "c2pa", "--anchors")
    assert "(validation state: Trusted)" in call(capsys, *given, tmp_path / "ca.pem").out
    refused = call(capsys, *given, tmp_path / "a.png")
    assert (refused.code, "cannot be read" in refused.err) == (2, True)


def test_a_file_that_cannot_be_read_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.png").write_bytes(image_bytes())
    (tmp_path / "empty.png").touch()
    assert call(capsys, "metadata", tmp_path, "--source", "exif").code == 3


@pytest.fixture
def report(tmp_path: Path) -> Any:
    """A report on `a.png`, as its JSON."""
    (tmp_path / "a.png").write_bytes(signed_image())
    profile = profile_of()
    found = judged(profile, 0.9, images=[read_image(tmp_path / "a.png").facts])
    page = write_report(found, profiles=profile, folder=tmp_path / "r", images=[tmp_path / "a.png"])
    return page.with_suffix(".json")


def test_a_result_is_written_for_other_systems(
    report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("export", report, "--out", tmp_path / "o.json")
    done = call(capsys, *given, "--to", "c2pa", "--label", "com.example.attribution")
    assert done.code == 0, done.err
    assert json.loads((tmp_path / "o.json").read_text())["label"] == "com.example.attribution"
    again = call(capsys, *given, "--to", "jpeg-trust", "--image", tmp_path / "a.png")
    assert (again.code, "is there already" in again.err) == (2, True)
    assert call(capsys, *given, "--to", "jpeg-trust", "--image", tmp_path / "a.png", "--force").code == 0
    assert len(json.loads((tmp_path / "o.json").read_text())["manifests"]) == 1


def test_a_copy_is_signed(report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "chain.pem").write_bytes(signer().certificates)
    (tmp_path / "key.pem").write_bytes(signer().key)
    given = ("export", report, "--to", "c2pa", "--out", tmp_path / "signed.png", "--image", tmp_path / "a.png")
    half = call(capsys, *given, "--certificates", tmp_path / "chain.pem")
    assert (half.code, "give all of them" in half.err) == (2, True)
    who = ("--certificates", tmp_path / "chain.pem", "--key", tmp_path / "key.pem")
    done = call(capsys, *given, *who)
    assert done.code == 0, done.err
    rows = call(capsys, "metadata", tmp_path / "signed.png", "--source", "c2pa", "--json").rows
    assert "wherefrom.attribution" in rows[0]["findings"][0]["facts"]["Assertions"]
    over = call(capsys, *given[:4], tmp_path / "a.png", *given[6:], "--image", tmp_path / "a.png", *who, "--force")
    assert over.code == 2
