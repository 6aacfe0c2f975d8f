"""The parts of a bundle by themselves: archives, names, comparison of verdicts and of scores."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import toy_bundles
from tests.toy_bundles import OTHER, SUSPECT
from wherefrom.attribution import Candidate
from wherefrom.bundle import State, verify
from wherefrom.bundle.archive import MOST_FILES, opened_archive, write_archive
from wherefrom.bundle.deciding import differences
from wherefrom.bundle.names import check_names, wrong_name
from wherefrom.bundle.parsing import plain_json
from wherefrom.bundle.results import Refused
from wherefrom.bundle.scored_again import PASSES, SEARCHED, tolerance_of
from wherefrom.core.arrays import Scores
from wherefrom.core.card import Card
from wherefrom.core.errors import ProfileError, UsageError


@pytest.mark.parametrize(
    "name", ["", "/a", "a//b", "a/../b", "..", "a/.", "a/ ", "a.", "a\\b", "a:b", "a\nb", "a\u202eb", "a/", "x" * 401]
)
def test_names_that_are_not_allowed(name: str) -> None:
    assert wrong_name(name) is not None


@pytest.mark.parametrize("name", ["a", "a/b.c", ".hidden", "käse 1.png", "a/..b", "-"])
def test_names_that_are_allowed(name: str) -> None:
    assert wrong_name(name) is None


def test_one_name_in_two_forms() -> None:
    """Composed and decomposed, small and large: one file on some systems."""
    assert "are one file name" in str(check_names(["\u00e4.png", "a\u0308.png"]))
    assert "are one file name" in str(check_names(["a.png", "A.PNG"]))


def test_an_archive_of_files_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "large.bin").write_bytes(bytes(range(256)) * 8192)
    write_archive(tmp_path / "a.zip", {"z": b"", "a/b": tmp_path / "large.bin"})
    with opened_archive(tmp_path / "a.zip") as archive:
        assert list(archive.entries) == ["a/b", "z"]
        assert archive.read("a/b") == (tmp_path / "large.bin").read_bytes()
        assert archive.read("z") == b""
    assert zipfile.ZipFile(tmp_path / "a.zip").testzip() is None


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_FILES > 20_000
    monkeypatch.setattr("wherefrom.bundle.archive.MOST_FILES", 2)
    write_archive(tmp_path / "a.zip", dict.fromkeys("abc", b""))
    with pytest.raises(Refused, match="lists 3 files, at most 2"), opened_archive(tmp_path / "a.zip"):
        pass


@pytest.mark.parametrize("text", [b"{", b"\xff", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"[" * 100_000])
def test_json_that_is_refused(text: bytes) -> None:
    with pytest.raises(Refused, match="it is not the JSON that is expected"):
        plain_json(text, "it")


@pytest.mark.parametrize(
    ("said", "again", "equal"),
    [
        (0.1, 0.1 * (1 + 1e-12), True),
        (0.1, 0.1001, False),
        (1, 1.0, True),
        (0, False, False),
        (None, 0.0, False),
        (2**63, 2**63 + 1, False),
        ([1, 0.5], [1, 0.5], True),
        ({"a": 1.0}, {"b": 1.0}, False),
    ],
)
def test_numbers_are_compared_nearly_and_all_else_exactly(said: Any, again: Any, equal: bool) -> None:
    assert (not list(differences({"seed": said}, {"seed": again}))) is equal


def test_candidates_are_compared_by_name_and_in_order() -> None:
    one, other = {"a": {"outcome": "x"}, "b": {}}, {"b": {}, "a": {"outcome": "x"}}
    assert list(differences({"verdicts": one}, {"verdicts": one})) == []
    (said,) = differences({"verdicts": one}, {"verdicts": other})
    assert said == "verdicts of ['a', 'b'], expected ['b', 'a']"
    (said,) = differences({"verdicts": one}, {"verdicts": {**one, "a": {"outcome": "y"}}})
    assert said == "of candidate 'a': outcome 'x', expected 'y'"


def rescored(factor: float, device: str = "cpu") -> Any:
    """What scores every image that it is given as before, times a factor."""

    def score_again(
        candidates: Sequence[Candidate], images: Mapping[str, bytes], *, edit: str | None
    ) -> list[Candidate]:
        assert edit is None
        found = []
        for each in candidates:
            (table,) = each.tables.values()
            rows = np.flatnonzero([facts.name in images for facts in table.images])
            card = replace(table.model, facts={**table.model.facts, "device": device})
            scores = Scores({name: column * factor for name, column in table.scores.columns.items()})
            found.append(replace(each, tables={"none": replace(table, scores=scores, model=card).take(rows)}))
        return found

    return score_again


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    for name, data in (("suspect.png", SUSPECT), ("other.png", OTHER)):
        (tmp_path / name).write_bytes(data)
    return [tmp_path / "suspect.png", tmp_path / "other.png"]


def test_scores_may_lie_within_the_tolerance(tmp_path: Path, images: list[Path]) -> None:
    bundle = toy_bundles.written(tmp_path, toy_bundles.SEVERAL)
    near = verify(bundle, images=images, score_again=rescored(1 + PASSES / 2, device="cuda"))
    (check,) = (check for check in near.checks if check.name == "scores again")
    assert check.state is State.PASSED
    assert check.reason.startswith("2 of 2 images scored again")
    (refusal,) = verify(bundle, images=images[:1], score_again=rescored(1.01)).refusals
    assert "column first of 'suspect.png' is 0.001515, the bundle says 0.0015" in refusal.reason
    assert verify(bundle, images=images, score_again=rescored(1.01), tolerance=0.02).verified
    (refusal,) = verify(bundle, images=images, score_again=rescored(1.4), tolerance=0.9).refusals
    assert "scored again, 'suspect.png' has another outcome: answer 'a', expected 'none of these'" in refusal.reason


def test_what_is_scored_again_must_be_at_hand(tmp_path: Path, images: list[Path]) -> None:
    del images
    bundle = toy_bundles.written(tmp_path)
    last = verify(bundle, score_again=rescored(1.0)).checks[-1]
    assert (last.state, last.reason) == (State.NOT_LOOKED_AT, "no image of the bundle is at hand: give its file")
    (whole,) = toy_bundles.candidate("a", (0.0015,)).tables.values()
    tile = replace(whole, images=(replace(whole.images[0], name="suspect.png#0,64"),))
    tiles = replace(toy_bundles.ONE[0], tables={"none": tile})
    last = verify(toy_bundles.written(tmp_path, (tiles,)), score_again=rescored(1.0)).checks[-1]
    assert "are not scored again" in last.reason


def test_a_model_that_refuses_is_a_refusal_and_a_wrong_name_is_none(tmp_path: Path, images: list[Path]) -> None:
    bundle = toy_bundles.written(tmp_path)

    def fails(error: Exception) -> Any:
        def score_again(*_: object, **__: object) -> list[Candidate]:
            raise error

        return score_again

    (refusal,) = verify(bundle, images=images, score_again=fails(ProfileError("another model"))).refusals
    assert refusal.reason == "the images cannot be scored again: another model"
    with pytest.raises(UsageError, match="no such model"):
        verify(bundle, images=images, score_again=fails(UsageError("no such model")))
    with pytest.raises(UsageError, match="need a number above 0"):
        verify(bundle, tolerance=1.5)
    with pytest.raises(UsageError, match="cannot read the image"):
        verify(bundle, images=[tmp_path / "none.png"])


@pytest.mark.parametrize(
    ("name", "facts", "expected"),
    [
        ("one-pass", {"metric": "mse"}, PASSES),
        ("stored-passes", {}, SEARCHED),
        ("traced", {"search": 1}, SEARCHED),
    ],
)
def test_the_tolerance_is_that_of_what_was_measured(name: str, facts: dict[str, Any], expected: float) -> None:
    (table,) = toy_bundles.ONE[0].tables.values()
    assert tolerance_of(replace(table, measure=Card(kind="measure", name=name, facts=facts))) == expected


def test_an_undefined_score_is_the_same_again(tmp_path: Path, images: list[Path]) -> None:
    undefined = toy_bundles.candidate("a", (0.0015, np.nan))
    found = verify(toy_bundles.written(tmp_path, (undefined,)), images=images, score_again=rescored(1.0))
    assert found.verified
    assert found.checks[-1].state is State.PASSED
