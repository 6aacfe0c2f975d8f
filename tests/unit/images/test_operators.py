"""Edits on tensors: the same pixels as the edits themselves, true gradients, and as much undone as can be."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from wherefrom.core.errors import ImageError, UsageError
from wherefrom.images import edits
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.images.convert import Pixels
from wherefrom.images.edits.sides import after, original, reduced
from wherefrom.images.edits.steps import TURNED
from wherefrom.images.operators import operator

PHOTO: Pixels = skimage.data.astronaut()[:96, 100:228].copy()
SHOT = "screenshot:1.25,3,5,2,7"
EXAMPLES = (
    *("back:0.5", "blur:1.5", "brightness:1.2", "contrast:1.5", "crop:3,5", "filter:_1977", "jpeg:75", "noise:0.02"),
    *("none", "resize:0.5", SHOT, "webp:75", *TURNED),
)
LEVEL = 1 / 255

factors = st.floats(0.1, 4).map(lambda value: f"{value:.3f}")
trims = st.lists(st.integers(0, 9), min_size=4, max_size=4).map(lambda sides: ",".join(map(str, sides)))
names = st.one_of(
    factors.map(lambda value: f"resize:{value}"),
    factors.map(lambda value: f"brightness:{value}"),
    factors.map(lambda value: f"contrast:{value}"),
    factors.map(lambda value: f"blur:{value}"),
    st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda pair: f"crop:{pair[0]},{pair[1]}"),
    st.tuples(st.floats(0.5, 4), trims).map(lambda pair: f"screenshot:{pair[0]:.3f},{pair[1]}"),
    st.integers(1, 100).map(lambda quality: f"jpeg:{quality}"),
    st.sampled_from(["none", "webp:50", *TURNED]),
)


def drawn(kind: str, height: int, width: int) -> Pixels:
    """Noise, noise in black and white, which no filter keeps within the range, or a part of a photo."""
    random = np.random.default_rng([height, width])
    if kind == "photo":
        return PHOTO[:height, :width].copy()
    levels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return levels if kind == "noise" else np.where(levels < 128, 0, 255).astype(np.uint8)


def edited(edit: edits.Edit, pixels: Pixels) -> Pixels:
    """The edit's own pixels, or no example where it refuses the size."""
    try:
        return edit.apply(pixels)
    except ImageError:
        assume(False)
        raise


def applied(name: str, pixels: Pixels) -> Pixels:
    size = (pixels.shape[0], pixels.shape[1])
    found: Pixels = to_pixels(operator(edits.load(name), size).apply(to_images([pixels])))[0]
    return found


sides = st.integers(9, 96)
kinds = st.sampled_from(["noise", "black and white", "photo"])


@settings(max_examples=300)
@given(name=names, height=sides, width=sides, kind=kinds)
def test_pixels_are_those_of_the_edit_to_one_level(name: str, height: int, width: int, kind: str) -> None:
    pixels = drawn(kind, height, width)
    expected = edited(edits.load(name), pixels)
    found = applied(name, pixels)
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() <= 1


@settings(max_examples=60)
@given(first=factors, second=factors, height=sides, width=sides, kind=kinds)
def test_two_resamplings_are_apart_by_a_level_each(first: str, second: str, height: int, width: int, kind: str) -> None:
    pixels = drawn(kind, height, width)
    for name in (f"back:{first}", f"resize:{first}+resize:{second}"):
        expected = edited(edits.load(name), pixels)
        assert np.abs(applied(name, pixels).astype(int) - expected).max() <= 3


def test_values_are_the_edits_before_they_were_rounded() -> None:
    """A mean squared distance of one rounding, 1/12 of a level squared, or of a few."""
    for name in ("resize:0.5", "resize:1.5", "blur:1", "brightness:1.2", "contrast:0.7", "screenshot:1.23,3,5,2,7"):
        edit = edits.load(name)
        found = operator(edit, (96, 128)).apply(to_images([PHOTO]))
        away = (found - to_images([edit.apply(PHOTO)])) / LEVEL
        assert float(away.square().mean()) < 2.5 / 12
        assert abs(float(away.mean())) < 0.03


def test_every_edit_can_be_asked_for() -> None:
    assert {name.partition(":")[0] for name in EXAMPLES} == set(edits.names())
    for name in EXAMPLES:
        made = operator(edits.load(name), (96, 128))
        found = made.apply(to_images([PHOTO]))
        assert tuple(found.shape) == (1, 3, *made.seen)
        assert tuple(made.undo(found).shape) == (1, 3, 96, 128)


@pytest.mark.parametrize("name", TURNED)
def test_a_turn_is_undone_exactly(name: str) -> None:
    images = to_images([PHOTO])
    made = operator(edits.load(f"{name}+crop:3,5+{name}"), (96, 128))
    assert torch.equal(made.apply(images), to_images([made.edit.apply(PHOTO)]))
    alone = operator(edits.load(name), (96, 128))
    assert torch.equal(alone.undo(alone.apply(images)), images)


def test_a_screenshot_must_say_what_it_cut_off() -> None:
    with pytest.raises(UsageError, match=r"write screenshot:1\.25,LEFT,TOP,RIGHT,BOTTOM, as screenshot:1\.25,3,5,2,7"):
        operator(edits.load("resize:0.5+screenshot:1.25"), (96, 128))
    edit = edits.load(SHOT)
    assert not edit.seeded
    assert edit.name == SHOT
    assert np.array_equal(edit.apply(PHOTO, seed=1), edit.apply(PHOTO, seed=2))
    assert edit.apply(PHOTO).shape == (120 - 5 - 7, 160 - 3 - 2, 3)
    assert any(
        np.array_equal(edits.load(f"screenshot:1,{left},{top},{right},{bottom}").apply(PHOTO), shot)
        for shot in [edits.load("screenshot:1").apply(PHOTO, seed=3)]
        for left in range(1, 9)
        for top in range(1, 9)
        for right, bottom in [(128 - left - shot.shape[1], 96 - top - shot.shape[0])]
        if right > 0 and bottom > 0
    )


@pytest.mark.parametrize("name", ["screenshot:1.25,3", "screenshot:1.25,3,5,2,-7", "screenshot:1,1,1,1,10001"])
def test_what_a_screenshot_cut_off_is_four_whole_numbers(name: str) -> None:
    with pytest.raises(UsageError, match=r"may have L,T,R,B in whole numbers from 0 to 10000"):
        edits.load(name)


def test_other_edits_have_no_further_values() -> None:
    for name in ("jpeg:75,3", "resize:0.5,1,2,3,4", "crop:1,2,3"):
        with pytest.raises(UsageError, match="needs"):
            edits.load(name)


# Gradients


@pytest.mark.parametrize(
    "name",
    [
        *("crop:3,5", "resize:0.6", "resize:1.5", "back:0.7", "blur:1", "brightness:1.2", "contrast:0.6"),
        *("contrast:1.5", "screenshot:1.25,1,2,3,0", "resize:0.7+blur:0.8+brightness:0.9", "noise:0.02", "none"),
    ],
)
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    made = operator(edits.load(name), (13, 17))
    images = 0.3 + 0.4 * torch.rand((1, 3, 13, 17), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert torch.autograd.gradcheck(made.apply, images.requires_grad_(), eps=1e-7, atol=1e-5)


@pytest.mark.parametrize("name", ["resize:0.6", "brightness:1.5"])
def test_what_is_cut_off_has_no_gradient(name: str) -> None:
    made = operator(edits.load(name), (16, 16))
    images = torch.full((1, 3, 16, 16), 1.1, dtype=torch.float64, requires_grad=True)
    found = made.apply(images)
    assert bool((found > 1 - 1e-6).all())
    (gradient,) = torch.autograd.grad(found.sum(), images)
    assert bool((gradient == 0).all())


@pytest.mark.parametrize("name", ["jpeg:30", "webp:30", "filter:nashville"])
def test_what_has_no_derivative_passes_gradients_on_as_they_are(name: str) -> None:
    images = to_images([PHOTO]).requires_grad_()
    found = operator(edits.load(name), (96, 128)).apply(images)
    assert torch.equal(found.detach(), to_images([edits.load(name).apply(PHOTO)]))
    weights = torch.rand(found.shape, generator=torch.Generator().manual_seed(2))
    (gradient,) = torch.autograd.grad((found * weights).sum(), images)
    assert torch.equal(gradient, weights)


def test_an_operator_made_without_gradients_has_them_later() -> None:
    edit = edits.load("resize:0.55+blur:0.7")
    with torch.inference_mode():
        operator(edit, (40, 48)).undo(operator(edit, (40, 48)).apply(torch.rand((1, 3, 40, 48))))
    images = torch.rand((1, 3, 40, 48), requires_grad=True)
    (gradient,) = torch.autograd.grad(operator(edit, (40, 48)).apply(images).sum(), images)
    assert float(gradient.abs().sum()) > 0


# Undoing


@settings(max_examples=60)
@given(factor=factors, height=sides, width=sides)
def test_what_was_resized_is_resized_again_alike(factor: str, height: int, width: int) -> None:
    """What the edit leaves of the undone image is the image that was undone, to a level on average."""
    pixels = drawn("photo", height, width)
    edit = edits.load(f"resize:{factor}")
    seen = to_images([edited(edit, pixels)])
    made = operator(edit, (height, width))
    assert float((made.apply(made.undo(seen)) - seen).square().mean().sqrt()) < LEVEL


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("back:0.5", 1),
        ("blur:1", 1),
        ("blur:1+jpeg:85", 5),
        ("brightness:0.8", 1),
        ("contrast:1.5", 1),
        ("crop:3,5", 0.01),
        ("filter:_1977", 1.5),
        ("filter:willow", 1.5),
        ("resize:0.5+crop:3,5", 1),
        (SHOT, 1),
    ],
)
def test_what_is_undone_and_edited_again_is_the_same(name: str, levels: float) -> None:
    made, seen = operator(edits.load(name), (96, 128)), to_images([edits.load(name).apply(PHOTO)])
    again = made.apply(made.undo(seen))
    assert float((again - seen).square().mean().sqrt()) < levels * LEVEL


@pytest.mark.parametrize("name", ["resize:1.5", "resize:2", "contrast:0.5", "brightness:0.5"])
def test_what_lost_nothing_comes_back(name: str) -> None:
    made, seen = operator(edits.load(name), (96, 128)), to_images([edits.load(name).apply(PHOTO)])
    assert float((made.undo(seen) - to_images([PHOTO])).square().mean().sqrt()) < 1.2 * LEVEL


def test_undoing_is_nearer_than_resizing_back() -> None:
    original = to_images([PHOTO])
    for factor in (0.5, 0.75, 1.5):
        edit, back = edits.load(f"resize:{factor}"), edits.load(f"back:{factor}")
        undone = operator(edit, (96, 128)).undo(to_images([edit.apply(PHOTO)]))
        resized = to_images([back.apply(PHOTO)])
        assert float((undone - original).square().mean()) < float((resized - original).square().mean())


def test_noise_and_rounding_are_not_amplified_without_end() -> None:
    """A blur of 1 px leaves 0.7 % of the finest waves; a plain inverse would make a level of them 140."""
    original, edit = to_images([PHOTO]), edits.load("blur:1")
    seen = to_images([edit.apply(PHOTO)])
    undone = operator(edit, (96, 128)).undo(seen)
    assert float((undone - original).square().mean()) < 0.5 * float((seen - original).square().mean())
    noisy = edits.load("blur:1+noise:0.02")
    undone = operator(noisy, (96, 128)).undo(to_images([noisy.apply(PHOTO)]))
    assert float((undone - original).square().mean().sqrt()) < 0.1


# One image alone


@pytest.mark.parametrize("name", [*EXAMPLES, "resize:0.7+brightness:1.1+jpeg:80"])
def test_a_neighbour_changes_not_one_bit(name: str) -> None:
    images = to_images([PHOTO, PHOTO[::-1].copy(), 255 - PHOTO])
    made = operator(edits.load(name), (96, 128))
    together = made.apply(images)
    alone = torch.cat([made.apply(images[row : row + 1]) for row in range(3)])
    assert torch.equal(together, alone)
    assert torch.equal(made.undo(together), torch.cat([made.undo(row) for row in together.split(1)]))
    assert tuple(made.apply(images[:0]).shape) == (0, 3, *made.seen)


def test_images_are_left_alone() -> None:
    for name in EXAMPLES:
        images = to_images([PHOTO])
        operator(edits.load(name), (96, 128)).apply(images)
        assert torch.equal(images, to_images([PHOTO]))


def test_other_sizes_are_refused() -> None:
    made = operator(edits.load("resize:0.5"), (96, 128))
    with pytest.raises(ImageError, match="images are 96 x 96 pixels, need 128 x 96"):
        made.apply(torch.rand((1, 3, 96, 96)))
    with pytest.raises(ImageError, match="images are 128 x 96 pixels, need 64 x 48"):
        made.undo(torch.rand((1, 3, 96, 128)))
    with pytest.raises(ImageError, match=r"crop:0,60: 64 x 0 pixels are too small: at least 8 x 8"):
        operator(edits.load("resize:0.5+crop:0,60"), (96, 128))
    with pytest.raises(ImageError, match=r"back:0\.1: 13 x 5 pixels are too small"):
        operator(edits.load("back:0.1"), (48, 128))


# Sizes


@settings(max_examples=300)
@given(name=names, side=st.integers(2, 200), factor=st.sampled_from([1, 4, 8, 16, 32]), axis=st.sampled_from([0, 1]))
def test_the_size_before_is_one_that_leaves_the_size_seen(name: str, side: int, factor: int, axis: int) -> None:
    steps = edits.load(name).steps
    seen = after(steps, side * factor, axis)
    assume(seen > 0)
    before, part = original(steps, seen, factor, axis)
    assert part == seen
    assert before % factor == 0
    assert after(steps, before, axis) == seen


@settings(max_examples=200)
@given(name=names, seen=st.integers(1, 300), factor=st.sampled_from([1, 8, 32]))
def test_a_size_that_none_leaves_is_cropped_to_the_largest_that_is(name: str, seen: int, factor: int) -> None:
    steps = edits.load(name).steps
    every = {after(steps, count * factor, 0) for count in range(1, 400)}
    try:
        before, part = original(steps, seen, factor, 0)
    except ImageError:
        assert not [side for side in every if 0 < side <= seen]
        return
    assert part == max(side for side in every if 0 < side <= seen)
    assert after(steps, before, 0) == part


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("crop:19,3+crop:8,9+jpeg:75", "crop:3,3+crop:0,1+jpeg:75"),
        ("crop:19,3+resize:0.5+crop:30,2", "crop:3,3+resize:0.5+crop:30,2"),
        ("jpeg:75+crop:30,2", "jpeg:75+crop:30,2"),
    ],
)
def test_whole_cells_are_not_cut_off(name: str, expected: str) -> None:
    assert edits.Edit(reduced(edits.load(name).steps, 8)).name == expected
