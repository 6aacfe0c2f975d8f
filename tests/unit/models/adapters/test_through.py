"""A model behind an edit is a model: same protocols, other sizes, another card, and it finds what was edited."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
import torch

import wherefrom as wf
from tests.unit.scoring.standins import record_of
from wherefrom import methods
from wherefrom.core.card import Fact
from wherefrom.core.errors import ImageError, ModelError, UsageError
from wherefrom.core.seeds import seeds_of
from wherefrom.core.tensors import Images
from wherefrom.evaluation import auc
from wherefrom.images import edits
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.inversion.invert import invert
from wherefrom.inversion.search import Search, Stop
from wherefrom.models.adapters.asked_part import asked_part
from wherefrom.models.adapters.through import EditedAutoencoder, EditedDecoder, through
from wherefrom.models.base import Autoencoder, ClassConditional, Decoder, SupportsParts, SupportsSearchStarts
from wherefrom.models.load import load_model
from wherefrom.models.toy import Toy
from wherefrom.profiling.conditions import behind as known_behind
from wherefrom.scoring.run import score

SHOT = "screenshot:1.25,3,5,2,7"
EDITS = (
    *("back:0.5", "blur:1.5", "brightness:1.2", "contrast:1.5", "crop:3,5", "filter:_1977", "jpeg:75", "noise:0.02"),
    *("resize:0.5", SHOT, "webp:75", "crop:3,5+resize:0.75", "resize:0.5+crop:3,5+jpeg:85"),
)
TOY = Toy(gain=0.8)


def behind(edit: str) -> EditedAutoencoder:
    found = through(TOY, edit)
    assert isinstance(found, EditedAutoencoder)
    return found


def drawn(edit: str, count: int, size: tuple[int, int] = (64, 96), first: int = 0) -> list[np.ndarray]:
    """8-bit draws of the toy that went through an edit."""
    seeds = np.arange(first, first + count, dtype=np.uint64)
    made = to_pixels(TOY.decode(TOY.draw(seeds, size=size)))
    return [edits.load(edit).apply(pixels) for pixels in made]


def images_of(pixels: list[np.ndarray], model: EditedAutoencoder) -> Images:
    return to_images([asked_part(image, model) for image in pixels])


@pytest.mark.parametrize("edit", EDITS)
def test_it_is_an_autoencoder_of_the_images_seen(edit: str) -> None:
    model = behind(edit)
    for protocol in (Decoder, Autoencoder, SupportsSearchStarts, ClassConditional, SupportsParts):
        assert isinstance(model, protocol)
    images = images_of(drawn(edit, 3), model)
    latents = model.encode(images)
    made = model.decode(latents)
    assert made.shape == images.shape
    assert made.dtype == torch.float32
    assert float((made - images).square().mean().sqrt()) < 0.15
    again = model.decode(model.draw(np.arange(2, dtype=np.uint64), size=(images.shape[2], images.shape[3])))
    assert again.shape[1:] == images.shape[1:]


@pytest.mark.parametrize("edit", EDITS)
def test_a_neighbour_changes_not_one_bit(edit: str) -> None:
    model = behind(edit)
    images = images_of(drawn(edit, 3), model)
    together = model.encode(images)
    alone = torch.cat([model.encode(image) for image in images.split(1)])
    assert torch.equal(together, alone)
    assert torch.equal(model.decode(together), torch.cat([model.decode(latent) for latent in together.split(1)]))


@pytest.mark.parametrize("edit", EDITS)
def test_a_gradient_reaches_the_latents_and_a_search_goes_down(edit: str) -> None:
    model = behind(edit)
    images = images_of(drawn(edit, 1), model)
    latents = model.encode(images).detach().requires_grad_()
    (gradient,) = torch.autograd.grad((model.decode(latents) - images).square().sum(), latents)
    assert bool(gradient.isfinite().all())
    assert float(gradient.abs().max()) > 0
    (found,) = invert(model, images, lambda _: model.encode(images), search=Search(stop=Stop(steps=10)))
    assert found.error is None
    assert found.loss <= found.start


def test_what_it_decodes_are_edited_images_of_the_model() -> None:
    latents = TOY.draw(np.arange(2, dtype=np.uint64), size=(64, 96))
    plain = to_pixels(TOY.decode(latents))
    for edit in ("resize:0.5", "resize:1.5", "blur:1", SHOT, "resize:0.5+brightness:1.1", "crop:3,5+resize:0.5"):
        made = to_pixels(behind(edit).decode(latents))
        for one, other in zip(made, plain, strict=True):
            assert np.abs(one.astype(int) - edits.load(edit).apply(other)).max() <= 2


# Cards


def test_the_card_says_through_what() -> None:
    plain, behind_one, behind_other = TOY.card, behind("resize:0.5").card, behind("resize:0.50+jpeg:85").card
    assert len({plain.digest, behind_one.digest, behind_other.digest}) == 3
    assert behind_one.facts["through"] == "resize:0.5"
    assert behind_other.facts["through"] == "resize:0.5+jpeg:85"
    assert {card.facts["decoder"] for card in (plain, behind_one, behind_other)} == {plain.facts["decoder"]}
    assert behind_one.name == plain.name
    assert behind_one.notes == plain.notes
    assert through(TOY, "none") is TOY


def test_an_edit_after_an_edit_is_a_chain() -> None:
    model = through(behind("resize:0.5"), "jpeg:85")
    assert isinstance(model, EditedDecoder)
    assert model.card == behind("resize:0.5+jpeg:85").card


def test_by_name() -> None:
    assert load_model("toy:0.8", through="resize:0.5").card == behind("resize:0.5").card
    assert wf.load_model("toy:0.8", through=edits.load("none")).card == TOY.card
    assert wf.through(TOY, "resize:0.5").card == behind("resize:0.5").card
    with pytest.raises(UsageError, match=r"no edit 'resise:0\.5'"):
        load_model("no/such/model", through="resise:0.5")
    with pytest.raises(UsageError, match="LEFT,TOP,RIGHT,BOTTOM"):
        through(TOY, "screenshot:1.25")


def test_what_has_no_decoder_is_refused() -> None:
    class Nothing:
        card, device, factor, size = TOY.card, TOY.device, 8, None

    with pytest.raises(ModelError, match="toy has no decoder"):
        through(Nothing(), "resize:0.5")


# Sizes


@pytest.mark.parametrize(
    ("edit", "seen", "part"),
    [
        ("resize:0.5", (32, 48), (0, 0, 32, 48)),
        ("resize:0.5", (35, 51), (0, 0, 32, 48)),
        ("resize:0.75", (36, 42), (0, 0, 36, 42)),
        ("resize:0.9", (50, 94), (0, 0, 50, 94)),
        ("resize:0.9", (51, 94), (0, 0, 50, 94)),
        ("resize:1.5", (50, 36), (0, 0, 48, 36)),
        ("crop:3,5", (59, 93), (3, 5, 56, 88)),
        ("crop:8,16", (59, 93), (0, 0, 56, 88)),
        ("crop:3,5+crop:5,3+noise:0.01", (56, 88), (0, 0, 56, 88)),
        ("crop:3,5+jpeg:75", (59, 93), (0, 0, 59, 93)),
        ("crop:3,5+jpeg:75", (64, 64), (0, 0, 59, 61)),
        (SHOT, (68, 115), (0, 0, 68, 115)),
    ],
)
def test_which_part_of_an_image_is_asked_about(
    edit: str, seen: tuple[int, int], part: tuple[int, int, int, int]
) -> None:
    model = behind(edit)
    assert model.part(seen) == part
    top, left, height, width = part
    pixels = np.random.default_rng(0).integers(0, 256, (*seen, 3), dtype=np.uint8)
    assert np.array_equal(asked_part(pixels, model), pixels[top : top + height, left : left + width])
    assert model.decode(model.encode(to_images([asked_part(pixels, model)]))).shape[2:] == (height, width)


def test_a_crop_loses_nothing() -> None:
    """What is left of the grid is asked about as if nothing had been cut off."""
    (whole,), (cut,) = drawn("none", 1), drawn("crop:3,5", 1)
    assert np.array_equal(asked_part(cut, behind("crop:3,5")), whole[8:, 8:])
    image = to_images([whole[8:, 8:]])
    assert torch.equal(behind("crop:3,5").encode(image), TOY.encode(image))
    assert torch.equal(behind("crop:3,5").decode(TOY.encode(image)), TOY.decode(TOY.encode(image)))


def test_sizes_that_cannot_be() -> None:
    model = behind("resize:0.5")
    with pytest.raises(ImageError, match=r"images are 50 x 32 pixels, and resize:0\.5 leaves 48 x 32"):
        model.encode(torch.rand((1, 3, 32, 50)))
    with pytest.raises(ImageError, match="a side of 3 pixels is too short: the model's smallest image leaves 4"):
        model.part((32, 3))
    with pytest.raises(ImageError, match="too small: at least 8 x 8"):
        model.encode(torch.rand((1, 3, 32, 4)))
    with pytest.raises(ImageError, match="9 x 30 pixels hold no cell of 8 x 8"):
        behind("crop:3,5").part((30, 9))
    with pytest.raises(ModelError, match="images are 50 x 32 pixels"):
        model.draw(np.arange(1, dtype=np.uint64), size=(32, 50))


def test_rows_have_the_part_that_was_asked_about() -> None:
    records = [record_of(pixels, f"{i}") for i, pixels in enumerate([*drawn("resize:0.5", 2), *drawn("none", 1)])]
    small = record_of(np.zeros((3, 40, 3), dtype=np.uint8), "small")
    table = score([*records, small], model=behind("resize:0.5"), method=methods.load("aedr", {}))
    assert table.sizes[:3] == ((32, 48), (32, 48), (64, 96))
    assert table.sizes[3] is None
    assert "too short" in str(table.images[3].error)
    assert table.model.facts["through"] == "resize:0.5"


# A generator of one size


def test_a_generator_of_one_size() -> None:
    plain = load_model("zoo:dcgan-cifar10")
    assert isinstance(plain, Decoder)
    model = through(plain, "resize:1.5+crop:3,5")
    assert isinstance(model, Decoder)
    assert not isinstance(model, Autoencoder)
    assert (model.size, plain.size) == ((43, 45), (32, 32))
    latents = model.draw(np.arange(2, dtype=np.uint64), size=(43, 45))
    assert torch.equal(latents, plain.draw(np.arange(2, dtype=np.uint64)))
    made = model.decode(latents)
    assert made.shape == (2, 3, 43, 45)
    expected = edits.load("resize:1.5+crop:3,5").apply(to_pixels(plain.decode(latents))[0])
    assert np.abs(to_pixels(made)[0].astype(int) - expected).max() <= 2  # the image before was rounded too
    with pytest.raises(ModelError, match=r"images are 32 x 32 pixels, and resize:1\.5\+crop:3,5 leaves 45 x 43"):
        model.draw(np.arange(2, dtype=np.uint64), size=(32, 32))
    with pytest.raises(ImageError, match="too small"):
        through(plain, "resize:0.1")
    ronan = methods.load("ronan", {"steps": 3, "restarts": 2})
    scores = ronan.scores(model, made, seeds_of(0, ["a", "b"]))
    assert (scores["loss"] <= scores["start"]).all()


# Methods


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("aedr", {}),
        ("spectral", {}),
        ("reconstruction", {}),
        ("recompressed", {"quality": 85}),
        ("latenttracer", {"steps": 2}),
        ("latenttracer", {"steps": 2, "metric": "jpeg", "quality": 85}),
        ("latenttracer", {"steps": 2, "optimiser": "gradient-free"}),
        ("traced", {"steps": 2}),
        ("ronan", {"steps": 2, "restarts": 2}),
        ("relative", {"method": "reconstruction", "reference": "toy"}),
    ],
)
@pytest.mark.parametrize("edit", ["resize:0.5", "crop:3,5", "resize:0.75+jpeg:85"])
def test_every_method_asks_through_an_edit(name: str, options: dict[str, Fact], edit: str) -> None:
    model = behind(edit)
    images = images_of(drawn(edit, 2), model)
    scores = methods.load(name, options).scores(model, images, seeds_of(0, ["a", "b"]))
    assert len(scores) == 2
    assert np.isfinite(scores.matrix(scores.names)).all()


def test_a_reference_is_asked_through_the_same_edit() -> None:
    model, method = behind("resize:0.5"), methods.load("relative", {"method": "reconstruction", "reference": "toy"})
    images = images_of(drawn("resize:0.5", 2), model)
    found = method.scores(model, images, seeds_of(0, ["a", "b"]))
    alone = methods.load("reconstruction", {}).scores(through(Toy(), "resize:0.5"), images, seeds_of(0, ["a", "b"]))
    np.testing.assert_array_equal(found["reference_first"], alone["first"])


def passed() -> tuple[np.ndarray, np.ndarray]:
    """Eight tiles of photos through one small decoder of the package, and through the other."""
    photos = [skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea(), skimage.data.rocket()]
    tiles = to_images([photo[place : place + 80, 200:280].copy() for photo in photos for place in (60, 180)])
    made = []
    for name in ("zoo:kl-f8-a", "zoo:kl-f8-b"):
        model = load_model(name)
        assert isinstance(model, Autoencoder)
        with torch.inference_mode():
            made.append(to_pixels(model.decode(model.encode(tiles))))
    return made[0], made[1]


def test_belongings_are_told_apart_through_the_edit_and_less_without() -> None:
    edit, plain, method = "resize:0.5", load_model("zoo:kl-f8-a"), methods.load("aedr", {})
    kinds = [[record_of(edits.load(edit).apply(pixels), f"{i}") for i, pixels in enumerate(kind)] for kind in passed()]
    found = []
    for model in (plain, through(plain, edit)):
        tables = [score(images, model=model, method=method) for images in kinds]
        found.append(auc(*(method.statistic(table.scores, {}) for table in tables)).value)
    assert found[1] > 0.95, found
    assert found[0] < found[1] - 0.1, found


@pytest.mark.parametrize("edit", ["turn90", "mirror+jpeg:75", "crop:3,5+flip"])
def test_no_model_is_asked_through_a_turn_which_loses_nothing(edit: str) -> None:
    with pytest.raises(UsageError, match=r"no model is asked through .* turn the images back first"):
        through(TOY, edit)
    with pytest.raises(UsageError, match=r"find=crop\+turns"):
        load_model("toy", through=edit)
    with pytest.raises(UsageError, match="turn the images back first"):
        known_behind(TOY, edits.load(edit))
