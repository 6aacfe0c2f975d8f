"""The reference is opened when it is asked, where the model is that is asked, and has to be the one that was named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch

from wherefrom.core.card import Card
from wherefrom.core.errors import ModelError
from wherefrom.core.tensors import Images, Latents
from wherefrom.methods import from_card, load, relative
from wherefrom.models.toy import Toy


@dataclass(frozen=True, kw_only=True)
class Placed:
    """The toy, said to be on a device that need not be there."""

    device: torch.device
    toy: Toy = field(default_factory=lambda: Toy(gain=0.8))

    @property
    def card(self) -> Card:
        return self.toy.card

    @property
    def factor(self) -> int:
        return 8

    @property
    def size(self) -> None:
        return None

    def encode(self, images: Images) -> Latents:
        return self.toy.encode(images)

    def decode(self, latents: Latents) -> Images:
        return self.toy.decode(latents)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """What was opened, and where."""
    noted: list[tuple[str, str]] = []

    def opens(name: str, *, device: str = "auto") -> Any:
        noted.append((name, device))
        return Placed(device=torch.device(device), toy=Toy(gain=0.9))

    monkeypatch.setattr("wherefrom.models.load.load_model", opens)
    relative._opened.cache_clear()
    yield noted
    relative._opened.cache_clear()


OPTIONS: dict[str, Any] = {"method": "reconstruction", "reference": "some/model"}


def test_making_the_value_opens_nothing(opened: list[tuple[str, str]]) -> None:
    method = load("relative", OPTIONS)
    assert method == load("relative", OPTIONS)
    assert opened == []
    decoder = Toy(gain=0.9).card.facts["decoder"]
    assert method.card.facts["decoder"] == method.measure.facts["reference"] == decoder
    assert opened == [("some/model", "cpu")]
    assert from_card(method.card) == method
    assert from_card(method.card).card == method.card


def test_a_card_that_names_the_decoder_opens_nothing_to_be_read(opened: list[tuple[str, str]]) -> None:
    method = load("relative", {**OPTIONS, "decoder": "ab" * 32})
    assert (method.card.facts["decoder"], method.measure.facts["reference"]) == ("ab" * 32,) * 2
    assert opened == []


@pytest.mark.parametrize("device", ["cpu", "cuda:0", "cuda:1"])
def test_the_reference_is_opened_on_the_models_own_device(device: str, opened: list[tuple[str, str]]) -> None:
    method = load("relative", OPTIONS)
    images = torch.full((1, 3, 16, 16), 0.5)
    scores = method.scores(Placed(device=torch.device(device)), images, np.zeros(1, dtype=np.uint64))
    assert opened == [("some/model", device)]
    assert set(scores.names) == {"own_first", "reference_first"}


def test_another_reference_than_the_one_that_was_named_is_refused(opened: list[tuple[str, str]]) -> None:
    method = load("relative", {**OPTIONS, "decoder": "ab" * 32})
    with pytest.raises(ModelError, match=r"has decoder .*, the reference was abababababab"):
        method.scores(Placed(device=torch.device("cpu")), torch.rand((1, 3, 16, 16)), np.zeros(1, dtype=np.uint64))
    own = Placed(device=torch.device("cpu"), toy=Toy(gain=0.9))
    with pytest.raises(ModelError, match="has the weights of the model itself"):
        load("relative", OPTIONS).scores(own, torch.rand((1, 3, 16, 16)), np.zeros(1, dtype=np.uint64))
