"""What it will take, estimated from small images."""

from __future__ import annotations

import torch

from wherefrom import methods
from wherefrom.models.toy import Toy
from wherefrom.scoring.cost import Cost, _Peak, probe


def test_seconds_grow_as_measured_and_memory_with_pixels() -> None:
    cost = Cost(pixels=100, seconds=2.0, memory=1000, growth=1.5)
    assert cost.seconds_of(400) == 16.0
    assert cost.memory_of(400) == 4000


def test_the_peak_counts_what_is_there_at_a_time() -> None:
    with _Peak() as peak:
        kept = torch.zeros(1000)
        for _ in range(5):
            passing = kept + 1
            del passing
        view = kept.view(10, 100)
    assert view.shape == (10, 100)
    assert peak.most == 8000


def test_a_probe_measures_a_small_image() -> None:
    cost = probe(Toy(), methods.load("aedr"))
    assert cost.pixels == 128 * 128
    assert cost.seconds > 0
    assert cost.memory > 128 * 128 * 3 * 4
    assert cost.memory_of(1024**2) == 64 * cost.memory
