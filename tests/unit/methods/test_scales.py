"""By how much an image was resized is told from its pixels, among all sizes that it can have had."""

from __future__ import annotations

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
from wherefrom.measures.jpeg_grid import shows_grid
from wherefrom.methods import load
from wherefrom.methods.arithmetic import put_back, scale_questions
from wherefrom.methods.arithmetic.scale_candidates import Candidate, named_candidates, possible_candidates
from wherefrom.methods.arithmetic.scale_parts import Part, brought_back, planes_of
from wherefrom.methods.arithmetic.scales import ScaledImage, find_scale
from wherefrom.methods.blind import Blind
from wherefrom.methods.relative import Relative
from wherefrom.models.adapters.through import through
from wherefrom.models.base import Autoencoder
from wherefrom.models.load import load_model
from wherefrom.models.toy import Toy
from wherefrom.scoring.run import score

_TOY = Toy(gain=0.9)
"""For questions that need no answer of the decoder: turned upside down, it draws the same."""
_SIDE = 120


@pytest.fixture(scope="module")
def embedded() -> Any:
    return load_model("zoo:kl-f8-a", device="cpu")


def _made(seed: int, model: Autoencoder) -> Pixels:
    drawn = to_images(leaves(1, _SIDE, seed=seed))
    with torch.inference_mode():
        return np.asarray(to_pixels(model.decode(model.encode(drawn)))[0])


def _resized(pixels: Pixels, scale: float, how: Image.Resampling) -> Pixels:
    side = round(_SIDE * scale)
    return np.asarray(Image.fromarray(pixels).resize((side, side), how))


def _found(model: Autoencoder, seen: Pixels, candidates: list[Candidate]) -> ScaledImage:
    """As `blind` finds it of an image that starts on the grid if it was not resized."""
    return find_scale(model, seen, candidates, to_images([seen]), stored=bool(shows_grid(seen)))


@pytest.mark.parametrize(
    ("scale", "how"),
    [(0.75, "LANCZOS"), (0.8, "BICUBIC"), (1.25, "LANCZOS"), (1.5, "BICUBIC")],
)
def test_the_factor_is_found_among_all_sizes_that_the_image_can_have_had(scale: float, how: str, embedded: Any) -> None:
    seen = _resized(_made(91, embedded), scale, Image.Resampling[how])
    candidates = possible_candidates(seen.shape[:2], 8)
    found = _found(embedded, seen, candidates)
    assert [one.before for one in candidates if one.scale == found.scale] == [(_SIDE, _SIDE)]
    assert found.lead > 1


@pytest.mark.parametrize("edit", ["resize:0.77+jpeg:85", "resize:0.6", "resize:1.3+jpeg:75", "jpeg:75"])
def test_an_embedded_decoders_drawn_image_is_found_after_a_jpeg_too(edit: str, embedded: Any) -> None:
    """Half of it is flat, so that it has to be asked about where it has texture."""
    with torch.inference_mode():
        drawn = to_pixels(embedded.decode(embedded.draw(np.array([1], dtype=np.uint64), size=(192, 256))))[0]
    drawn[:, :128] = 127
    seen = edits.load(edit).apply(drawn)
    candidates = possible_candidates(seen.shape[:2], 8)
    found = _found(embedded, seen, candidates)
    assert [one.before for one in candidates if one.scale == found.scale] == ([(192, 256)] if "resize" in edit else [])
    assert found.lead > 3


@pytest.mark.parametrize("stored", [False, True])
def test_of_an_image_that_shows_the_grid_of_a_jpeg_what_a_jpeg_keeps_counts(
    stored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = set()

    def answer(_model: object, images: Any, _scale: float, *, stored: bool) -> list[float]:
        asked.add(stored)
        return [0.0] * len(images)

    monkeypatch.setattr(scale_questions, "_log_energy", answer)
    seen = _resized(leaves(1, _SIDE, seed=96)[0], 1.5, Image.Resampling.LANCZOS)
    pixels = edits.load("jpeg:75").apply(seen) if stored else seen
    _found(_TOY, pixels, possible_candidates(seen.shape[:2], 8))
    assert asked == {stored}


def test_after_a_jpeg_blocks_count_by_what_the_image_shows(embedded: Any) -> None:
    """What a flat block is made into says nothing then."""
    rng = np.random.default_rng(3)
    textured = rng.random((1, 3, 64, 64), dtype=np.float32)
    half = textured.copy()
    half[..., 32:] = 0.5

    class Drawn:
        """Reconstructs flat blocks badly, and the others well."""

        def encode(self, images: Any) -> Any:
            return images

        def decode(self, images: Any) -> Any:
            flat = (images == 0.5).float()
            return images + 0.5 * flat * torch.from_numpy(rng.normal(size=images.shape).astype(np.float32)) + 0.001

    drawn: Any = Drawn()
    (stored,), (lossless,) = (
        scale_questions._log_energy(drawn, torch.from_numpy(half), 1.0, stored=how) for how in (True, False)
    )
    assert stored < lossless - 2


def _asked_about(
    monkeypatch: pytest.MonkeyPatch,
    decoder: dict[float, float],
    *,
    reconstructions: float = 2,
    named: tuple[float, ...] = (0.4, 0.5, 0.6, 0.8, 1.2, 1.5),
    first: dict[float, float] | None = None,
) -> tuple[list[float], ScaledImage]:
    """The factors that a decoder is asked about, and the one that is found, where it answers so."""
    about: list[float] = []

    def answer(_model: object, one: Any, _part: object, **_: object) -> float:
        about.append(one.candidate.scale)
        return decoder.get(one.candidate.scale, 0.0)

    def ordered(_model: object, questions: Any, _parts: object, **_: object) -> Any:
        return np.array([(first or {}).get(one.candidate.scale, 0.0) for one in questions])

    monkeypatch.setattr(scale_questions, "_against_copy", answer)
    monkeypatch.setattr(scale_questions, "_first_evidence", ordered)
    seen = leaves(1, 96)[0]
    candidates = named_candidates(named, (96, 96), 8)
    return about, find_scale(_TOY, seen, candidates, to_images([seen]), reconstructions, stored=False)


def test_no_further_factor_is_asked_about_once_one_is_far_ahead_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    about, found = _asked_about(monkeypatch, {0.4: 9.0, 0.5: 2.9, 0.6: 3.1})
    assert about == [1.0, 0.4, 0.5]
    assert (found.scale, found.evidence) == (0.4, 9.0)
    assert found.lead == pytest.approx(6.1)
    about, found = _asked_about(monkeypatch, {0.4: 9.0, 0.5: 3.1, 0.6: 3.1})
    assert len(about) == 7, "none is far enough ahead"


def test_questions_end_with_their_price_and_the_best_of_those_asked_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = {0.5: -0.5, 0.8: -1.0, 1.0: -1.0, 0.4: -0.2, 0.6: -0.3, 1.5: 4.0}
    about, found = _asked_about(monkeypatch, decoder, reconstructions=0.5)
    assert about == [1.0, 0.4, 0.5, 0.6], "eight reconstructions are four of the image and of its copy"
    assert found.scale == 0.4
    about, found = _asked_about(monkeypatch, decoder, reconstructions=1)
    assert about == [1.0, 0.4, 0.5, 0.6, 0.8, 1.2, 1.5]
    assert found.scale == 1.5


_MANY = tuple(float(f"{scale:.3g}") for scale in np.linspace(0.4, 0.95, 24))


def test_of_many_factors_first_questions_set_the_order_and_few_are_asked_about_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    about, found = _asked_about(monkeypatch, {_MANY[9]: 9.0}, named=_MANY, first={_MANY[20]: 2.0, _MANY[9]: 1.0})
    assert about[:2] == [_MANY[20], _MANY[9]]
    assert len(about) == 3
    assert found.scale == _MANY[9]
    about, _ = _asked_about(monkeypatch, {}, named=_MANY, reconstructions=64)
    assert len(about) == 16


def test_the_first_evidence_is_what_the_next_factors_do_not_lead_one_to_expect(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors that change steadily with the factor, but for one."""
    candidates = named_candidates(_MANY, (96, 96), 8)
    planes = planes_of(leaves(1, 96)[0])
    questions = [scale_questions.Question(candidate=one, planes=planes) for one in candidates]
    parts = scale_questions._first_parts(questions, 8, (0.38, 0.38), most=1e9)

    def answer(_model: object, images: Any, scale: float, **_: object) -> list[float]:
        return [2 * np.log(scale) - 0.3 * (scale == _MANY[7])] * len(images)

    monkeypatch.setattr(scale_questions, "_log_energy", answer)
    found = scale_questions._first_evidence(_TOY, questions, parts, stored=False)
    assert found[7] == pytest.approx(0.3, abs=1e-9)
    assert np.abs(np.delete(found, 7)).max() < 0.16
    np.testing.assert_allclose(found[[0, 1, 2, 3, *range(11, 24)]], 0, atol=1e-9)


def test_first_questions_are_about_the_largest_part_that_the_price_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    candidates = possible_candidates((192, 192), 8)
    planes = planes_of(leaves(1, 192)[0])
    questions = [scale_questions.Question(candidate=one, planes=planes) for one in candidates]
    largest = {
        most: max(part.height for part in scale_questions._first_parts(questions, 8, (0.38, 0.38), most))
        for most in (1.0, 4.0, 1000.0)
    }
    assert largest[1.0] == 64, "the smallest, whatever it costs"
    assert largest[1000.0] == 128
    for most in (6.0, 9.0):
        parts = scale_questions._first_parts(questions, 8, (0.38, 0.38), most)
        assert scale_questions._together(questions, parts) <= most


@pytest.mark.parametrize(("side", "first", "length"), [(192, 0, 192), (191, 0, 184), (256, 0, 256), (512, 64, 256)])
def test_the_decoder_is_asked_about_all_of_a_small_image_and_off_the_middle_of_a_large_one(
    side: int, first: int, length: int
) -> None:
    candidate = Candidate(scale=1.0, before=(side, 96), seen=(side, 96))
    part = scale_questions._part(candidate, 8, 256, (0.38, 0.77))
    assert (part.top, part.height) == (first, length)
    assert (part.left, part.width) == (0, 96)


@pytest.mark.parametrize("cut", [0, 3])
def test_an_image_that_was_not_resized_is_found_so_wherever_its_grid_starts(cut: int, embedded: Any) -> None:
    seen = _made(92, embedded)[cut:, cut:]
    found = Blind(method="reconstruction", scales="any").scores(embedded, to_images([seen]), seeds_of(0, ["image"]))
    assert found["found_scale"].tolist() == [1]
    assert found["found_top"].tolist() == found["found_left"].tolist() == [-cut % 8]


@pytest.mark.parametrize(("edit", "asked"), [("none", False), ("jpeg:90", True), ("resize:1.5", True)])
def test_no_factor_is_asked_about_where_the_pixels_show_the_grid_and_no_jpeg(
    edit: str, asked: bool, embedded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = []

    def find(*_: object, **__: object) -> ScaledImage:
        about.append(True)
        return ScaledImage(scale=1.0, evidence=0.0, lead=0.0)

    monkeypatch.setattr(put_back, "find_scale", find)
    with torch.inference_mode():
        drawn = to_pixels(embedded.decode(embedded.draw(np.array([2], dtype=np.uint64), size=(192, 192))))[0]
    seen = to_images([edits.load(edit).apply(drawn)])
    Blind(method="reconstruction", scales="any").scores(embedded, seen, seeds_of(0, ["image"]))
    assert bool(about) == asked


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


def test_the_method_is_asked_through_the_resize_that_was_found(embedded: Any) -> None:
    seen = to_images([_resized(_made(93, embedded), 1.5, Image.Resampling.LANCZOS)])
    seeds = seeds_of(0, ["image"])
    found = Blind(method="reconstruction", scales="any").scores(embedded, seen, seeds)
    assert found["found_scale"].tolist() == [1.5]
    assert Blind().in_words(found) == ("resized by 1.5",)
    known = load("reconstruction").scores(through(embedded, "resize:1.5"), seen, seeds)
    np.testing.assert_array_equal(found["first"], known["first"])


@pytest.mark.parametrize("scale", [0.75, 1.25, 1.3])
def test_an_image_is_searched_with_its_last_rows_which_are_no_whole_cell(scale: float, embedded: Any) -> None:
    """Of the size that it has, not of whole cells: that another factor would have led to."""
    seen = _resized(_made(97, embedded), scale, Image.Resampling.LANCZOS)
    assert seen.shape[0] % 8
    table = score([seen], model=embedded, method=Blind(method="reconstruction", scales="any"))
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
