"""By how much an image was resized is told from its pixels, among all sizes that it can have had."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.leaves import leaves
from wherefrom.core.seeds import seeds_of
from wherefrom.images import edits
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.images.convert import Pixels
from wherefrom.methods import load
from wherefrom.methods.arithmetic import scale_questions, scales
from wherefrom.methods.arithmetic.kept_lattice import scale_lattice_of
from wherefrom.methods.arithmetic.lattice import pattern_of
from wherefrom.methods.arithmetic.scale_candidates import Candidate, Tried, named_candidates, possible_candidates
from wherefrom.methods.arithmetic.scale_lattice import (
    Part,
    ScaleLattice,
    brought_back,
    learned_scale_lattice,
    nearest_scale,
    planes_of,
)
from wherefrom.methods.arithmetic.scales import find_scale
from wherefrom.methods.blind import Blind
from wherefrom.methods.relative import Relative
from wherefrom.models.adapters.through import through
from wherefrom.models.base import Autoencoder
from wherefrom.models.load import load_model
from wherefrom.models.toy import Toy
from wherefrom.scoring.run import score

_TOY = Toy(gain=0.9)
_SCALES = (0.75, 1.0, 1.5)
_SIDE = 120


@pytest.fixture(scope="module")
def lattices() -> dict[float, ScaleLattice]:
    """Of the toy, for three factors and from few pictures, so that learning takes a second."""
    drawn = leaves(6, 144, seed=5)
    made = list(to_pixels(_TOY.decode(_TOY.encode(to_images(drawn)))))
    return {scale: learned_scale_lattice(made, drawn, scale, 8) for scale in _SCALES}


@pytest.fixture
def learned(lattices: dict[float, ScaleLattice], monkeypatch: pytest.MonkeyPatch) -> None:
    """These in place of what is kept on the disk."""

    def nearest(_: object, scale: float, **__: object) -> ScaleLattice:
        return min(lattices.values(), key=lambda lattice: abs(np.log(lattice.scale / scale)))

    monkeypatch.setattr(scales, "scale_lattice_of", nearest)


def _made(seed: int, model: Autoencoder = _TOY) -> Pixels:
    drawn = to_images(leaves(1, _SIDE, seed=seed))
    return np.asarray(to_pixels(model.decode(model.encode(drawn)))[0])


def _resized(pixels: Pixels, scale: float, how: Image.Resampling) -> Pixels:
    side = round(_SIDE * scale)
    return np.asarray(Image.fromarray(pixels).resize((side, side), how))


@pytest.mark.parametrize(
    ("scale", "how"),
    [(0.75, "LANCZOS"), (0.8, "BICUBIC"), (1.25, "LANCZOS"), (1.5, "BICUBIC")],
)
def test_the_factor_is_found_among_all_sizes_that_the_image_can_have_had(scale: float, how: str, learned: None) -> None:
    seen = _resized(_made(91), scale, Image.Resampling[how])
    candidates = possible_candidates(seen.shape[:2], 8)
    found = find_scale(_TOY, seen, candidates, crop=True)
    before = [one.before for one in candidates if one.scale == found.scale]
    assert before == [(_SIDE, _SIDE)]
    assert found.lead > 1


def test_where_the_pixels_say_nothing_the_decoder_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = SimpleNamespace(evidence=lambda _: np.zeros((8, 8)))
    monkeypatch.setattr(scales, "scale_lattice_of", lambda *_, **__: silent)
    model = load_model("zoo:kl-f8-a", device="cpu")
    assert isinstance(model, Autoencoder)
    with torch.inference_mode():
        made = _made(94, model)
    for scale in _SCALES:
        seen = made if scale == 1 else _resized(made, scale, Image.Resampling.LANCZOS)
        candidates = named_candidates((0.75, 1.25, 1.5), seen.shape[:2], 8)
        assert find_scale(model, seen, candidates, crop=False).scale == scale


@pytest.mark.parametrize("stored", [False, True])
def test_an_image_that_shows_the_grid_of_a_jpeg_is_asked_by_what_was_learned_from_such(
    stored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the pixels and by the decoder."""
    asked = set()

    def lattice(_: object, _scale: float, *, stored: bool) -> Any:
        asked.add(("pixels", stored))
        return SimpleNamespace(evidence=lambda _: np.zeros((8, 8)))

    def answer(*_: object, stored: bool) -> float:
        asked.add(("decoder", stored))
        return 0.0

    monkeypatch.setattr(scales, "scale_lattice_of", lattice)
    monkeypatch.setattr(scale_questions, "_of_decoder", answer)
    seen = _resized(leaves(1, _SIDE, seed=96)[0], 1.5, Image.Resampling.LANCZOS)
    pixels = edits.load("jpeg:75").apply(seen) if stored else seen
    find_scale(_TOY, pixels, named_candidates((1.5,), seen.shape[:2], 8), crop=False)
    assert asked == {("pixels", stored), ("decoder", stored)}


def _apart(edit: str, learned: float, *, stored: bool) -> float:
    """How far the toy's images stand out from pictures as they were drawn, in those' spread, after an edit of both.

    Args:
        edit: ends in a JPEG.
        learned: the factor for which something was learned.
        stored: whether it was learned from images stored as JPEG.
    """
    drawn, fresh = leaves(6, 144, seed=5), leaves(6, 144, seed=8)
    made, tried = (list(to_pixels(_TOY.decode(_TOY.encode(to_images(each))))) for each in (drawn, fresh))
    lattice = learned_scale_lattice(made, drawn, learned, 8, stored=stored)
    whole = Part(top=0, left=0, height=144, width=144)

    def evidence(picture: Pixels) -> float:
        return float(
            lattice.evidence([brought_back(planes_of(edits.load(edit).apply(picture)), (144, 144), whole)])[0, 0]
        )

    own, others = (np.array([evidence(picture) for picture in pictures]) for pictures in (tried, fresh))
    return float((own.mean() - others.mean()) / others.std())


def test_after_a_jpeg_more_of_a_decoders_images_are_told_by_what_was_learned_from_such() -> None:
    lossless, stored = (_apart("resize:1.5+jpeg:50", 1.5, stored=how) for how in (False, True))
    assert stored > 1.2 * lossless > 0


def test_after_a_jpeg_what_was_learned_for_a_simple_fraction_nearby_tells_less() -> None:
    near, own = (_apart("resize:1.27+jpeg:85", learned, stored=True) for learned in (1.25, 1.27))
    assert own > 1.5 * near


def test_factors_are_learned_for_more_densely_after_a_jpeg() -> None:
    for scale in np.exp(np.linspace(np.log(0.4), np.log(2.5), 301)):
        assert abs(nearest_scale(scale, stored=True) / scale - 1) < 0.006
        assert abs(nearest_scale(scale) / scale - 1) < 0.05
    assert nearest_scale(4 / 3 + 0.004, stored=True) == 4 / 3, "it has the traces of a simple fraction"
    assert nearest_scale(4 / 3 + 0.010, stored=True) != 4 / 3
    assert len({nearest_scale(scale, stored=True) for scale in np.linspace(0.4, 2.5, 5000)}) < 220


def _asked_about(
    monkeypatch: pytest.MonkeyPatch, decoder: dict[float, float], reconstructions: float = 2, side: int = 96
) -> Any:
    """The factors that a decoder is asked about, and the one that is found, where the pixels say nothing."""
    silent, about = SimpleNamespace(evidence=lambda _: np.zeros((8, 8))), []

    def answer(_model: object, _planes: object, candidate: Any, _part: object, **_: object) -> float:
        about.append(candidate.scale)
        return decoder.get(candidate.scale, 0.0)

    monkeypatch.setattr(scales, "scale_lattice_of", lambda *_, **__: silent)
    monkeypatch.setattr(scale_questions, "_of_decoder", answer)
    seen = leaves(1, side)[0]
    candidates = named_candidates((0.4, 0.5, 0.6, 0.8, 1.2, 1.5), (side, side), 8)
    return about, find_scale(_TOY, seen, candidates, crop=False, reconstructions=reconstructions)


def test_no_further_factor_is_asked_about_once_one_is_evident(monkeypatch: pytest.MonkeyPatch) -> None:
    about, found = _asked_about(monkeypatch, {0.4: 5.9, 0.5: 6.1, 0.6: 9.0})
    assert about == [1.0, 0.4, 0.5]
    assert found.scale == 0.5
    assert found.lead == pytest.approx(0.2)


def test_questions_end_with_their_price_and_the_best_of_those_asked_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = {0.5: -0.5, 0.8: 4.0, 1.0: -1.0, 0.4: -0.2, 0.6: -0.3}
    about, found = _asked_about(monkeypatch, decoder, reconstructions=1)
    assert about == [1.0, 0.4, 0.5, 0.6], "eight reconstructions are four of the image and of its copy"
    assert found.scale == 0.4
    assert found.lead == 0, "a factor that was not asked about is no better than one that was"
    about, found = _asked_about(monkeypatch, decoder, reconstructions=2)
    assert about == [1.0, 0.4, 0.5, 0.6, 0.8, 1.2, 1.5]
    assert found.scale == 0.8


def test_where_the_price_allows_first_questions_about_each_factor_set_the_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    about, found = _asked_about(monkeypatch, {0.6: 7.0, 0.8: 3.0}, side=264)
    assert about == [1.0, 0.4, 0.5, 0.6, 0.8, 1.2, 1.5, 0.6]
    assert found.scale == 0.6


def test_a_large_image_that_was_stored_as_jpeg_is_found_by_the_decoder_alone_where_it_has_texture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Half of it is flat, among it the part off the middle of which it was asked before."""
    model: Any = load_model("zoo:kl-f8-a", device="cpu")
    with torch.inference_mode():
        drawn = to_pixels(model.decode(model.draw(np.array([1], dtype=np.uint64), size=(384, 512))))[0]
    drawn[:, :288] = 127
    learned: list[tuple[float, bool]] = []

    def lattice(asked: Any, scale: float, *, stored: bool) -> Any:
        learned.append((scale, stored))
        return scale_lattice_of(asked, scale, stored=stored)

    monkeypatch.setattr(scales, "scale_lattice_of", lattice)
    seen = edits.load("resize:0.77+jpeg:85").apply(drawn)
    candidates = possible_candidates(seen.shape[:2], 8)
    found = find_scale(model, seen, candidates, crop=True)
    assert [one.before for one in candidates if one.scale == found.scale] == [(384, 512)]
    assert found.lead > 3
    assert learned == [(1.0, True)], "patterns of other factors take long to learn, and are not needed"


def test_the_part_that_the_decoder_is_asked_about_is_where_the_image_has_texture() -> None:
    pixels = np.full((300, 400, 3), 90, dtype=np.uint8)
    assert scale_questions._textured_place(planes_of(pixels))[0] in scale_questions._PLACES
    pixels[200:, :120] = np.random.default_rng(0).integers(0, 256, (100, 120, 3))
    assert scale_questions._textured_place(planes_of(pixels)) == (0.77, 0.23)
    for side in (6, 8, 15, 24):
        assert scale_questions._textured_place(planes_of(pixels[-side:, :side])) in product(
            scale_questions._PLACES, repeat=2
        )


@pytest.mark.parametrize(
    ("side", "start", "first", "length"), [(192, 0, 0, 192), (191, 3, 3, 184), (256, 0, 0, 256), (512, 0, 64, 256)]
)
def test_the_decoder_is_asked_about_all_of_a_small_image_and_off_the_middle_of_a_large_one(
    side: int, start: int, first: int, length: int
) -> None:
    candidate = Candidate(scale=1.0, before=(side, 96), seen=(side, 96))
    tried = Tried(candidate=candidate, evidence=0.0, start=(start, 0))
    part = scale_questions._asked_part(tried, 8, 256, (0.38, 0.77))
    assert (part.top, part.height) == (first, length)
    assert (part.left, part.width) == (0, 96)


def test_the_pixels_evidence_counts_a_quarter_beside_the_decoders(monkeypatch: pytest.MonkeyPatch) -> None:
    def lattice(_: object, scale: float, **__: object) -> Any:
        return SimpleNamespace(evidence=lambda _: np.full((8, 8), 8.0 if scale == 0.5 else 0.0))

    for better, scale in ((1.9, 0.5), (2.1, 0.8)):
        monkeypatch.setattr(scales, "scale_lattice_of", lattice)
        monkeypatch.setattr(
            scale_questions, "_of_decoder", lambda *of, by=better, **_: by if of[2].scale == 0.8 else 0.0
        )
        candidates = named_candidates((0.5, 0.8), (96, 96), 8)
        assert find_scale(_TOY, leaves(1, 96)[0], candidates, crop=False).scale == scale


@pytest.mark.parametrize("cut", [0, 3])
def test_an_image_that_was_not_resized_is_found_so_wherever_its_grid_starts(cut: int, learned: None) -> None:
    seen = _made(92)[cut:, cut:]
    found = find_scale(_TOY, seen, possible_candidates(seen.shape[:2], 8), crop=True)
    assert found.scale == 1


@pytest.mark.parametrize(("before", "scale"), [((80, 120), 0.6), ((64, 96), 1.3), ((96, 96), 2.5), ((160, 104), 0.4)])
def test_the_true_factor_is_among_the_possible_ones_and_each_of_them_leads_to_the_size(
    before: tuple[int, int], scale: float
) -> None:
    seen = (round(before[0] * scale), round(before[1] * scale))
    candidates = possible_candidates(seen, 8)
    assert before in [one.before for one in candidates]
    assert len({one.before for one in candidates}) == len(candidates)
    for one in candidates:
        flat = np.zeros((*one.before, 3), dtype=np.uint8)
        assert edits.load(f"resize:{one.scale:g}").apply(flat).shape[:2] == seen == one.seen
        assert not any(side % 8 for side in one.before)


def test_of_an_image_that_is_not_square_few_factors_are_possible() -> None:
    assert len(possible_candidates((115, 173), 8)) < len(possible_candidates((115, 115), 8))


def test_a_named_factor_that_leaves_too_little_is_no_candidate() -> None:
    assert [one.scale for one in named_candidates((0.5, 4.0), (64, 64), 8)] == [0.5]


def test_a_part_is_brought_back_from_its_very_place() -> None:
    """Of a ramp that was halved, each pixel before has the value of its middle now."""
    now = np.repeat(np.arange(0, 240, 2, dtype=np.uint8)[None, :, None], 48, axis=0).repeat(3, axis=2)
    part = brought_back(planes_of(now), (96, 240), Part(top=16, left=40, height=32, width=64))
    wanted = np.arange(40, 104) - 0.5
    np.testing.assert_allclose(255 * part[0, 0, 10].numpy(), wanted, atol=0.15)


def test_a_part_of_an_image_that_was_not_resized_is_that_part() -> None:
    pixels = leaves(1, 64)[0]
    part = brought_back(planes_of(pixels), (64, 64), Part(top=8, left=16, height=32, width=40))
    np.testing.assert_allclose(part.numpy(), to_images([pixels])[:, :, 8:40, 16:56].numpy(), atol=1e-6)


def test_the_method_is_asked_through_the_resize_that_was_found(
    learned: None,
) -> None:
    seen = to_images([_resized(_made(93), 1.5, Image.Resampling.LANCZOS)])
    seeds = seeds_of(0, ["image"])
    found = Blind(method="reconstruction", scales="any").scores(_TOY, seen, seeds)
    assert found["found_scale"].tolist() == [1.5]
    assert Blind().in_words(found) == ("resized by 1.5",)
    known = load("reconstruction").scores(through(_TOY, "resize:1.5"), seen, seeds)
    np.testing.assert_array_equal(found["first"], known["first"])


@pytest.mark.parametrize("scale", [0.75, 1.25, 1.3])
def test_an_image_is_searched_with_its_last_rows_which_are_no_whole_cell(scale: float, learned: None) -> None:
    """Of the size that it has, not of whole cells: that another factor would have led to."""
    seen = _resized(_made(97), scale, Image.Resampling.LANCZOS)
    assert seen.shape[0] % 8
    table = score([seen], model=_TOY, method=Blind(method="reconstruction", scales="any"))
    assert table.scores["found_scale"].tolist() == [scale]
    assert table.sizes == ((seen.shape[0], seen.shape[1]),)


def test_of_an_image_that_is_too_small_to_be_searched_whole_cells_are_asked_about() -> None:
    seen = leaves(1, 20)[0]
    found, known = (
        score([seen], model=_TOY, method=method).scores
        for method in (Blind(method="reconstruction", scales="any"), load("reconstruction"))
    )
    assert found["found_searched"].tolist() == [0]
    assert found["first"] == known["first"]


def test_whole_images_are_taken_where_scales_are_searched_for_also_inside_another_method() -> None:
    options = (("method", "reconstruction"), ("scales", "any"))
    assert Blind(scales="any").takes_whole_images
    assert not Blind().takes_whole_images
    assert Relative(reference="toy", method="blind", options=options).takes_whole_images
    assert not Relative(reference="toy", method="reconstruction").takes_whole_images


def test_what_bringing_back_leaves_in_all_images_is_no_evidence(lattices: dict[float, ScaleLattice]) -> None:
    lattice = lattices[1.5]
    part = to_images(leaves(1, _SIDE, seed=9))
    usual = pattern_of(part, lattice.filters, 8)
    assert np.allclose(replace(lattice, centre=usual).evidence([part]), 0, atol=1e-9)
    assert np.abs(replace(lattice, centre=usual * 0).evidence([part])).max() > 1e-3
