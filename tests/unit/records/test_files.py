"""Files hold what was written to the last bit, and nothing that was not checked."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.toy_tables import MODEL, PLAIN, RESIDUAL, facts, jpeg, table
from wherefrom.core.arrays import Scores
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.facts import Appearance
from wherefrom.judging import calibrate, judge
from wherefrom.records.files import load_profile, load_table, save_profile, save_table
from wherefrom.records.profile import Profile
from wherefrom.records.table import ScoreTable


def awkward() -> ScoreTable:
    """Every kind of row and number."""
    images = [
        facts("plain"),
        jpeg("photo", 87.5, changes=("CMYK to RGB", "EXIF kept"), orientation=6),
        facts('bad, "quoted"', error="truncated\nafter 12 bytes", pixel_digest=None, width=None, lossy=None),
        facts("zwölf 🎈"),
        facts("tiny"),
    ]
    values = [0.1 + 0.2, math.inf, 1.0, -math.inf, 5e-324]
    return table(values, images=images, detail=np.array([np.nan, -0.0, 1.0, 1e308, math.pi]))


def same(first: ScoreTable, second: ScoreTable) -> None:
    assert first.images == second.images
    assert first.sizes == second.sizes
    assert (first.model, first.method, first.measure, first.seed) == (
        second.model,
        second.method,
        second.measure,
        second.seed,
    )
    assert first.model.notes == second.model.notes
    assert first.scores.names == second.scores.names
    for name in first.scores.names:
        here, there = first.scores[name], second.scores[name]
        np.testing.assert_array_equal(here, there)
        np.testing.assert_array_equal(np.signbit(here), np.signbit(there))


def small_profile() -> Profile:
    rng = np.random.default_rng(0)
    detail = rng.normal(size=40)
    images = [facts("bad", error="empty file"), *(facts(f"own-{i}") for i in range(39))]
    belonging = table(detail + rng.normal(size=40), images=images, detail=detail)
    photos = [jpeg(f"photo-{i}") for i in range(30)]
    return calibrate(
        belonging=belonging, foreign={"photos": table(rng.normal(5, 1, 30), images=photos)}, method=RESIDUAL
    )


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".parquet", ".PARQUET"])
def test_table_round_trip(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"scores{suffix}"
    save_table(awkward(), path)
    same(load_table(path), awkward())
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".parquet"])
@pytest.mark.parametrize("rows", [0, 1])
def test_table_without_columns(tmp_path: Path, suffix: str, rows: int) -> None:
    images = (facts("bad", error="empty file"),) * rows
    bare = ScoreTable(
        images=images,
        sizes=(None,) * rows,
        scores=Scores({}),
        model=MODEL,
        method=PLAIN.card,
        measure=PLAIN.measure,
    )
    save_table(bare, tmp_path / f"scores{suffix}")
    same(load_table(tmp_path / f"scores{suffix}"), bare)


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".parquet", ".csv"])
def test_names_that_are_no_text(tmp_path: Path, suffix: str) -> None:
    save_table(table([1.0], images=[replace(facts("x"), name="caf\udce9.png")]), tmp_path / f"scores{suffix}")
    if suffix != ".csv":
        assert load_table(tmp_path / f"scores{suffix}").images[0].name == r"caf\xe9.png"


@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_json_is_json_that_others_can_read(tmp_path: Path, suffix: str) -> None:
    def refuse(token: str) -> None:
        raise AssertionError(token)

    save_table(awkward(), tmp_path / f"scores{suffix}")
    for line in (tmp_path / f"scores{suffix}").read_text("utf-8").splitlines():
        json.loads(line, parse_constant=refuse)
    save_profile(small_profile(), tmp_path / "profile.json")
    json.loads((tmp_path / "profile.json").read_text("utf-8"), parse_constant=refuse)


def test_csv_is_for_people(tmp_path: Path) -> None:
    save_table(awkward(), tmp_path / "scores.csv")
    with (tmp_path / "scores.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [item.name for item in awkward().images]
    assert float(rows[0]["score.value"]) == 0.1 + 0.2
    assert (rows[0]["score.detail"], rows[1]["score.value"]) == ("", "inf")
    assert rows[1]["changes"] == "CMYK to RGB; EXIF kept"
    with pytest.raises(UsageError, match=r"keeps no cards: use .json or .jsonl or .parquet"):
        load_table(tmp_path / "scores.csv")


def test_a_name_in_csv_is_no_formula(tmp_path: Path) -> None:
    named = [facts("a", name='=HYPERLINK("x").png'), facts("b", name="b.png", error="-1 is no size")]
    save_table(table([-0.5, np.nan], images=named), tmp_path / "scores.csv")
    with (tmp_path / "scores.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ['\'=HYPERLINK("x").png', "b.png"]
    assert [row["error"] for row in rows] == ["", "'-1 is no size"]
    assert rows[0]["score.value"] == "-0.5", "a number is left a number"


@pytest.mark.parametrize("name", ["scores.txt", "scores", "scores.csv.gz"])
def test_unknown_suffixes_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"use .json or .jsonl or .parquet"):
        save_table(awkward(), tmp_path / name)
    with pytest.raises(UsageError, match=r"use .json or .jsonl or .parquet"):
        load_table(tmp_path / name)
    with pytest.raises(UsageError, match=r"use .json$"):
        save_profile(small_profile(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_missing_places_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no file .*nothing.json"):
        load_profile(tmp_path / "nothing.json")
    with pytest.raises(UsageError, match=r"no file .*nothing.parquet"):
        load_table(tmp_path / "nothing.parquet")
    with pytest.raises(UsageError, match=r"cannot write .*scores.json: No such file or directory"):
        save_table(awkward(), tmp_path / "nowhere" / "scores.json")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "scores.json"
    save_table(awkward(), path)
    before = path.read_bytes()

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UsageError, match="No space left on device"):
        save_table(table([1.0]), path)
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["scores.json"]


def test_profile_round_trip(tmp_path: Path) -> None:
    profile = small_profile()
    save_profile(profile, tmp_path / "p.json")
    loaded = load_profile(tmp_path / "p.json")
    assert loaded.digest == profile.digest
    assert (loaded.coverage, loaded.audit, loaded.omitted) == (profile.coverage, profile.audit, profile.omitted)
    assert (loaded.ranked, loaded.version, loaded.method) == (profile.ranked, profile.version, profile.method)
    same(loaded.belonging, profile.belonging)
    same(loaded.foreign["photos"], profile.foreign["photos"])
    asked = table([0.0, 5.0], "query", detail=np.array([0.1, 0.2]))
    assert judge(asked, profile=loaded, method=RESIDUAL) == judge(asked, profile=profile, method=RESIDUAL)
    save_profile(loaded, tmp_path / "q.json")
    assert (tmp_path / "q.json").read_bytes() == (tmp_path / "p.json").read_bytes()


def test_undefined_images_of_a_pool_are_kept_in_a_file(tmp_path: Path) -> None:
    pool = table([5.0, np.nan, 7.0], "photo")
    profile = calibrate(belonging=table([1.0, 2.0, 3.0], "own"), foreign={"photos": pool}, method=PLAIN)
    save_profile(profile, tmp_path / "p.json")
    assert json.loads((tmp_path / "p.json").read_text())["foreign_statistic"] == {"photos": [5.0, "inf", 7.0]}
    loaded = load_profile(tmp_path / "p.json")
    assert loaded.foreign_statistic["photos"].tolist() == [5.0, np.inf, 7.0]
    assert loaded.digest == profile.digest


def test_a_profile_that_left_undefined_images_of_a_pool_out_is_still_read(tmp_path: Path) -> None:
    """As the first versions did: the pool's table has three rows, its statistics are two."""
    pool = table([5.0, np.nan, 7.0], "photo")
    now = calibrate(belonging=table([1.0, 2.0, 3.0], "own"), foreign={"photos": pool}, method=PLAIN)
    then = replace(now, foreign_statistic={"photos": np.array([5.0, 7.0])})
    save_profile(then, tmp_path / "p.json")
    loaded = load_profile(tmp_path / "p.json")
    assert (loaded.digest, len(loaded.foreign_statistic["photos"])) == (then.digest, 2)


def drop(content: dict[str, Any], *steps: Any) -> None:
    for step in steps[:-1]:
        content = content[step]
    del content[steps[-1]]


def put(value: Any, *steps: Any) -> Callable[[dict[str, Any]], None]:
    def change(content: Any) -> None:
        for step in steps[:-1]:
            content = content[step]
        content[steps[-1]] = value

    return change


DAMAGES: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "schema": (
        put(3, "schema"),
        r"its schema is 3, this version reads 1 and 2: use the version of wherefrom that wrote it",
    ),
    "kind": (put("table", "wherefrom"), r"it holds a 'table', not a profile"),
    "missing": (lambda content: drop(content, "coverage"), r"at coverage: Field required"),
    "unexpected": (put(1, "belonging", "images", 3, "gps"), r"at belonging.images.3.gps: Extra inputs"),
    "type": (
        put("64", "belonging", "images", 3, "width"),
        r"at belonging.images.3.width: Input should be a valid integer, and it is .64.: take an",
    ),
    "text for a number": (put("1.0", "statistic", 0), r"at statistic.0: Input should be a valid number"),
    "null statistic": (put(None, "statistic", 0), r"at statistic.0: "),
    "statistic": (put(0.5, "statistic", 0), r"its content has digest .* it was changed"),
    "audit emptied": (put([], "audit"), r"it was changed"),
    "wider coverage": (put([1, 10**9], "coverage", "pixels"), "changed"),
    "digest": (put("0" * 64, "digest"), r"not 000000000000: it was changed"),
    "rows": (put(99, "ranked", 0), r"at ranked: rows must be different ones of 0 to 39"),
    "negative row": (put(-1, "ranked", 0), r"at ranked: rows must be different ones"),
    "row twice": (lambda content: content["ranked"].__setitem__(0, content["ranked"][1]), r"at ranked"),
    "short": (lambda content: drop(content, "statistic", 0), r"at statistic: \d+ numbers for \d+ ranked"),
    "null in a pool": (put(None, "foreign_statistic", "photos", 0), r"at foreign_statistic.photos.0"),
    "-inf in a pool": (put("-inf", "foreign_statistic", "photos", 0), r"at foreign_statistic.photos.0"),
    "no pool": (lambda content: drop(content, "foreign_statistic", "photos"), r"at foreign_statistic: pools \[\]"),
    "long pool": (put([5.0] * 31, "foreign_statistic", "photos"), r"at foreign_statistic.photos: more numbers"),
    "base64": (
        put("!!!!", "belonging", "columns", "value"),
        r"at belonging.columns.value: not base64 .*, and it is .!!!!.: take an undamaged copy",
    ),
    "bytes": (put("AAAA", "belonging", "columns", "value"), r"at belonging.columns.value: 3 bytes are no whole number"),
    "column": (put("AAAAAAAAAAA=", "belonging", "columns", "value"), r"columns differ in length"),
    "size": (put([0, 64], "belonging", "sizes", 1), r"at belonging.sizes.1"),
    "sizes": (put([], "belonging", "sizes"), r"parts of a score table differ in length"),
    "deep": (put(json.loads("[" * 900 + "]" * 900), "model", "facts", "architecture"), r"p.json: "),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_profiles_are_refused_with_the_place(tmp_path: Path, damage: str) -> None:
    change, message = DAMAGES[damage]
    save_profile(small_profile(), tmp_path / "p.json")
    content = json.loads((tmp_path / "p.json").read_text())
    change(content)
    (tmp_path / "p.json").write_text(json.dumps(content))
    with pytest.raises(ProfileError, match=message) as refused:
        load_profile(tmp_path / "p.json")
    assert "p.json" in str(refused.value)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"wherefrom": NaN}', b"PK\x03\x04", b'{"a": 1}']
)
@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".parquet"])
def test_files_of_other_kinds_are_refused(tmp_path: Path, data: bytes, suffix: str) -> None:
    path = tmp_path / f"scores{suffix}"
    path.write_bytes(data)
    with pytest.raises(ProfileError, match=r"cannot read .*scores"):
        load_table(path)
    if suffix == ".json":
        with pytest.raises(ProfileError, match=r"cannot read .*scores"):
            load_profile(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "p.json").mkdir()
    with pytest.raises(ProfileError, match=r"cannot read .*p.json: Is a directory"):
        load_profile(tmp_path / "p.json")


def test_a_cut_off_table_is_refused(tmp_path: Path) -> None:
    save_table(awkward(), tmp_path / "scores.jsonl")
    lines = (tmp_path / "scores.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "scores.jsonl").write_bytes(b"".join(lines[:-1]))
    with pytest.raises(ProfileError, match="it has 4 rows, its first line says 5: it was cut off or joined"):
        load_table(tmp_path / "scores.jsonl")
    (tmp_path / "scores.jsonl").write_bytes(b"".join(lines[:-1]) + lines[-1][:30])
    with pytest.raises(ProfileError, match="at line 6: Invalid JSON"):
        load_table(tmp_path / "scores.jsonl")


def test_parquet_of_another_program_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"name": ["a"]}), tmp_path / "scores.parquet")
    with pytest.raises(ProfileError, match="no cards of wherefrom"):
        load_table(tmp_path / "scores.parquet")
    save_table(awkward(), tmp_path / "scores.parquet")
    arrow = pq.read_table(tmp_path / "scores.parquet")
    pq.write_table(arrow.drop_columns(["score.value"]), tmp_path / "scores.parquet")
    with pytest.raises(ProfileError, match=r"a column is missing or of another type .*score.value"):
        load_table(tmp_path / "scores.parquet")
    words = arrow.set_column(arrow.column_names.index("width"), "width", pa.array(["wide"] * 5))
    pq.write_table(words, tmp_path / "scores.parquet")
    with pytest.raises(ProfileError, match=r"at 0.width: Input should be a valid integer"):
        load_table(tmp_path / "scores.parquet")
    text = arrow.set_column(arrow.column_names.index("score.value"), "score.value", pa.array(["high"] * 5))
    pq.write_table(text, tmp_path / "scores.parquet")
    with pytest.raises(ProfileError, match=r"at column score.value: of type string, not double"):
        load_table(tmp_path / "scores.parquet")


def test_pydantic_is_loaded_only_when_a_file_is_touched() -> None:
    program = "import sys, wherefrom.records.files; print('pydantic' in sys.modules, 'pyarrow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("suffix", ["json", "jsonl", "parquet", "csv"])
def test_what_was_converted_stands_in_every_form_of_a_table(suffix: str, tmp_path: Path) -> None:
    known = {"scored_digest": "s" * 64, "origin": "draw", "origin_decoder": "d" * 64, "jpeg_grid": False}
    known["appearance"] = Appearance(code="0a" * 64, brightness=99.5, contrast=20.25, content=0.75)
    image = facts("a", changes=("palette looked up", "first of several frames"), **known)
    path = tmp_path / f"t.{suffix}"
    save_table(table([1.0], images=[image]), path)
    if suffix == "csv":
        with path.open(newline="") as file:
            (row,) = csv.DictReader(file)
        assert row["changes"] == "palette looked up; first of several frames"
    else:
        assert load_table(path).images == (image,)


def test_a_profile_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    save_profile(small_profile(), tmp_path / "p.json")
    (tmp_path / "windows.json").write_bytes(b"\xef\xbb\xbf" + (tmp_path / "p.json").read_bytes())
    assert load_profile(tmp_path / "windows.json").digest == small_profile().digest


def test_tables_and_profiles_of_an_earlier_version_are_read(tmp_path: Path) -> None:
    later = ("scored_digest", "origin", "origin_decoder", "jpeg_grid", "appearance", "trailing_bytes")
    made = awkward()
    save_table(made, tmp_path / "t.parquet")
    arrow = pq.read_table(tmp_path / "t.parquet")
    pq.write_table(arrow.drop_columns(list(later)), tmp_path / "old.parquet")
    same(load_table(tmp_path / "old.parquet"), made)
    profile = small_profile()
    old = replace(profile, coverage=replace(profile.coverage, changes=None))
    save_profile(old, tmp_path / "p.json")
    content = json.loads((tmp_path / "p.json").read_text())
    del content["coverage"]["changes"]
    for part in (content["belonging"], *content["foreign"].values()):
        for image in part["images"]:
            for name in later:
                image.pop(name, None)
    (tmp_path / "old.json").write_text(json.dumps(content))
    assert load_profile(tmp_path / "old.json").digest == old.digest
    assert load_profile(tmp_path / "old.json").warnings == profile.warnings
