"""The least cut against every possible one, and outlines of parts in which the evidence is uneven."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wherefrom.mapping import outlines
from wherefrom.mapping.outlines import outlined
from wherefrom.records.maps import Flags, Grid

SIDE = 24


def cost(cells: Flags, weight: Grid) -> float:
    """What the cut makes least: the outline's length by eight neighbours, less the weights inside."""
    straight = np.pi / 8 * outlines._LENGTH
    slanted = straight / np.sqrt(2)
    sides = [(cells[1:] != cells[:-1], straight), (cells[:, 1:] != cells[:, :-1], straight)]
    sides += [(cells[1:, 1:] != cells[:-1, :-1], slanted), (cells[1:, :-1] != cells[:-1, 1:], slanted)]
    return float(sum(np.count_nonzero(side) * each for side, each in sides) - weight[cells].sum())


@settings(max_examples=20)
@given(st.lists(st.floats(-8, 8), min_size=9, max_size=9))
def test_no_other_cells_cost_less_than_those_of_the_cut(values: list[float]) -> None:
    weight = np.array(values).reshape(3, 3)
    every = (np.array(cells).reshape(3, 3) for cells in itertools.product((False, True), repeat=9))
    least = min(cost(cells, weight) for cells in every)
    assert cost(outlines._cut(weight), weight) <= least + 24 / outlines._UNIT  # costs are rounded to whole numbers


def uneven(seed: int) -> tuple[Grid, dict[str, Grid], Flags]:
    """A part that was drawn: its evidence is strong in the texture on the left and weak on the smooth right."""
    rng = np.random.default_rng(seed)
    energy = np.linspace(-4, -7.5, SIDE) + rng.normal(0, 0.3, (SIDE, SIDE))
    copies = {name: energy + rng.normal(0, 0.2, energy.shape) for name in ("a", "b")}
    part = np.zeros(energy.shape, dtype=np.bool_)
    part[6:18, 6:18] = True
    own = energy + rng.normal(0, 0.2, energy.shape) - np.where(part, 0.35 * (energy + 8), 0)
    return own - np.mean(list(copies.values()), axis=0), copies, part


def share(found: Flags, part: Flags) -> float:
    return np.count_nonzero(found & part) / np.count_nonzero(found | part)


def test_a_part_of_uneven_evidence_is_outlined_whole() -> None:
    for seed in range(5):
        statistic, copies, part = uneven(seed)
        core = part & (statistic < -1)
        found = outlined(statistic, copies, np.ones_like(part), core, statistic < -0.5)
        assert share(found, part) > 0.9
        assert share(statistic < -0.5, part) < 0.85


def test_nothing_supports_without_a_core_or_where_nothing_is_judged() -> None:
    statistic, copies, part = uneven(0)
    core, judged = part & (statistic < -1), np.ones_like(part)
    assert not outlined(statistic, copies, judged, np.zeros_like(core), statistic < -0.5).any()
    assert not outlined(statistic, copies, ~judged, core, statistic < -0.5).any()
    half = np.arange(SIDE) < 10
    found = outlined(statistic, copies, np.broadcast_to(half, part.shape), core & half, statistic < -0.5)
    assert found.any()
    assert not (found & ~half).any()


def test_a_few_cells_that_chance_made_low_are_no_region() -> None:
    rng = np.random.default_rng(4)
    copies = {name: rng.normal(-5, 0.2, (SIDE, SIDE)) for name in ("a", "b")}
    statistic = rng.normal(0, 0.25, (SIDE, SIDE))
    statistic[4:6, 4:6] = -1.0
    assert not outlined(statistic, copies, statistic < 9, statistic <= -1, statistic <= -0.6).any()


def test_a_region_reaches_one_cell_further_where_its_evidence_fades_and_no_further_where_it_does_not() -> None:
    rng = np.random.default_rng(5)
    copies = {name: -5 + rng.normal(0, 0.05, (SIDE, SIDE)) for name in ("a", "b")}
    whole, faded = np.zeros((SIDE, SIDE), dtype=np.bool_), np.zeros((SIDE, SIDE), dtype=np.bool_)
    whole[7:17, 7:17] = True
    faded[6:18, 6:18] = True
    grown = np.zeros_like(whole)
    grown[5:19, 5:19] = True
    sharp, soft = np.where(whole, -1.0, 0.0), np.where(whole, -1.0, np.where(faded, -0.4, 0.0))
    for statistic, expected in ((sharp, whole), (soft, grown)):
        found = outlined(statistic, copies, statistic < 9, statistic < -0.9, statistic < -0.5)
        assert share(found, expected) > 0.95
