"""A search that is killed keeps the images that have settled; started again, it goes on with the others."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.unit.scoring import searching
from tests.unit.scoring.forked import start_process
from wherefrom.core.errors import StoreError
from wherefrom.core.seeds import seeds_of
from wherefrom.scoring.progress import Progress
from wherefrom.scoring.run import score
from wherefrom.scoring.store import Store

COUNT = 12


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """By turns what the toy makes and noise: some of the former leave early, under the method's cut."""
    folder = tmp_path_factory.mktemp("images")
    made = searching.TOY.decode(searching.TOY.draw(seeds_of(0, map(str, range(COUNT))), size=(16, 16))).clamp(0, 1)
    for number, image in enumerate(made):
        noise = np.random.default_rng(number).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        own = (image.permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
        Image.fromarray(noise if number % 2 else own).save(folder / f"{number:02}.png")
    return folder


def kept(store: Path) -> int:
    if not store.exists():
        return 0
    with suppress(StoreError), Store(store) as opened:
        return opened.count()
    return 0


def begun(log: Path) -> list[str]:
    return log.read_text().splitlines()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is POSIX's")
def test_a_killed_search_goes_on_with_the_images_that_had_not_settled(images: Path, tmp_path: Path) -> None:
    undisturbed = searching.main(str(images), str(tmp_path / "other.db"), str(tmp_path / "other"), "0")
    assert len(set(undisturbed.splitlines())) == len(set(begun(tmp_path / "other"))) == COUNT
    assert len({row.split()[2] for row in undisturbed.splitlines()}) > 3, "all took as many calls"
    store, log = tmp_path / "s.db", tmp_path / "log"
    process = start_process(searching.main, str(images), str(store), str(log), "0.02")
    while kept(store) < 3:
        assert process.is_alive()
        time.sleep(0.005)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    settled, started = kept(store), begun(log)
    assert 3 <= settled < len(started) <= COUNT  # it was in the middle of a search
    assert searching.main(str(images), str(store), str(tmp_path / "again"), "0") == undisturbed
    again = begun(tmp_path / "again")
    assert len(again) == COUNT - settled
    assert set(started) | set(again) == set(begun(tmp_path / "other"))
    assert len(set(started) & set(again)) == len(started) - settled


def test_a_run_tells_of_the_search_under_way(images: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    model = searching.Slow(seconds=0.01, log=tmp_path / "log")
    score(sorted(images.iterdir()), model=model, method=searching.METHOD, progress=seen.append)
    told = [now.search for now in seen if now.search is not None]
    assert len(told) > 5
    assert {(step.images, step.steps) for step in told} == {(COUNT, 40)}
    assert [step.settled for step in told] == sorted(step.settled for step in told)
    assert all(
        0 <= step.step <= 40 and 1 <= step.searching <= step.images - step.settled and 0 < step.loss < 1
        for step in told
    )
    assert (seen[-1].done, seen[-1].total) == (COUNT, COUNT)
    assert all(now.done >= now.search.settled for now in seen if now.search is not None)
