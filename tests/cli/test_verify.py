"""`wherefrom attribute --bundle` and `wherefrom verify`: from images to a bundle, and back without the model."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import toy_bundles
from tests.cli.calling import call

BOUNDS = ("--alpha", 0.1, "--beta", 0.1)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> toy_bundles.Keys:
    return toy_bundles.keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def question(made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[object, ...]:
    """Two images by names without a folder, as a bundle should tell of them."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(min(made.held.glob("toy*")), "toy-1.png")
    shutil.copy(made.held / "noise-100.png", "noise-100.png")
    return ("attribute", "toy-1.png", "noise-100.png", "--profile", made.profile, *BOUNDS)


def test_a_signed_bundle_is_verified(
    question: tuple[object, ...], keys: toy_bundles.Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    told = call(capsys, *question, "--json", "--bundle", "b.zip", "--sign", keys.private, "--bundle-images")
    assert told.code == 0, told.err
    done = call(capsys, "verify", "b.zip", "--key", keys.public, "--image", "toy-1.png", "--json")
    assert done.code == 0, done.out + done.err
    (found,) = done.rows
    assert found["verified"]
    assert found["signed_by"]
    assert set(found["images"]) == {"toy-1.png", "noise-100.png"}
    for row, verdict in zip(told.rows, found["verdicts"], strict=True):
        assert {key: row[key] for key in ("name", "outcome", "statistic", "p_foreign", "profile")} == {
            key: verdict[key] for key in ("name", "outcome", "statistic", "p_foreign", "profile")
        }
    assert str(Path.cwd()) not in json.dumps(found["verdicts"])
    more = ["--bundle", "r.zip", "--report", "pages", "--no-pictures"]
    assert call(capsys, *question, *more).code == 0
    assert call(capsys, "verify", "r.zip", "-q").code == 0
    pages = {f"report/{path.relative_to('pages').as_posix()}" for path in Path("pages").rglob("*") if path.is_file()}
    with zipfile.ZipFile("r.zip") as archive:
        assert {name for name in archive.namelist() if name.startswith("report/")} == pages
    assert "report/index.html" in pages
    table = call(capsys, "verify", "b.zip")
    assert table.code == 0
    assert "verified: the bundle holds what it says; UNSIGNED or its signer not looked at" in table.out
    assert "warning: who wrote this bundle was not looked at" in table.err


def test_a_model_is_asked_again(question: tuple[object, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, *question, "--bundle", "b.zip").code == 0
    again = call(capsys, "verify", "b.zip", "--replay", "toy", "--image", "toy-1.png", "--json")
    assert again.code == 0, again.out
    checks = {check["name"]: check for check in again.rows[0]["checks"]}
    assert checks["scores again"]["state"] == "passed"
    assert "1 of 2 images scored again" in checks["scores again"]["reason"]
    assert "UNSIGNED: nobody vouches" in checks["signature"]["reason"]
    none = call(capsys, "verify", "b.zip", "--replay", "toy", "--json")
    assert {check["name"]: check["reason"] for check in none.rows[0]["checks"]}["scores again"].startswith(
        "no image of the bundle is at hand"
    )
    other = call(capsys, "verify", "b.zip", "--replay", "toy:0.5", "--image", "toy-1.png")
    assert other.code == 1
    assert "REFUSED: scores again: the images cannot be scored again: " in other.out
    assert "is another model than candidate 'toy' was profiled with (decoder: " in other.out
    two = call(capsys, "verify", "b.zip", "--replay", "toy", "--replay", "toy", "--image", "toy-1.png")
    assert (two.code, two.out) == (2, "")
    assert "2 --replay for 1 candidates" in two.err


def test_names_do_nothing_to_a_terminal(
    question: tuple[object, ...], keys: toy_bundles.Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = "\x1b[31m<script>\u202e.png"
    shutil.copy("toy-1.png", hostile)
    command = (question[0], hostile, *question[2:])
    assert call(capsys, *command, "--bundle", "\x1b[32mb.zip", "--bundle-images", "--sign", keys.private).code == 0
    table = call(capsys, "verify", "\x1b[32mb.zip", "--key", keys.public)
    assert table.code == 0, table.err
    line = call(capsys, "verify", "\x1b[32mb.zip", "--json")
    for text in (table.out, table.err, line.out, line.err):
        assert not {"\x1b", "\u202e"} & set(text)
    assert hostile in line.rows[0]["images"]
    refused = call(capsys, "verify", "\x1b[32mb.zip", "--image", "noise-100.png", "--image", hostile)
    assert refused.code == 0


def test_what_is_asked_wrongly_is_said_first(
    question: tuple[object, ...], keys: toy_bundles.Keys, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for more, said in (
        (("--sign", keys.private), "go with --bundle"),
        (("--bundle", "b.tar"), "use .zip"),
        (("--bundle", "b.zip", "--sign", keys.public), "is no private key in PEM"),
        (("--bundle", "b.zip", "--sign", "none.pem"), "cannot read the key none.pem"),
    ):
        done = call(capsys, *question, *more)
        assert (done.code, done.out) == (2, ""), more
        assert said in done.err
    Path("notes.zip").write_text("mine")
    kept = call(capsys, *question, "--bundle", "notes.zip")
    assert kept.code == 2
    assert "is no bundle that this program made" in kept.err
    assert [path.name for path in tmp_path.glob("*.zip")] == ["notes.zip"]
    missing = call(capsys, "verify", "none.zip")
    assert missing.code == 2
    assert "cannot read none.zip" in missing.err
    refused = call(capsys, "verify", "notes.zip", "--json")
    assert refused.code == 1
    assert refused.rows[0]["checks"][0]["state"] == "refused"


WITHOUT_TORCH = """
import sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "diffusers"):
            raise ImportError(f"{name} is not here")
sys.meta_path.insert(0, Without())
from wherefrom.cli import run
code = run(sys.argv[1:])
assert not {"torch", "diffusers", "scipy"} & set(sys.modules)
raise SystemExit(code)
"""


def test_a_bundle_is_verified_where_there_is_no_torch(keys: toy_bundles.Keys, tmp_path: Path) -> None:
    """Nor is scipy loaded, which takes half of the second that a bundle may take; here pools show a JPEG's grid."""
    candidates = [replace(each, profile=toy_bundles.profile(each.name, grid=True)) for each in toy_bundles.SEVERAL]
    bundle = toy_bundles.written(tmp_path, tuple(candidates), sign=keys.private)
    command = [sys.executable, "-c", WITHOUT_TORCH, "verify", str(bundle), "--key", str(keys.public)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "signed by key" in done.stdout
    assert all("grid of a JPEG" in said for each in candidates for said in each.profile.warnings)
    assert all(each.profile.warnings for each in candidates)
