"""What a person reads of many images, and how models of one's own are found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import call, save_noise
from wherefrom import methods
from wherefrom.core.errors import UsageError

BOUNDS = ("--alpha", 0.1, "--beta", 0.1)
OWN = """
from wherefrom.models.toy import Toy

def model():
    return Toy(gain=0.7)
"""


def test_many_images_are_counted_first_and_rows_come_by_outcome(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = save_noise(tmp_path / "many", range(200, 230))
    (many / "bad.png").write_text("no image")
    given = ["attribute", many, made.held, "--profile", made.profile, *BOUNDS]
    done = call(capsys, *given)
    assert done.code == 3
    rows = call(capsys, *given, "--json").rows
    counts = {outcome: sum(row["outcome"] == outcome for row in rows) for outcome in ("SUPPORTED", "EXCLUDED")}
    first, *lines = done.out.splitlines()
    assert first.startswith(f"39 images: {counts['SUPPORTED']} SUPPORTED, 0 COMPATIBLE, {counts['EXCLUDED']} EXCLUDED")
    assert first.endswith("1 UNDECIDED, of which 1 could not be scored")
    assert f"EXCLUDED: {counts['EXCLUDED']} images, the first 10" in done.out
    assert done.out.index("SUPPORTED: ") < done.out.index("EXCLUDED: ") < done.out.index("UNDECIDED: ")
    assert sum("noise-2" in line for line in lines) <= 10
    longest = max(len(str(tmp_path / "many" / "noise-200.png")), len(str(made.held)) + 30)
    assert max(map(len, lines)) < longest + 150
    assert "--all" in lines[-1]
    whole = call(capsys, *given, "--all")
    assert all(row["name"] in whole.out and row["reason"] in whole.out for row in rows)
    assert whole.out.splitlines()[0] == first


def test_one_image_is_told_whole(made: Any, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["attribute", made.held / "noise-100.png", "--profile", made.profile, *BOUNDS]
    done = call(capsys, *given)
    (row,) = call(capsys, *given, "--json").rows
    assert done.out.startswith("1 image: 0 SUPPORTED, 0 COMPATIBLE, 1 EXCLUDED, 0 UNDECIDED")
    assert row["reason"] in done.out


def test_several_candidates_are_counted_by_answer_and_candidate(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.json"
    other.write_bytes(made.profile.read_bytes())
    done = call(capsys, "attribute", made.held, "--profile", made.profile, "--profile", other, *BOUNDS)
    assert done.code == 0
    first, *_ = done.out.splitlines()
    assert first.startswith("8 images: ")
    assert "none of these" in first
    assert "candidate" in done.out
    assert "EXCLUDED toy, other" in done.out
    whole = call(capsys, "attribute", made.held, "--profile", made.profile, "--profile", other, *BOUNDS, "--all")
    assert "1 candidate decoder at beta=0.1 together" in whole.out


def test_verdicts_in_files_say_how_and_when(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    given = ["attribute", made.held, "--profile", made.profile, *BOUNDS, "--json"]
    rows = call(capsys, *given, "--out", tmp_path / "v.csv").rows
    assert {row["time"] for row in rows} == {"2023-11-14T22:13:20+00:00"}
    assert rows[0]["method_options"]["adjustment"] == "none"
    assert rows[0]["seed"] == 0
    header, line, *_ = (tmp_path / "v.csv").read_text().splitlines()
    assert {"version", "time", "seed", "method_options", "rule_options"} <= set(header.split(","))
    assert "2023-11-14T22:13:20+00:00" in line
    assert call(capsys, *given, "--out", tmp_path / "v.parquet").rows == rows


@pytest.mark.parametrize("trusted", [True, False])
def test_a_model_beside_one_is_found_as_python_m_finds_it(trusted: bool, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text(OWN)
    program = "import sys; from wherefrom.cli import main; sys.argv[0] = 'wherefrom'; main()"
    given = ["generate", "beside:model", "--count", "1", "--out", "made", *(["--trust"] if trusted else [])]
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, *given], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode == 0) is trusted, done.stderr
    assert len(list(tmp_path.glob("made/*.png"))) == int(trusted)
    if not trusted:
        assert "--trust" in done.stderr


def test_a_relative_method_takes_no_reference_of_its_own(made: Any, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "score", made.held, "--model", "toy", "--method", "relative")
    assert done.code == 2
    assert "method 'relative' needs the option reference (what `load_model` takes" in done.err
    assert "--option reference=VALUE" in done.err
    with pytest.raises(UsageError, match="in Python by reference=VALUE"):
        methods.load("relative")
    told = {option.name: option for option in methods.describe("relative").options}
    assert told["reference"].required
    assert not told["floor"].required
    given = methods.load("relative", reference="toy", method="reconstruction")
    assert given.card.facts["reference"] == "toy"
