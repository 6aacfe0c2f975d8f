"""Watermarks are read by other packages: what these say is taken over, and what they lack is said."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
import pytest
from PIL import Image

from tests.signed_images import image_bytes
from wherefrom.side_evidence import Finding, State, side_evidence_of
from wherefrom.side_evidence.sources.invisible_watermark import KNOWN, chance
from wherefrom.side_evidence.sources.trustmark import Trustmark

XL: Final = "Stable Diffusion XL (diffusers and others)"


def look(source: str, side: int = 256) -> Finding:
    pixels = np.zeros((side, side, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return side_evidence_of(file.getvalue(), sources=[source])[source]


@pytest.fixture
def decoder(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Stands in for `imwatermark`: reads the bits of one known watermark, some of them wrong."""
    wrong: list[int] = []

    class Decoder:
        def __init__(self, kind: str, length: int) -> None:
            assert kind == "bits"
            self.length = length

        def decode(self, pixels: Any, method: str) -> list[bool]:
            assert (method, pixels.dtype) == ("dwtDct", np.uint8)
            bits = [letter == "1" for letter in KNOWN[XL]] if self.length == len(KNOWN[XL]) else [False] * self.length
            return [bit != (place in wrong) for place, bit in enumerate(bits)]

    monkeypatch.setitem(sys.modules, "imwatermark", SimpleNamespace(WatermarkDecoder=Decoder))
    return wrong


def test_a_known_watermark_is_named_with_the_bits_that_agree(decoder: list[int]) -> None:
    decoder += [3, 17, 40]
    found = look("invisible_watermark")
    assert found.state is State.PRESENT
    assert found.summary == f"The image carries the watermark of {XL}; anybody can embed it."
    assert found.facts[XL] == "45 of 48 bits agree"


def test_bits_that_agree_by_chance_are_no_watermark(decoder: list[int]) -> None:
    decoder += range(0, 24, 2)
    found = look("invisible_watermark")
    assert found.state is State.ABSENT
    assert found.facts[XL] == "36 of 48 bits agree"


def test_few_pixels_are_not_looked_at(decoder: list[int]) -> None:
    assert decoder == []
    assert "64 x 64 pixels are too few" in look("invisible_watermark", side=64).summary


def test_coins_agree_as_rarely_as_is_said() -> None:
    assert chance(48, 48) == pytest.approx(2.0**-48)
    assert chance(0, 48) == 1
    tossed = np.random.default_rng(0).binomial(48, 0.5, 200_000)
    assert np.mean(tossed >= 33) == pytest.approx(chance(33, 48), rel=0.1)


def test_bits_are_those_that_programs_embed() -> None:
    assert {name: len(bits) for name, bits in KNOWN.items()} == dict(zip(KNOWN, (136, 32, 48, 46), strict=True))


@pytest.mark.parametrize("source", ["invisible_watermark", "trustmark"])
def test_a_package_that_is_absent_is_said_so(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("imwatermark", "trustmark"):
        monkeypatch.setitem(sys.modules, name, None)
    found = look(source)
    assert found.state is State.NOT_LOOKED
    assert "pip install 'wherefrom[watermarks]'" in found.summary


def fake_trustmark(folder: Any, answer: tuple[str, bool, int]) -> SimpleNamespace:
    class TrustMark:
        def __init__(self, **options: Any) -> None:
            sys.stdout.write("a word on stdout")
            self.check_and_download("decoder_B.ckpt")

        def check_and_download(self, filename: str) -> None:
            raise AssertionError(f"{filename} would be fetched")

        def decode(self, image: Any, MODE: str) -> tuple[str, bool, int]:  # noqa: N803  (the package's own name)
            assert (image.size, MODE) == ((32, 32), "binary")
            return answer

    return SimpleNamespace(TrustMark=TrustMark, __file__=str(folder / "__init__.py"))


def test_trustmark_reads_from_weights_at_hand_and_fetches_nothing(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "trustmark", fake_trustmark(tmp_path, ("0101", True, 1)))
    asked = [Trustmark(variant="B")]
    lacking = side_evidence_of(image_bytes(), sources=asked)["trustmark"]
    assert lacking.state is State.NOT_LOOKED
    assert "weights are not there (trustmark_B.yaml, decoder_B.ckpt, encoder_B.ckpt in" in lacking.summary
    (tmp_path / "models").mkdir()
    for name in ("trustmark_B.yaml", "decoder_B.ckpt", "encoder_B.ckpt"):
        (tmp_path / "models" / name).touch()
    found = side_evidence_of(image_bytes(), sources=asked)["trustmark"]
    assert found.state is State.PRESENT
    assert found.facts["Bits"] == "0101"
    assert capsys.readouterr().out == ""
