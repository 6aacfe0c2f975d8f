"""What the methods that search share: options, cards, starts, rows."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from tests.unit.inversion.problems import Watched, images_of, model_of, seeds
from wherefrom import methods
from wherefrom.core.arrays import Scores
from wherefrom.core.card import Card
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.inversion.optimisers import LBFGS, Adam, GradientFree
from wherefrom.inversion.search import Plateau, Race, Search, Start, Stop
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.arithmetic.searches import starts_of
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.methods.reconstruction import Reconstruction
from wherefrom.methods.ronan import RONAN
from wherefrom.methods.traced import Traced


def test_the_papers_searches() -> None:
    ronan = RONAN.paper().search
    assert (ronan.stop, ronan.optimiser) == (Stop(steps=1500), Adam(rate=0.1, schedule="constant"))
    assert (ronan.distance.metric, ronan.clamped, ronan.start, ronan.restarts) == ("mse", False, "random", 1)
    paper = LatentTracer.paper().search
    assert (paper.stop, paper.optimiser) == (Stop(steps=100), Adam(rate=0.05, schedule="halved"))
    assert (paper.distance.metric, paper.clamped, paper.start, paper.restarts) == ("mse", True, "encoder", 1)
    assert AEDR.paper() == AEDR(adjustment="homogeneity", form="squared")
    assert Reconstruction.paper() == Reconstruction(metric="lpips")


def test_the_search_that_is_asked_for_is_the_search_that_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def spy(*_: Any, search: Search, **__: Any) -> Any:
        seen.append(search)
        return iter(())

    monkeypatch.setattr("wherefrom.inversion.invert.invert", spy)
    images = images_of(model_of("toy"), 1)
    asked: list[RONAN | LatentTracer] = [LatentTracer(), LatentTracer.paper(), RONAN.paper(), RONAN(steps=7)]
    for method in asked:
        list(method.settle(model_of("toy"), images, seeds(1)))
    assert seen == [method.search for method in asked]
    assert [search.clamped for search in seen] == [False, True, False, False]


@pytest.mark.parametrize(
    "given", [{"steps": 30}, {"optimiser": "gradient-free"}, {"rate": 0.1}, {"schedule": "cosine"}, {"start": "random"}]
)
@pytest.mark.parametrize("paper", [{"paper": True}, {"parity": "paper"}])
def test_the_papers_search_is_all_or_nothing(given: dict[str, Any], paper: dict[str, Any]) -> None:
    """Also where the option is what it is by default, as 30 steps are: it is said, and would have no effect."""
    name, value = next(iter(given.items()))
    said = f"{name}={value!r} has no effect beside paper=True, which has {name}=.*: leave it out"
    with pytest.raises(UsageError, match=said):
        methods.load("latenttracer", {**given, **paper})
    assert methods.load("latenttracer", {**paper, "steps": 100}) == LatentTracer.paper()
    assert methods.load("latenttracer", {**paper, "cut": 0.5}) == LatentTracer.paper(cut=0.5)
    with pytest.raises(UsageError, match="method 'latenttracer' has no option hue"):
        methods.load("latenttracer", {**paper, "hue": 1})


def test_every_paper_can_be_asked_for_by_name() -> None:
    assert methods.load("ronan", {"paper": True}) == RONAN.paper()
    assert methods.load("ronan", {"paper": True, "checkpointing": True}) == RONAN.paper(checkpointing=True)
    assert methods.load("ronan", {"paper": False, "steps": 5}) == RONAN(steps=5)
    assert methods.load("aedr", {"paper": True}) == AEDR.paper()
    with pytest.raises(UsageError, match="paper='yes' is text, need True or False"):
        methods.load("ronan", {"paper": "yes"})
    with pytest.raises(UsageError, match="method 'spectral' has no option paper"):
        methods.load("spectral", {"paper": True})
    told = methods.describe("ronan").options[-1]
    assert (told.name, told.takes, told.default) == ("paper", "bool", False)
    assert "1,500 steps of Adam" in told.meaning


def test_the_old_name_of_the_papers_search_is_deprecated_and_still_works() -> None:
    with pytest.warns(DeprecationWarning, match=r"use LatentTracer\.paper\(\)"):
        assert LatentTracer(parity="paper") == LatentTracer.paper()
    with pytest.raises(UsageError, match="steps=30 has no effect beside parity='paper'"):
        LatentTracer(parity="paper", steps=30)


def test_options_are_still_attributes_and_deprecated_ones() -> None:
    for method, name, value in ((RONAN(steps=9), "steps", 9), (LatentTracer.paper(), "parity", "paper")):
        with pytest.warns(DeprecationWarning, match=rf"\.{name} is deprecated: read {type(method).__name__}\.search"):
            assert getattr(method, name) == value
    assert not hasattr(RONAN(), "hue")
    assert not hasattr(Traced(), "metric")
    assert copy.deepcopy(RONAN(steps=3)) == RONAN(steps=3)


RECORDED = {
    ("ronan", ()): (
        "4c134fb6b69a5f6ddcbf9e445b47cbb9a1c8db4721d8e71ebd0381761db6d8ab",
        "9274c95129894b8b7a26c2efdf0506e093e22a4bf99f1178e2bcd27789ee57a3",
    ),
    ("ronan", (("paper", True),)): (
        "26e5bb0c6490d913772bee95f6a40c7f6163b2799cfadb31756697c7a958ad90",
        "1744e83208b9a19c8e98acd22614eada84317330288b1622438cb955aa5e916c",
    ),
    ("latenttracer", ()): (
        "dc4a009798e0a0f5e74e52522c8b3d1eed8e637f65fa9fef60d806a6189ea636",
        "d0df7dab87548178a5e4435128304c74156c9c0aa8055520b59b4e124171b997",
    ),
    ("latenttracer", (("paper", True),)): (
        "8585ecdc83efe799b8e3ad7c9c92308ac6c12173a37da76a3ab45c0e09410dde",
        "f4fbe57da7ee1a5bdef7518052c4cbc760cdae3ddb5d365f1beca17e6076b787",
    ),
    ("traced", ()): (
        "7627514a634cec06deaa657700483089074c0dfb29f57aada95c4dd10eb81f6f",
        "39303babdd58e0a7448a44d72b474fc050a451ac6f046de575df8b343ec87594",
    ),
}
"""Digests of card and measure since version 0.1.0, by which profiles of users are known."""


@pytest.mark.parametrize(("name", "options"), RECORDED)
def test_cards_are_those_that_profiles_of_users_have(name: str, options: tuple[tuple[str, Any], ...]) -> None:
    method = methods.load(name, dict(options))
    assert (method.card.digest, method.measure.digest) == RECORDED[name, options]


@pytest.mark.parametrize("method", [RONAN(), RONAN.paper(), LatentTracer(), LatentTracer.paper(cut=0.01)])
def test_a_card_says_all_and_gives_the_method_back(method: RONAN | LatentTracer) -> None:
    card = Card.from_json(json.loads(json.dumps(method.card.to_json())))
    assert methods.from_card(card) == method
    facts = {"steps", "optimiser", "rate", "schedule", "start", "restarts", "race", "plateau", "cut", "metric"}
    assert facts <= set(method.measure.facts)
    assert facts <= set(method.card.facts)


_RANDOM = {"start": "random", "restarts": 4}
CHANGES: tuple[dict[str, Any], ...] = (
    {"metric": "mae"},
    {"steps": 7},
    {"optimiser": "gradient-free"},
    {"optimiser": "gradient-free", "schedule": "frozen"},
    {"rate": 0.2},
    {"start": "random"},
    _RANDOM,
    {**_RANDOM, "race": 3},
    {**_RANDOM, "race": 3, "keep": 2},
    {"plateau": 4},
    {"cut": 0.5},
)


@pytest.mark.parametrize("name", ["ronan", "latenttracer"])
def test_every_option_that_changes_numbers_is_another_measure(name: str) -> None:
    usual = methods.load(name).measure.digest
    digests = {methods.load(name, options).measure.digest for options in CHANGES}
    assert len(digests | {usual}) == len(CHANGES) + 1
    stored = [methods.load(name, {"metric": "jpeg", "quality": quality}) for quality in (75, 90)]
    assert len({usual, *(one.measure.digest for one in stored)}) == 3
    assert "quality" not in methods.load(name).measure.facts, "a measure without it is what it was before there was one"
    assert methods.load(name, {"checkpointing": True}).measure.digest == usual
    assert methods.load(name, {"checkpointing": True}).card != methods.load(name).card
    here, there = (methods.load(name, {"metric": "lpips", "backbone": place}) for place in ("a.pth", "b.pth"))
    assert here.measure.digest == there.measure.digest


def test_the_search_is_the_options() -> None:
    search = RONAN(steps=9, rate=0.3, race=4, keep=2, plateau=6, checkpointing=True, metric="mae").search
    assert search.stop == Stop(steps=9, race=Race(steps=4, keep=2), plateau=Plateau(steps=6))
    assert (search.optimiser, search.checkpointing, search.distance.metric) == (LBFGS(first=0.3), True, "mae")
    cosine = RONAN(optimiser="adam", schedule="cosine", rate=0.2, race=None, plateau=None)
    assert cosine.search.optimiser == Adam(rate=0.2, schedule="cosine")
    free = LatentTracer(optimiser="gradient-free", rate=0.01, schedule="frozen")
    assert free.search.optimiser == GradientFree()
    assert Traced(steps=7).search == replace(Traced().search, stop=Stop(steps=7))


def test_a_search_is_taken_as_a_value_where_a_card_can_name_all_of_it() -> None:
    search = replace(RONAN().search, stop=Stop(steps=9), optimiser=Adam(rate=0.3))
    assert RONAN(search=search) == RONAN(steps=9, race=None, plateau=None, optimiser="adam", rate=0.3)
    assert RONAN(search=search, steps=5).search == replace(search, stop=Stop(steps=5))
    changed: Any = RONAN(search=search)
    assert replace(changed, cut=0.5, steps=5) == RONAN(search=search, cut=0.5, steps=5)
    others = (
        replace(search, optimiser=LBFGS(history=3)),
        replace(search, stop=Stop(plateau=Plateau(share=0.5))),
        replace(search, clamped=True),
    )
    for other in others:
        with pytest.raises(UsageError, match="has parts that are no options of RONAN, so its card could not name them"):
            RONAN(search=other)
    with pytest.raises(UsageError, match="no options of Traced"):
        Traced(search=replace(Traced().search, start="random"))
    with pytest.raises(UsageError, match="RONAN has no option hue: it has backbone"):
        RONAN(hue=1)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: RONAN(start="encoder", restarts=7), "restarts=7 has no effect with start='encoder'.*: leave it out"),
        (lambda: LatentTracer(restarts=7), "restarts=7 has no effect with start='encoder'"),
        (lambda: RONAN(schedule="cosine"), "schedule='cosine' has no effect with optimiser='lbfgs'.*: leave it out"),
        (lambda: Traced(schedule="cosine"), "schedule='cosine' has no effect with optimiser='lbfgs'"),
        (lambda: RONAN(race=None, keep=2), "keep=2 has no effect without a race: leave it out"),
        (lambda: LatentTracer(keep=2), "keep=2 has no effect without a race: leave it out, or say by race=STEPS"),
        (lambda: LatentTracer(race=3), "race=3 has no effect on one start: leave it out"),
        (lambda: RONAN(restarts=1, race=3), "race=3 has no effect on one start"),
    ],
)
def test_an_option_without_effect_is_refused_with_the_way_out(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make()


def test_what_is_said_as_it_is_anyway_is_taken() -> None:
    """Cards name every option, those too that change nothing, so a method of a card is told all of them."""
    assert RONAN(start="encoder", restarts=None, schedule="constant") == RONAN(start="encoder")
    assert RONAN(race=None, keep=3) == RONAN(race=None)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"metric": "l2"}, "metric='l2' is none of mse, mae"),
        ({"optimiser": "sgd"}, "optimiser='sgd' is none of adam, lbfgs"),
        ({"start": "zero"}, "start='zero' is none of"),
        ({"schedule": "linear"}, "schedule='linear' is none of constant"),
        ({"steps": 0}, "steps=0, need at least 1"),
        ({"restarts": 0}, "restarts=0, need at least 1"),
        ({"metric": "jpeg"}, "quality=None with metric='jpeg', need the JPEG's, 1 to 100"),
        ({"metric": "jpeg", "quality": 101}, "quality=101 with metric='jpeg', need the JPEG's, 1 to 100"),
        ({"quality": 75}, "quality=75 goes with metric='jpeg', not 'mse': leave it out"),
        ({"race": 0}, "race=0, need at least 1"),
        ({"keep": 0}, "keep=0, need at least 1"),
        ({"plateau": 0}, "plateau=0, need at least 1"),
        ({"rate": 0.0}, "rate=0.0, need a positive step size"),
        ({"cut": 0.0}, "cut=0.0, need a positive statistic"),
        ({"cut": float("nan")}, "cut=nan, need a positive statistic"),
        ({"start": "both", "restarts": 1}, "leaves no draw beside the encoder's latent"),
    ],
)
@pytest.mark.parametrize("name", ["ronan", "latenttracer"])
def test_options_out_of_range_are_refused(name: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        methods.load(name, options)
    if name == "latenttracer":
        with pytest.raises(UsageError, match="parity='ours' is none of none, paper"):
            methods.load(name, {"parity": "ours"})


def test_draws_come_from_the_images_own_seed_alone() -> None:
    """Whatever the batch, the place in it, and how many draws there are."""
    model, own = model_of("toy"), seeds(4)
    images = images_of(model, 4)
    begin = starts_of(RONAN(start="random", restarts=5).search, model, images, own)
    drawn = [begin(image) for image in range(4)]
    assert all(len(one) == 5 for one in drawn)
    assert len({float(latent.sum()) for one in drawn for latent in one}) == 20
    order = np.array([2, 0])
    again = starts_of(RONAN(start="random", restarts=3).search, model, images[torch.from_numpy(order)], own[order])
    for place, image in enumerate(order):
        assert torch.equal(again(place), drawn[image][:3])


def _of_three(start: Start) -> Search:
    """Three starts, but of the encoder's latent, which is one."""
    return RONAN(start=start, restarts=None if start == "encoder" else 3).search


def test_where_a_search_starts() -> None:
    model, bare = model_of("vae"), model_of("dcgan")
    images, own = images_of(model, 2), seeds(2)
    encoded = model.encode(images)
    choices: tuple[Start, ...] = ("auto", "random", "encoder", "both")
    begin = {start: starts_of(_of_three(start), model, images, own)(1) for start in choices}
    assert torch.equal(begin["encoder"], encoded[1:])
    assert torch.equal(begin["both"], begin["auto"])
    assert torch.equal(begin["both"][:1], encoded[1:])
    assert torch.equal(begin["both"][1:], begin["random"][:2])
    assert len(begin["random"]) == 3
    for method, count in ((RONAN(), 32), (RONAN(start="both"), 32), (RONAN(start="encoder"), 1)):
        assert len(starts_of(method.search, model, images, own)(0)) == count
    for start in choices[:2]:
        assert len(starts_of(_of_three(start), bare, images, own)(0)) == 3
    for start in choices[2:]:
        with pytest.raises(ModelError, match=f"dcgan has no encoder, which start='{start}' needs: use start='random'"):
            starts_of(RONAN(start=start).search, bare, images, own)


def test_a_model_that_cannot_draw_says_so_and_an_encoders_start_needs_no_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    kl = model_of("tiny")
    images, own = images_of(kl, 1), seeds(1)

    def refuse(*_: Any, **__: Any) -> Any:
        raise ModelError("cannot draw")

    monkeypatch.setattr(type(kl), "search_starts", refuse)
    with pytest.raises(ModelError, match="cannot draw"):
        RONAN(steps=1).scores(kl, images, own)
    assert len(RONAN(steps=1, start="encoder").scores(kl, images, own)) == 1


def test_the_columns_and_the_statistic() -> None:
    model = Watched(model=model_of("toy"))
    images = images_of(model_of("toy"), 2)
    method = RONAN(steps=12, restarts=4, start="random", race=3, keep=2, plateau=None)
    scores = method.scores(model, images, seeds(2))
    assert scores.names == ("loss", "start", "calls", "restart")
    assert (scores["calls"] == 2 * 4 + 2 * 13).all()
    assert (scores["loss"] < scores["start"]).all()
    assert set(scores["restart"]) <= {0.0, 1.0, 2.0, 3.0}
    np.testing.assert_array_equal(method.statistic(scores, {}), scores["loss"])
    assert method.fit(scores) == {}
    assert not np.shares_memory(method.statistic(scores, {}), scores["loss"])
    assert isinstance(scores, Scores)


def test_a_cut_bounds_the_loss_and_saves_calls() -> None:
    model = model_of("toy")
    images = images_of(model, 4)
    whole = LatentTracer(optimiser="adam", steps=20).scores(model, images, seeds(4))
    cut = float(np.sort(whole["loss"])[1] * 1.5)
    left = LatentTracer(optimiser="adam", steps=20, cut=cut).scores(model, images, seeds(4))
    np.testing.assert_array_equal(left["loss"] < cut, whole["loss"] < cut)
    assert (left["loss"] >= whole["loss"]).all()
    assert (left["calls"][whole["loss"] < cut] < 21).all()
    assert (left["calls"][whole["loss"] >= cut] == 21).all()


def test_a_search_by_lpips_reads_the_backbone_that_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def lpips(a: torch.Tensor, b: torch.Tensor, *, weights: Any) -> torch.Tensor:
        asked.append(weights)
        return (a - b).square().double().flatten(1).sum(1)

    monkeypatch.setattr("wherefrom.measures.distances.lpips", lpips)
    images = images_of(model_of("toy"), 1)
    for named in ("alexnet.pth", None):
        method = LatentTracer(metric="lpips", backbone=named, steps=2)
        scores = method.scores(model_of("toy"), images, seeds(1))
        assert scores["loss"][0] == pytest.approx(
            LatentTracer(steps=2).scores(model_of("toy"), images, seeds(1))["loss"][0] * images.numel(), rel=0.2
        )
        assert set(asked) == {named}
        asked.clear()
    with pytest.raises(UsageError, match=r"backbone='a\.pth' goes with metric='lpips', not 'mse': leave it out"):
        RONAN(backbone="a.pth")
