"""What was learned of a decoder's grid is learned once, and a damaged file costs learning it again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from wherefrom.methods.arithmetic import kept_lattice
from wherefrom.methods.arithmetic.kept_lattice import lattice_name, lattice_of, scale_lattice_of
from wherefrom.methods.arithmetic.lattice import PATCH, Lattice, MatchedFilter
from wherefrom.methods.arithmetic.scale_lattice import ScaleLattice
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


def _drawn_scale(*, first: float = 0.0, factor: int = 8) -> ScaleLattice:
    rng = np.random.default_rng(3)
    centre = rng.normal(size=(3, factor, factor))
    centre[0, 0, 0] += first
    return ScaleLattice(
        scale=0.5,
        filters=torch.from_numpy(rng.normal(size=(3, 3, PATCH, PATCH)).astype(np.float32)),
        matched=MatchedFilter(weights=rng.normal(size=(factor, factor, 3)).astype(np.complex128), deviation=2.5),
        centre=centre,
        pixels=144**2,
    )


@pytest.fixture
def scales_learned(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The factors for which something was learned, in order; nothing is in memory."""
    scales: list[float] = []

    def learn(_reconstructed: object, _drawn: object, scale: float, _factor: int, **_: object) -> ScaleLattice:
        scales.append(scale)
        return dataclasses.replace(_drawn_scale(), scale=scale)

    monkeypatch.setattr(kept_lattice, "learned_scale_lattice", learn)
    monkeypatch.setattr(kept_lattice, "training_pictures", lambda _: ([], []))
    monkeypatch.setattr(kept_lattice, "_pictures", {})
    monkeypatch.setattr(kept_lattice, "_scale_lattices", {})
    return scales


def test_what_is_learned_for_a_factor_is_learned_once_and_the_same_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scales_learned: list[float]
) -> None:
    first = scale_lattice_of(_MODEL, 0.49, cache=tmp_path)
    assert scale_lattice_of(_MODEL, 0.51, cache=tmp_path) is first
    monkeypatch.setattr(kept_lattice, "_scale_lattices", {})
    again = scale_lattice_of(_MODEL, 0.5, cache=tmp_path)
    assert scale_lattice_of(_MODEL, 1.97, cache=tmp_path).scale == 2
    assert scales_learned == [0.5, 2.0]
    assert scale_lattice_of(_MODEL, 2, stored=True, cache=tmp_path).scale == 2
    assert scales_learned == [0.5, 2.0, 2.0], "what a JPEG leaves is learned by itself"
    assert len(list(tmp_path.iterdir())) == 3
    parts = [torch.rand((1, 3, 40, 48), generator=torch.Generator().manual_seed(1))]
    np.testing.assert_array_equal(first.evidence(parts), again.evidence(parts))


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param(b"no archive", id="no archive"),
        pytest.param(_drawn_scale(first=np.nan), id="not finite"),
        pytest.param(_drawn_scale(factor=4), id="of another factor"),
    ],
)
def test_what_is_damaged_of_a_factor_is_learned_again(
    kept: bytes | ScaleLattice, tmp_path: Path, scales_learned: list[float]
) -> None:
    place = tmp_path / lattice_name(_MODEL, scale=0.5)
    if isinstance(kept, bytes):
        place.write_bytes(kept)
    else:
        kept_lattice._keep(kept_lattice._scale_arrays(kept), place)
    scale_lattice_of(_MODEL, 0.5, cache=tmp_path)
    assert scales_learned == [0.5]
