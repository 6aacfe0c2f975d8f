"""Edits: pixels against what is known of each edit, and files that say what made them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pilgram
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio as psnr

from tests.bad_files import good_pixels
from wherefrom.core.errors import ImageError, UsageError
from wherefrom.images import edits
from wherefrom.images.convert import Pixels
from wherefrom.images.edits import pixels as edited_pixels
from wherefrom.images.edits.steps import TURNED
from wherefrom.images.labels import text_of
from wherefrom.images.read import pixel_digest, read_image

PHOTO: Pixels = skimage.data.astronaut()[:128, :160].copy()
EXAMPLES = (
    *("back:0.5", "blur:1.5", "brightness:1.2", "contrast:1.5", "crop:3,5", "filter:_1977", "jpeg:75", "noise:0.02"),
    *("none", "resize:0.5", "screenshot:1.25", "webp:75", *TURNED),
)


def flat(level: int, side: int = 64) -> Pixels:
    return np.full((side, side, 3), level, dtype=np.uint8)


def waves(frequency: float, side: int, length: int) -> Pixels:
    """Columns of a cosine with so many periods over a picture of `side` columns, each sampled at its middle."""
    middles = (np.arange(side) + 0.5) / side
    row = np.round(128 + 100 * np.cos(2 * np.pi * frequency * middles)).astype(np.uint8)
    return np.broadcast_to(row[None, :, None], (length, side, 3)).copy()


def decoded(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def attempt(edit: edits.Edit, pixels: Pixels, seed: int) -> Pixels | str:
    try:
        return edit.apply(pixels, seed=seed)
    except ImageError as error:
        return str(error)


def test_every_name_has_an_example_and_does_something() -> None:
    assert {example.partition(":")[0] for example in EXAMPLES} == set(edits.names())
    assert set(edits.names()) == set(edited_pixels.CHANGES) | set(edited_pixels.ENCODERS) | set(TURNED)
    assert not set(edited_pixels.CHANGES) & set(edited_pixels.ENCODERS)
    assert [form.partition(":")[0] for form in edits.forms()] == list(edits.names())
    for example in EXAMPLES:
        edited = edits.load(example).apply(PHOTO)
        assert edited.dtype == np.uint8
        assert edited.shape[2] == 3
        assert np.array_equal(edited, PHOTO) == (example == "none")


@pytest.mark.parametrize(
    ("name", "by_pillow"),
    [
        ("turn90", Image.Transpose.ROTATE_90),
        ("turn180", Image.Transpose.ROTATE_180),
        ("turn270", Image.Transpose.ROTATE_270),
        ("mirror", Image.Transpose.FLIP_LEFT_RIGHT),
        ("flip", Image.Transpose.FLIP_TOP_BOTTOM),
    ],
)
def test_turns_are_pillows_and_lose_nothing(name: str, by_pillow: Image.Transpose) -> None:
    edit = edits.load(name)
    turned = edit.apply(PHOTO)
    assert np.array_equal(turned, np.asarray(Image.fromarray(PHOTO).transpose(by_pillow)))
    back = {"turn90": "turn270", "turn270": "turn90"}.get(name, name)
    assert np.array_equal(edits.load(f"{name}+{back}").apply(PHOTO), PHOTO)
    assert edit.suffix == ".png"
    with pytest.raises(UsageError, match=f"edit '{name}:90' takes no value: {name}"):
        edits.load(f"{name}:90")


@pytest.mark.parametrize("quality", [1, 30, 75, 95, 100])
def test_jpeg_is_what_pillow_writes_by_default(quality: int) -> None:
    file = io.BytesIO()
    Image.fromarray(PHOTO).save(file, "JPEG", quality=quality)
    assert np.array_equal(edits.load(f"jpeg:{quality}").apply(PHOTO), decoded(file.getvalue()))
    with Image.open(io.BytesIO(edits.load(f"jpeg:{quality}").encode(PHOTO))) as image:
        assert [component[1:3] for component in image.layer] == [(2, 2), (1, 1), (1, 1)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("quality", [1, 75, 100])
def test_webp_is_what_pillow_writes_by_default(quality: int) -> None:
    file = io.BytesIO()
    Image.fromarray(PHOTO).save(file, "WEBP", quality=quality)
    assert np.array_equal(edits.load(f"webp:{quality}").apply(PHOTO), decoded(file.getvalue()))


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_a_higher_quality_is_nearer(kind: str) -> None:
    nearness = [psnr(PHOTO, edits.load(f"{kind}:{quality}").apply(PHOTO)) for quality in (5, 25, 50, 75, 90, 100)]
    assert nearness == sorted(nearness)
    assert nearness[-1] - nearness[0] > 8


def test_resize_keeps_what_the_new_grid_can_show_and_drops_what_it_cannot() -> None:
    for factor, side in ((0.5, 64), (2.0, 256)):
        edited = edits.load(f"resize:{factor}").apply(waves(4, 128, 96))
        assert edited.shape == (round(96 * factor), side, 3)
        inner = slice(8, -8)
        away = edited.astype(int) - waves(4, side, edited.shape[0])
        assert np.abs(away[:, inner]).max() <= 2
    gone = edits.load("resize:0.5").apply(waves(52, 128, 96))
    assert gone[:, 8:-8].std() < 3


def test_back_has_the_size_it_had() -> None:
    for pixels in (waves(4, 128, 96), good_pixels(size=(33, 47))):
        assert edits.load("back:0.5").apply(pixels).shape == pixels.shape
    smooth = edits.load("back:0.5").apply(waves(4, 128, 96)).astype(int)
    assert np.abs(smooth - waves(4, 128, 96))[:, 8:-8].max() <= 3
    assert edits.load("back:0.5").apply(waves(52, 128, 96))[:, 8:-8].std() < 3


def test_crop_drops_columns_from_the_left_and_rows_from_the_top() -> None:
    assert np.array_equal(edits.load("crop:3,5").apply(PHOTO), PHOTO[5:, 3:])
    assert np.array_equal(edits.load("crop:0,0").apply(PHOTO), PHOTO)


@pytest.mark.parametrize("deviation", [1.0, 2.5])
def test_blur_spreads_an_edge_as_a_gaussian_does(deviation: float) -> None:
    from scipy.special import ndtr

    pixels = flat(0)
    pixels[:, 32:] = 200
    pixels[..., 2] = 100  # a flat channel stays as it is
    edited = edits.load(f"blur:{deviation}").apply(pixels)
    expected = 200 * ndtr((np.arange(64) - 31.5) / deviation)
    assert np.abs(edited[..., 0] - expected).max() < 3
    assert np.abs(edits.load(f"blur:{deviation}").apply(pixels.transpose(1, 0, 2))[..., 0].T - expected).max() < 3
    assert (edited[..., 2] == 100).all()


@pytest.mark.parametrize("deviation", [0.01, 0.05])
def test_noise_has_the_deviation_it_says(deviation: float) -> None:
    edited = edits.load(f"noise:{deviation}").apply(flat(128, 256))
    away = edited.astype(float) / 255 - 128 / 255
    expected = np.hypot(deviation, 1 / 255 / np.sqrt(12))  # rounding to 8 bits adds its own
    assert away.std() == pytest.approx(expected, rel=0.01)
    assert abs(away.mean()) < 5 * deviation / np.sqrt(away.size)
    channels = np.corrcoef(away.reshape(-1, 3).T) - np.eye(3)
    assert np.abs(channels).max() < 0.02


def test_noise_is_clipped() -> None:
    black = edits.load("noise:0.5").apply(flat(0))
    assert (black == 0).mean() == pytest.approx(0.5, abs=0.02)
    assert black.max() > 128


def test_brightness_and_contrast() -> None:
    assert (edits.load("brightness:1.2").apply(flat(100)) == 120).all()
    assert (edits.load("brightness:4").apply(flat(100)) == 255).all()
    pixels = flat(50)
    pixels[32:] = 150
    edited = edits.load("contrast:1.5").apply(pixels)
    assert (edited[:32] == 25).all()
    assert (edited[32:] == 175).all()


def test_a_screenshot_is_a_part_of_what_was_shown() -> None:
    numbered = np.zeros((40, 60, 3), dtype=np.uint8)
    numbered[..., 0], numbered[..., 1] = np.arange(40)[:, None], np.arange(60)[None]
    trims = []
    for seed in range(40):
        shot = edits.load("screenshot:1").apply(numbered, seed=seed)
        top, left = int(shot[0, 0, 0]), int(shot[0, 0, 1])
        height, width, _ = shot.shape
        assert np.array_equal(shot, numbered[top : top + height, left : left + width])
        trims.append((top, left, 40 - top - height, 60 - left - width))
    for side in zip(*trims, strict=True):
        assert set(side) == set(range(1, 9))
    assert len(set(trims)) > 35


def test_a_screenshot_is_shown_by_bilinear_scaling() -> None:
    row = np.random.default_rng(0).integers(0, 256, 50)
    pixels = np.broadcast_to(row.astype(np.uint8)[None, :, None], (40, 50, 3)).copy()
    shot = edits.load("screenshot:1.6").apply(pixels)
    shown = np.interp((np.arange(80) + 0.5) / 1.6 - 0.5, np.arange(50), row)
    width = shot.shape[1]
    off = [np.abs(shot[0, :, 0] - shown[left : left + width]).max() for left in range(1, 9) if left + width < 80]
    assert min(off) <= 1


@pytest.mark.parametrize("name", ["_1977", "nashville", "willow"])
def test_a_filter_is_pilgrams(name: str) -> None:
    expected = np.asarray(getattr(pilgram, name)(Image.fromarray(PHOTO)).convert("RGB"))
    assert np.array_equal(edits.load(f"filter:{name}").apply(PHOTO), expected)


def test_a_chain_is_applied_from_left_to_right() -> None:
    chain = edits.load("resize:0.5+jpeg:75+crop:3,5").apply(PHOTO)
    by_hand = PHOTO
    for name in ("resize:0.5", "jpeg:75", "crop:3,5"):
        by_hand = edits.load(name).apply(by_hand)
    assert np.array_equal(chain, by_hand)
    assert not np.array_equal(chain, edits.load("crop:3,5+jpeg:75+resize:0.5").apply(PHOTO))


def test_each_step_draws_its_own_noise() -> None:
    once, twice = (
        edits.load(name).apply(flat(128, 128)).astype(float) for name in ("noise:0.05", "noise:0.05+noise:0.05")
    )
    assert twice.std() / once.std() == pytest.approx(np.sqrt(2), rel=0.02)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_edit_depends_on_image_and_seed_alone(name: str) -> None:
    edit, other = edits.load(name), PHOTO[::-1]
    given = PHOTO.copy()
    first = edit.apply(given, seed=7)
    edit.apply(other, seed=7)
    np.random.default_rng(0).normal(size=3)
    assert np.array_equal(edit.apply(given[:], seed=7), first)
    assert np.array_equal(given, PHOTO)
    assert np.array_equal(edit.apply(given, seed=8), first) != edit.seeded


def test_another_image_gets_other_noise() -> None:
    pixels, other = flat(100), flat(100)
    other[0, 0, 0] = 101
    edit = edits.load("noise:0.05")
    noise = (edit.apply(image).astype(int) - image for image in (pixels, other))
    first, second = noise
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.05


# Sizes


@settings(max_examples=60)
@given(height=st.integers(8, 40), width=st.integers(8, 40), factor=st.floats(0.1, 4))
def test_sizes(height: int, width: int, factor: float) -> None:
    pixels = good_pixels(size=(height, width))
    edit = edits.load(f"resize:{factor!r}")
    expected = (round(height * factor), round(width * factor))
    if min(expected) < 8:
        said = rf"resize:{factor:g}: {expected[1]} x {expected[0]} pixels are too small: at least 8 x 8"
        with pytest.raises(ImageError, match=said.replace("+", r"\+")):
            edit.apply(pixels)
        return
    assert edit.apply(pixels).shape == (*expected, 3)


@settings(max_examples=60)
@given(height=st.integers(8, 40), width=st.integers(8, 40), example=st.sampled_from(EXAMPLES), seed=st.integers(0, 99))
def test_any_edit_of_any_size_keeps_it_or_says_why_not(height: int, width: int, example: str, seed: int) -> None:
    pixels = good_pixels(size=(height, width))
    kind = example.partition(":")[0]
    edited = attempt(edits.load(example), pixels, seed)
    if isinstance(edited, str):
        assert "too small: at least 8 x 8" in edited
        assert kind in {"back", "crop", "resize", "screenshot"}
    elif kind in {"crop", "resize", "screenshot"}:
        assert min(edited.shape[:2]) >= 8
    elif kind in {"turn90", "turn270"}:
        assert edited.shape == (width, height, 3)
    else:
        assert edited.shape == pixels.shape


def test_what_cannot_be_edited_is_refused() -> None:
    edit = edits.load("jpeg:75")
    for call in (edit.apply, edit.encode):
        with pytest.raises(ImageError, match=r"needs a uint8 array \(h, w, 3\), got float64 \(16, 16, 3\)"):
            call(np.zeros((16, 16, 3)))  # type: ignore[arg-type]
        with pytest.raises(ImageError, match=r"got uint8 \(16, 16\)"):
            call(np.zeros((16, 16), dtype=np.uint8))
        with pytest.raises(ImageError, match="the image: 16 x 7 pixels are too small"):
            call(good_pixels(size=(7, 16)))
    with pytest.raises(ImageError, match="crop:99,0: 0 x 16 pixels are too small"):
        edits.load("crop:99,0").apply(good_pixels(size=(16, 16)))


def test_a_result_that_nothing_reads_is_refused_before_it_is_made() -> None:
    huge = np.broadcast_to(np.zeros(3, dtype=np.uint8), (6000, 6000, 3))
    with pytest.raises(ImageError, match=r"24000 x 24000 = 576,000,000 pixels are over the limit of 100,000,000"):
        edits.load("resize:4").apply(huge)


@pytest.mark.parametrize(("name", "side"), [("webp:75", 16_384), ("jpeg:75", 65_501)])
def test_a_side_that_a_format_cannot_hold_is_refused(name: str, side: int) -> None:
    with pytest.raises(ImageError, match=rf"{name}: {side} x 8 pixels cannot be stored .*65500 a side, WebP 16383"):
        edits.load(name).apply(np.zeros((8, side, 3), dtype=np.uint8))


# Files


@pytest.mark.parametrize("name", [*EXAMPLES, "resize:0.5+jpeg:75", "jpeg:75+resize:0.5"])
def test_a_file_is_read_as_the_edited_image_and_says_what_made_it(name: str, tmp_path: Path) -> None:
    edit = edits.load(name)
    path = edit.write(PHOTO, tmp_path / "a.b", seed=3)
    assert path == tmp_path / f"a.b{edit.suffix}"
    assert path.read_bytes() == edit.encode(PHOTO, seed=3)
    record = read_image(path)
    assert np.array_equal(record.pixels, edit.apply(PHOTO, seed=3))
    assert record.facts.changes == ()
    kind = {".jpg": "JPEG", ".webp": "WEBP", ".png": "PNG"}[edit.suffix]
    assert (record.facts.format, record.facts.lossy) == (kind, kind != "PNG")
    assert record.facts.jpeg_quality == (75 if kind == "JPEG" else None)
    seed = {"seed": "3"} if "noise" in name or "screenshot" in name else {}
    expected = text_of({"kind": "edit", "edit": name, "source": pixel_digest(PHOTO), **seed})
    with Image.open(path) as image:
        comment, description = image.info.get("comment"), image.getexif().get(270)
        said = dict(image.info) if kind == "PNG" else json.loads(str(description) if comment is None else comment)
    assert said == expected


def test_the_last_step_says_how_it_is_stored() -> None:
    suffixes = {
        name: edits.load(name).suffix for name in ("resize:0.5+jpeg:75", "jpeg:75+resize:0.5", "none", "webp:9")
    }
    assert list(suffixes.values()) == [".jpg", ".png", ".png", ".webp"]


def test_a_file_that_cannot_be_written_is_an_error_of_its_image(tmp_path: Path) -> None:
    for name in ("jpeg:75", "none"):
        with pytest.raises(ImageError, match="cannot be written: No such file"):
            edits.load(name).write(PHOTO, tmp_path / "none" / "a")
    assert not list(tmp_path.iterdir())
