"""Modules that moved answer under their old names for one version more, with a warning that says where they are."""

from __future__ import annotations

import importlib
from importlib.metadata import EntryPoint
from typing import Any

import numpy as np
import pytest
import torch

import wherefrom
from wherefrom.core import plugins
from wherefrom.core.arrays import Seeds
from wherefrom.core.tensors import Latents
from wherefrom.models import architectures
from wherefrom.models.adapters.through import through
from wherefrom.models.base import search_starts_of
from wherefrom.models.toy import Toy

MOVED = (
    ("wherefrom.models.locate", "load_model", "wherefrom.models.load", "load_model"),
    ("wherefrom.models.locate", "describe", "wherefrom.models.sources.description", "describe"),
    ("wherefrom.models.through", "through", "wherefrom.models.adapters.through", "through"),
    ("wherefrom.models.through", "Through", "wherefrom.models.adapters.through", "EditedDecoder"),
    ("wherefrom.models.generators", "names", "wherefrom.models.architectures", "names"),
    ("wherefrom.models.generators.base", "Architecture", "wherefrom.models.architectures.base", "Architecture"),
)


@pytest.mark.parametrize(("old", "name", "new", "present"), MOVED)
def test_an_old_name_leads_to_the_new_one(old: str, name: str, new: str, present: str) -> None:
    with pytest.warns(DeprecationWarning, match=f"{old}.{name} is now {new}.{present}"):
        found = getattr(importlib.import_module(old), name)
    assert found is getattr(importlib.import_module(new), present)


@pytest.mark.parametrize("old", sorted({old for old, *_ in MOVED}))
def test_a_name_that_was_never_there_is_not_found(old: str) -> None:
    assert not hasattr(importlib.import_module(old), "open_sesame")


def test_the_public_name_warns_of_nothing() -> None:
    assert wherefrom.load_model is importlib.import_module("wherefrom.models.load").load_model


def test_an_entry_point_of_the_old_group_is_still_an_architecture(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("theirs", "wherefrom.models.architectures.ddim:ARCHITECTURE", "wherefrom.models.generators")
    monkeypatch.setattr(plugins, "_foreign", lambda group: {point.name: point} if group == point.group else {})
    assert "theirs" in architectures.names()
    with pytest.warns(DeprecationWarning, match="put it into wherefrom.models.architectures"):
        assert architectures.load("theirs").name == "ddim"


class FormerStarts:
    """A decoder of another package, whose starts have their former name."""

    def __init__(self, model: Toy) -> None:
        self.card, self.device, self.factor, self.size = model.card, model.device, model.factor, model.size
        self.decode, self.draw = model.decode, model.draw

    def spread(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        return 2 * self.draw(seeds, size=size)


def test_starts_of_a_search_answer_under_their_former_name() -> None:
    seeds = np.arange(3, dtype=np.uint64)
    theirs: Any = FormerStarts(Toy())
    with pytest.warns(DeprecationWarning, match="FormerStarts.spread is now called search_starts: rename it"):
        starts = search_starts_of(theirs)(seeds, size=(8, 8))
    assert torch.equal(starts, 2 * Toy().draw(seeds, size=(8, 8)))
    ours: Any = through(Toy(), "resize:0.5")
    with pytest.warns(DeprecationWarning, match="EditedAutoencoder.*spread is now called search_starts: use that"):
        assert torch.equal(ours.spread(seeds, size=(8, 8)), ours.search_starts(seeds, size=(8, 8)))


@pytest.mark.parametrize(
    ("former", "present"),
    [
        ("Classed", "ClassConditional"),
        ("Enlarging", "UpscalingAutoencoder"),
        ("Parting", "SupportsParts"),
        ("Spreading", "SupportsSearchStarts"),
    ],
)
def test_a_protocol_answers_under_its_former_name(former: str, present: str) -> None:
    base = importlib.import_module("wherefrom.models.base")
    with pytest.warns(DeprecationWarning, match=f"{former} is now called {present}"):
        assert getattr(base, former) is getattr(base, present)
    assert not hasattr(base, "open_sesame")


def test_the_count_of_a_profile_answers_under_its_former_name() -> None:
    judging = importlib.import_module("wherefrom.judging")
    with pytest.warns(DeprecationWarning, match="found is now called count_below_pools"):
        assert judging.found is judging.count_below_pools
    assert not hasattr(judging, "open_sesame")
