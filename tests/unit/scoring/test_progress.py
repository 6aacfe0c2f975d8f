"""How far a run is, by a clock that the test holds."""

from __future__ import annotations

import pytest

from wherefrom.inversion.results import Step
from wherefrom.scoring.progress import Meter, Progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_rate_and_what_is_left() -> None:
    seen: list[Progress] = []
    clock = Clock()
    meter = Meter(report=seen.append, total=100, clock=clock)
    for _ in range(20):
        clock.now += 0.5
        meter.add(1)
    assert seen[-1] == Progress(done=20, total=100, errors=0, cached=0, images_per_second=2.0, seconds_left=40.0)


def test_rows_found_in_the_store_do_not_make_the_rate_rosy_for_long() -> None:
    seen: list[Progress] = []
    clock = Clock()
    meter = Meter(report=seen.append, total=10_000, clock=clock)
    clock.now += 1
    meter.add(5000, cached=5000)
    for _ in range(40):
        clock.now += 1
        meter.add(1)
    assert seen[-1].images_per_second == pytest.approx(1.0)
    assert (seen[-1].done, seen[-1].cached) == (5040, 5000)


def test_at_most_ten_reports_a_second_and_one_at_the_end() -> None:
    seen: list[Progress] = []
    clock = Clock()
    meter = Meter(report=seen.append, total=None, clock=clock)
    for i in range(1000):
        clock.now += 0.001
        meter.add(1, errors=i % 2)
    assert len(seen) == 10
    meter.tell()
    assert (seen[-1].done, seen[-1].errors, seen[-1].seconds_left) == (1000, 500, None)


def test_nothing_done_has_no_rate() -> None:
    seen: list[Progress] = []
    Meter(report=seen.append, total=5).tell()
    assert (seen[-1].images_per_second, seen[-1].seconds_left) == (None, None)
    Meter(report=None, total=5).tell()


def test_a_search_is_told_of_as_often_and_stays_until_the_next_word_of_it() -> None:
    seen: list[Progress] = []
    clock = Clock()
    meter = Meter(report=seen.append, total=3, clock=clock)
    steps = [Step(settled=0, images=3, step=i, steps=400, searching=3, loss=1 / (1 + i)) for i in range(400)]
    for step in steps:
        clock.now += 1 / 64
        meter.during(step)
    told = [now.search for now in seen if now.search is not None]
    assert len(seen) == len(told)
    assert told == steps[::7]  # the first of them a tenth of a second after the last
    assert {now.done for now in seen} == {0}
    clock.now += 1
    meter.add(1)
    assert (seen[-1].done, seen[-1].search) == (1, steps[-1])
    Meter(report=None, total=3).during(steps[0])
