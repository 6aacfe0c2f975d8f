"""One search at a time: what is kept of it, when it ends, what it tells, what it refuses."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.inversion.problems import Watched, drawn_for, find, images_of, model_of, search_of
from wherefrom.core.errors import ImageError, ModelError, UsageError
from wherefrom.core.units import Metric
from wherefrom.inversion.invert import invert
from wherefrom.inversion.optimisers import LBFGS, Adam, GradientFree, Optimiser
from wherefrom.inversion.results import SearchResult, Step
from wherefrom.inversion.search import Plateau, Race
from wherefrom.measures.distances import mae, mse, ssim

OPTIMISERS: list[Optimiser] = [Adam(rate=0.1), LBFGS(), GradientFree(rate=0.1)]
every_optimiser = pytest.mark.parametrize("optimiser", OPTIMISERS, ids=lambda value: type(value).__name__)


def trace_of(found: SearchResult) -> npt.NDArray[np.float64]:
    assert found.trace is not None
    return found.trace


def latent_of(found: SearchResult) -> torch.Tensor:
    assert found.latent is not None
    return found.latent


def same(one: SearchResult, other: SearchResult) -> None:
    """To the last bit."""
    assert (one.loss, one.start, one.calls, one.restart) == (other.loss, other.start, other.calls, other.restart)
    assert torch.equal(latent_of(one), latent_of(other))


@every_optimiser
def test_the_best_of_all_measured_states_is_kept_with_its_latent(optimiser: Optimiser) -> None:
    model = Watched(model=model_of("toy"))
    images = images_of(model_of("toy"), 3)
    for image, found in find(model, images, search_of(steps=12, optimiser=optimiser)).items():
        trace = trace_of(found)
        assert trace.shape == (1, 13)
        assert np.isfinite(trace).all()
        assert found.loss == trace.min()
        assert found.start == trace[0, 0]
        assert (found.calls, found.restart, found.error) == (13, 0, None)
        made = model.decode(latent_of(found)[None])
        assert float(mse(made.clamp(0, 1), images[image : image + 1])) == pytest.approx(found.loss, rel=1e-6)
    assert model.asked == [3] * 13 + [1] * 3  # the search, and the line above


def test_the_last_state_counts() -> None:
    model = model_of("toy")
    images = images_of(model, 2)
    for found in find(model, images, search_of(steps=7, optimiser=Adam(rate=0.01))).values():
        trace = trace_of(found)[0]
        assert (np.diff(trace) < 0).all()
        assert found.loss == trace[7] < trace[6]


def test_the_first_state_counts() -> None:
    model = model_of("toy")
    images = images_of(model, 2)
    best = model.encode(images) / model.gain
    search = search_of(steps=5, optimiser=Adam(rate=1.0))
    for image, found in find(model, images, search, starts=lambda image: best[image : image + 1]).items():
        assert found.loss == found.start == trace_of(found)[0, 0] < trace_of(found)[0, 1:].min()
        assert torch.equal(latent_of(found), best[image])


def test_what_is_measured_is_the_clamped_output_whatever_is_minimised() -> None:
    """Where all pixels are saturated, the clamped loss has no gradient and the other one has."""
    model = model_of("toy")
    images = torch.full((1, 3, 16, 16), 0.5)
    over = model.encode(torch.full((1, 3, 16, 16), 1.2 / model.gain))
    found = {
        clamped: find(model, images, search_of(steps=9, clamped=clamped), starts=lambda _: over)[0]
        for clamped in (False, True)
    }
    assert trace_of(found[True])[0] == pytest.approx([0.25] * 10)
    assert found[False].start == pytest.approx(0.25)
    assert torch.equal(latent_of(found[True]), over[0])
    longer = find(model, images, search_of(steps=150, clamped=False), starts=lambda _: over)[0]
    assert longer.loss < 1e-3


@pytest.mark.parametrize(("metric", "distance"), [("mae", mae), ("ssim", lambda a, b: 1 - ssim(a, b))])
def test_another_metric_is_minimised_and_measured(metric: Metric, distance: Any) -> None:
    model = model_of("toy")
    images = images_of(model, 2)
    for image, found in find(model, images, search_of(steps=40, metric=metric)).items():
        made = model.decode(latent_of(found)[None]).clamp(0, 1)
        assert float(distance(made, images[image : image + 1])) == pytest.approx(found.loss, rel=1e-5)
        assert found.loss < 0.7 * found.start


def test_of_several_starts_the_best_counts_and_each_goes_its_own_way() -> None:
    model = model_of("vae")
    images = images_of(model, 3)
    search = search_of(steps=25, optimiser=Adam(rate=0.2))
    begin = drawn_for(model, images, 4)
    together = find(model, images, search, starts=begin)
    for restart in range(4):
        only = slice(restart, restart + 1)
        alone = find(model, images, search, starts=lambda image, only=only: begin(image)[only])  # type: ignore[misc]
        for image, found in alone.items():
            np.testing.assert_allclose(trace_of(together[image])[restart], trace_of(found)[0], rtol=1e-4)
    for found in together.values():
        trace = trace_of(found)
        assert (found.loss, found.restart) == (trace.min(), trace.min(1).argmin())
        assert found.start == trace[:, 0].min()
        assert found.calls == 4 * 26
        assert len(np.unique(trace[:, 0])) == 4
    assert len({found.restart for found in together.values()}) > 1


@given(st.integers(1, 8), st.floats(0.001, 0.6), st.sampled_from(["toy", "vae"]))
@settings(max_examples=15)
def test_a_plateau_ends_a_start_where_its_best_loss_hardly_fell(steps: int, share: float, name: str) -> None:
    model = model_of(name)
    images = images_of(model, 2)
    full = find(model, images, search_of(steps=25, optimiser=Adam(rate=0.3)))
    search = search_of(steps=25, optimiser=Adam(rate=0.3), plateau=Plateau(steps=steps, share=share))
    for image, found in find(model, images, search).items():
        best = np.minimum.accumulate(trace_of(full[image])[0])
        flat = [t for t in range(steps, 26) if best[t] >= (1 - share) * best[t - steps]]
        last = flat[0] if flat else 25
        assert found.calls == last + 1
        assert found.loss == pytest.approx(best[last], rel=1e-4)
        assert np.isnan(trace_of(found)[0, last + 1 :]).all()


def test_a_loss_of_nothing_is_a_plateau() -> None:
    model = model_of("toy")
    black = torch.zeros((1, 3, 16, 16))
    search = search_of(steps=40, plateau=Plateau(steps=3))
    found = find(model, black, search, starts=lambda _: model.encode(black))[0]
    assert (found.loss, found.calls) == (0.0, 4)


@pytest.mark.parametrize("keep", [1, 2])
def test_a_race_is_won_by_the_best_starts_and_the_others_leave(keep: int) -> None:
    model = model_of("vae")
    images = images_of(model, 3)
    full = find(model, images, search_of(steps=20), restarts=5)
    raced = find(model, images, search_of(steps=20, race=Race(steps=6, keep=keep)), restarts=5)
    for image, found in raced.items():
        best = trace_of(full[image])[:, :7].min(1)
        ahead = set(best.argsort()[:keep].tolist())
        ran = np.isfinite(trace_of(found)).sum(1)
        assert {restart for restart, count in enumerate(ran) if count == 21} == ahead
        assert sorted(ran.tolist()) == [7] * (5 - keep) + [21] * keep
        assert found.calls == 7 * (5 - keep) + 21 * keep
        expected = min(best.min(), *(trace_of(full[image])[restart].min() for restart in ahead))
        assert found.loss == pytest.approx(expected, rel=1e-4)


@every_optimiser
def test_an_image_under_its_cut_leaves_at_once_and_no_verdict_changes(optimiser: Optimiser) -> None:
    model = model_of("toy")
    images = images_of(model, 5)
    search = search_of(steps=30, optimiser=optimiser)
    full = find(model, images, search, restarts=2)
    losses = sorted(found.loss for found in full.values())
    starts = [found.start for found in full.values()]
    for cut in (losses[0], losses[1] * 1.001, (losses[2] + losses[3]) / 2, min(starts), max(starts) * 1.001):
        left = find(model, images, search, restarts=2, cuts=torch.full((5,), cut, dtype=torch.float64))
        for image, found in left.items():
            whole = full[image]
            assert (found.loss < cut) == (whole.loss < cut)
            assert found.loss >= whole.loss
            under = (trace_of(whole).min(0) < cut).nonzero()[0]
            last = int(under[0]) if len(under) else 30
            assert found.calls == 2 * (last + 1)
            assert found.loss == pytest.approx(trace_of(whole)[:, : last + 1].min(), rel=1e-4)
        assert [found.calls for found in left.values()] == sorted(found.calls for found in left.values())


def test_each_image_has_its_own_cut_and_may_have_none() -> None:
    model = model_of("toy")
    images = images_of(model, 3)
    full = find(model, images, search_of(steps=20))
    cuts = torch.tensor([float("nan"), full[1].start * 2, full[2].loss])
    found = find(model, images, search_of(steps=20), cuts=cuts)
    assert [found[image].calls for image in range(3)] == [21, 1, 21]
    assert list(found) == [1, 0, 2]


@pytest.mark.parametrize("name", ["toy", "vae", "kl"])
def test_checkpointing_changes_no_number(name: str) -> None:
    side = 8 if name == "kl" else 16
    plain, again = Watched(model=model_of(name)), Watched(model=model_of(name))
    images = images_of(model_of(name), 2, side=side)
    one = find(plain, images, search_of(steps=6))
    other = find(again, images, search_of(steps=6, checkpointing=True))
    for image in range(2):
        same(one[image], other[image])
    assert len(again.asked) == 2 * len(plain.asked) - 1  # the last state needs no gradient


@pytest.mark.parametrize("fits", [1, 3, 4])
def test_a_batch_that_does_not_fit_is_halved_and_no_number_changes(fits: int) -> None:
    small = Watched(model=model_of("toy"), fits=fits)
    images = images_of(model_of("toy"), 5)
    search = search_of(steps=8)
    whole, halved = find(model_of("toy"), images, search, restarts=2), find(small, images, search, restarts=2)
    for image in range(5):
        same(whole[image], halved[image])
    refused = [count for count in small.asked if count > fits]
    assert small.asked[: len(refused)] == refused  # found out once, at the first step
    assert all(many >= 2 * fewer for many, fewer in itertools.pairwise(refused))
    assert sum(count for count in small.asked if count <= fits) == 5 * 2 * 9


def test_images_enter_as_others_leave_and_never_more_than_the_width() -> None:
    model = Watched(model=model_of("toy"), width=4)
    images = images_of(model_of("toy"), 7)
    seen: list[Step] = []
    cuts = torch.tensor([1.0, float("nan")] * 4)[:7]  # the first, third, fifth and seventh leave at their first state
    found = find(model, images, search_of(steps=10), restarts=2, cuts=cuts, report=seen.append)
    assert [found[image].calls for image in range(7)] == [2, 22, 2, 22, 2, 22, 2]
    assert max(model.asked) == 4
    assert max(step.searching for step in seen) == 2
    assert len(model.asked) < 11 * 3 + 4  # side by side, not one after another


def test_every_step_is_reported() -> None:
    model = model_of("toy")
    images = images_of(model, 3)
    seen: list[Step] = []
    full = find(model, images, search_of(steps=6), report=seen.append)
    losses = np.minimum.accumulate(np.stack([trace_of(full[image])[0] for image in range(3)]), axis=1)
    assert [step.step for step in seen] == list(range(7))
    assert {(step.settled, step.images, step.steps, step.searching) for step in seen} == {(0, 3, 6, 3)}
    assert [step.loss for step in seen] == np.median(losses, axis=0).tolist()
    seen.clear()
    find(model, images, search_of(steps=6), cuts=torch.tensor([1.0, float("nan"), float("nan")]), report=seen.append)
    assert [(step.settled, step.searching) for step in seen] == [(0, 3)] + [(1, 2)] * 6


def test_a_search_may_be_asked_for_in_inference_mode() -> None:
    model = model_of("vae")
    usual = find(model, images_of(model, 2), search_of(steps=5))
    with torch.inference_mode():
        images = images_of(model, 2)
        inside = find(model, images, search_of(steps=5))
    after = find(model, images, search_of(steps=5))
    for image in range(2):
        same(usual[image], inside[image])
        same(usual[image], after[image])


def test_images_are_yielded_as_soon_as_they_settle() -> None:
    model = Watched(model=model_of("toy"))
    images = images_of(model_of("toy"), 2)
    cuts = torch.tensor([float("nan"), 1.0])
    running = invert(model, images, drawn_for(model, images), search=search_of(steps=50), cuts=cuts)
    assert next(running).image == 1
    assert len(model.asked) == 1
    assert next(running).image == 0
    assert next(running, None) is None


def test_what_cannot_be_searched_is_refused() -> None:
    dcgan, toy = model_of("dcgan"), model_of("toy")
    images = images_of(toy, 2)
    begin = drawn_for(toy, images)
    with pytest.raises(ImageError, match=r"images are 24 x 32 pixels, the model makes 16 x 16 only"):
        find(dcgan, torch.zeros((1, 3, 32, 24)), search_of(), starts=begin)
    with pytest.raises(ImageError, match="need \\(n, 3"):
        find(toy, images[:, :1], search_of(), starts=begin)
    with pytest.raises(ModelError, match="dcgan has no encoder"):
        find(dcgan, images, search_of(optimiser=GradientFree()))
    with pytest.raises(UsageError, match=r"cuts have shape \(3,\), need one an image: \(2,\)"):
        next(invert(toy, images, begin, search=search_of(), cuts=torch.zeros(3)))


@pytest.mark.parametrize("way", [torch.no_grad, torch.inference_mode, torch.Tensor.detach])
def test_a_decoder_without_a_gradient_is_named(way: Any) -> None:
    def spoil(images: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
        if way is torch.Tensor.detach:
            return images.detach()
        with way():
            made: torch.Tensor = model_of("toy").decode(latents)
        return made

    model = Watched(model=model_of("toy"), spoil=spoil)
    images = images_of(model_of("toy"), 2)
    with pytest.raises(ModelError, match="toy carry no gradient"):
        find(model, images, search_of(steps=3))
    assert find(model, images, search_of(steps=3, optimiser=GradientFree()))[0].error is None


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        (search_of, {"steps": 0}, "steps=0, need at least 1"),
        (search_of, {"metric": "l1"}, "metric='l1' is none of mse, mae"),
        (search_of, {"metric": "ssim", "optimiser": GradientFree()}, "no gradient of ssim"),
        (Plateau, {"steps": 0}, "plateau of 0 steps"),
        (Plateau, {"share": 1.0}, "share 1.0"),
        (Race, {"steps": 0}, "race of 0 steps"),
        (Race, {"keep": 0}, "keeps 0"),
    ],
)
def test_options_out_of_range_are_refused(kind: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        kind(**options)
