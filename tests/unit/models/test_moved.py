"""Modules that moved answer under their old names for one version more, with a warning that says where they are."""

from __future__ import annotations

import importlib
from importlib.metadata import EntryPoint

import pytest

import wherefrom
from wherefrom.core import plugins
from wherefrom.models import architectures

MOVED = (
    ("wherefrom.models.locate", "load_model", "wherefrom.models.load"),
    ("wherefrom.models.locate", "describe", "wherefrom.models.sources.description"),
    ("wherefrom.models.through", "Through", "wherefrom.models.adapters.through"),
    ("wherefrom.models.generators", "names", "wherefrom.models.architectures"),
    ("wherefrom.models.generators.base", "Architecture", "wherefrom.models.architectures.base"),
)


@pytest.mark.parametrize(("old", "name", "new"), MOVED)
def test_an_old_name_leads_to_the_new_one(old: str, name: str, new: str) -> None:
    with pytest.warns(DeprecationWarning, match=f"{old}.{name} is now {new}.{name}"):
        found = getattr(importlib.import_module(old), name)
    assert found is getattr(importlib.import_module(new), name)


@pytest.mark.parametrize("old", sorted({old for old, _, _ in MOVED}))
def test_a_name_that_was_never_there_is_not_found(old: str) -> None:
    assert not hasattr(importlib.import_module(old), "open_sesame")


def test_the_public_name_warns_of_nothing() -> None:
    assert wherefrom.load_model is importlib.import_module("wherefrom.models.load").load_model


def test_an_entry_point_of_the_old_group_is_still_an_architecture(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("theirs", "wherefrom.models.architectures.ddim:ARCHITECTURE", "wherefrom.models.generators")
    monkeypatch.setattr(plugins, "entry_points", lambda *, group: [point] if group == point.group else [])
    assert "theirs" in architectures.names()
    with pytest.warns(DeprecationWarning, match="put it into wherefrom.models.architectures"):
        assert architectures.load("theirs").name == "ddim"
