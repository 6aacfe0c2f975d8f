"""What the methods that search share: options, cards, starts, rows."""

from __future__ import annotations

import json
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
from wherefrom.inversion.plan import Plateau, Race
from wherefrom.methods._searching import Start, plan_of, starts_of
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.methods.ronan import RONAN


def test_the_papers_searches() -> None:
    ronan = plan_of(RONAN.paper())
    assert (ronan.steps, ronan.optimiser) == (1500, Adam(rate=0.1, schedule="constant"))
    assert (ronan.plateau, ronan.race, ronan.metric, ronan.clamped) == (None, None, "mse", False)
    assert (RONAN.paper().start, RONAN.paper().restarts) == ("random", 1)
    paper = LatentTracer(parity="paper")
    traced = plan_of(paper, clamped=True)
    assert (traced.steps, traced.optimiser) == (100, Adam(rate=0.05, schedule="halved"))
    assert (paper.start, paper.restarts, traced.plateau, traced.race) == ("encoder", 1, None, None)


def test_only_the_papers_search_of_latenttracer_minimises_the_clamped_output(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def spy(*_: Any, plan: Any, **__: Any) -> Any:
        seen.append(plan.clamped)
        return iter(())

    monkeypatch.setattr("wherefrom.inversion.search.search", spy)
    images = images_of(model_of("toy"), 1)
    for method in (LatentTracer(), LatentTracer(parity="paper"), RONAN.paper()):
        list(method.settle(model_of("toy"), images, seeds(1)))
    assert seen == [False, True, False]


@pytest.mark.parametrize(
    "given", [{"steps": 50}, {"optimiser": "gradient-free"}, {"rate": 0.1}, {"schedule": "cosine"}, {"start": "random"}]
)
def test_the_papers_search_is_all_or_nothing(given: dict[str, Any]) -> None:
    name = next(iter(given))
    with pytest.raises(UsageError, match=f"{name}=.* with parity='paper', which has .*: leave it out"):
        methods.load("latenttracer", {**given, "parity": "paper"})
    assert methods.load("latenttracer", {"parity": "paper", "steps": 100}) == LatentTracer(parity="paper")


@pytest.mark.parametrize("method", [RONAN(), RONAN.paper(), LatentTracer(), LatentTracer(parity="paper", cut=0.01)])
def test_a_card_says_all_and_gives_the_method_back(method: RONAN | LatentTracer) -> None:
    card = Card.from_json(json.loads(json.dumps(method.card.to_json())))
    assert methods.from_card(card) == method
    facts = {"steps", "optimiser", "rate", "schedule", "start", "restarts", "race", "plateau", "cut", "metric"}
    assert facts <= set(method.measure.facts)
    assert facts <= set(method.card.facts)


CHANGES: dict[str, Any] = {
    "metric": "mae",
    "steps": 7,
    "optimiser": "gradient-free",
    "rate": 0.2,
    "schedule": "frozen",
    "start": "random",
    "restarts": 5,
    "race": 3,
    "keep": 2,
    "plateau": 4,
    "cut": 0.5,
}


@pytest.mark.parametrize("name", ["ronan", "latenttracer"])
def test_every_option_that_changes_numbers_is_another_measure(name: str) -> None:
    usual = methods.load(name).measure.digest
    digests = {methods.load(name, {option: value}).measure.digest for option, value in CHANGES.items()}
    assert len(digests | {usual}) == len(CHANGES) + 1
    stored = [methods.load(name, {"metric": "jpeg", "quality": quality}) for quality in (75, 90)]
    assert len({usual, *(one.measure.digest for one in stored)}) == 3
    assert "quality" not in methods.load(name).measure.facts, "a measure without it is what it was before there was one"
    assert methods.load(name, {"checkpointing": True}).measure.digest == usual
    assert methods.load(name, {"checkpointing": True}).card != methods.load(name).card
    here, there = (methods.load(name, {"metric": "lpips", "backbone": place}) for place in ("a.pth", "b.pth"))
    assert here.measure.digest == there.measure.digest


def test_the_plan_is_the_options() -> None:
    plan = plan_of(RONAN(steps=9, rate=0.3, race=4, keep=2, plateau=6, checkpointing=True, metric="mae"))
    assert (plan.steps, plan.race, plan.plateau) == (9, Race(steps=4, keep=2), Plateau(steps=6))
    assert (plan.optimiser, plan.checkpointing, plan.metric) == (LBFGS(first=0.3), True, "mae")
    cosine = RONAN(optimiser="adam", schedule="cosine", rate=0.2, race=None, plateau=None)
    assert plan_of(cosine).optimiser == Adam(rate=0.2, schedule="cosine")
    free = LatentTracer(optimiser="gradient-free", rate=0.01, schedule="frozen")
    assert plan_of(free).optimiser == GradientFree()


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
    begin = starts_of(RONAN(start="random", restarts=5), model, images, own)
    drawn = [begin(image) for image in range(4)]
    assert all(len(one) == 5 for one in drawn)
    assert len({float(latent.sum()) for one in drawn for latent in one}) == 20
    order = np.array([2, 0])
    again = starts_of(RONAN(start="random", restarts=3), model, images[torch.from_numpy(order)], own[order])
    for place, image in enumerate(order):
        assert torch.equal(again(place), drawn[image][:3])


def test_where_a_search_starts() -> None:
    model, bare = model_of("vae"), model_of("dcgan")
    images, own = images_of(model, 2), seeds(2)
    encoded = model.encode(images)
    choices: tuple[Start, ...] = ("auto", "random", "encoder", "both")
    begin = {start: starts_of(RONAN(start=start, restarts=3), model, images, own)(1) for start in choices}
    assert torch.equal(begin["encoder"], encoded[1:])
    assert torch.equal(begin["both"], begin["auto"])
    assert torch.equal(begin["both"][:1], encoded[1:])
    assert torch.equal(begin["both"][1:], begin["random"][:2])
    assert len(begin["random"]) == 3
    for method, count in ((RONAN(), 32), (RONAN(start="both"), 32), (RONAN(start="encoder"), 1)):
        assert len(starts_of(method, model, images, own)(0)) == count
    for start in choices[:2]:
        assert len(starts_of(RONAN(start=start, restarts=3), bare, images, own)(0)) == 3
    for start in choices[2:]:
        with pytest.raises(ModelError, match=f"dcgan has no encoder, which start='{start}' needs: use start='random'"):
            starts_of(RONAN(start=start), bare, images, own)


def test_a_model_that_cannot_draw_says_so_and_an_encoders_start_needs_no_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    kl = model_of("tiny")
    images, own = images_of(kl, 1), seeds(1)

    def refuse(*_: Any, **__: Any) -> Any:
        raise ModelError("cannot draw")

    monkeypatch.setattr(type(kl), "spread", refuse)
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

    monkeypatch.setattr("wherefrom.inversion._asking.lpips", lpips)
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
