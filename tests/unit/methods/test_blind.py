"""A blind search finds where the decoder's grid starts, and asks the method of the image put back there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch

from tests.leaves import leaves
from wherefrom.core.arrays import Scores
from wherefrom.core.card import Card
from wherefrom.core.errors import UsageError
from wherefrom.core.seeds import seeds_of
from wherefrom.core.tensors import Images, Latents
from wherefrom.images import edits
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.methods import load
from wherefrom.methods.arithmetic import pose_search
from wherefrom.methods.arithmetic.columns import TURNS
from wherefrom.methods.arithmetic.control_copies import turned
from wherefrom.methods.arithmetic.kept_lattice import lattice_of
from wherefrom.methods.arithmetic.pose_search import find_pose
from wherefrom.methods.arithmetic.poses import Pose, put_back
from wherefrom.methods.blind import Blind
from wherefrom.models.load import load_model
from wherefrom.models.toy import Toy

_TOY = Toy(gain=0.9)
_PLACES = ((0, 0), (3, 5), (7, 1), (4, 4))


def _made(count: int, side: int, *, model: Toy = _TOY) -> Images:
    """What the toy makes of leaves that no search has learned from, in 8 bits."""
    drawn = to_images(leaves(count, side, seed=99))
    return to_images(list(to_pixels(model.decode(model.encode(drawn)))))


def _off(images: Images, top: int, left: int, *, factor: int = 8) -> Images:
    """Images whose grid starts at that row and column, and ends with the last whole cell."""
    rows, columns = (-top % factor, -left % factor)
    height, width = (side - factor for side in images.shape[2:])
    return images[:, :, rows : rows + height, columns : columns + width].contiguous()


def _seeds(count: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return seeds_of(0, [f"image {index}" for index in range(count)])


@pytest.mark.parametrize("turn", ["", *TURNS])
def test_what_is_put_back_is_the_image_as_it_was(turn: str) -> None:
    whole = torch.rand((2, 3, 48, 64), generator=torch.Generator().manual_seed(1))
    cut = whole[:, :, 5:, 2:]
    seen = turned(cut, turn) if turn else cut
    found = put_back(seen, Pose(turn=turn, top=3, left=6), 8)
    assert torch.equal(found, whole[:, :, 8:48, 8:64])


@pytest.mark.parametrize("place", _PLACES)
def test_the_start_of_the_grid_is_found_and_the_method_asked_there(place: tuple[int, int]) -> None:
    seen = _off(_made(3, 104), *place)
    scores = Blind(method="reconstruction").scores(_TOY, seen, _seeds(3))
    assert scores["found_top"].tolist() == [place[0]] * 3
    assert scores["found_left"].tolist() == [place[1]] * 3
    assert scores["found_searched"].tolist() == [1.0] * 3
    there = put_back(seen, Pose(top=place[0], left=place[1]), 8)
    known = load("reconstruction").scores(_TOY, there, _seeds(3))
    for name in known.names:
        np.testing.assert_allclose(scores[name], known[name], rtol=1e-6)


def test_images_of_one_batch_may_lie_differently() -> None:
    made = _made(4, 104)
    seen = torch.cat([_off(made[row : row + 1], *place) for row, place in enumerate(_PLACES)])
    scores = Blind(method="reconstruction").scores(_TOY, seen, _seeds(4))
    assert list(zip(scores["found_top"], scores["found_left"], strict=True)) == list(_PLACES)


@pytest.mark.parametrize("model", [_TOY, pytest.param("one size", id="one size")])
def test_what_cannot_be_searched_is_asked_as_it_is(model: Toy | str) -> None:
    """An image of two cells a side, and a model that makes one size alone."""
    asked: Any = model if isinstance(model, Toy) else _OneSize()
    seen = _made(2, 16 if isinstance(model, Toy) else 64)
    scores = Blind(method="reconstruction").scores(asked, seen, _seeds(2))
    assert scores["found_searched"].tolist() == [0.0, 0.0]
    known = load("reconstruction").scores(_TOY, seen, _seeds(2))
    np.testing.assert_array_equal(scores["first"], known["first"])


@dataclass(frozen=True, kw_only=True)
class _OneSize:
    """The toy, said to make images of one size alone."""

    toy: Toy = field(default_factory=lambda: _TOY)
    factor: int = 8
    size: tuple[int, int] = (64, 64)

    @property
    def card(self) -> Card:
        return self.toy.card

    @property
    def device(self) -> torch.device:
        return self.toy.device

    def encode(self, images: Images) -> Latents:
        return self.toy.encode(images)

    def decode(self, latents: Latents) -> Images:
        return self.toy.decode(latents)


class _Counting:
    """A model that counts the pixels that it encodes."""

    def __init__(self, model: Toy) -> None:
        self.model, self.pixels = model, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def encode(self, images: Images) -> Latents:
        self.pixels += images[:, 0].numel()
        return self.model.encode(images)


@pytest.mark.parametrize("side", [72, 192, 512])
@pytest.mark.parametrize("reconstructions", [1.0, 2.0, 16.0])
def test_asking_about_places_costs_no_more_than_was_said(
    reconstructions: float, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the pixels tell nothing, the decoder is asked about all 64 places."""
    alike = {Pose(top=place // 8, left=place % 8): 0.0 for place in range(64)}
    monkeypatch.setattr(pose_search, "_evidence", lambda *_, **__: alike)
    noise = torch.rand((1, 3, side, side + 32), generator=torch.Generator().manual_seed(2))
    model: Any = _Counting(_TOY)
    find_pose(model, noise, crop=True, turns=False, reconstructions=reconstructions)
    price = model.pixels / noise[0, 0].numel()
    assert price <= 8 * reconstructions
    if side == 512:  # more than is useful is not asked either: here no more than one AEDR, which is two reconstructions
        assert price <= reconstructions


@pytest.mark.weekly  # learns what the grid of a whole decoder looks like, twice
def test_the_grid_of_a_trained_decoder_is_found_also_under_jpeg() -> None:
    model: Any = load_model("zoo:kl-f8-a", device="cpu")
    with torch.inference_mode():
        (made,) = to_pixels(model.decode(model.encode(to_images(leaves(1, 200, seed=7)))))
    (seen,) = to_pixels(_off(to_images([made]), 7, 1))
    both = to_images([seen, edits.load("jpeg:75").apply(seen)])
    scores = Blind(method="reconstruction").scores(model, both, _seeds(2))
    assert (scores["found_top"].tolist(), scores["found_left"].tolist()) == ([7, 7], [1, 1])
    lattice = lattice_of(model)
    lossless = lattice.evidence(both[:1], stored=False)
    assert lossless.max() == lossless[7, 1]
    assert lossless[7, 1] > lattice.evidence(both[:1], stored=True)[7, 1]


def test_it_asks_joint_where_nobody_names_a_method() -> None:
    assert Blind().method == "joint"


def test_what_was_found_is_said_in_words() -> None:
    names = ("found_searched", "found_top", "found_left", "found_turn", "found_scale")
    rows = [(1, 5, 3, 0, 1), (1, 0, 2, 4, 1), (1, 0, 0, 0, 0.5), (0, 0, 0, 0, 1)]
    columns = np.array(rows, dtype=np.float64).T
    assert Blind().in_words(Scores(dict(zip(names, columns, strict=True)))) == (
        "the decoder's grid starts 5 px from the top and 3 px from the left",
        "the decoder's grid starts 0 px from the top and 2 px from the left after undoing mirror",
        "resized by 0.5",
        "asked as it is: too small to search, or the model has no grid to be found",
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "blind"}, "inside blind"),
        ({"method": "relative"}, "inside blind"),
        ({"find": "crop+zoom"}, "'zoom' is none of crop, turns"),
        ({"find": "crop+crop"}, "names one twice"),
        ({"reconstructions": 0.5}, "is not from 1 to 64"),
        ({"reconstructions": 65.0}, "is not from 1 to 64"),
        ({"scales": "half"}, "as 0.5"),
        ({"scales": "1.0"}, "not 1"),
        ({"scales": "0.5+0.5"}, "each once"),
        ({"scales": "any+0.5"}, "or any"),
        ({"method": "ronan", "options": (("cut", 0.1),)}, "left early"),
        ({"options": ("copies",)}, "by name"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load("blind", options)  # type: ignore[arg-type]
