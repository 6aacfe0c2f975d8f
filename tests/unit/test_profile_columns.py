"""Which columns a profile keeps, on tables of random numbers: no model is asked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wherefrom as wf
from wherefrom.core.arrays import Scores
from wherefrom.core.card import Card
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.core.units import bands
from wherefrom.judging import calibrate, judge
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.arithmetic.columns import BLOCKS, energy_columns, log_columns
from wherefrom.methods.recompressed import Recompressed
from wherefrom.methods.spectral import Spectral
from wherefrom.methods.traced import Traced
from wherefrom.models.toy import Toy
from wherefrom.records.files import load_profile, save_profile
from wherefrom.records.table import ScoreTable

TWO_PASSES = (
    "first",
    "second",
    "homogeneity_squared",
    "homogeneity_absolute",
    *(name for error in (1, 2) for name in energy_columns(error)),
    *(name for error in (1, 2) for block in BLOCKS for name in log_columns(error, block)),
)
STORED = ("stored_first", "stored_second", *log_columns("_stored_first", 4), *log_columns("_stored_second", 4))


def table_of(count: int, tag: str, method: Any, names: tuple[str, ...], *, apart: float = 0.0) -> ScoreTable:
    """Random positive losses and random logarithms."""
    rng = np.random.default_rng(len(tag) + count)
    logs = {name: rng.normal(-9, 1, count) for name in names if name.startswith("log")}
    columns = {name: logs.get(name, np.exp(rng.normal(-6 + apart, 0.3, count))) for name in names}
    digests = [f"{tag} {index}" for index in range(count)]
    return ScoreTable(
        images=tuple(
            ImageFacts(name=d, file_digest=d, pixel_digest=d, format="PNG", width=32, height=32, lossy=False)
            for d in digests
        ),
        sizes=((32, 32),) * count,
        scores=Scores(columns),
        model=Card(kind="model", name="random", facts={"decoder": "00"}),
        method=method.card,
        measure=method.measure,
        asked=method,
    )


def test_a_profile_keeps_what_its_method_reads_and_says_the_same(tmp_path: Path) -> None:
    assert len(TWO_PASSES) == 868
    belonging, photos = (table_of(60, tag, Spectral(), TWO_PASSES) for tag in ("own", "photo"))
    whole = calibrate(belonging=belonging, foreign={"photos": photos}, keep=["*"])
    kept = calibrate(belonging=belonging, foreign={"photos": photos})
    assert len(kept.belonging.scores.names) == len(kept.foreign["photos"].scores.names) == 97
    assert set(kept.belonging.scores.names) == set(Spectral().columns)
    assert whole.belonging.scores.names == TWO_PASSES
    np.testing.assert_array_equal(kept.statistic, whole.statistic)
    np.testing.assert_array_equal(kept.foreign_statistic["photos"], whole.foreign_statistic["photos"])
    asked = table_of(9, "asked", Spectral(), TWO_PASSES)
    said = [[(v.outcome, v.p_belonging) for v in judge(asked, profile=profile)] for profile in (kept, whole)]
    assert said[0] == said[1]
    places = []
    for name, profile in (("kept", kept), ("whole", whole)):
        places.append(tmp_path / f"{name}.json")
        save_profile(profile, places[-1])
        assert load_profile(places[-1]).digest == profile.digest
    small, large = (place.stat().st_size for place in places)
    assert small < 0.2 * large


def test_what_is_named_is_kept_besides() -> None:
    belonging = table_of(60, "own", Spectral(), TWO_PASSES)
    kept = calibrate(belonging=belonging, keep=["first", "homogeneity_*"]).belonging
    more = {"first", "homogeneity_squared", "homogeneity_absolute"}
    assert set(kept.scores.names) == set(Spectral().columns) | more
    other = calibrate(belonging=kept, method=AEDR(adjustment="homogeneity"))
    np.testing.assert_array_equal(
        other.statistic, calibrate(belonging=belonging, method=AEDR(adjustment="homogeneity")).statistic
    )
    with pytest.raises(UsageError, match=r"keep='texture' is no column: there are 868, as first, second, .*`\*`"):
        calibrate(belonging=belonging, keep=["texture"])


def test_every_condition_of_images_keeps_the_same() -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (32, 32, 3), dtype=np.uint8) for _ in range(4)]
    for keep, count in (([], 2), (["homogeneity_*"], 4)):
        made = wf.profile(belonging=images, model=Toy(), method=AEDR(), edits=["none", "jpeg:75"], keep=keep)
        assert [len(one.belonging.scores.names) for one in made.conditions.values()] == [count, count]


def test_a_method_that_reads_what_was_not_kept_is_refused_with_the_way_out() -> None:
    kept = calibrate(belonging=table_of(60, "own", AEDR(), TWO_PASSES)).belonging
    assert set(kept.scores.names) == {"first", "second"}
    with pytest.raises(
        ProfileError, match=r"lack 96 columns that method 'spectral' reads, .*\('aedr'\).*keep=\['\*'\]"
    ):
        calibrate(belonging=kept, method=Spectral())


def test_a_method_that_does_not_say_what_it_reads_keeps_all() -> None:
    class Unsaid:
        """AEDR, without its columns."""

        def __init__(self) -> None:
            self.card, self.measure, self.learns = AEDR().card, AEDR().measure, False
            self.fit, self.statistic, self.scores = AEDR().fit, AEDR().statistic, AEDR().scores

    method: Any = Unsaid()
    kept = calibrate(belonging=table_of(60, "own", method, TWO_PASSES), method=method).belonging
    assert kept.scores.names == TWO_PASSES


def test_tables_with_the_former_names_of_columns_are_read() -> None:
    """Of an earlier version: `log5_4_` and `log6_4_` were the errors of what was stored as JPEG."""
    method = Recompressed()
    now = table_of(60, "own", method, (*TWO_PASSES, *STORED))
    former = {"log_stored_first_4": "log5_4", "log_stored_second_4": "log6_4"}

    def before(name: str) -> str:
        for new, old in former.items():
            name = name.replace(new, old)
        return name

    old = replace(now, scores=Scores({before(name): now.scores[name] for name in now.scores.names}))
    assert f"log5_4_{bands(4)[0]}" in old.scores.names
    one, other = calibrate(belonging=now), calibrate(belonging=old)
    np.testing.assert_array_equal(one.statistic, other.statistic)
    assert json.dumps(sorted(one.belonging.scores.names)) == json.dumps(sorted(other.belonging.scores.names))
    np.testing.assert_array_equal(method.statistic(now.scores, one.fit), method.statistic(old.scores, one.fit))


def test_tables_with_the_former_names_of_searches_are_read() -> None:
    """Of an earlier version: `log3_4_` and `log4_4_` were what searches left of an image and of its twin."""
    method = Traced()
    now = table_of(60, "own", method, method.columns)
    former = {"log_searched_4_": "log3_4_", "log_searched_twin_4_": "log4_4_"}
    columns = {
        next((old + name.removeprefix(new) for new, old in former.items() if name.startswith(new)), name): column
        for name, column in now.scores.columns.items()
    }
    old = replace(now, scores=Scores(columns))
    assert f"log4_4_{bands(4)[0]}" in old.scores.names
    one, other = calibrate(belonging=now), calibrate(belonging=old)
    np.testing.assert_array_equal(one.statistic, other.statistic)
    np.testing.assert_array_equal(method.statistic(now.scores, one.fit), method.statistic(old.scores, one.fit))


@pytest.mark.parametrize(
    ("stored", "share"),
    [
        ({}, 0.0),
        ({"lossy": True, "format": "JPEG", "jpeg_quality": 90.0}, 0.02),
        ({"lossy": None, "format": "pixels"}, 0.02),
        ({"origin": "edit"}, 0.02),
    ],
    ids=["lossless", "jpeg", "unknown", "edited"],
)
def test_smooth_images_are_judged_where_belongings_were_stored_without_loss(stored: Any, share: float) -> None:
    belonging = table_of(60, "own", Spectral(), TWO_PASSES)
    belonging = replace(belonging, images=tuple(replace(facts, **stored) for facts in belonging.images))
    usual, said = (calibrate(belonging=belonging, method=each) for each in (Spectral(), Spectral(easiest=share)))
    assert usual.fit["least"] == said.fit["least"]
    np.testing.assert_array_equal(usual.statistic, said.statistic)
    assert usual.method.facts["easiest"] is None, "what the belongings say stands in what was learned of them"
    (verdict,) = judge(belonging.take(np.array([0])), profile=usual)
    assert verdict.method_options["easiest"] is None


def test_one_image_with_loss_among_the_belongings_is_enough() -> None:
    belonging = table_of(60, "own", Spectral(), TWO_PASSES)
    first, *others = belonging.images
    belonging = replace(belonging, images=(replace(first, lossy=True, format="WEBP"), *others))
    assert calibrate(belonging=belonging, method=Spectral()).fit["least"][0] > Spectral().floor


def test_a_profile_of_an_earlier_version_says_its_share_and_keeps_it(tmp_path: Path) -> None:
    belonging = table_of(60, "own", Spectral(easiest=0.02), TWO_PASSES)
    earlier = calibrate(belonging=belonging)
    save_profile(earlier, tmp_path / "p.json")
    read = load_profile(tmp_path / "p.json")
    assert read.method == Spectral(easiest=0.02).card
    assert read.fit["least"][0] > Spectral().floor
    assert len(judge(table_of(9, "asked", Spectral(easiest=0.02), TWO_PASSES), profile=read)) == 9
