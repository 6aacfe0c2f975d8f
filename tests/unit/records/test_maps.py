"""The record of a map: what it refuses, what it says, and its files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wherefrom.core.card import Card
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.records.maps import EvidenceMap, Flags, load_map, map_from_json, save_map


def made(supports: Flags | None = None, masked: Flags | None = None) -> EvidenceMap:
    """A map of 4 x 5 cells."""
    nothing = np.zeros((4, 5), dtype=np.bool_)
    hidden = nothing if masked is None else masked
    return EvidenceMap(
        image=ImageFacts(name="<b>.jpg", width=20, height=16, jpeg_tables=((1,) * 64,), changes=("grey",)),
        model="zoo:kl-f8-a",
        decoder="d" * 64,
        method=Card(kind="method", name="control, by cell", facts={"copies": "a+b"}),
        statistic=np.where(hidden, np.nan, np.linspace(-1, 0.1, 20).reshape(4, 5)),
        masked=hidden,
        supports=nothing if supports is None else supports,
        stride=4,
        window=20,
        threshold=-0.1,
        strict=-0.2,
        spread=0.03,
        chance=0.01,
        chance_by_symmetry=1 / 3,
    )


def cells(count: int) -> Flags:
    """The first cells."""
    return (np.arange(20) < count).reshape(4, 5)


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_a_file_gives_the_map_back(suffix: str, tmp_path: Path) -> None:
    found = made(cells(6), np.roll(cells(3), 9))
    save_map(found, tmp_path / f"m{suffix}")
    again = load_map(tmp_path / f"m{suffix}")
    for name in ("statistic", "masked", "supports"):
        assert np.array_equal(getattr(again, name), getattr(found, name), equal_nan=name == "statistic")
    assert again.to_json() == found.to_json()
    assert again.image == found.image
    assert again.method == found.method


def test_shares_are_of_what_could_be_judged() -> None:
    found = made(cells(6), np.roll(cells(5), 15))
    assert (found.judged, found.share, found.share_masked) == (15, 6 / 15, 0.25)
    assert found.over_pixels("supports").sum() == 6 * 16
    with pytest.raises(UsageError, match="none of statistic"):
        found.over_pixels("image")


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "no part of the area that can be judged is consistent with this decoder"),
        (
            10,
            "about 50% of the area that can be judged is consistent with this decoder, the rest is not: the image may",
        ),
        (20, "about 100% of the area that can be judged is consistent with this decoder"),
    ],
)
def test_the_sentence_fits_the_share(count: int, said: str) -> None:
    assert made(cells(count)).sentence.startswith(said)


def test_arrays_that_disagree_are_refused() -> None:
    with pytest.raises(ProfileError, match="masked and support"):
        made(cells(3), cells(2))
    with pytest.raises(ProfileError, match="number in a masked cell"):
        replace(made(), masked=cells(2))
    with pytest.raises(ProfileError, match="one shape"):
        replace(made(), supports=np.zeros((5, 4), dtype=np.bool_))


@pytest.mark.parametrize(
    "change",
    [
        {"wherefrom": "profile"},
        {"schema": 2},
        {"statistic": [[0, "x"]]},
        {"supports": [[0, 1]]},
        {"corner": [1]},
        {"image": {"name": "a"}},
        {"stride": None},
    ],
)
def test_a_damaged_map_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ProfileError, match="no map"):
        map_from_json({**made().to_json(), **change})


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    for name, data in (("a.json", b"[1"), ("b.json", b"[]"), ("a.npz", b"PK"), ("b.npz", b"")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ProfileError):
            load_map(tmp_path / name)
    np.savez(tmp_path / "c.npz", about=np.array(json.dumps({})), statistic=np.array([object()]))
    with pytest.raises(ProfileError):
        load_map(tmp_path / "c.npz")
    with pytest.raises(UsageError, match="no file"):
        load_map(tmp_path / "d.json")
    for act in (load_map, lambda path: save_map(made(), path)):
        with pytest.raises(UsageError, match=r"use \.json or \.npz"):
            act(tmp_path / "a.txt")
