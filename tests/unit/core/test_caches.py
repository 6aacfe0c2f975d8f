"""Where results are kept that can be measured again."""

from __future__ import annotations

from pathlib import Path

import pytest

from wherefrom.core.caches import cache_folder


def test_a_folder_of_ones_own_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("WHEREFROM_CACHE", str(tmp_path / "own"))
    assert cache_folder("nulls") == tmp_path / "own" / "nulls"
    monkeypatch.delenv("WHEREFROM_CACHE")
    assert cache_folder("nulls") == tmp_path / "user" / "wherefrom" / "nulls"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder("nulls") == Path.home() / ".cache" / "wherefrom" / "nulls"
