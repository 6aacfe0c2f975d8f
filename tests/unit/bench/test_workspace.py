"""What tables work with: no photo on both sides, no image twice, and errors that say what is missing."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from PIL import Image

from tests.toy_tables import PLAIN, RESIDUAL, table
from wherefrom.bench.shared import keys, pictures
from wherefrom.bench.shared.scored import profile_of
from wherefrom.bench.shared.searches import generators, over_reference, overlapping
from wherefrom.bench.shared.setting import Setting, label
from wherefrom.bench.shared.workspace import Workspace
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.images.read import read_image
from wherefrom.images.sources import load_images
from wherefrom.judging import calibrate
from wherefrom.making import made_folder
from wherefrom.methods.relative import Relative
from wherefrom.methods.ronan import RONAN
from wherefrom.models.toy import Toy
from wherefrom.scoring.run import score


def photos(folder: Path, count: int, side: int = 80) -> Path:
    folder.mkdir()
    rng = np.random.default_rng(0)
    for place in range(count):
        pixels = rng.integers(0, 256, (side, side + place, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{place}.png")
    return folder


def workspace(tmp_path: Path, **more: object) -> Workspace:
    return Workspace(Setting(work=tmp_path / "work", count=4, device="cpu", **more))  # type: ignore[arg-type]


def test_no_photo_is_profiled_and_judged(tmp_path: Path) -> None:
    found = workspace(tmp_path, photos=photos(tmp_path / "photos", 9))
    known, judged = found.photos(64, profiled=True), found.photos(64)
    digests = [read_image(path).facts.pixel_digest for path in (*known, *judged)]
    assert len(known) == len(judged) == 4
    assert len(set(digests)) == 8
    assert {read_image(path).pixels.shape for path in (*known, *judged)} == {(64, 64, 3)}


def test_models_are_asked_in_the_precision_of_the_run(tmp_path: Path) -> None:
    assert workspace(tmp_path).model("toy").card.name == "toy"
    with pytest.raises(ModelError, match="not in bfloat16"):
        workspace(tmp_path, dtype="bfloat16").model("toy")


def test_too_few_photos_say_how_many_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"3 photos of at least 64 px.*need 8: give a folder with more"):
        workspace(tmp_path, photos=photos(tmp_path / "photos", 3)).photos(64)


def test_tiles_are_cut_as_they_are_and_no_photo_is_profiled_and_judged(tmp_path: Path) -> None:
    source = photos(tmp_path / "photos", 6, side=70)
    whole = [np.asarray(Image.open(path)) for path in source.iterdir()]
    found = Workspace(Setting(work=tmp_path / "work", count=5, device="cpu", photos=source, tiles=True))
    halves = [
        [next(n for n, photo in enumerate(whole) if holds(photo, read_image(path).pixels)) for path in paths]
        for paths in (found.photos(32, profiled=True), found.photos(32))
    ]
    assert [len(half) for half in halves] == [5, 5]
    assert not set(halves[0]) & set(halves[1])
    assert len({read_image(path).facts.pixel_digest for path in found.photos(32)}) == 5
    for size, need, said in (
        (32, 13, "12 tiles of 32 px.*give a folder"),
        (16, 49, "48 tiles of 16 px.*use --count 48"),
    ):
        with pytest.raises(UsageError, match=said):
            pictures.tiled(source, made_folder(tmp_path / f"work-{size}"), size, need, profiled=False)


def holds(photo: np.ndarray, tile: np.ndarray) -> bool:
    """Whether a photo has the tile somewhere on its grid."""
    return any(
        np.array_equal(photo[top : top + 32, left : left + 32], tile)
        for top in range(0, photo.shape[0] - 31, 32)
        for left in range(0, photo.shape[1] - 31, 32)
    )


def test_photos_are_reduced_and_never_enlarged(tmp_path: Path) -> None:
    source = photos(tmp_path / "photos", 1, side=64)
    (tmp_path / "out").mkdir()
    (path,) = pictures.of_photos(source, tmp_path / "out", 64, 1)
    assert (read_image(path).pixels == read_image(source / "0.png").pixels).all()


def test_what_is_installed_makes_small_and_large_ones_of_photos_that_differ(tmp_path: Path) -> None:
    found = workspace(tmp_path)
    for size in (32, 128):
        known, judged = found.photos(size, profiled=True), found.photos(size)
        assert not {path.name for path in known} & {path.name for path in judged}
        assert read_image(judged[0]).pixels.shape == (size, size, 3)
    assert len(found.skipped) == 1


def test_draws_to_profile_and_to_judge_differ_and_stay_the_same(tmp_path: Path) -> None:
    name = "zoo:dcgan-cifar10"
    first, second = workspace(tmp_path / "a"), workspace(tmp_path / "b")
    pixels = [[read_image(path).facts.pixel_digest for path in one.known(name)] for one in (first, second)]
    assert pixels[0] == pixels[1]
    assert not set(pixels[0]) & {read_image(path).facts.pixel_digest for path in first.own(name)}


def test_edited_copies_say_so_and_untouched_ones_are_the_same_files(tmp_path: Path) -> None:
    found = workspace(tmp_path)
    own = found.own("zoo:dcgan-cifar10")
    assert found.edited(own, "none") == own
    copies = found.edited(own, "jpeg:50")
    assert {path.suffix for path in copies} == {".jpg"}
    assert found.edited(own, "jpeg:50") == copies
    assert (read_image(copies[0]).pixels != read_image(own[0]).pixels).any()


def test_what_is_relative_is_asked_in_two_parts_that_tables_share(tmp_path: Path) -> None:
    search: dict[str, Any] = {"steps": 3, "restarts": 4, "race": 2, "keep": 2}
    over = Relative(method="ronan", options=search, reference="zoo:vae-cifar10")
    name, found = "zoo:dcgan-cifar10", workspace(tmp_path)
    images = found.own(name)
    whole = score(load_images(*images), model=found.model(name), method=over).scores
    apart = found.table(name, over, images).scores
    assert apart.names == whole.names
    assert np.allclose(over.statistic(apart, {}), over.statistic(whole, {}), rtol=1e-4)
    found.table(name, RONAN(**search), images)
    with closing(sqlite3.connect(tmp_path / "work" / "scores.sqlite")) as store:
        answers = store.execute("select model, count(*) from questions join answers on question = id group by id")
        counts = dict(answers.fetchall())
    assert counts == {found.model(one).card.digest: 4 for one in (name, over.reference)}
    with pytest.raises(ModelError, match="has the weights of the model itself"):
        found.table(over.reference, over, images)


def plain(folder: Path, colour: tuple[int, int, int], count: int = 8) -> Path:
    """Photos of one colour, under the names that photos of every other colour have."""
    folder.mkdir()
    for place in range(count):
        noise = np.random.default_rng(place).integers(0, 20, (72, 72, 1))
        Image.fromarray((np.array(colour) + noise).astype(np.uint8)).save(folder / f"{place}.png")
    return folder


def reddest(paths: Sequence[Path]) -> bool:
    return all(read_image(path).pixels[..., 0].mean() > read_image(path).pixels[..., 2].mean() for path in paths)


@pytest.mark.parametrize("tiles", [False, True])
def test_other_photos_in_the_same_work_folder_are_other_images(tiles: bool, tmp_path: Path) -> None:
    """Judged, profiled, edited and passed through a model: red first, then blue, then red again from what is kept."""
    red, blue = plain(tmp_path / "red", (200, 50, 20)), plain(tmp_path / "blue", (20, 50, 200))
    for source, is_red in ((red, True), (blue, False), (red, True)):
        found = workspace(tmp_path, photos=source, tiles=tiles, size=64)
        for profiled in (False, True):
            paths = found.photos(64, profiled=profiled)
            passed = found.passed("zoo:kl-f8-a", paths) if not tiles else paths
            for kind in (paths, found.edited(paths, "jpeg:75"), passed):
                assert reddest(kind) == is_red, (source, kind)


def test_a_photo_that_was_replaced_is_read_again(tmp_path: Path) -> None:
    source = plain(tmp_path / "photos", (200, 50, 20))
    before = workspace(tmp_path, photos=source).photos(64)
    assert before == workspace(tmp_path, photos=source).photos(64), "the same photos are kept"
    for path in source.iterdir():
        path.write_bytes((plain(tmp_path / f"new-{path.stem}", (20, 50, 200), 1) / "0.png").read_bytes())
    after = workspace(tmp_path, photos=source).photos(64)
    assert not set(before) & set(after)
    assert not reddest(after)


def test_another_table_in_the_same_work_folder_is_other_images(tmp_path: Path) -> None:
    for name, colour in (("one", (200, 50, 20)), ("two", (20, 50, 200))):
        (tmp_path / name).mkdir()
        files = [path.read_bytes() for path in sorted(plain(tmp_path / f"{name}-files", colour).iterdir())]
        parquet.write_table(pa.table({"image": [{"bytes": file} for file in files]}), tmp_path / name / "test.parquet")
        found = workspace(tmp_path, cifar10=tmp_path / name).cifar("test")
        assert found is not None
        assert reddest(found) == (name == "one")


def test_two_models_of_one_name_have_images_of_their_own(tmp_path: Path) -> None:
    for gain in ("0.9", "0.5"):
        found = workspace(tmp_path, size=64)
        found._models["toy"] = Toy(gain=float(gain))
        (first, *_) = found.known("toy")
        assert float(gain) == found.model("toy").gain
        assert first.parent.name.startswith("toy-64-")
    assert len({path.name for path in (tmp_path / "work" / "images").iterdir()}) == 2


def test_an_edit_by_another_codec_is_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = workspace(tmp_path, photos=plain(tmp_path / "photos", (200, 50, 20)))
    paths = found.photos(64)
    before = found.edited(paths, "jpeg:75")
    monkeypatch.setattr(keys, "computing_digest", lambda: "with another libjpeg")
    assert not set(found.edited(paths, "jpeg:75")) & set(before)


def test_names_in_tables_have_no_folder() -> None:
    assert label("zoo:kl-f8-a") == "kl-f8-a"
    assert label("/some/folder/taesd") == "taesd"
    assert label("/some/folder/face.pt") == "face"


def test_generators_of_shares_stand_in_their_own_table(tmp_path: Path) -> None:
    every = generators(workspace(tmp_path, generators=("more.pt",)))
    assert "zoo:dcgan-cifar10" in every
    assert every[-1] == "more.pt"
    assert not set(overlapping().values()) & set(every)


@pytest.mark.parametrize("quick", [True, False])
def test_a_reference_is_searched_from_its_encoder_alone(quick: bool, tmp_path: Path) -> None:
    facts = over_reference(workspace(tmp_path, quick=quick)).measure.facts
    assert (facts["reference_start"], facts["reference_race"], facts["own_race"]) == ("encoder", None, 8)
    assert facts["own_keep"] == (2 if quick else 3)


def test_a_method_that_learns_does_so_from_every_other_belonging_and_ranks_the_rest() -> None:
    rng = np.random.default_rng(0)
    known = table(rng.normal(1, 0.1, 30), "known", detail=rng.normal(0, 1, 30), method=RESIDUAL.card)
    made = profile_of(RESIDUAL, known)
    assert made.ranked == tuple(range(1, 30, 2))
    line = RESIDUAL.fit(known.take(np.arange(0, 30, 2)).scores)
    assert made.fit["line"].tolist() == line["line"].tolist()
    assert made.statistic.tolist() == RESIDUAL.statistic(known.take(np.arange(1, 30, 2)).scores, line).tolist()
    assert made.ranked != calibrate(belonging=known, method=RESIDUAL).ranked, "by place, and not by the hash of pixels"
    assert profile_of(PLAIN, table(known.scores["value"], "known")).ranked == tuple(range(30))
    with pytest.raises(UsageError, match="learn_from has row 30, but the belongings have rows 0 to 29"):
        calibrate(belonging=known, method=RESIDUAL, learn_from=[0, 30])
