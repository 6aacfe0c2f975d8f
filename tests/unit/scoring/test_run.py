"""Every image gets its row, whatever becomes of it, and nothing but its pixels and the seed decides what is in it."""

from __future__ import annotations

import gc
import logging
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.unit.scoring.standins import Halver, Loss, pixels_of, record_of, write_images
from wherefrom.core.errors import ImageError, MissingExtra, ModelError, UsageError
from wherefrom.core.seeds import seed_of
from wherefrom.images.read import ImageRecord, pixel_digest
from wherefrom.images.sources import Source, load_images
from wherefrom.records.table import ScoreTable
from wherefrom.scoring.progress import Progress
from wherefrom.scoring.run import score
from wherefrom.scoring.store import Question, Store


def rows(table: ScoreTable) -> list[list[str]]:
    """The numbers, bit for bit, so that NaN equals NaN."""
    return [[float(value).hex() for value in row] for row in table.scores.matrix(table.scores.names)]


def test_rows_are_in_the_order_of_the_images_with_their_own_numbers() -> None:
    images = [record_of(pixels_of(i, 8 + 4 * (i % 3), 8), name=f"image {i}") for i in range(20)]
    table = score(images, model=Halver(), method=Loss(), seed=7, batch=3)
    assert [facts.name for facts in table.images] == [f"image {i}" for i in range(20)]
    for image, mse, seed in zip(images, table.scores["mse"], table.scores["seed"], strict=True):
        assert mse == pytest.approx(((image.pixels / 255 / 2) ** 2).mean(), rel=1e-6)
        assert seed == float(seed_of(7, pixel_digest(image.pixels)))
    assert table.sizes[:3] == ((8, 8), (12, 8), (16, 8))
    assert (table.model, table.method, table.measure, table.seed) == (Halver().card, Loss().card, Loss().measure, 7)


def test_every_way_to_name_an_image(tmp_path: Path) -> None:
    path = write_images(tmp_path, 1)[0]
    data = path.read_bytes()
    images: list[Source | ImageRecord | str | Path] = [
        path,
        record_of(pixels_of(0), "record"),
        str(path),
        Source(name="bytes", data=data),
        record_of(pixels_of(1), "other"),
        Source(name="file", path=path),
    ]
    table = score(iter(images), model=Halver(), method=Loss())
    assert [facts.name for facts in table.images] == [str(path), "record", str(path), "bytes", "other", "file"]
    assert len({tuple(row) for row in rows(table)}) == 2
    assert rows(table)[4] != rows(table)[0]


def test_a_single_image_is_not_taken_apart() -> None:
    for single in ("folder", Path("folder"), record_of(pixels_of(0))):
        with pytest.raises(UsageError, match="need several"):
            score(single, model=Halver(), method=Loss())  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "value"), [("batch", 0), ("workers", 0), ("seed", -1)])
def test_arguments_outside_their_range_are_refused(name: str, value: int) -> None:
    with pytest.raises(UsageError, match=f"{name}={value}, need"):
        score([], model=Halver(), method=Loss(), **{name: value})  # type: ignore[arg-type]


def test_no_images_make_an_empty_table() -> None:
    assert len(score([], model=Halver(), method=Loss())) == 0


def test_same_pixels_are_asked_once_and_every_image_gets_its_row() -> None:
    model = Halver()
    images = [record_of(pixels_of(i % 3), name=str(i)) for i in range(12)]
    table = score(images, model=model, method=Loss(), batch=2)
    assert len(model.asked) == 3
    assert [facts.name for facts in table.images] == [str(i) for i in range(12)]
    assert rows(table) == rows(table.take(np.arange(3))) * 4


@pytest.mark.parametrize("as_files", [False, True])
def test_pixels_that_are_the_same_after_the_crop_are_the_same(as_files: bool, tmp_path: Path) -> None:
    wide = np.concatenate([pixels_of(0), pixels_of(1)[:, :3]], axis=1)
    model = Halver()
    images: list[ImageRecord | Path] = [record_of(pixels_of(0)), record_of(wide)]
    if as_files:
        images = [*write_images(tmp_path, 1), tmp_path / "wide.png"]
        Image.fromarray(wide).save(tmp_path / "wide.png")
    table = score(images, model=model, method=Loss())
    assert len(model.asked) == 1
    assert table.sizes == ((8, 8), (8, 8))
    assert rows(table)[0] == rows(table)[1]


def test_same_bytes_of_another_shape_are_not_the_same() -> None:
    model = Halver()
    score(
        [record_of(pixels_of(0, 8, 16)), record_of(pixels_of(0, 8, 16).reshape(16, 8, 3))], model=model, method=Loss()
    )
    assert len(model.asked) == 2


def test_a_record_with_an_old_digest_is_asked_by_its_pixels() -> None:
    edited = ImageRecord(facts=record_of(pixels_of(0)).facts, pixels=pixels_of(1))
    table = score([record_of(pixels_of(0)), edited], model=Halver(), method=Loss())
    assert table.scores["mse"][0] != table.scores["mse"][1]


def test_images_too_small_or_not_of_the_only_size_are_rows_with_the_reason() -> None:
    images = [record_of(pixels_of(i, height, 8)) for i, height in enumerate([8, 3, 12])]
    table = score(images, model=Halver(), method=Loss())
    assert "at least 4 x 4" in str(table.images[1].error)
    fixed = score(images, model=Halver(size=(12, 8)), method=Loss())
    assert fixed.images[0].error is not None
    assert "8 x 8 pixels" in fixed.images[0].error
    assert "8 x 12 only" in fixed.images[0].error
    assert fixed.scored.tolist() == [False, False, True]
    assert fixed.sizes == (None, None, (12, 8))
    assert np.isnan(fixed.scores["mse"][:2]).all()


def test_batches_have_one_size_and_at_most_as_many_as_asked_for() -> None:
    model = Halver()
    score([record_of(pixels_of(i, 8 + 4 * (i % 2), 8)) for i in range(22)], model=model, method=Loss(), batch=4)
    assert model.batches == [4, 4, 4, 4, 3, 3]


def test_a_batch_that_does_not_fit_is_halved_and_stays_so() -> None:
    model = Halver(fits=8 * 8 * 5)
    images = [record_of(pixels_of(i)) for i in range(40)]
    table = score(images, model=model, method=Loss(), batch=16)
    assert table.scored.all()
    assert model.batches == [16, 8, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4]
    assert rows(table) == rows(score(images, model=Halver(), method=Loss(), batch=1))


@pytest.mark.parametrize(
    "failure", [torch.OutOfMemoryError("CUDA out of memory"), MemoryError(), RuntimeError("cublas: ALLOC_FAILED")]
)
def test_an_image_that_does_not_fit_alone_is_a_row_that_says_so(failure: Exception) -> None:
    images = [record_of(np.full((8, 12, 3), i + 1, dtype=np.uint8), name=str(i)) for i in range(6)]
    table = score(images, model=Halver(spoilt=4, failure=failure), method=Loss(), batch=6)
    assert list(table.errors) == ["3"]
    assert "12 x 8 pixels does not fit into the memory of cpu" in table.errors["3"]
    assert "bfloat16" in table.errors["3"]


def test_an_image_that_spoils_its_batch_spoils_it_for_itself_alone(caplog: pytest.LogCaptureFixture) -> None:
    images = [record_of(np.full((8, 8, 3), i + 1, dtype=np.uint8), name=str(i)) for i in range(6)]
    model = Halver(spoilt=4)
    with caplog.at_level(logging.ERROR):
        table = score(images, model=model, method=Loss(), batch=6)
    assert table.errors == {"3": "asking the model failed: ValueError: spoilt"}
    assert model.batches == [6, 1, 1, 1, 1, 1, 1]
    assert caplog.records[0].exc_info is not None
    refused = score(images, model=Halver(spoilt=4, failure=ImageError("too dark")), method=Loss())
    assert refused.errors == {"3": "too dark"}


@pytest.mark.parametrize("failure", [ModelError("no encoder"), MissingExtra("no lpips"), KeyboardInterrupt()])
def test_what_no_image_is_to_blame_for_ends_the_run_and_what_was_done_is_kept(
    failure: Exception, tmp_path: Path
) -> None:
    images = [record_of(np.full((8, 8, 3), i + 1, dtype=np.uint8), name=str(i)) for i in range(6)]
    with pytest.raises(type(failure)):
        score(images, model=Halver(spoilt=5, failure=failure), method=Loss(), batch=2, store=tmp_path / "s.db")
    model = Halver()
    assert score(images, model=model, method=Loss(), batch=2, store=tmp_path / "s.db").scored.all()
    assert len(model.asked) == 2


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_errors(value: float) -> None:
    table = score([record_of(pixels_of(0))], model=Halver(), method=Loss(extra={"second": value}))
    assert f"not finite (second = {value})" in table.errors["memory"]
    assert not table.scored.any()


def test_nan_is_a_number_only_where_the_measure_says_that_it_means_undefined() -> None:
    table = score([record_of(pixels_of(0))], model=Halver(), method=Loss(extra={"b": np.nan}, undefined=("b",)))
    assert table.scored.all()
    assert np.isnan(table.scores["b"]).all()
    table = score([record_of(pixels_of(0))], model=Halver(), method=Loss(extra={"b": np.inf}, undefined=("b",)))
    assert not table.scored.any()


def test_a_method_that_loses_rows_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Loss.scores
    monkeypatch.setattr(Loss, "scores", lambda *args: whole(*args).take(np.arange(1)))
    with pytest.raises(UsageError, match="gave 1 rows for 2 images"):
        score([record_of(pixels_of(i)) for i in range(2)], model=Halver(), method=Loss())


def test_a_second_run_asks_the_model_nothing(tmp_path: Path) -> None:
    paths = write_images(tmp_path / "images", 9)
    first = score(paths, model=Halver(), method=Loss(), store=tmp_path / "s.db")
    model = Halver()
    seen: list[Progress] = []
    second = score(paths, model=model, method=Loss(), store=tmp_path / "s.db", progress=seen.append)
    assert model.batches == []
    assert rows(second) == rows(first)
    assert second.scores.names == first.scores.names
    assert (seen[-1].done, seen[-1].total, seen[-1].cached, seen[-1].errors) == (9, 9, 9, 0)


def test_another_seed_model_or_measure_is_another_question(tmp_path: Path) -> None:
    paths = write_images(tmp_path / "images", 2)
    for number, (seed, method) in enumerate([(0, Loss()), (1, Loss()), (0, Loss(undefined=("x",)))]):
        model = Halver()
        score(paths, model=model, method=method, seed=seed, store=tmp_path / "s.db")
        assert len(model.asked) == 2, number


def test_a_changed_file_is_asked_again(tmp_path: Path) -> None:
    paths = write_images(tmp_path / "images", 2)
    before = score(paths, model=Halver(), method=Loss(), store=tmp_path / "s.db")
    paths[0].write_bytes(paths[1].read_bytes())
    after = score(paths, model=Halver(), method=Loss(), store=tmp_path / "s.db")
    assert rows(after) == [rows(before)[1]] * 2


def test_errors_are_not_kept(tmp_path: Path) -> None:
    image = record_of(np.full((8, 8, 3), 5, dtype=np.uint8))
    assert score([image], model=Halver(spoilt=5), method=Loss(), store=tmp_path / "s.db").errors
    assert score([image], model=Halver(), method=Loss(), store=tmp_path / "s.db").scored.all()


def test_what_another_process_is_asking_about_is_waited_for(tmp_path: Path) -> None:
    images = [record_of(pixels_of(i)) for i in range(6)]
    undisturbed = score(images, model=Halver(), method=Loss())
    digests = [pixel_digest(image.pixels) for image in images]
    question = Question(model=Halver().card.digest, measure=Loss().measure.digest, seed=0)

    def answer(other: Store) -> None:
        other.keep(question, undisturbed.scores.names, {digests[1]: np.array([7.0, 8.0])})
        other.close()  # gives up the others

    with Store(tmp_path / "s.db") as other:
        assert len(other.claim(question, digests[1:4])) == 3
        timer = threading.Timer(0.4, answer, [other])
        timer.start()
        model = Halver()
        seen: list[Progress] = []
        table = score(images, model=model, method=Loss(), store=tmp_path / "s.db", batch=2, progress=seen.append)
        timer.join()
    assert rows(table)[1] == [(7.0).hex(), (8.0).hex()]
    assert [row for i, row in enumerate(rows(table)) if i != 1] == [
        r for i, r in enumerate(rows(undisturbed)) if i != 1
    ]
    assert len(model.asked) == len(set(model.asked)) == 5
    assert (seen[-1].done, seen[-1].cached) == (6, 1)


@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_file_that_changes_while_another_process_asks_about_it_is_an_error(
    change: Callable[[Path], object], tmp_path: Path
) -> None:
    paths = write_images(tmp_path / "images", 2)
    question = Question(model=Halver().card.digest, measure=Loss().measure.digest, seed=0)
    with Store(tmp_path / "s.db") as other:
        other.claim(question, [pixel_digest(pixels_of(1))])
        timers = [threading.Timer(0.4, change, [paths[1]]), threading.Timer(0.6, other.close)]
        for timer in timers:
            timer.start()
        table = score(paths, model=Halver(), method=Loss(), store=tmp_path / "s.db", batch=1)
        for timer in timers:
            timer.join()
    assert table.errors == {str(paths[1]): "the file changed while the run was going on: run again"}


def test_progress_counts_every_row_once_and_ends_complete(tmp_path: Path) -> None:
    paths: list[Path | str] = [*write_images(tmp_path / "images", 8), tmp_path / "missing.png"]
    seen: list[Progress] = []
    score([*paths, *paths], model=Halver(seconds=0.03), method=Loss(), batch=1, progress=seen.append)
    assert (seen[-1].done, seen[-1].total, seen[-1].errors, seen[-1].cached) == (18, 18, 2, 0)
    assert [report.done for report in seen] == sorted(report.done for report in seen)
    assert seen[-1].seconds_left == 0
    score(iter(paths), model=Halver(), method=Loss(), progress=seen.append)
    assert seen[-1].done == 9
    assert seen[-1].total is seen[-1].seconds_left is None


def test_memory_is_flat(tmp_path: Path) -> None:
    path = write_images(tmp_path, 1)[0]

    def peak(count: int) -> int:
        def images() -> Iterator[ImageRecord | Path]:
            for i in range(count):
                yield record_of(np.full((64, 64, 3), i % 256, dtype=np.uint8) + pixels_of(i, 64, 64))
            yield path

        gc.collect()
        tracemalloc.start()
        score(images(), model=Halver(), method=Loss(), batch=4)
        high = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return high

    peak(120)  # so that what is made once in a process counts in neither
    few, many = peak(10), peak(120)
    assert many - few < 120 * 4096  # the rows themselves; an image alone is 12,288 bytes


SIZES = st.sampled_from([(4, 4), (8, 4), (4, 8), (9, 6), (2, 9)])
IMAGES = st.lists(st.tuples(st.integers(0, 5), SIZES), max_size=14)


@given(IMAGES, st.one_of(st.none(), st.integers(1, 6)), st.integers(0, 12), st.sampled_from([32, 100, 10**6]))
def test_rows_are_those_of_each_image_alone(
    images: list[tuple[int, tuple[int, int]]], batch: int | None, bad: int, fits: int
) -> None:
    sources: list[ImageRecord | Source] = [
        record_of(pixels_of(number, *size), name=f"{i}") for i, (number, size) in enumerate(images)
    ]
    sources.insert(bad, Source(name="bad", data=b"no image"))
    model = Halver(fits=fits)
    together = score(sources, model=model, method=Loss(), batch=batch)
    alone = [score([source], model=Halver(fits=fits), method=Loss()) for source in sources]
    assert [facts.name for facts in together.images] == [table.images[0].name for table in alone]
    assert [facts.error for facts in together.images] == [table.images[0].error for table in alone]
    assert together.sizes == tuple(table.sizes[0] for table in alone)
    if not together.scored.any():
        assert together.scores.names == ()
        return
    for row, table in zip(rows(together), alone, strict=True):
        assert row == (rows(table)[0] if table.scored.all() else ["nan"] * 2)
    assert len(model.asked) == len(set(model.asked))


def test_rows_say_what_was_scored_of_an_image() -> None:
    pixels = pixels_of(0, 9, 10)  # scored as 8 x 8
    table = score([record_of(pixels), record_of(pixels[:8, :8]), record_of(pixels[:3])], model=Halver(), method=Loss())
    whole, cut, none = table.images
    assert whole.scored_digest == cut.scored_digest == cut.pixel_digest == pixel_digest(pixels[:8, :8])
    assert whole.pixel_digest == pixel_digest(pixels) != whole.scored_digest
    assert none.scored_digest is None


def test_a_grid_is_looked_for_in_files_that_are_not_lossy_themselves(tmp_path: Path) -> None:
    photo = Image.fromarray(skimage.data.astronaut()).resize((96, 96), Image.Resampling.LANCZOS)
    photo.save(tmp_path / "a.jpg", quality=80)
    Image.open(tmp_path / "a.jpg").save(tmp_path / "again.png")
    photo.save(tmp_path / "clean.png")
    images = score(load_images(tmp_path), model=Halver(), method=Loss()).images
    assert {Path(facts.name).name: facts.jpeg_grid for facts in images} == {
        "a.jpg": None,
        "again.png": True,
        "clean.png": False,
    }
