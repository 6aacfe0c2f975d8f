"""No text in a CSV file is a formula, and every text can be had back."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wherefrom.core.cells import guarded, unguarded


@given(st.text(alphabet="=+-@'\t\r\nab. ") | st.text())
@example("＝1")  # noqa: RUF001
@example("'")
@example("''=")
@example("a.png\nb.png,SUPPORTED")
@example("\u202egnp.a")
@example('\'"a\\nb"')
def test_every_text_comes_back_and_none_starts_like_a_formula(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in {*"=+-@＝＋－＠\t\r\n"}  # noqa: RUF001
    assert len(guarded(text).splitlines()) <= 1, "a row is one line"


@pytest.mark.parametrize("cell", ["", "'", "'tis", "'\"", '\'"tis"', "photo.png", "a=b", "=1"])
def test_what_was_not_guarded_is_left(cell: str) -> None:
    assert unguarded(cell) == cell
