"""README's promise for every conversion that the reader can record: an image stored otherwise is UNDECIDED."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from tests.bad_files import good_pixels
from tests.toy_tables import PLAIN, facts, table
from wherefrom.core.facts import ImageFacts
from wherefrom.images.read import read_image
from wherefrom.judging import calibrate, judge
from wherefrom.records.audit import audit
from wherefrom.records.coverage import coverage_of, outside
from wherefrom.records.verdict import Outcome

SIZE = (64, 64)
PIXELS = Image.fromarray(good_pixels(size=SIZE))
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
GREY16 = Image.fromarray((np.arange(64 * 64, dtype=np.uint16) * 16).reshape(SIZE))
FRAMES = {"save_all": True, "append_images": [PIXELS.rotate(90)]}


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


LOSSLESS = {
    "palette PNG": saved(PIXELS.quantize(256), "PNG"),
    "GIF": saved(PIXELS.quantize(64), "GIF"),
    "animated GIF": saved(PIXELS.quantize(64), "GIF", save_all=True, append_images=[PIXELS.rotate(90).quantize(64)]),
    "animated PNG": saved(PIXELS, "PNG", **FRAMES),
    "animated WebP": saved(PIXELS, "WEBP", lossless=True, **FRAMES),
    "grey PNG": saved(PIXELS.convert("L"), "PNG"),
    "black and white": saved(PIXELS.convert("1"), "PNG"),
    "grey with alpha": saved(PIXELS.convert("LA"), "PNG"),
    "opaque alpha": saved(PIXELS.convert("RGBA"), "PNG"),
    "unused key": saved(Image.new("RGB", SIZE, (1, 2, 3)), "PNG", transparency=(9, 9, 9)),
    "CMYK": saved(PIXELS.convert("CMYK"), "TIFF"),
    "YCbCr": saved(PIXELS.convert("YCbCr"), "TIFF"),
    "16 bits": saved(GREY16, "PNG"),
    "16 bits TIFF": saved(GREY16, "TIFF"),
    "colour profile": saved(PIXELS, "PNG", icc_profile=LAB),
    "broken colour profile": saved(PIXELS, "PNG", icc_profile=b"rubbish"),
}
"""A file for each conversion of lossless files; lossy ones are not covered by lossless belongings anyway."""


def draw(label: str, data: bytes) -> ImageFacts:
    """A genuine draw as far as its statistic goes, with all that the reader says of a file."""
    found = read_image(data).facts
    return facts(label, format="PNG", width=64, height=64, lossy=found.lossy, changes=found.changes)


@pytest.mark.parametrize("name", LOSSLESS)
@pytest.mark.parametrize("value", [1.0, 9.0])
def test_every_conversion_is_undecided_under_a_profile_without_it(name: str, value: float) -> None:
    asked = draw("query", LOSSLESS[name])
    assert asked.changes, "the reader records it"
    profile = calibrate(
        belonging=table(np.linspace(0.9, 1.1, 99), "own"), foreign={"p": table(np.full(99, 2.0), "p")}, method=PLAIN
    )
    (verdict,) = judge(table([value], images=[asked]), profile=profile, method=PLAIN)
    assert verdict.outcome is Outcome.UNDECIDED
    assert all(change in verdict.reason for change in asked.changes)
    assert verdict.image.changes == asked.changes


@pytest.mark.parametrize("name", LOSSLESS)
def test_every_conversion_is_covered_by_a_profile_of_the_same(name: str) -> None:
    own = [draw(f"own-{i}", LOSSLESS[name]) for i in range(99)]
    profile = calibrate(belonging=table(np.linspace(0.9, 1.1, 99), images=own), method=PLAIN)
    asked = [draw("query", LOSSLESS[name]), facts("plain")]
    alike, plain = judge(table([1.0, 1.0], images=asked), profile=profile, method=PLAIN)
    assert alike.outcome is Outcome.COMPATIBLE
    assert plain.outcome is Outcome.UNDECIDED


def test_files_that_are_taken_as_stored_are_covered() -> None:
    for data in (saved(PIXELS, "PNG"), saved(PIXELS, "BMP"), saved(PIXELS, "WEBP", lossless=True)):
        assert read_image(data).facts.changes == ()
        assert outside(draw("query", data), SIZE, coverage_of(table([1.0]))) is None


CONVERSIONS = sorted({read_image(data).facts.changes for data in LOSSLESS.values()} | {()})


@given(own=st.sets(st.sampled_from(CONVERSIONS), min_size=1), asked=st.sampled_from(CONVERSIONS))
def test_coverage_and_audit_agree_on_what_is_the_same(own: set[tuple[str, ...]], asked: tuple[str, ...]) -> None:
    """A pool whose files differ in that alone is told by it exactly where an image like its images is not covered."""
    ours = [facts(f"{i}", changes=changes) for i in range(20) for changes in sorted(own)]
    belonging = table(np.ones(len(ours)), images=[facts(f"own-{i}", changes=f.changes) for i, f in enumerate(ours)])
    told = audit(
        belonging, {"pool": table(np.ones(40), images=[facts(f"p-{i}", changes=asked) for i in range(40)])}
    ).findings
    covered = outside(facts("q", changes=asked), SIZE, coverage_of(belonging)) is None
    assert covered == (asked in own)
    if not covered:
        assert [finding.attribute for finding in told] == ["changes"]
    if own == {asked}:
        assert told == ()
