"""What tells a pool from the belongings without a look at the content, and what does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.toy_tables import facts, jpeg, table
from wherefrom.core.facts import Appearance, ImageFacts
from wherefrom.records.audit import FILES, audit, guess_accuracy
from wherefrom.records.together import guess_together


def found(own: list[ImageFacts], pool: list[ImageFacts]) -> dict[str, float]:
    result = audit(table([1.0] * len(own), images=own), {"pool": table([2.0] * len(pool), images=pool)})
    assert result.valid == (not result.findings)
    assert result.confounded("pool") == bool(result.findings)
    return {finding.attribute: finding.accuracy for finding in result.findings}


def pngs(label: str, count: int, **changes: object) -> list[ImageFacts]:
    return [facts(f"{label}-{i}", **changes) for i in range(count)]


def sized(label: str, count: int, low: int, high: int, seed: int) -> list[ImageFacts]:
    rng = np.random.default_rng(seed)
    sides = rng.integers(low, high, (count, 2)).tolist()
    return [facts(f"{label}-{i}", width=width, height=height) for i, (width, height) in enumerate(sides)]


def test_alike_is_valid() -> None:
    assert found(pngs("own", 200), pngs("pool", 100)) == {}


def test_format_and_all_that_comes_with_it() -> None:
    attributes = found(pngs("own", 100), [jpeg(f"pool-{i}") for i in range(100)])
    assert attributes == dict.fromkeys(("format", "loss", "jpeg quality", "jpeg tables"), 1.0)


def test_a_fixed_size_against_many_sizes() -> None:
    attributes = found(pngs("own", 100, width=512, height=512), sized("pool", 100, 300, 700, 1))
    assert attributes["stored size"] == pytest.approx(1.0)


def test_many_unique_sizes_on_both_sides_tell_nothing() -> None:
    assert found(sized("own", 150, 300, 900, 1), sized("pool", 150, 300, 900, 2)) == {}


def test_unique_sizes_of_another_magnitude() -> None:
    attributes = found(sized("own", 100, 300, 400, 1), sized("pool", 100, 1200, 1500, 2))
    assert "number of pixels" in attributes
    assert "stored size" not in attributes


def test_portrait_against_landscape() -> None:
    own = [facts(f"own-{i}", width=400 + i, height=800 + i) for i in range(60)]
    pool = [facts(f"pool-{i}", width=800 + i, height=400 + i) for i in range(60)]
    assert "shape" in found(own, pool)


def test_quality_and_tables() -> None:
    own, pool = [jpeg(f"own-{i}", 95) for i in range(50)], [jpeg(f"pool-{i}", 75) for i in range(50)]
    assert set(found(own, pool)) == {"jpeg quality", "jpeg tables"}


def test_changes_and_orientation() -> None:
    assert set(found(pngs("own", 50), pngs("pool", 50, changes=("palette to RGB",)))) == {"changes"}
    assert set(found(pngs("own", 50), pngs("pool", 50, orientation=6))) == {"orientation"}


def test_the_bound_lies_at_three_quarters() -> None:
    own = pngs("own", 100)
    assert found(own, pngs("a", 52) + [jpeg(f"b-{i}") for i in range(48)]) == {}
    assert "format" in found(own, pngs("a", 44) + [jpeg(f"b-{i}") for i in range(56)])


def test_a_class_may_be_much_larger() -> None:
    own = pngs("own", 900) + [jpeg(f"j-{i}") for i in range(100)]
    assert found(own, [*pngs("a", 9), jpeg("b")]) == {}
    assert "format" in found(own, [jpeg(f"b-{i}") for i in range(20)])


def test_rows_with_errors_count_for_nothing() -> None:
    broken = [replace(item, error="truncated") for item in (jpeg(f"b-{i}") for i in range(100))]
    assert found(pngs("own", 50), pngs("pool", 10) + broken) == {}


def test_nothing_is_found_by_chance() -> None:
    rng = np.random.default_rng(5)
    flagged = 0
    for count in (5, 10, 20, 50, 100) * 20:
        kinds = [pngs("x", 1)[0], jpeg("x", 75), jpeg("x", 85), jpeg("x", 95, width=80)]
        own, pool = (
            [replace(kinds[k], name=f"{side}-{i}") for i, k in enumerate(rng.integers(0, 4, count))] for side in "ab"
        )
        flagged += bool(found(own, pool))
    assert flagged <= 3


def test_message_says_what_differs_and_what_to_do() -> None:
    pool = [jpeg(f"pool-{i}") for i in range(98)] + pngs("p", 2)
    findings = audit(table([1.0] * 99, "own"), {"photos": table([2.0] * 100, images=pool)}).findings
    assert findings[0].message == (
        "format alone tells pool 'photos' from the belongings, right 99% of the time "
        "(PNG in 99 of 99 against JPEG in 98 of 100): make and store both in the same way from the start "
        "(a JPEG saved again as PNG keeps what the JPEG did to it)"
    )


def test_guess_accuracy_by_hand() -> None:
    assert guess_accuracy(["a"] * 4, ["b"] * 4) == 1.0
    assert guess_accuracy(["a"] * 50 + ["b"] * 50, ["a"] * 50 + ["b"] * 50) < 0.5
    assert guess_accuracy(["a", "a", "a", "b"], ["b", "b", "b", "a"]) == 0.75
    assert guess_accuracy(range(50), range(100, 150)) == 0.5
    assert guess_accuracy([], ["a"]) == 0.5


def looking(label: str, count: int, seed: int, *, brightness: float = 110.0) -> list[ImageFacts]:
    rng = np.random.default_rng(seed)
    rows = zip(rng.normal(brightness, 25, count), rng.normal(50, 12, count), rng.uniform(0.8, 1, count), strict=True)
    looks = [Appearance(code=None, brightness=one, contrast=two, content=three) for one, two, three in rows]
    return [facts(f"{label}-{i}", appearance=each) for i, each in enumerate(looks)]


def test_another_brightness_is_found_and_the_same_is_not() -> None:
    own = looking("own", 60, 1)
    assert found(own, looking("pool", 120, 2)) == {}
    assert set(found(own, looking("pool", 120, 2, brightness=30))) == {"brightness"}
    (finding,) = audit(
        table([1.0] * 60, images=own), {"dark": table([2.0] * 120, images=looking("p", 120, 2, brightness=30))}
    ).findings
    assert "brightness alone tells pool 'dark' from the belongings" in finding.message
    assert "like the belongings in this" in finding.message


def test_content_in_wide_margins() -> None:
    own = looking("own", 60, 1)
    framed = [replace(each, appearance=replace(each.appearance, content=0.3)) for each in looking("pool", 60, 2)]  # type: ignore[type-var]
    result = audit(table([1.0] * 60, images=own), {"pool": table([2.0] * 60, images=framed)})
    assert [finding.attribute for finding in result.findings] == ["size of content"]
    assert not result.confounded("pool"), "what a model draws may itself be emptier than photos: said, and no more"


def test_what_no_single_attribute_tells_all_together_do() -> None:
    kinds = [jpeg("x"), jpeg("x", width=96), facts("x"), facts("x", width=96)]
    own = [replace(kinds[(0, 3)[i % 2]], name=f"own-{i}", file_digest=f"own-{i}") for i in range(60)]
    pool = [replace(kinds[(1, 2)[i % 2]], name=f"pool-{i}", file_digest=f"pool-{i}") for i in range(60)]
    assert found(own, pool) == {FILES: pytest.approx(1.0)}
    mixed = [replace(kinds[i % 4], name=f"pool-{i}", file_digest=f"pool-{i}") for i in range(60)]
    assert found(own, mixed) == {}


def brightness(image: ImageFacts) -> float | None:
    return image.appearance.brightness if image.appearance else None


def test_tiles_of_one_image_are_not_guessed_from_each_other() -> None:
    own, pool = (
        [replace(image, name=f"{image.name}#{i},0") for image in side for i in range(12)]
        for side in (looking("own", 20, 1), looking("pool", 20, 2))
    )
    accuracy, smaller = guess_together(own, pool, words={}, numbers={"brightness": brightness})
    assert smaller == 20
    assert accuracy < 0.75


def test_scores_of_an_earlier_version_have_no_looks_and_tell_nothing() -> None:
    assert found(pngs("own", 60), looking("pool", 120, 2)) == {}
