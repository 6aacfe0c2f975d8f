"""What was learned of a decoder's grid is learned once, and a damaged file costs learning it again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from wherefrom.methods.arithmetic import kept_lattice
from wherefrom.methods.arithmetic.kept_lattice import lattice_name, lattice_of
from wherefrom.methods.arithmetic.lattice import PATCH, Lattice, MatchedFilter
from wherefrom.models.toy import Toy

_MODEL = Toy(gain=0.9)


def _drawn(seed: int = 0) -> Lattice:
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(2, 8, 8, 3)) + 1j * rng.normal(size=(2, 8, 8, 3))
    return Lattice(
        filters=torch.from_numpy(rng.normal(size=(3, 3, PATCH, PATCH)).astype(np.float32)),
        lossless=MatchedFilter(weights=weights[0], deviation=1.5),
        stored=MatchedFilter(weights=weights[1], deviation=2.5),
    )


@pytest.fixture
def learned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The decoders that were learned, in order; nothing is in memory."""
    names: list[str] = []

    def learn(model: Toy) -> Lattice:
        names.append(model.card.name)
        return _drawn()

    monkeypatch.setattr(kept_lattice, "learned_lattice", learn)
    monkeypatch.setattr(kept_lattice, "_lattices", {})
    return names


def _again(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Lattice:
    """As another process would have it."""
    monkeypatch.setattr(kept_lattice, "_lattices", {})
    return lattice_of(_MODEL, cache=folder)


def test_it_is_learned_once_and_the_same_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, learned: list[str]
) -> None:
    first = lattice_of(_MODEL, cache=tmp_path / "new")
    assert lattice_of(_MODEL, cache=tmp_path / "new") is first
    again = _again(monkeypatch, tmp_path / "new")
    assert learned == ["toy"]
    assert torch.equal(again.filters, first.filters)
    for one, other in ((again.lossless, first.lossless), (again.stored, first.stored)):
        np.testing.assert_array_equal(one.weights, other.weights)
        assert one.deviation == other.deviation


def _other_factor(place: Path) -> None:
    smaller = dataclasses.replace(_drawn(), lossless=_smaller(), stored=_smaller())
    kept_lattice._keep(kept_lattice._arrays(smaller), place)


def _smaller() -> MatchedFilter:
    return MatchedFilter(weights=np.ones((4, 4, 3), dtype=np.complex128), deviation=1.0)


def _not_finite(place: Path) -> None:
    broken = MatchedFilter(weights=np.full((8, 8, 3), np.nan + 0j), deviation=1.0)
    kept_lattice._keep(kept_lattice._arrays(dataclasses.replace(_drawn(), stored=broken)), place)


def _pickled(place: Path) -> None:
    np.savez(place, filters=np.array([{}], dtype=object))


_DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut short": lambda place: place.write_bytes(place.read_bytes()[:-200]),
    "empty": lambda place: place.write_bytes(b""),
    "no archive": lambda place: place.write_text("a lattice"),
    "of another factor": _other_factor,
    "not finite": _not_finite,
    "pickled": _pickled,
}


@pytest.mark.parametrize("damage", _DAMAGE)
def test_a_damaged_file_is_learned_again(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, learned: list[str]
) -> None:
    lattice_of(_MODEL, cache=tmp_path)
    _DAMAGE[damage](tmp_path / lattice_name(_MODEL))
    assert _again(monkeypatch, tmp_path).stored.deviation == 2.5
    _again(monkeypatch, tmp_path)
    assert learned == ["toy"] * 2


def test_a_folder_that_cannot_be_written_to_costs_learning_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, learned: list[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    _again(monkeypatch, tmp_path / "file" / "lattices")
    _again(monkeypatch, tmp_path / "file" / "lattices")
    assert learned == ["toy"] * 2


def test_its_name_says_all_that_it_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {lattice_name(_MODEL), lattice_name(Toy(gain=0.8))}
    monkeypatch.setattr(kept_lattice, "computing_digest", lambda: "another version")
    assert len(names | {lattice_name(_MODEL)}) == 3
