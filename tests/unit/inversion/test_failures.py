"""What one image does to a model is that image's row; the others go on, with the numbers they have without it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch

from tests.unit.inversion.problems import find, images_of, model_of, search_of
from wherefrom.core.arrays import Seeds
from wherefrom.core.card import Card
from wherefrom.core.errors import ImageError, ModelError
from wherefrom.core.facts import ImageFacts
from wherefrom.core.tensors import Images, Latents
from wherefrom.images.read import ImageRecord, pixel_digest
from wherefrom.inversion.optimisers import LBFGS, Adam, Optimiser
from wherefrom.inversion.search import Race
from wherefrom.methods.arithmetic.twins import Tracer
from wherefrom.methods.base import Gradual
from wherefrom.methods.latenttracer import LatentTracer
from wherefrom.methods.ronan import RONAN
from wherefrom.methods.traced import Traced
from wherefrom.records.table import ScoreTable
from wherefrom.scoring.run import score

TOY = model_of("toy")
BAD = 3
Spoil = Callable[[Images, Latents, torch.Tensor, int], Images]
"""What becomes of images, given their latents, which rows are the bad image's, and how often it was decoded before."""


def well(images: Images, latents: Latents, bad: torch.Tensor, times: int) -> Images:
    return images


@dataclass(kw_only=True, slots=True)
class Tagged:
    """The toy, with one more number in a latent that says whose it is: no gradient reaches it, so it never moves.

    Attributes:
        spoil: what becomes of images.
        enter: what becomes of an encoder's latents, given whether the image is the bad one.
        decoded: how often each tag was decoded.
    """

    spoil: Spoil = well
    enter: Callable[[Latents, bool], Latents] = lambda latents, _: latents
    decoded: Counter[int] = field(default_factory=Counter)
    width: int | None = None

    @property
    def card(self) -> Card:
        card: Card = TOY.card
        return card

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    @property
    def factor(self) -> int:
        return 8

    @property
    def size(self) -> tuple[int, int] | None:
        return None

    def encode(self, images: Images) -> Latents:
        tags = (images[:, :1, :1, :1] * 255).round().expand(-1, -1, *(side // 8 for side in images.shape[2:]))
        bad = bool((tags[:, 0, 0, 0] == BAD).any())
        return self.enter(torch.cat([tags, TOY.encode(images)], dim=1), bad)

    def decode(self, latents: Latents) -> Images:
        tags = latents[:, 0, 0, 0].detach().round().int()
        images = self.spoil(TOY.decode(latents[:, 1:]), latents[:, 1:], tags == BAD, self.decoded[BAD])
        self.decoded.update(tags.tolist())
        return images

    def draw(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        raise NotImplementedError


def nan_gradient(images: Images, latents: Latents, bad: torch.Tensor, times: int) -> Images:
    """The right images, with a gradient that is 0 times infinity."""
    good = (~bad).float()
    nothing = (latents.flatten(1).sum(1) * 0 + good).sqrt() - good
    return images + nothing[:, None, None, None]


def nan_gradient_later(images: Images, latents: Latents, bad: torch.Tensor, times: int) -> Images:
    return nan_gradient(images, latents, bad, times) if times >= 3 else images


def diverging(images: Images, latents: Latents, bad: torch.Tensor, times: int) -> Images:
    """Far from the image after a step, where the loss is a number and its gradient is none."""
    return images * torch.where(bad, 1e30 ** min(times, 1), 1.0)[:, None, None, None]


def steep(images: Images, latents: Latents, bad: torch.Tensor, times: int) -> Images:
    """A gradient that is a number, but whose square is none: Adam would stand still without a word."""
    return images * torch.where(bad, 1e11, 1.0)[:, None, None, None]


def nan_images(images: Images, latents: Latents, bad: torch.Tensor, times: int) -> Images:
    return images * torch.where(bad, math.nan, 1.0)[:, None, None, None]


def other_size(images: Images, latents: Latents, bad: torch.Tensor, times: int) -> Images:
    return images[..., :8, :] if bad.any() else images


def other_channels(images: Images, latents: Latents, bad: torch.Tensor, times: int) -> Images:
    return images[:, :1] if bad.any() else images


def other_axes(images: Images, latents: Latents, bad: torch.Tensor, times: int) -> Images:
    return images.flatten(1) if bad.any() else images


def other_count(images: Images, latents: Latents, bad: torch.Tensor, times: int) -> Images:
    return torch.cat([images, images]) if bad.any() else images


def raising(images: Images, latents: Latents, bad: torch.Tensor, times: int) -> Images:
    if bad.any():
        raise ValueError("spoilt")
    return images


def raising_later(images: Images, latents: Latents, bad: torch.Tensor, times: int) -> Images:
    return raising(images, latents, bad, times) if times >= 3 else images


def too_large(images: Images, latents: Latents, bad: torch.Tensor, times: int) -> Images:
    if bad.any():
        raise torch.OutOfMemoryError("CUDA out of memory")
    return images


BROKEN = "the search broke down (loss, gradient or latent is no finite number at step"
FAILURES: list[tuple[Spoil, str]] = [
    (nan_gradient, f"{BROKEN} 0 of 6): ask in float32, or with a smaller rate"),
    (steep, f"{BROKEN} 0 of 6)"),
    (nan_images, f"{BROKEN} 0 of 6)"),
    (other_size, "the decoder gave 16 x 8 pixels (shape (1, 3, 8, 16)) for an image of 16 x 16"),
    (other_channels, "(shape (1, 1, 16, 16)) for an image of 16 x 16"),
    (other_axes, "(shape (1, 768)) for an image of 16 x 16"),
    (other_count, "cannot compare images of shape (2, 3, 16, 16) with (1, 3, 16, 16)"),
    (raising, "asking the model failed: ValueError: spoilt"),
    (raising_later, "asking the model failed: ValueError: spoilt"),
    (too_large, "a search does not fit into memory even for this image alone: use checkpointing"),
]
METHODS: dict[str, Gradual[Any]] = {
    "ronan": RONAN(steps=6, start="encoder", restarts=1),
    "latenttracer": LatentTracer(steps=6),
}


def records(count: int = 5) -> list[ImageRecord]:
    """Images whose first red value is their number; that of `BAD` is the one to spoil."""
    pixels = (images_of(TOY, count) * 255).round().byte().permute(0, 2, 3, 1).numpy().copy()
    pixels[:, 0, 0, 0] = np.arange(count)
    return [
        ImageRecord(facts=ImageFacts(name=str(i), pixel_digest=pixel_digest(one)), pixels=one)
        for i, one in enumerate(pixels)
    ]


def numbers(table: ScoreTable, leave: tuple[int, ...] = (BAD,)) -> list[list[str]]:
    """Bit for bit, but for the rows of some."""
    table_of = table.scores.matrix(table.scores.names)
    return [[float(value).hex() for value in row] for i, row in enumerate(table_of) if i not in leave]


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(("spoil", "said"), FAILURES, ids=[spoil.__name__ for spoil, _ in FAILURES])
def test_an_image_that_fails_is_an_error_of_its_own_row(spoil: Spoil, said: str, name: str) -> None:
    images = records()
    spoilt = score(images, model=Tagged(spoil=spoil), method=METHODS[name])
    assert list(spoilt.errors) == [str(BAD)]
    assert said in spoilt.errors[str(BAD)]
    without = score(images[:BAD] + images[BAD + 1 :], model=Tagged(), method=METHODS[name])
    assert numbers(spoilt) == numbers(without, leave=())
    assert numbers(spoilt) == numbers(score(images, model=Tagged(), method=METHODS[name]))


@pytest.mark.parametrize("spoil", [nan_gradient_later, diverging])
@pytest.mark.parametrize("optimiser", [LBFGS(), Adam(rate=0.05)], ids=["lbfgs", "adam"])
def test_a_search_that_breaks_down_later_keeps_the_best_state_that_was_measured(
    spoil: Spoil, optimiser: Optimiser
) -> None:
    images = images_of(TOY, 2)
    search = search_of(steps=6, optimiser=optimiser)
    found = find(Tagged(spoil=spoil), images, search, starts=starts(BAD))
    for one in found.values():
        assert one.error is None
        assert one.trace is not None
        assert one.loss == np.nanmin(one.trace)
        assert np.isfinite(one.trace).sum() >= 2


def far_is_nan(images: Images, latents: Latents, bad: torch.Tensor, times: int) -> Images:
    """What a decoder in half precision gives of a latent that is too large: no number."""
    far = latents.flatten(1).abs().amax(1) > 2.6
    return images * torch.where(bad & far, math.nan, 1.0)[:, None, None, None]


def test_a_trial_that_is_no_finite_number_is_followed_by_a_shorter_step() -> None:
    """Whose first trials overshoot goes on below them, and ends where one that never overshot ends."""
    images = TOY.decode(TOY.encode(torch.full((1, 3, 16, 16), 0.25)) / TOY.gain)
    search = search_of(steps=40, optimiser=LBFGS(first=3.0, longest=3.0))
    found = find(Tagged(spoil=far_is_nan), images, search, starts=starts(BAD))[0]
    assert found.trace is not None
    missed = ~np.isfinite(found.trace[0])
    assert missed[1]
    assert not missed[-1]
    assert found.error is None
    assert found.loss < 1e-4 * found.start


def _encoder_fails(latents: Latents, is_bad: bool) -> Latents:
    if is_bad:
        raise ValueError("spoilt")
    return latents


@pytest.mark.parametrize(
    ("enter", "said"),
    [
        (_encoder_fails, "asking the model failed: ValueError: spoilt"),
        (lambda latents, is_bad: latents / (not is_bad), "the start of the search is not finite: ask in float32"),
    ],
)
def test_so_is_one_whose_search_cannot_start(enter: Any, said: str) -> None:
    model, images = Tagged(enter=enter), records()
    spoilt = score(images, model=model, method=METHODS["latenttracer"])
    assert spoilt.errors == {str(BAD): said}
    assert set(model.decoded.values()) == {7}  # nobody was asked twice
    assert numbers(spoilt) == numbers(score(images, model=Tagged(), method=METHODS["latenttracer"]))


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (ValueError("spoilt"), "asking the model failed: ValueError: spoilt"),
        (ImageError("too dark"), "too dark"),
        (torch.OutOfMemoryError("CUDA out of memory"), "a search does not fit into memory even for this image alone"),
        (MemoryError(), "a search does not fit into memory even for this image alone"),
    ],
)
def test_a_start_that_fails_ends_no_other_search(reason: Exception, said: str) -> None:
    def begin(image: int) -> Latents:
        if image == 1:
            raise reason
        return starts(image)(image)

    images = images_of(TOY, 3)
    found = find(Tagged(), images, search_of(steps=3), starts=begin)
    assert said in str(found[1].error)
    without = find(Tagged(), images, search_of(steps=3), rows=[0, 2], starts=begin)
    assert [found[image].loss for image in (0, 2)] == [without[image].loss for image in (0, 2)]

    def refuse(image: int) -> Latents:
        raise ModelError("cannot draw")

    with pytest.raises(ModelError, match="cannot draw"):
        find(Tagged(), images, search_of(steps=3), starts=refuse)


def test_so_is_one_that_spoils_the_two_passes_of_traced() -> None:
    for spoil in (raising, nan_images):
        images = records()
        spoilt = score(images, model=Tagged(spoil=spoil), method=Traced(steps=4))
        assert list(spoilt.errors) == [str(BAD)]
        assert numbers(spoilt) == numbers(score(images, model=Tagged(), method=Traced(steps=4)))


def test_a_twin_that_fails_takes_no_cut_from_its_neighbours() -> None:
    images = images_of(TOY, 3)
    with torch.no_grad():
        twin = TOY.decode(TOY.encode(images[1:2])).clamp(0, 1).mul(255).round().div(255)

    class Refusing(Tagged):
        def encode(self, images: Images) -> Latents:
            latents = super().encode(images)
            return latents / (not torch.equal(images, twin))

    tracer = Tracer(model=Refusing(), search=search_of(steps=4))
    rows = {row.row: row for row in tracer.trace(images, twins=True, bound=lambda scores: np.ones(len(scores)))}
    assert rows[1].error == "its reconstruction: the start of the search is not finite: ask in float32"
    for row in (0, 2):
        scores = rows[row].scores
        assert scores is not None
        assert scores["calls"].tolist() == [1]


def test_so_is_one_of_another_size_than_the_generators_only_one() -> None:
    dcgan = model_of("dcgan")
    images = records()
    large = np.zeros((24, 32, 3), dtype=np.uint8)
    images[BAD] = ImageRecord(facts=ImageFacts(name=str(BAD), pixel_digest=pixel_digest(large)), pixels=large)
    method = RONAN(steps=5, restarts=2, race=None)
    mixed = score(images, model=dcgan, method=method)
    assert list(mixed.errors) == [str(BAD)]
    assert "32 x 24 pixels, the model makes 16 x 16 only and nothing is resampled" in mixed.errors[str(BAD)]
    without = score(images[:BAD] + images[BAD + 1 :], model=dcgan, method=method)
    assert numbers(mixed) == numbers(without, leave=())


def test_when_all_fail_every_row_says_why() -> None:
    table = score(records(), model=Tagged(spoil=lambda images, *_: images * math.nan), method=METHODS["ronan"])
    assert len(table.errors) == 5
    assert all(BROKEN in error for error in table.errors.values())


def test_what_no_image_is_to_blame_for_ends_the_run() -> None:
    def refuse(*_: Any) -> Images:
        raise ModelError("wrong weights")

    with pytest.raises(ModelError, match="wrong weights"):
        score(records(), model=Tagged(spoil=refuse), method=METHODS["ronan"])
    with pytest.raises(ModelError, match="dcgan has no encoder, which start='both' needs"):
        score(records(), model=model_of("dcgan"), method=RONAN(start="both"))


def test_scores_of_a_batch_name_the_first_image_that_failed() -> None:
    images = torch.stack([torch.from_numpy(one.pixels).permute(2, 0, 1) / 255 for one in records()])
    with pytest.raises(ImageError, match=r"image 4 of 5: asking the model failed: ValueError: spoilt"):
        METHODS["ronan"].scores(Tagged(spoil=raising), images, np.arange(5, dtype=np.uint64))


def starts(*tags: int) -> Callable[[int], Latents]:
    """Starts of an image, each with a tag of its own, each further off than the one before."""

    def begin(image: int) -> Latents:
        grey = TOY.encode(torch.full((1, 3, 16, 16), 0.2))
        return torch.cat(
            [torch.cat([torch.full((1, 1, 2, 2), float(tag)), grey * (1 - 0.2 * i)], 1) for i, tag in enumerate(tags)]
        )

    return begin


def test_one_start_that_breaks_down_leaves_the_others_searching() -> None:
    images = images_of(TOY, 2)
    model = Tagged(spoil=nan_gradient_later)
    found = find(model, images, search_of(steps=10), starts=starts(BAD, 1, 2))
    without = find(Tagged(), images, search_of(steps=10), starts=lambda image: starts(BAD, 1, 2)(image)[1:])
    for image in range(2):
        assert found[image].error is None
        assert found[image].loss == without[image].loss
        assert found[image].restart == without[image].restart + 1


@pytest.mark.parametrize("step", [3, 4])
def test_when_the_winner_of_a_race_breaks_down_what_it_had_found_counts(step: int) -> None:
    """At the race's own step it is no winner yet, and another start goes on."""

    def spoil(images: Images, latents: Latents, bad: torch.Tensor, times: int) -> Images:
        return nan_gradient(images, latents, bad, times) if times == step else images

    search = search_of(steps=10, optimiser=Adam(rate=0.01), race=Race(steps=3))
    images = images_of(TOY, 1)
    assert find(Tagged(), images, search, starts=starts(BAD, 1, 2))[0].restart == 0
    found = find(Tagged(spoil=spoil), images, search, starts=starts(BAD, 1, 2))[0]
    if step == 3:
        assert found.error is None
        assert found.calls == 4 + 11 + 4
    else:
        assert (found.error, found.calls) == (None, 5 + 4 + 4)
        shorter = search_of(steps=4, optimiser=Adam(rate=0.01), race=Race(steps=3))
        assert found.loss == find(Tagged(), images, shorter, starts=starts(BAD, 1, 2))[0].loss


def test_a_gradient_that_nobody_needs_breaks_nothing() -> None:
    """At its last state an image needs none; its neighbour, a step behind, does."""

    def spoil(images: Images, latents: Latents, bad: torch.Tensor, times: int) -> Images:
        return nan_gradient(images, latents, bad, times) if times == 6 else images

    images = images_of(TOY, 3)
    search = search_of(steps=6)

    def begin(image: int) -> Latents:
        return starts(BAD if image == 1 else image)(image)

    model = Tagged(spoil=spoil, width=2)
    cuts = torch.tensor([1.0, math.nan, math.nan], dtype=torch.float64)  # image 0 leaves at once, 2 takes its place
    found = find(model, images, search, starts=begin, cuts=cuts)
    alone = find(Tagged(spoil=spoil), images, search, rows=[1], starts=begin)[1]
    assert (found[1].error, alone.error) == (None, None)
    assert (found[1].loss, found[1].calls) == (alone.loss, 7)
