"""The table of composites: parts, overlaps and what is said of the goal."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.unit.records.test_maps import cells, made
from wherefrom.bench.composites import TABLE, CompositeRow, composite, markdown, overlap, parts


def test_parts_have_their_share_of_the_image() -> None:
    found = parts(192)
    assert found["left half"][:, :96].all()
    assert found["left half"].mean() == 0.5
    assert found["centre third"].mean() == pytest.approx(1 / 3, abs=0.005)
    assert found["box of 64 px"][64:128, 64:128].all()
    assert found["box of 64 px"].sum() == 64**2
    assert (found["nothing"].sum(), found["everything"].mean()) == (0, 1)


def test_a_composite_takes_each_pixel_from_one_image() -> None:
    photo, drawn = np.zeros((8, 8, 3), dtype=np.uint8), np.full((8, 8, 3), 9, dtype=np.uint8)
    part = np.eye(8, dtype=np.bool_)
    assert np.array_equal(composite(photo, drawn, part), 9 * np.stack([part] * 3, -1))


def test_overlap_is_intersection_over_union_in_pixels() -> None:
    part = np.zeros((18, 22), dtype=np.bool_)
    part[:4, :16] = True
    assert overlap(part, made(cells(5))) == 64 / 80
    assert overlap(np.zeros_like(part), made()) == 1


def test_the_goal_is_held_against_half_and_third() -> None:
    row = CompositeRow(
        model="a", size=192, edit="none", part="left half", images=2, overlaps=[0.9, 0.8], shares=[0.5, 0.4], masked=0.1
    )
    rows = [row, dataclasses.replace(row, part="centre third", overlaps=[0.7, 0.8], shares=[None, 0.3])]
    rows += [dataclasses.replace(row, part="nothing", overlaps=[], shares=[0.0, 0.0])]
    said = markdown({"rows": [dataclasses.asdict(one) for one in rows], **TABLE.facts})
    assert "| a | 192 | none | left half | 2 | 0.85 | 0.80 | 0.450 | 2 | 0.100 |" in said
    assert "| a | 192 | none | nothing | 2 | - | - | 0.000 | 0 | 0.100 |" in said
    assert said.endswith("met in 1 of 2 rows; below: a at 192 px, centre third")
