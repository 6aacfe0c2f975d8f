"""On the toy every loss is known on paper: the search's is that of the projection onto its range."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.unit.inversion.problems import drawn_for, find, search_of, seeds
from wherefrom import methods
from wherefrom.core.tensors import Images, generator
from wherefrom.inversion.optimisers import LBFGS, Adam, GradientFree, Optimiser
from wherefrom.inversion.scaled import Scaled, scaled
from wherefrom.measures.distances import mse
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.models.toy import Toy

GAIN = 0.8
TOY = Toy(gain=GAIN, bands=2)


def images(count: int = 3) -> Images:
    """Of middling contrast, so that nothing on the way is clamped; much of them off the toy's range."""
    coarse = torch.rand((count, 3, 3, 3), generator=generator(5))
    smooth = torch.nn.functional.interpolate(coarse, size=(16, 24), mode="bicubic")
    return 0.5 + 0.3 * (smooth - 0.5) + 0.03 * torch.randn(smooth.shape, generator=generator(6))


def parts(given: Images) -> tuple[Images, torch.Tensor, torch.Tensor]:
    """The projection P x; the power of P x and that of x - P x, means over pixels."""
    inside = TOY.decode(TOY.encode(given)) / GAIN
    assert 0 < inside.min() < inside.max() < 1
    return inside, inside.double().square().mean((1, 2, 3)), mse(inside, given)


SEARCHES: list[tuple[Optimiser, int]] = [
    (Adam(rate=0.1, schedule="cosine"), 300),
    (LBFGS(), 30),
    (GradientFree(rate=0.1), 300),
]


@pytest.mark.parametrize(("optimiser", "steps"), SEARCHES, ids=[type(by).__name__ for by, _ in SEARCHES])
@pytest.mark.parametrize("start", ["encoder", "random"])
def test_every_search_reaches_the_projection(optimiser: Optimiser, steps: int, start: str) -> None:
    given = images()
    inside, _, off = parts(given)
    encoded = TOY.encode(given)
    begin = drawn_for(TOY, given) if start == "random" else lambda image: encoded[image : image + 1]
    if start == "random" and not isinstance(optimiser, LBFGS):
        begin = lambda image: encoded[image : image + 1] + drawn_for(TOY, given)(image)  # noqa: E731  # within reach
    for image, found in find(TOY, given, search_of(steps=steps, optimiser=optimiser), starts=begin).items():
        assert found.loss == pytest.approx(float(off[image]), rel=1e-4)
        assert found.latent is not None
        torch.testing.assert_close(TOY.decode(found.latent[None])[0], inside[image], rtol=0, atol=2e-4)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("latenttracer", {}),
        ("latenttracer", {"optimiser": "adam", "steps": 400, "schedule": "cosine"}),
        ("latenttracer", {"optimiser": "gradient-free", "steps": 400, "rate": 0.05, "schedule": "frozen"}),
        ("latenttracer", {"start": "random", "steps": 60}),
        ("ronan", {}),
        ("ronan", {"optimiser": "lbfgs", "steps": 40, "restarts": 2, "race": None}),
        ("ronan", {"start": "both", "restarts": 2, "race": 5}),
    ],
)
def test_the_searching_methods_give_the_projections_loss(name: str, options: dict[str, Any]) -> None:
    given = images()
    off = parts(given)[2].numpy()
    method = methods.load(name, options)
    scores = method.scores(TOY, given, seeds(3))
    np.testing.assert_allclose(method.statistic(scores, {}), off, rtol=1e-4)
    assert (scores["start"] > off).all()


def test_the_other_methods_give_their_formulas() -> None:
    """First (1 - g)^2 |Px|^2 + |x - Px|^2, second g^2 (1 - g)^2 |Px|^2, the search |x - Px|^2."""
    given = images()
    _, power, off = (part.numpy() for part in parts(given))
    first, second = (1 - GAIN) ** 2 * power + off, GAIN**2 * (1 - GAIN) ** 2 * power
    expected = {
        ("reconstruction", ()): first,
        ("aedr", ()): first / second,
        ("traced", (("bands", False), ("denominator", "second"))): off / second,
        ("traced", (("bands", False), ("denominator", "first"))): off / first,
    }
    for (name, options), statistic in expected.items():
        method = methods.load(name, dict(options))
        np.testing.assert_allclose(method.statistic(method.scores(TOY, given, seeds(3)), {}), statistic, rtol=1e-3)


def test_the_papers_search_takes_its_hundred_steps_from_the_encoder() -> None:
    """0.05 + 50 x 0.025 + 49 x 0.0125 is as far as a coordinate goes; those here are nearer to where they belong."""
    given = images()
    scores = LatentTracer.paper().scores(TOY, given, seeds(3))
    off = parts(given)[2].numpy()
    np.testing.assert_allclose(scores["start"], mse(TOY.decode(TOY.encode(given)), given).numpy(), rtol=1e-6)
    assert (scores["calls"] == 101).all()
    assert (scores["loss"] < 1.05 * off).all()
    assert (scores["loss"] < 0.5 * scores["start"]).all()


def test_latents_in_the_generators_units_are_the_same_images() -> None:
    """A rate is a length in those units: ten times the scale is ten times the rate."""
    given = images()

    class Scaling:
        """The toy with the scale and shift that a generator's configuration states."""

        def __init__(self, scaling: tuple[float, float]) -> None:
            self.scaling = scaling

        def __getattr__(self, name: str) -> Any:
            return getattr(TOY, name)

    assert scaled(TOY) is TOY
    stated: Any = Scaling((10.0, 0.3))
    inner = scaled(stated)
    assert isinstance(inner, Scaled)
    torch.testing.assert_close(inner.encode(given), (TOY.encode(given) - 0.3) * 10)
    torch.testing.assert_close(inner.decode(inner.encode(given)), TOY.decode(TOY.encode(given)))
    drawn = inner.draw(seeds(1), size=(16, 24))
    torch.testing.assert_close(inner.decode(drawn), TOY.decode(TOY.draw(seeds(1), size=(16, 24))))
    assert (inner.card, inner.device, inner.factor, inner.size) == (TOY.card, TOY.device, TOY.factor, TOY.size)
    few: dict[str, Any] = {"optimiser": "adam", "steps": 5}
    there = methods.load("latenttracer", {**few, "rate": 0.5}).scores(stated, given, seeds(3))
    here = methods.load("latenttracer", {**few, "rate": 0.05}).scores(TOY, given, seeds(3))
    np.testing.assert_allclose(there["loss"], here["loss"], rtol=1e-4)
    assert (methods.load("latenttracer", few).scores(stated, given, seeds(3))["loss"] > 1.01 * here["loss"]).all()
