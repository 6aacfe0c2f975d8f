"""How often the audit takes a pool for confounded whose images are stored alike: hardly ever, however small it is."""

from __future__ import annotations

import numpy as np
import pytest

from tests.toy_tables import facts, jpeg, table
from wherefrom.core.facts import Appearance, ImageFacts
from wherefrom.records.audit import audit


def drawn(label: str, count: int, rng: np.random.Generator) -> list[ImageFacts]:
    """Images of three formats and sizes, of any brightness, contrast and size of content, on either side alike."""
    images = []
    for place in range(count):
        one, two, three = rng.uniform(20, 230), rng.uniform(5, 90), rng.uniform(0.2, 1)
        looks = Appearance(code=None, brightness=one, contrast=two, content=three)
        name, width = f"{label}-{place}", int(rng.choice([64, 96, 128]))
        kind = int(rng.integers(3))
        stored = {"width": width, "appearance": looks}
        images.append(facts(name, **stored) if kind == 0 else jpeg(name, 75.0 + 10 * kind, **stored))
    return images


@pytest.mark.parametrize(("count", "runs", "most"), [(8, 100, 4), (60, 6, 0)])
def test_images_stored_alike_are_seldom_told_apart(count: int, runs: int, most: int) -> None:
    rng = np.random.default_rng(count)
    alarms = 0
    for _ in range(runs):
        own, pool = drawn("own", count, rng), drawn("pool", count, rng)
        alarms += not audit(table([1.0] * count, images=own), {"pool": table([2.0] * count, images=pool)}).valid
    assert alarms <= most
