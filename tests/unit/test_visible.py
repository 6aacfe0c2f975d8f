"""What is shown of a text from outside acts on nothing: it is one line of characters that are to be seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherefrom.core.visible import visible


@given(st.text(alphabet="a\x00\x07\x1b\x9b\n\r\t\x85\u2028\u2029\u202e\u2066\u200b\ud800é") | st.text())
def test_nothing_that_acts_is_left(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    assert not {*shown} & {*map(chr, range(32)), *map(chr, range(127, 160))}
    shown.encode("utf-8")
    assert visible(shown) == shown


@pytest.mark.parametrize("text", ["photo 1.png", "käse.png", "写真/a b.png", "C:\\photos\\a.png", "😀.png"])
def test_what_can_be_seen_is_left_as_it_is(text: str) -> None:
    assert visible(text) == text
