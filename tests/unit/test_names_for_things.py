"""A name, or one thing where several by name are needed: the error has the value and the call that makes the thing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import wherefrom as wf


@pytest.fixture(scope="module")
def known() -> wf.ScoreTable:
    noise = np.random.default_rng(0).integers(0, 256, (20, 16, 16, 3), dtype=np.uint8)
    return wf.score(list(noise), model=wf.load_model("toy"), method=wf.methods.load("aedr"))


CALLS: dict[str, Callable[[Any], object]] = {
    "model='toy' is a name alone: give wf.load_model('toy')": lambda known: wf.score(
        [], model=_any("toy"), method=known.asked
    ),
    "method='aedr' is a name alone: give wf.methods.load('aedr')": lambda _: wf.score(
        [], model=wf.load_model("toy"), method=_any("aedr")
    ),
    "give wf.load_images('photos/')": lambda known: wf.score(
        _any("photos/"), model=wf.load_model("toy"), method=known.asked
    ),
    "foreign is one ScoreTable, need each by a name": lambda known: wf.profile(belonging=known, foreign=_any(known)),
    "foreign is one list": lambda known: wf.profile(belonging=known, foreign=_any([known])),
    "foreign has the name ''": lambda known: wf.profile(belonging=known, foreign={"": known}),
    "foreign has the name 1:": lambda known: wf.profile(belonging=known, foreign=_any({1: known})),
    "profile='p.json' is a name alone: give wf.load_profile('p.json')": lambda known: wf.attribute(
        known, profile=_any("p.json")
    ),
    "with profile= a score table is needed, got a list": lambda known: wf.attribute(
        _any([known]), profile=wf.profile(belonging=known)
    ),
    "profiles is one list, need each by a name": lambda known: wf.attribute(
        {"a": known}, profiles=_any([wf.profile(belonging=known)])
    ),
    "profiles['a']='p.json' is a name alone": lambda _: wf.open_candidates(_any({"a": Path("p.json")})),
    "profile='q.json' is a name alone": lambda _: wf.evaluate(_any("q.json"), belonging=[]),
    "model='toy:1' is a name alone": lambda _: wf.generate(_any("toy:1"), folder="unused", count=1),
    "model='toy:2' is a name alone": lambda _: wf.through(_any("toy:2"), "resize:0.5"),
    "count=-1, need 0 or more images": lambda _: wf.generate(_any(wf.load_model("toy")), folder="unused", count=-1),
    "size=64, need height and width in pixels": lambda _: wf.generate(
        _any(wf.load_model("toy")), folder="unused", count=1, size=_any(64)
    ),
    "a NoneType is no model's name": lambda _: wf.load_model(_any(None)),
    "./no/model does not exist": lambda _: wf.load_model(Path("no/model")),
    "profiles='p.json' is a name alone": lambda known: wf.write_report(
        wf.attribute(known, profile=wf.profile(belonging=known)), profiles=_any("p.json"), folder="unused"
    ),
}


def _any(value: object) -> Any:
    """What no type checker would let pass."""
    return value


@pytest.mark.parametrize("said", CALLS)
def test_a_name_is_refused_with_the_call_that_makes_the_thing(
    known: wf.ScoreTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(wf.WherefromError) as refused:
        CALLS[said](known)
    assert said in str(refused.value)


def test_a_path_of_a_model_is_a_path_wherever_a_model_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    zoo = Path(wf.__file__).parent / "models" / "zoo"
    monkeypatch.chdir(zoo)
    digest = wf.load_model("zoo:kl-f8-a").card.digest
    assert wf.load_model(Path("kl-f8-a")).card.digest == wf.load_model(zoo / "kl-f8-a").card.digest == digest
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert wf.evidence_map(noise, model=Path("kl-f8-a")).share == 0
    (answer,) = wf.check(_any([noise]), model=Path("kl-f8-a"))
    assert "64 x 64 pixels are fewer than the 128" in answer.reason


def test_one_folder_stands_for_its_images_wherever_images_are_given(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for folder in ("own", "photos", "held"):
        (tmp_path / folder).mkdir()
        for number in range(4):
            pixels = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / f"{folder}-{number}.png")
    made = wf.profile(
        belonging=_any(tmp_path / "own"),
        foreign={"photos": str(tmp_path / "photos")},
        model=wf.load_model("toy"),
        method=wf.methods.load("aedr"),
    )
    assert (len(made.belonging), len(made.foreign["photos"])) == (4, 4)
    trial = wf.evaluate(made, belonging=_any(tmp_path / "held"), alpha=0.3, beta=0.3)
    assert len(trial.images) == 4
