"""Options are checked by type wherever they come from: a sentence with value and way out, never Python's error."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pytest
from safetensors.torch import save_file

from tests.unit.models.architectures.test_classes import OPTIONS, STATES
from wherefrom import methods, rules
from wherefrom.core.card import options_of
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.core.options import check_types, made
from wherefrom.core.shares import check_share
from wherefrom.images import edits
from wherefrom.inversion.distance import Distance
from wherefrom.inversion.optimisers import LBFGS, Adam, GradientFree
from wherefrom.inversion.search import Plateau, Race, Search, Stop
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.ronan import RONAN
from wherefrom.models.architectures import load
from wherefrom.models.load import load_model
from wherefrom.models.toy import Toy
from wherefrom.scoring.run import score

WRONG: tuple[Any, ...] = (object(), "7", "seven", b"7", [], {}, (1,), 1.5, -1, True, None, 3 + 4j, np.array([1, 2]))
"""What somebody or some file may give in place of an option's value."""
NEEDED: dict[str, dict[str, Any]] = {"fixed": {"cut": 1.0}, "relative": {"reference": "toy", "decoder": "00"}}
"""Options without a default."""
KINDS: list[tuple[str, Callable[..., Any]]] = [
    *(
        (f"method {name}", lambda name=name, **given: methods.load(name, NEEDED.get(name, {}) | given))
        for name in methods.names()
    ),
    *(
        (f"rule {name}", lambda name=name, **given: rules.load(name, NEEDED.get(name, {}) | given))
        for name in rules.names()
    ),
    *(
        (kind.__name__, kind)
        for kind in (Adam, LBFGS, GradientFree, Distance, Search, Stop, Plateau, Race, Toy, RONAN, AEDR)
    ),
]


def _options(make: Callable[..., Any]) -> list[str]:
    made_one = make()
    return sorted({*options_of(made_one), *(item.name for item in dataclasses.fields(made_one) if item.init)})


@pytest.mark.parametrize(("name", "make"), KINDS, ids=[name for name, _ in KINDS])
def test_whatever_an_option_is_given_it_is_taken_or_refused_by_a_sentence(name: str, make: Callable[..., Any]) -> None:
    for option in _options(make):
        for value in WRONG:
            try:
                found = make(**{option: value})
            except (UsageError, ModelError) as error:
                assert str(error)  # noqa: PT017
            else:
                card = getattr(found, "card", None)
                assert card is None or card.digest, f"{option}={value!r} makes a card that cannot be written"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: methods.load("ronan", {"restarts": "7"}), "restarts='7' is text, need a whole number or None: give 7"),
        (lambda: RONAN(restarts="7"), "restarts='7' is text, need a whole number or None: give 7 without quotes"),  # type: ignore[arg-type]
        (lambda: RONAN(steps=7.5), "steps=7.5 is a number, need a whole number"),  # type: ignore[arg-type]
        (lambda: RONAN(steps=True), "steps=True is a truth value, need a whole number"),
        (lambda: RONAN(checkpointing="false"), "checkpointing='false' is text, need True or False: give False without"),  # type: ignore[arg-type]
        (lambda: RONAN(metric="rms"), "metric='rms' is none of mse, mae"),  # type: ignore[arg-type]
        (lambda: RONAN(metric=3), "metric=3 is a whole number, need one of mse, mae"),  # type: ignore[arg-type]
        (lambda: AEDR(floor="0.1"), "floor='0.1' is text, need a number: give 0.1 without quotes"),  # type: ignore[arg-type]
        (lambda: AEDR(floor=None), "floor=None is None, need a number"),  # type: ignore[arg-type]
        (lambda: rules.load("kde", {"points": "many"}), "points='many' is text, need a whole number"),
        (lambda: rules.load("fixed", {"cut": [1.2]}), "cut=[1.2] is of type list, need a number or None"),  # type: ignore[dict-item]
        (
            lambda: methods.load("relative", {"options": ("steps",), "decoder": "00", "reference": "toy"}),
            "need values by name",
        ),
        (lambda: methods.load("ronan", ["steps"]), "the options of method 'ronan' are of type list, need them by name"),  # type: ignore[arg-type]
        (lambda: methods.load(5), "5 is no name: give one of aedr"),  # type: ignore[arg-type]
        (lambda: edits.load(75), "edit 75 is no text: write one of"),  # type: ignore[arg-type]
        (lambda: check_share("alpha", "0.05"), "alpha='0.05' is text, need a number: give 0.05"),  # type: ignore[arg-type]
        (lambda: score([], model=Toy(), method=AEDR(), seed="1"), "seed='1' is text, need a whole number: give 1"),  # type: ignore[arg-type]
        (lambda: score([], model=Toy(), method=AEDR(), batch=2.5), "batch=2.5 is a number, need a whole number"),  # type: ignore[arg-type]
        (lambda: load_model("toy", options="gain=1"), "options='gain=1', need values by name"),  # type: ignore[arg-type]
        (lambda: Toy(gain="0.9"), "gain='0.9' is text, need a number: give 0.9 without quotes"),  # type: ignore[arg-type]
    ],
)
def test_the_sentence_has_the_value_and_the_way_out(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        make()
    assert said in str(raised.value)


def test_numbers_of_numpy_are_taken_and_are_the_same_option() -> None:
    given = RONAN(steps=np.int64(20), rate=np.float32(0.5), restarts=np.uint8(4), checkpointing=np.bool_(True))  # type: ignore[arg-type]
    assert given == RONAN(steps=20, rate=0.5, restarts=4, checkpointing=True)
    assert json.dumps(given.card.to_json()) == json.dumps(
        RONAN(steps=20, rate=0.5, restarts=4, checkpointing=True).card.to_json()
    )
    assert methods.load("ronan", {"steps": np.int64(20)}) == RONAN(steps=20)  # type: ignore[dict-item]


def test_whole_numbers_stay_what_they_are_where_a_number_is_needed() -> None:
    """A profile's card says 0, and its digest is that of 0 and not of 0.0."""
    assert AEDR(floor=0).card.facts["floor"] == 0
    assert type(AEDR(floor=0).card.facts["floor"]) is int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Foreign:
    """A choice of another package, which checks nothing itself."""

    depth: int = 3
    how: Literal["a", "b"] = "a"
    unknown: Any = None


def test_options_of_other_packages_are_checked_too() -> None:
    assert made(Foreign, {"depth": 4, "unknown": object}, what="method 'foreign'").depth == 4
    for given in ({"depth": "4"}, {"how": "c"}, {"how": 1}):
        with pytest.raises(UsageError, match=r"need|none of"):
            made(Foreign, given, what="method 'foreign'")
    with pytest.raises(UsageError, match="method 'foreign' has no option width: it has depth, how, unknown"):
        made(Foreign, {"width": 1}, what="method 'foreign'")
    check_types(Foreign(unknown=3))


@pytest.mark.parametrize("kind", STATES)
def test_so_are_options_of_models(kind: str, tmp_path: Any) -> None:
    path = tmp_path / f"{kind}.safetensors"
    save_file(STATES[kind](0), path)
    for option in (*load(kind).options, "architecture", "part"):
        for value in ("seven", 1.5, np.array([1, 2])):
            try:
                load_model(str(path), device="cpu", options={**OPTIONS[kind], option: value})  # type: ignore[dict-item]
            except (UsageError, ModelError) as error:
                assert str(error)  # noqa: PT017
