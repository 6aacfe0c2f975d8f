"""A table of scores says which columns it has, and of many the first alone."""

from __future__ import annotations

import numpy as np
import pytest

from wherefrom.core.arrays import Scores
from wherefrom.core.errors import UsageError


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "no column 'loss' among none"),
        (["second", "first"], "no column 'loss' among first, second"),
        ([f"c{place:03}" for place in range(700)], "no column 'loss' among c000, .*, c007 and 692 more"),
    ],
)
def test_a_column_that_is_not_there_is_named_beside_those_that_are(names: list[str], said: str) -> None:
    scores = Scores({name: np.zeros(2) for name in names})
    with pytest.raises(UsageError, match=f"^{said}$"):
        scores["loss"]
