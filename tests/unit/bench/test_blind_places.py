"""The table of what the search of `blind` finds: what is true of an edit, and what counts as found."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from wherefrom.bench import blind_places
from wherefrom.bench.edits_blind import blind_asked, without_turns
from wherefrom.bench.shared.setting import Setting
from wherefrom.core.arrays import Scores
from wherefrom.images import edits
from wherefrom.models.toy import Toy


class _Searched:
    """A workspace in which the search found what it is told."""

    def __init__(self, edit: str, columns: dict[str, list[float]]) -> None:
        self.setting = Setting(work=Path("work"), edits=(edit,))
        self.columns = columns
        self.methods: list[Any] = []

    def model(self, name: str) -> Toy:
        del name
        return Toy()

    def edited(self, paths: list[Path], edit: str) -> list[Path]:
        assert edit in self.setting.edits
        return paths

    def table(self, name: str, method: Any, paths: list[Path]) -> Any:
        del name
        assert len(paths) == len(self.columns["found_top"])
        self.methods.append(method)
        return SimpleNamespace(scores=Scores({key: np.array(values) for key, values in self.columns.items()}))


def _row(monkeypatch: pytest.MonkeyPatch, edit: str, **columns: list[float]) -> blind_places.PlacesRow:
    count = len(columns["found_top"])
    workspace: Any = _Searched(edit, columns)
    monkeypatch.setattr(blind_places, "asked", lambda _: ["toy"])
    monkeypatch.setattr(
        blind_places, "images", lambda *_: ([Path("a")] * (count // 2), [Path("b")] * (count - count // 2))
    )
    (row,) = blind_places.TABLE.rows(workspace)
    assert workspace.methods == [blind_asked(edit)]
    return row  # type: ignore[no-any-return]


def test_a_place_is_found_where_both_sides_are_right_and_the_image_was_searched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three columns and five rows cut off leave five and three before the next cell of 8 pixels."""
    row = _row(
        monkeypatch,
        "crop:3,5+jpeg:90",
        found_top=[3, 3, 5, 3],
        found_left=[5, 5, 3, 4],
        found_turn=[0, 0, 0, 0],
        found_scale=[1, 1, 1, 1],
        found_searched=[1, 0, 1, 1],
    )
    assert (row.sought, row.found["count"], row.found["of"], row.unsearched) == ("place", 1, 4, 1)
    assert (
        blind_places.markdown({"rows": [dataclasses.asdict(row)]})
        .splitlines()[2]
        .startswith("| toy | crop:3,5+jpeg:90 | place | 1/4 (")
    )


def test_a_scale_is_found_within_a_pixel_in_two_hundred_wherever_the_grid_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = _row(
        monkeypatch,
        "resize:0.75",
        found_top=[0, 0, 0],
        found_left=[0, 1, 0],
        found_scale=[0.75, 0.7533, 0.7826],
        found_searched=[1, 1, 1],
    )
    assert (row.sought, row.found["count"], row.found["of"]) == ("scale", 2, 3)


def test_a_turn_is_found_where_it_and_the_place_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    row = _row(
        monkeypatch,
        "turn90+crop:3,5",
        found_top=[5, 5, 5],
        found_left=[5, 5, 0],
        found_turn=[1, 3, 1],
        found_scale=[1, 1, 1],
        found_searched=[1, 1, 1],
    )
    assert (row.sought, row.found["count"], row.found["of"]) == ("place and turn", 1, 3)


@pytest.mark.parametrize(
    ("edit", "wanted"),
    [
        ("none", (1.0, 0, 0, 0)),
        ("crop:8,16", (1.0, 0, 0, 0)),
        ("crop:3,5", (1.0, 0, 3, 5)),
        ("crop:3,5+jpeg:75", (1.0, 0, 3, 5)),
        ("crop:3,5+crop:1,0", (1.0, 0, 3, 4)),
        ("resize:0.5", (0.5, 0, 0, 0)),
        ("jpeg:90+resize:1.5", (1.5, 0, 0, 0)),
        ("turn90", (1.0, 1, 0, 0)),
        # Three rows go as columns, and three columns as the last rows, so that whole cells are left.
        ("turn90+crop:3,5", (1.0, 1, 5, 5)),
        ("crop:3,5+turn180+jpeg:90", (1.0, 2, 0, 0)),
        ("mirror+crop:3,5", (1.0, 4, 3, 3)),
        ("mirror+turn90", (1.0, 6, 0, 0)),
        ("turn90+turn270", (1.0, 0, 0, 0)),
    ],
)
def test_what_is_true_of_an_edit(edit: str, wanted: tuple[float, int, int, int]) -> None:
    assert dataclasses.astuple(blind_places.truth_of(edits.load(edit), 8)) == wanted


@pytest.mark.parametrize(
    ("edit", "find", "scales", "known"),
    [
        ("crop:3,5+jpeg:75", "crop", "", "crop:3,5+jpeg:75"),
        ("turn90+crop:3,5+jpeg:75", "crop+turns", "", "crop:3,5+jpeg:75"),
        ("mirror", "crop+turns", "", "none"),
        ("resize:0.75", "crop", "any", "resize:0.75"),
    ],
)
def test_what_is_searched_for_and_what_is_left_to_who_knows_the_turn(
    edit: str, find: str, scales: str, known: str
) -> None:
    asked = blind_asked(edit)
    assert (asked.find, asked.scales) == (find, scales)
    assert without_turns(edit) == known
