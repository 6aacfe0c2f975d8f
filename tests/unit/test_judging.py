"""What `calibrate` refuses, keeps and counts, and each outcome of `judge` with its reason."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.toy_tables import MEASURE, MODEL, PLAIN, RESIDUAL, facts, jpeg, table
from wherefrom import rules
from wherefrom.core.card import Card
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.judging import calibrate, judge
from wherefrom.records.profile import Profile
from wherefrom.records.verdict import Outcome, Verdict

BELONGING = np.linspace(0.9, 1.1, 99)
FOREIGN = np.linspace(1.5, 2.5, 120)


def profile_of(foreign: dict[str, Any] | None = None, belonging: Any = None) -> Profile:
    pools = {"photos": table(FOREIGN, "photo")} if foreign is None else foreign
    return calibrate(belonging=table(BELONGING, "own") if belonging is None else belonging, foreign=pools, method=PLAIN)


def one(value: float, profile: Profile, **options: Any) -> Verdict:
    return judge(table([value], "query"), profile=profile, method=PLAIN, **options)[0]


def test_supported_ranks_as_belonging_and_under_every_pool() -> None:
    verdict = one(1.0, profile_of())
    assert verdict.outcome is Outcome.SUPPORTED
    assert verdict.belonging is True
    assert verdict.p_belonging == pytest.approx((1 + 50) / 100)
    assert verdict.p_foreign == {"photos": pytest.approx(1 / 121)}
    assert verdict.threshold == np.sort(BELONGING)[94]
    assert verdict.reason == (
        "ranks as a belonging (p = 0.51 > alpha=0.05) and not as any named non-belonging "
        "(photos: p = 0.008264; beta=0.01)"
    )
    assert (verdict.decoder, verdict.model, verdict.method, verdict.rule) == ("d" * 64, "toy", "toy-plain", "conformal")
    assert verdict.profile == profile_of().digest


def test_excluded_whatever_the_pools_say() -> None:
    for profile in (profile_of(), profile_of({}), profile_of({"low": table(FOREIGN + 50, "low")})):
        verdict = one(1.2, profile)
        assert verdict.outcome is Outcome.EXCLUDED
        assert verdict.reason == "does not rank as a belonging (p = 0.01 <= alpha=0.05)"
        assert verdict.belonging is False


def test_compatible_without_a_pool() -> None:
    verdict = one(1.0, profile_of({}))
    assert verdict.outcome is Outcome.COMPATIBLE
    assert verdict.belonging is True
    assert verdict.reason.endswith(
        "but false claims are not bounded: there is no pool of non-belongings, add one of at least 99 images"
    )


def test_compatible_when_one_of_two_pools_is_too_small() -> None:
    small = {"photos": table(FOREIGN, "photo"), "few": table(FOREIGN[:40], "few")}
    verdict = one(1.0, profile_of(small))
    assert verdict.outcome is Outcome.COMPATIBLE
    assert "pool 'few' has 40 images, beta=0.01 needs 99" in verdict.reason
    assert one(1.0, profile_of(small), beta=0.03).outcome is Outcome.SUPPORTED


def test_compatible_when_a_pool_is_confounded() -> None:
    images = [jpeg(f"photo-{i}") for i in range(120)]
    profile = profile_of({"photos": table(FOREIGN, images=images)})
    assert profile.audit.confounded("photos")
    verdict = one(1.0, profile)
    assert verdict.outcome is Outcome.COMPATIBLE
    assert "pool 'photos' can be told from the belongings by its files alone (format, " in verdict.reason


def test_undecided_where_both_kinds_score_alike() -> None:
    mixed = np.concatenate([FOREIGN, [0.95, 0.96]])
    verdict = one(1.0, profile_of({"photos": table(mixed, "photo"), "far": table(FOREIGN + 1, "far")}))
    assert verdict.outcome is Outcome.UNDECIDED
    assert verdict.belonging is None
    assert "but so do images of photos (far: p = 0.008264, photos: p = 0.02439; beta=0.01)" in verdict.reason


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rule", ["conformal", "grubbs", "kde", "fixed"])
def test_undefined_is_undecided_under_every_rule(value: float, rule: str) -> None:
    chosen = rules.load(rule, {"cut": 1.2} if rule == "fixed" else None)
    verdict = one(value, profile_of(), rule=chosen)
    assert verdict.outcome is Outcome.UNDECIDED
    assert verdict.reason.startswith("the statistic is undefined")
    assert (verdict.statistic, verdict.p_belonging, verdict.p_foreign) == (None, None, {})


def test_an_error_row_keeps_its_reason() -> None:
    asked = table([1.0, 1.0], images=[facts("broken", error="truncated after 12 bytes"), facts("fine")])
    broken, fine = judge(asked, profile=profile_of(), method=PLAIN)
    assert (broken.outcome, broken.reason) == (Outcome.UNDECIDED, "not scored: truncated after 12 bytes")
    assert fine.outcome is Outcome.SUPPORTED


def test_a_table_of_errors_alone() -> None:
    asked = table([np.nan], images=[facts("broken", error="empty file")])
    asked = replace(asked, scores=asked.scores.take(np.array([0])))
    assert judge(asked, profile=profile_of(), method=PLAIN)[0].reason == "not scored: empty file"


def test_not_covered_is_undecided_with_the_way_out() -> None:
    asked = table([1.0], images=[jpeg("query", 75)])
    verdict = judge(asked, profile=profile_of(), method=PLAIN)[0]
    assert verdict.outcome is Outcome.UNDECIDED
    assert verdict.reason == (
        "stored as JPEG quality 75, the profile covers lossless files only: "
        "make a profile with belongings saved the same way, or add the condition: "
        "wherefrom profile --add-edit jpeg:75 --profile P.json --belonging DIR --pool photos=DIR"
    )


def test_another_size_is_not_taken_for_a_resized_image() -> None:
    larger = judge(table([1.0], prefix="q", size=(128, 128)), profile=profile_of(), method=PLAIN)[0]
    assert larger.outcome is Outcome.UNDECIDED
    assert larger.reason.endswith(
        "make a profile with belongings of this size, or, where it was resized since the decoder made it, add the"
        " condition: wherefrom profile --add-edit resize:2 --profile P.json --belonging DIR --pool photos=DIR"
    )


def test_judged_outside_says_so_and_is_never_supported() -> None:
    asked = table([1.0, 1.2], images=[jpeg("low", 75), jpeg("high", 75)])
    low, high = judge(asked, profile=profile_of(), method=PLAIN, outside="judge")
    assert (low.outcome, high.outcome) == (Outcome.COMPATIBLE, Outcome.EXCLUDED)
    assert "judged although no error rate holds for it: stored as JPEG quality 75" in low.reason
    with pytest.raises(UsageError, match="outside='guess'"):
        judge(asked, profile=profile_of(), method=PLAIN, outside="guess")  # type: ignore[arg-type]


def test_an_image_of_a_pool_is_never_claimed() -> None:
    profile = profile_of({"photos": table(np.concatenate([[1.0], np.linspace(1.5, 2.5, 399)]), "photo")})
    known = judge(table([1.0], images=[facts("photo-0", name="renamed.png")]), profile=profile, method=PLAIN)[0]
    assert known.outcome is Outcome.UNDECIDED
    assert known.reason.endswith("but it is photo-0.png in pool 'photos', a known non-belonging")
    assert one(1.0, profile).outcome is Outcome.SUPPORTED


def test_a_cut_given_by_hand_decides_by_itself() -> None:
    fixed = rules.load("fixed", {"cut": 1.05})
    low, at = (one(value, profile_of(), rule=fixed) for value in (1.04, 1.05))
    assert (low.outcome, low.p_belonging) == (Outcome.SUPPORTED, None)
    assert at.outcome is Outcome.EXCLUDED
    assert at.reason == "does not rank as a belonging (statistic 1.05 >= cut 1.05 of fixed)"


def test_alpha_needs_enough_belongings_before_anything_is_judged() -> None:
    with pytest.raises(ProfileError, match=r"alpha=0.001 needs 999 belonging images, got 99: .* alpha >= 0.01$"):
        one(1.0, profile_of(), alpha=0.001)
    with pytest.raises(UsageError, match=r"beta=1 is outside \(0, 1\)"):
        one(1.0, profile_of(), beta=1.0)


def test_scores_of_another_model_measure_or_seed_are_refused() -> None:
    other = replace(MODEL, facts={**MODEL.facts, "dtype": "bfloat16"})
    asked = table([1.0], "query", model=other)
    with pytest.raises(ProfileError, match=r"model dtype: 'bfloat16', 'float32'"):
        judge(asked, profile=profile_of(), method=PLAIN)
    with pytest.raises(ProfileError, match="root seed: 7, 0"):
        judge(replace(table([1.0]), seed=7), profile=profile_of(), method=PLAIN)
    measured = replace(table([1.0]), measure=Card(kind="measure", name="toy-measure", facts={"passes": 3}))
    with pytest.raises(ProfileError, match="measure passes: 3, 2"):
        judge(measured, profile=profile_of(), method=PLAIN)
    renamed = table([1.0], "query", model=replace(MODEL, name="toy again"))
    assert judge(renamed, profile=profile_of(), method=PLAIN)[0].outcome is Outcome.SUPPORTED


def test_another_method_than_the_profiles_is_refused() -> None:
    with pytest.raises(ProfileError, match="toy-residual, toy-plain"):
        judge(table([1.0]), profile=profile_of(), method=RESIDUAL)


def test_calibrate_refuses_tables_that_were_asked_differently() -> None:
    other = table(FOREIGN, "photo", model=replace(MODEL, facts={**MODEL.facts, "device": "cuda"}))
    with pytest.raises(ProfileError, match=r"the belongings and pool 'photos' .* device: 'cpu', 'cuda'"):
        profile_of({"photos": other})
    measured = replace(table(BELONGING), measure=Card(kind="measure", name="one-pass"))
    with pytest.raises(ProfileError, match=r"method 'toy-plain' reads 'toy-measure', but the tables were asked for"):
        calibrate(belonging=measured, method=PLAIN)


def test_another_method_of_the_same_measure_may_be_tried() -> None:
    assert table(BELONGING).method.name == "toy-plain"
    profile = calibrate(belonging=table(BELONGING, detail=BELONGING**2), method=RESIDUAL)
    assert profile.method == RESIDUAL.card
    assert profile.measure == MEASURE


def test_duplicates_are_refused_by_name() -> None:
    twice = [facts(f"own-{i}") for i in range(98)] + [facts("own-3", name="copy.png")]
    with pytest.raises(ProfileError, match=r"own-3.png in the belongings and copy.png in the belongings have the same"):
        profile_of(belonging=table(BELONGING, images=twice))
    with pytest.raises(ProfileError, match=r"own-0.png in the belongings and own-0.png in pool 'photos' .*\(99 such"):
        profile_of({"photos": table(FOREIGN, "own")})
    with pytest.raises(ProfileError, match=r"photo-1.png in pool 'photos' and photo-1.png in pool 'photos'"):
        profile_of({"photos": table([1.5, 1.6], images=[facts("photo-1")] * 2)})
    both = {"photos": table(FOREIGN, "photo"), "more": table(FOREIGN, "photo")}
    assert set(profile_of(both).foreign) == {"photos", "more"}


def test_what_cannot_be_ranked_is_counted() -> None:
    images = [facts("bad", error="truncated"), *(facts(f"own-{i}") for i in range(98))]
    values = BELONGING.copy()
    values[5] = np.inf
    profile = profile_of({"photos": table([*FOREIGN, np.nan], "photo")}, table(values, images=images))
    assert [(item.pool, item.name) for item in profile.omitted] == [(None, "bad.png"), (None, "own-4.png")]
    assert profile.omitted[0].reason == "truncated"
    assert (len(profile.statistic), len(profile.belonging)) == (97, 99)
    assert profile.statistic.tolist() == profile.belonging.scores["value"][list(profile.ranked)].tolist()


def test_an_undefined_image_of_a_pool_counts_as_never_claimed_and_one_with_an_error_does_not() -> None:
    values = np.linspace(1.5, 2.5, 100)
    values[[3, 4, 5]] = np.nan, np.inf, -np.inf
    images = [facts(f"photo-{i}") for i in range(99)]
    profile = profile_of({"photos": table(values, images=[*images, facts("bad", error="truncated")])})
    assert [(item.pool, item.name) for item in profile.omitted] == [("photos", "bad.png")]
    counted = profile.foreign_statistic["photos"]
    assert (len(counted), np.isposinf(counted).sum(), np.isfinite(counted).sum()) == (99, 3, 96)
    verdict = one(1.0, profile)
    assert (verdict.outcome, verdict.p_foreign) == (Outcome.SUPPORTED, {"photos": 0.01})
    assert one(1.09, profile_of({"photos": table([1.08, *[np.nan] * 98], "p")})).p_foreign == {"photos": 0.02}
    short = profile_of({"photos": table(values[:98], images=images[:98])})
    assert one(1.0, short).reason.endswith("pool 'photos' has 98 images, beta=0.01 needs 99")


def test_nothing_to_rank_is_refused() -> None:
    with pytest.raises(ProfileError, match="none of 2 belonging images can be ranked"):
        profile_of(belonging=table([np.nan, np.inf]))


def test_a_learner_never_ranks_what_it_learned_from() -> None:
    rng = np.random.default_rng(3)
    detail = rng.normal(size=101)
    belonging = table(2.0 + 3.0 * detail + rng.normal(0, 0.1, 101), "own", detail=detail)
    profile = calibrate(belonging=belonging, method=RESIDUAL)
    assert len(profile.ranked) == 51
    rest = np.setdiff1d(np.arange(101), profile.ranked)
    design = np.stack([np.ones(50), detail[rest]], axis=1)
    line = np.linalg.lstsq(design, belonging.scores["value"][rest], rcond=None)[0]
    assert profile.fit["line"].tolist() == pytest.approx(line.tolist())


def test_halves_depend_on_pixels_and_not_on_order_or_names() -> None:
    rng = np.random.default_rng(4)
    detail, noise = rng.normal(size=60), rng.normal(size=60)
    belonging = table(detail + noise, "own", detail=detail)
    shuffled = belonging.take(rng.permutation(60))
    renamed = replace(shuffled, images=tuple(replace(item, name=f"x-{item.name}") for item in shuffled.images))
    first, second = (calibrate(belonging=each, method=RESIDUAL) for each in (belonging, renamed))

    def ranked(profile: Profile) -> set[str | None]:
        return {profile.belonging.images[row].pixel_digest for row in profile.ranked}

    assert ranked(first) == ranked(second)
    assert sorted(first.statistic) == pytest.approx(sorted(second.statistic))


def test_digest_moves_with_all_that_a_verdict_depends_on() -> None:
    profile = profile_of()
    changed = [
        replace(profile, coverage=replace(profile.coverage, lossless=False)),
        replace(profile, audit=profile_of({"photos": table(FOREIGN, images=[jpeg(f"{i}") for i in range(120)])}).audit),
        replace(profile, statistic=profile.statistic + 1e-12),
        replace(profile, foreign_statistic={"photos": FOREIGN[:100]}),
        replace(profile, seed=1),
        replace(profile, fit={"line": np.zeros(2)}),
    ]
    assert len({profile.digest, *(each.digest for each in changed)}) == 7
    assert profile_of().digest == profile.digest
    assert replace(profile, version="9", model=replace(MODEL, notes={"source": "elsewhere"})).digest == profile.digest


def test_verdicts_are_taken_where_torch_is_absent() -> None:
    program = """
import sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "diffusers"):
            raise ImportError(f"{name} is kept out of this test")
sys.meta_path.insert(0, Without())
from tests.toy_tables import PLAIN, table
import numpy as np
from wherefrom import attribution, evaluation
from wherefrom.judging import calibrate, judge
from wherefrom.records import files
profile = calibrate(belonging=table(np.linspace(0, 1, 40), "own"), foreign={"p": table(np.ones(9), "p")}, method=PLAIN)
print(judge(table([0.5], "q"), profile=profile, method=PLAIN)[0].outcome)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "COMPATIBLE", done.stderr


def test_an_image_of_the_profile_is_never_judged_as_a_stranger() -> None:
    profile = profile_of()
    names = [facts(f"own-{i}", name=f"renamed-{i}.png") for i in (0, 50, 98)]  # the lowest, the middle, the highest
    verdicts = judge(table([0.9, 1.0, 1.1], images=names), profile=profile, method=PLAIN)
    assert {verdict.outcome for verdict in verdicts} == {Outcome.UNDECIDED}
    assert verdicts[1].reason == (
        "it is own-50.png of the profile's belongings: no error rate holds for what the profile was made of"
    )
    known = judge(table([1.6], images=[facts("photo-7", name="other.png")]), profile=profile, method=PLAIN)[0]
    assert known.outcome is Outcome.EXCLUDED
    assert known.reason.endswith("; it is photo-7.png in pool 'photos', a known non-belonging")


def test_an_image_of_the_profile_is_known_again_by_its_pixels_after_the_crop() -> None:
    own = [facts(f"own-{i}", scored_digest=f"scored {i}") for i in range(99)]
    photos = [facts(f"photo-{i}", scored_digest=f"photo {i}") for i in range(120)]
    values = FOREIGN.copy()
    values[3] = 1.0
    wide = profile_of({"photos": table([*values, *FOREIGN], images=[*photos, *(facts(f"p-{i}") for i in range(120))])},
                      table(BELONGING, images=own))  # fmt: skip
    asked = [facts("one more row", scored_digest="scored 4"), facts("one more column", scored_digest="photo 3")]
    first, second = judge(table([1.0, 1.0], images=asked), profile=wide, method=PLAIN)
    assert (first.outcome, second.outcome) == (Outcome.UNDECIDED, Outcome.UNDECIDED)
    assert "it is own-4.png of the profile's belongings" in first.reason
    assert "it is photo-3.png in pool 'photos'" in second.reason


def test_one_more_row_of_pixels_does_not_evade_the_search_for_duplicates() -> None:
    twice = [facts(f"own-{i}", scored_digest=f"s{i % 98}") for i in range(99)]
    with pytest.raises(ProfileError, match=r"own-0.png in the belongings and own-98.png in the belongings have the"):
        profile_of(belonging=table(BELONGING, images=twice))
    cut = [facts("cut", scored_digest=facts("own-5").pixel_digest)]
    with pytest.raises(ProfileError, match=r"own-5.png in the belongings and cut.png in pool 'photos'"):
        profile_of({"photos": table([1.5], images=cut)})


def test_what_was_converted_in_reading_is_not_covered_and_the_verdict_says_so() -> None:
    changed = facts("query", changes=("palette looked up",))
    verdict = judge(table([1.2], images=[changed]), profile=profile_of(), method=PLAIN)[0]
    assert verdict.outcome is Outcome.UNDECIDED
    assert verdict.reason == (
        "converted in reading (palette looked up), the profile covers images taken as stored only: "
        "make a profile with belongings saved the same way"
    )


def test_a_profile_of_an_earlier_version_covers_what_its_belongings_are() -> None:
    grey = ("grey copied to three channels",)
    images = [facts(f"own-{i}", changes=grey) for i in range(99)]
    made = profile_of({}, table(BELONGING, images=images))
    old = replace(made, coverage=replace(made.coverage, changes=None))
    assert made.digest != old.digest
    for profile in (made, old):
        grey_one, colour = judge(
            table([1.0, 1.0], images=[facts("g", changes=grey), facts("c")]), profile=profile, method=PLAIN
        )
        assert grey_one.outcome is Outcome.COMPATIBLE
        assert colour.outcome is Outcome.UNDECIDED
        assert "taken as stored, the profile covers images converted in reading (grey" in colour.reason


def test_warnings_of_the_profile_stand_in_each_verdict() -> None:
    swapped = calibrate(belonging=table(FOREIGN, "own"), foreign={"photos": table(BELONGING, "p")}, method=PLAIN)
    verdict = one(2.0, swapped)
    assert verdict.warnings == swapped.warnings
    assert any("images of pool 'photos' score lower than the belongings" in said for said in verdict.warnings)
    assert one(1.0, profile_of()).warnings == ()
