"""Names of edits: read back as they were written, and refused with what can be written instead."""

from __future__ import annotations

import sys
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherefrom.core.errors import MissingExtra, UsageError
from wherefrom.images import edits

numbers = st.floats(min_value=0.1, max_value=4)
steps = st.one_of(
    st.integers(1, 100).map(lambda quality: f"jpeg:{quality}"),
    st.integers(1, 100).map(lambda quality: f"webp:{quality}"),
    st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)).map(lambda pair: f"crop:{pair[0]},{pair[1]}"),
    st.tuples(st.sampled_from(["resize", "back", "brightness", "contrast", "blur"]), numbers).map(
        lambda pair: f"{pair[0]}:{pair[1]!r}".removesuffix(".0")
    ),
    st.floats(0.001, 1).map(lambda deviation: f"noise:{deviation!r}".removesuffix(".0")),
    st.floats(0.5, 4).map(lambda scale: f"screenshot:{scale!r}".removesuffix(".0")),
    st.sampled_from(["filter:_1977", "filter:nashville"]),
)


@given(st.lists(steps, min_size=1, max_size=4).map("+".join))
def test_a_name_is_read_back(name: str) -> None:
    edit = edits.load(name)
    assert edit.name == str(edit) == name
    assert edits.load(edit.name) == edit
    assert hash(edits.load(edit.name)) == hash(edit)


def test_one_edit_has_one_name() -> None:
    assert edits.load("jpeg:075").name == "jpeg:75"
    assert edits.load("resize:0.50+blur:2.0").name == "resize:0.5+blur:2"
    assert edits.load("contrast:.5") == edits.load("contrast:0.5")
    assert edits.load("jpeg:75") != edits.load("jpeg:76")


def test_an_edit_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        edits.load("none").steps = ()  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("jpg:75", r"no edit 'jpg:75' among back:F, .*jpeg:Q, .*webp:Q; did you mean 'jpeg'\?"),
        ("", "no edit '' among back:F"),
        ("jpeg:75+", "no edit '' among back:F"),
        ("+jpeg:75", "no edit '' among back:F"),
        (" jpeg:75", "did you mean 'jpeg'"),
        ("jpeg", r"edit 'jpeg': jpeg:Q needs the quality in whole numbers from 1 to 100, as jpeg:75"),
        ("jpeg:", "from 1 to 100"),
        ("jpeg:0", "edit 'jpeg:0': .* from 1 to 100"),
        ("jpeg:101", "edit 'jpeg:101': .* from 1 to 100"),
        ("jpeg:75.5", "whole numbers"),
        ("jpeg:-5", "from 1 to 100"),
        ("jpeg:7_5", "from 1 to 100"),
        ("jpeg:\u0667\u0665", "from 1 to 100"),
        ("jpeg:" + "9" * 5000, "from 1 to 100"),
        ("resize:0.5+webp:0", "edit 'webp:0': .* from 1 to 100"),
        ("resize:0.09", "resize:F needs the factor in decimal numbers from 0.1 to 4, as resize:0.5"),
        ("resize:4.01", "from 0.1 to 4"),
        ("resize:nan", "from 0.1 to 4"),
        ("resize:1e0", "from 0.1 to 4"),
        ("back:5", "from 0.1 to 4"),
        ("blur:0", "the deviation in pixels .* from 0.1 to 50"),
        ("noise:0", r"the deviation on \[0, 1\] .* from 0.001 to 1"),
        ("noise:1.5", "from 0.001 to 1"),
        ("brightness:0", "from 0.1 to 4"),
        ("contrast:9", "from 0.1 to 4"),
        ("crop:3", "crop:DX,DY needs columns and rows to drop in whole numbers from 0 to 10000, as crop:3,5"),
        ("crop:3,5,7", "crop:DX,DY"),
        ("crop:-1,0", "from 0 to 10000"),
        ("screenshot", "screenshot:F needs the scale in decimal numbers from 0.5 to 4, as screenshot:1.25"),
        ("none:1", "'none:1' takes no value"),
        ("none+jpeg:75", "`none` stands alone"),
        ("filter", "no filter '' among _1977, aden"),
        ("filter:nashvile", "no filter 'nashvile' among _1977, .*did you mean 'nashville'"),
        ("filter:__version__", "no filter '__version__'"),
    ],
)
def test_a_name_that_is_none_is_refused(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        edits.load(name)


def test_filters_without_pilgram_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pilgram", None)
    with pytest.raises(MissingExtra, match=r"pilgram is not installed .*pip install 'wherefrom\[filters\]'"):
        edits.load("filter:_1977")
    assert edits.load("jpeg:75").name == "jpeg:75"
    assert "filter" in edits.names()
