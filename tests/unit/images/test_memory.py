"""Arrays, images of Pillow's and bytes are images like files are."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import wherefrom as wf
from wherefrom.images.read import read_image
from wherefrom.images.sources import load_images
from wherefrom.models.toy import Toy
from wherefrom.records.coverage import outside

PIXELS = np.random.default_rng(3).integers(0, 256, (64, 72, 3), dtype=np.uint8)


def stored(kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, kind, **options)
    return file.getvalue()


def test_every_form_gives_the_same_pixels_and_scores(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(stored("PNG"))
    forms: list[Any] = [Image.fromarray(PIXELS), PIXELS, stored("PNG"), tmp_path / "x.png"]
    images = load_images(forms)
    assert [image.name.partition(":")[0] for image in images[:3]] == ["image", "array", "bytes"]
    assert [read_image(image).facts.pixel_digest for image in images] == [read_image(images[3]).facts.pixel_digest] * 4
    method = wf.methods.load("aedr")
    named = wf.score(images, model=Toy(), method=method)
    given = wf.score(forms, model=Toy(), method=method)
    assert not named.errors
    assert not given.errors
    for table in (named, given):
        np.testing.assert_array_equal(table.scores["first"], np.full(4, table.scores["first"][0]))
    assert [facts.name for facts in named.images] == [image.name for image in images]


def test_lists_and_batches_are_taken_apart() -> None:
    batch = np.stack([PIXELS, 255 - PIXELS])
    assert len(load_images(batch)) == len(load_images([batch[0], batch[1]])) == len(load_images(*batch)) == 2
    assert len(wf.score(batch, model=Toy(), method=wf.methods.load("aedr"))) == 2


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (PIXELS / 255, "float64 with shape (64, 72, 3), need uint8: of values in [0, 1] make (255 * array).round()"),
        (PIXELS.astype(np.uint16), "uint16 with shape (64, 72, 3), need uint8: make 8-bit values"),
        (PIXELS.transpose(2, 0, 1), "channels come last, as array.transpose(1, 2, 0) puts them"),
        (PIXELS[0, 0], "shape (3,), need (height, width, 3)"),
        (np.zeros((0, 8, 3), dtype=np.uint8), "has no pixels"),
        (np.zeros((8, 8, 4), dtype=np.uint8), "64 of 64 pixels are transparent"),
    ],
)
def test_an_array_that_is_no_image_says_why(array: Any, said: str) -> None:
    with pytest.raises(wf.ImageError, match="image 2 of those given") as caught:
        load_images([PIXELS, array])
    assert said in str(caught.value)
    if array.ndim == 3:
        table = wf.score([PIXELS, array], model=Toy(), method=wf.methods.load("aedr"))
        assert [said in str(facts.error) for facts in table.images] == [False, True]


@pytest.mark.parametrize("thing", [7, None, {"path": "x"}, object()])
def test_what_is_no_image_is_a_sentence_and_no_type_error(thing: Any) -> None:
    for call in (load_images, lambda x: wf.score([x], model=Toy(), method=wf.methods.load("aedr"))):
        with pytest.raises(wf.UsageError, match=f"{type(thing).__name__} is no image: give a path"):
            call(thing)


@pytest.mark.parametrize("one", [PIXELS, Image.fromarray(PIXELS), b"x", "x.png"])
def test_one_image_where_several_are_expected(one: Any) -> None:
    with pytest.raises(wf.UsageError, match="need several"):
        wf.score(one, model=Toy(), method=wf.methods.load("aedr"))


def test_grey_is_copied_on_the_record() -> None:
    (image,) = load_images(PIXELS[..., 0])
    assert read_image(image).facts.changes == ("grey copied to three channels",)
    (again,) = load_images(Image.fromarray(PIXELS[..., 0]))
    assert read_image(again).facts.changes == ("grey copied to three channels",)


def test_an_image_of_pillow_s_knows_its_file() -> None:
    jpeg = stored("JPEG", quality=80)
    (image,) = load_images(Image.open(io.BytesIO(jpeg)))
    ours, files = read_image(image).facts, read_image(jpeg).facts
    for name in ("pixel_digest", "format", "jpeg_quality", "jpeg_tables", "lossy", "width", "height", "orientation"):
        assert getattr(ours, name) == getattr(files, name), name
    (made,) = load_images(Image.open(io.BytesIO(jpeg)).convert("RGB").crop((0, 0, 8, 8)))
    assert (read_image(made).facts.format, read_image(made).facts.lossy) == ("pixels", None)


def test_a_file_that_pillow_cannot_decode_says_so() -> None:
    png = stored("PNG")
    with pytest.raises(wf.ImageError, match="cannot be decoded"):
        load_images(Image.open(io.BytesIO(png[: len(png) // 2])))


def test_pixels_are_covered_only_where_it_is_known_how_they_were_stored() -> None:
    method = wf.methods.load("aedr")
    files = wf.score([stored("PNG")], model=Toy(), method=method)
    profile = wf.profile(belonging=files)
    unknown, known = (read_image(load_images(PIXELS, lossless=said)[0]).facts for said in (None, True))
    reason = outside(unknown, (64, 72), profile.coverage)
    assert reason is not None
    assert "given as pixels" in reason
    assert "lossless=True" in reason
    assert outside(known, (64, 72), profile.coverage) is None
    pixels = wf.profile(belonging=wf.score([PIXELS], model=Toy(), method=method))
    assert outside(unknown, (64, 72), pixels.coverage) is None
