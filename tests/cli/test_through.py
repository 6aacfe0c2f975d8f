"""`--through`: a profile of edited images asks the model through the edit, and so does who uses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import call
from wherefrom.records.files import load_profile, load_table
from wherefrom.records.verdict import Outcome

BOUNDS = ("--alpha", 0.1, "--beta", 0.1)


@pytest.fixture(scope="module")
def edited(made: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The images of `made`, each folder half as large."""
    from wherefrom.cli import run

    place = tmp_path_factory.mktemp("edited")
    for name in ("belonging", "noise", "held"):
        given = ["edit", str(getattr(made, name)), "--edit", "resize:0.5", "--out", str(place / name), "-q"]
        assert run(given) == 0
    return {name: place / name for name in ("belonging", "noise", "held")}


def profiled(
    edited: dict[str, Path], out: Path, capsys: pytest.CaptureFixture[str], *more: object, model: str = "toy"
) -> Any:
    known = ("--belonging", edited["belonging"], "--foreign", f"noise={edited['noise']}")
    return call(capsys, "profile", model, "--method", "aedr", *known, "--out", out, *more)


def test_from_edited_images_to_verdicts(
    edited: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "half.json"
    done = profiled(edited, out, capsys, "--through", "resize:0.50")
    assert done.code == 0
    assert "toy through resize:0.5 by aedr" in done.out
    assert load_profile(out).model.facts["through"] == "resize:0.5"
    for more in ((), ("--through", "resize:0.5")):
        asked = call(capsys, "attribute", edited["held"], "--profile", out, *BOUNDS, "--json", *more)
        assert asked.code == 0
        rows = {Path(row["name"]).stem: row["outcome"] for row in asked.rows}
        assert {outcome for name, outcome in rows.items() if name.startswith("noise")} == {Outcome.EXCLUDED}
        ours = [outcome for name, outcome in rows.items() if name.startswith("toy")]
        assert len(ours) == 4
        assert ours.count(Outcome.SUPPORTED) >= 3


def test_a_profile_through_one_edit_is_not_used_through_another(
    made: Any, edited: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "half.json"
    assert profiled(edited, out, capsys, "--through", "resize:0.5").code == 0
    for profile, edit, said in (
        (out, "resize:0.75", "profile half is of toy asked through resize:0.5, not through resize:0.75"),
        (out, "none", "profile half is of toy asked through resize:0.5, not through none"),
        (made.profile, "resize:0.5", "profile toy is of toy asked through none, not through resize:0.5"),
    ):
        done = call(capsys, "attribute", edited["held"], "--profile", profile, *BOUNDS, "--through", edit)
        assert done.code == 1
        assert said in " ".join(done.err.split())
        assert "leave out --through" in done.err


def test_scores_through_an_edit(edited: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("score", edited["held"], "--model", "toy", "--method", "aedr", "--store", tmp_path / "s.sqlite")
    tables = []
    for number, more in enumerate(((), ("--through", "resize:0.5"), ("--through", "resize:0.5"))):
        out = tmp_path / f"{number}.parquet"
        done = call(capsys, *given, "--out", out, *more)
        assert done.code == 0
        assert f"under toy{' through resize:0.5' if more else ''} by aedr" in done.out
        tables.append(load_table(out))
    plain, through, again = (table.scores["first"] for table in tables)
    assert (plain != through).all()
    assert (through == again).all()


@pytest.mark.parametrize(
    ("edit", "said"),
    [("resise:0.5", "did you mean 'resize'"), ("screenshot:1.25", "write screenshot:1.25,LEFT,TOP,RIGHT,BOTTOM")],
)
def test_an_edit_that_cannot_be_asked_through(
    edited: dict[str, Path], edit: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    done = call(capsys, "score", edited["held"], "--model", "toy", "--through", edit)
    assert done.code == 2
    assert said in " ".join(done.err.split())
