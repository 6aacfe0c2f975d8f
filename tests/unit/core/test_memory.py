"""What a process does with memory."""

from __future__ import annotations

import gc
import threading

import pytest

import wherefrom as wf
from wherefrom.core.memory import UNCOLLECTED
from wherefrom.models.opening import files


def test_collection_goes_on_when_the_last_thread_has_left() -> None:
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with UNCOLLECTED:
            inside.set()
            leave.wait(10)

    other = threading.Thread(target=stay)
    with UNCOLLECTED:
        other.start()
        inside.wait(10)
    assert not gc.isenabled(), "another thread is still in it"
    leave.set()
    other.join()
    assert gc.isenabled()


def test_who_has_switched_collection_off_finds_it_off() -> None:
    gc.disable()
    try:
        with UNCOLLECTED:
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_model_is_opened_without_collection_and_a_failure_ends_that(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def fail(*_: object, **__: object) -> None:
        seen.append(gc.isenabled())
        raise ValueError("broken")

    monkeypatch.setattr(files, "open_files", fail)
    with pytest.raises(ValueError, match="broken"):
        wf.load_model("zoo:kl-f8-a")
    assert seen == [False]
    assert gc.isenabled()
