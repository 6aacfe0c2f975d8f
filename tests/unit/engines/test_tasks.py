"""Tasks give the rows that `score` and `attribute` give, whatever the chunks; the columns are those that are stated."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.dataset as ds
import pytest

import wherefrom as wf
from tests.cli.calling import save_noise
from wherefrom.candidates import open_candidates, score_candidates
from wherefrom.core.errors import UsageError
from wherefrom.engines.attributions import AttributeTask
from wherefrom.engines.choose import load_engine
from wherefrom.engines.columns import SCORES, VERDICTS, schema_of
from wherefrom.engines.local import Local
from wherefrom.engines.running import run_job
from wherefrom.engines.scores import ScoreTask
from wherefrom.images.sources import load_images, stream_images
from wherefrom.records.profile import Profile


def rows_of(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of a folder by the image's name."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in ds.dataset(folder / "rows", partitioning="hive").to_table().to_pylist():
        found.setdefault(row["name"], []).append(row)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    images = save_noise(tmp_path / "images", range(7), side=32)
    (images / "bad.png").write_bytes(b"no image")
    return images


def test_rows_of_scores_are_those_of_the_table(folder: Path, tmp_path: Path) -> None:
    method = wf.methods.load("reconstruction")
    task = pickle.loads(pickle.dumps(ScoreTask(model="toy", method=method, seed=3)))  # noqa: TID251  (bytes of our own)
    run_job(task, stream_images(folder), folder=tmp_path / "out", images_a_file=3)
    table = wf.score(load_images(folder), model=wf.load_model("toy"), method=method, seed=3)
    rows = rows_of(tmp_path / "out")
    assert len(rows) == len(table) == 8
    for place, facts in enumerate(table.images):
        (row,) = rows[facts.name]
        assert row["error"] == facts.error
        assert row["pixel_digest"] == facts.pixel_digest
        assert row["path"] == facts.name
        if facts.error is None:
            assert dict(row["scores"]) == {name: table.scores[name][place] for name in table.scores.names}
            assert row["statistic"] == table.scores["first"][place]
            assert (row["scored_height"], row["scored_width"], row["seed"]) == (32, 32, 3)
    assert rows[str(folder / "bad.png")][0]["status"] == "failed"
    assert json.loads(rows[str(folder / "noise-000.png")][0]["method_options"]) == dict(method.card.facts)


def test_what_a_manifest_says_goes_with_the_row(folder: Path, tmp_path: Path) -> None:
    lines = [{"path": f"images/noise-00{i}.png", "name": f"n{i}", "id": i, "label": None, "x": "a"} for i in range(2)]
    (tmp_path / "list.jsonl").write_text("\n".join(map(json.dumps, lines)))
    task = ScoreTask(model="toy", method=wf.methods.load("reconstruction"))
    run_job(task, stream_images(tmp_path / "list.jsonl"), folder=tmp_path / "out")
    rows = rows_of(tmp_path / "out")
    assert dict(rows["n1"][0]["given"]) == {"id": "1", "x": "a"}
    assert rows["n1"][0]["path"] == str(tmp_path / "images/noise-001.png")


def profile_of(seeds: range, tmp_path: Path) -> Profile:
    images = load_images(save_noise(tmp_path / f"known-{seeds.start}", seeds, side=32))
    model, method = wf.load_model("toy"), wf.methods.load("reconstruction")
    known = wf.score(images, model=model, method=method)
    others = wf.score([np.full((32, 32, 3), 9 * i, np.uint8) for i in range(12)], model=model, method=method)
    return wf.profile(belonging=known, foreign={"flat": others})


@pytest.mark.parametrize("count", [1, 2])
def test_rows_of_verdicts_are_those_of_attribute(folder: Path, tmp_path: Path, count: int) -> None:
    profiles = {f"p{i}": profile_of(range(100 * i, 100 * i + 25), tmp_path) for i in range(1, count + 1)}
    rule = wf.rules.load("conformal")
    stated = AttributeTask(profiles=profiles, rule=rule, alpha=0.1)
    task = pickle.loads(pickle.dumps(stated))  # noqa: TID251  (as it goes to other processes)
    assert task.facts == stated.facts
    run_job(task, stream_images(folder), folder=tmp_path / "out", images_a_file=3)
    scored = score_candidates(load_images(folder), open_candidates(profiles))
    said: Any
    if count == 1:
        said = wf.attribute(scored[0].tables, profile=scored[0].profile, alpha=0.1, rule=rule)
    else:
        said = wf.attribute(scored, alpha=0.1, rule=rule)
    rows = rows_of(tmp_path / "out")
    for found in said:
        verdicts = (found,) if count == 1 else found.verdicts
        by_name = {row["candidate"]: row for row in rows[found.image.name]}
        assert sorted(by_name) == sorted(profiles)
        for name, verdict in zip(profiles, verdicts, strict=True):
            row = by_name[name]
            for column in ("outcome", "reason", "statistic", "p_belonging", "threshold", "profile", "decoder"):
                assert row[column] == getattr(verdict, column)
            assert dict(row["p_foreign"]) == dict(verdict.p_foreign)
            assert row["answer"] == (None if count == 1 else found.answer)
            assert row["status"] == ("failed" if verdict.image.error else "scored")


def test_columns_are_stated_once_with_their_meaning() -> None:
    for columns in (SCORES, VERDICTS):
        schema = schema_of(columns)
        assert len(set(schema.names)) == len(columns)
        assert [str(field.type) for field in schema if "map" not in str(field.type) and "list" not in str(field.type)]
        assert all(field.metadata[b"meaning"] for field in schema)


def test_engines_are_chosen_by_name() -> None:
    assert load_engine("local", devices=["cpu"]) == Local(device="cpu")
    with pytest.raises(UsageError, match=r"no engine 'locl' among local, ray; did you mean .local."):
        load_engine("locl")
    with pytest.raises(UsageError, match="the local engine has no options, got workers"):
        load_engine("local", {"workers": 2})
