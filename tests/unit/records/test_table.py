"""Score tables: rows with errors keep their place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.toy_tables import table
from wherefrom.core.arrays import Scores
from wherefrom.core.errors import UsageError
from wherefrom.records.table import ScoreTable


def _failed(like: ScoreTable) -> ScoreTable:
    """The same rows, none of which could be scored."""
    images = tuple(replace(facts, error="cut short") for facts in like.images)
    return replace(like, images=images, sizes=(None,) * len(like), scores=Scores({}))


def test_a_part_of_errors_alone_becomes_rows_of_nan() -> None:
    good = table([1.0, 2.0, 3.0], "good")
    both = ScoreTable.concatenate([_failed(table([9.0, 9.0], "bad")), good])
    assert len(both) == len(both.scores) == 5
    assert np.isnan(both.scores["value"][:2]).all()
    np.testing.assert_array_equal(both.scores["value"][2:], good.scores["value"])
    assert both.scored.tolist() == [False, False, True, True, True]
    assert list(both.errors.values()) == ["cut short"] * 2


def test_tables_of_errors_alone_have_no_columns() -> None:
    failed = _failed(table([1.0], "bad"))
    assert ScoreTable.concatenate([failed, failed]).scores.names == ()


def test_tables_that_were_asked_differently_are_not_joined() -> None:
    one = table([1.0], "one")
    with pytest.raises(UsageError, match="asked differently: root seed"):
        ScoreTable.concatenate([one, replace(one, seed=1)])
    with pytest.raises(UsageError, match="no score table"):
        ScoreTable.concatenate([])
