"""From verdicts on images of known origin to rates: which images count, why nothing was said, whose image it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.toy_tables import MODEL, PLAIN, facts, jpeg, table
from wherefrom.attribution import Candidate
from wherefrom.core.facts import ImageFacts
from wherefrom.evaluation import CandidateRates, clopper_pearson
from wherefrom.evaluation.counting import Asked, Label, answers_of, judged_images, rates_of
from wherefrom.evaluation.reasons import abstention
from wherefrom.judging import calibrate, judge
from wherefrom.records.verdict import Outcome
from wherefrom.rules import load

ASKED = Asked(alpha=0.1, beta=0.1, rule=load("conformal"), fpr=0.1, confidence=0.9)
RNG = np.random.default_rng(4)
OURS, THEIRS = RNG.normal(0, 1, 40), RNG.normal(6, 1, 40)
OTHER = replace(MODEL, name="other", facts={**MODEL.facts, "decoder": "e" * 64})


def candidate(name: str, asked: Any, *, values: Any = None, model: Any = MODEL) -> Candidate:
    """A candidate whose belongings are around 0 and whose pool is around 6, with scores of images in question."""
    known = table(OURS, f"{name}-b", model=model)
    profile = calibrate(belonging=known, foreign={"p": table(THEIRS, f"{name}-p", model=model)}, method=PLAIN)
    scores = table(values, images=asked, model=model)
    return Candidate(name=name, profile=profile, tables={"none": scores}, method=PLAIN)


def rates(images: list[ImageFacts], kinds: list[str], values: list[float], **more: Any) -> CandidateRates:
    """The rates of one candidate `a`, whose images are those of the kind `a`."""
    labels = [Label(kind=kind, candidate="a" if kind == "a" else None) for kind in kinds]
    judged, notes = judged_images([candidate("a", images, values=values)], labels, edit="none", asked=ASKED, **more)
    return rates_of(judged, candidate="a", edit="none", asked=ASKED, notes=notes["a"])


def test_counts_and_intervals_are_those_of_the_verdicts() -> None:
    values = [0.0, 0.1, 9.0, 6.0, 6.5, 0.0, 5.0, 7.0]
    kinds = ["a"] * 3 + ["photos"] * 3 + ["others"] * 2
    found = rates([facts(f"q-{i}") for i in range(8)], kinds, values)
    assert list(found.kinds) == ["a", "photos", "others"]
    assert [kind.belongs for kind in found.kinds.values()] == [True, False, False]
    for share, count, total in (
        (found.missed, 1, 3),
        (found.found, 2, 3),
        (found.false_claims, 1, 5),
        (found.accuracy, 6, 8),
        (found.right, 6, 8),
        (found.coverage, 8, 8),
        (found.kinds["photos"].claimed, 1, 3),
        (found.kinds["others"].excluded, 2, 2),
    ):
        assert share is not None
        assert (share.count, share.total) == (count, total)
        assert (share.low, share.high) == pytest.approx(clopper_pearson(count, total, 0.9))
    assert found.auc is not None
    labels = [kind == "a" for kind in kinds]
    assert found.auc.value == pytest.approx(roc_auc_score(labels, [-value for value in values]))
    assert found.kinds["photos"].auc is not None
    assert found.kinds["photos"].auc.value == pytest.approx(roc_auc_score(labels[:6], [-value for value in values[:6]]))
    assert found.cllr is not None
    assert found.cllr.minimum <= found.cllr.value


def test_images_that_cannot_count_are_counted_by_reason() -> None:
    same = {"pixel_digest": "5" * 64}
    images = [
        facts("q-0"),
        facts("broken", error="broken.png: 37 bytes, not an image"),
        facts("a-b-3"),  # of the profile's belongings
        facts("a-p-3"),  # of its pool
        facts("once", **same),
        facts("twice", **same),
        facts("here", pixel_digest="6" * 64),
        facts("there", pixel_digest="6" * 64),
    ]
    kinds = ["a", "a", "a", "photos", "a", "a", "a", "photos"]
    found = rates(images, kinds, [0.0] * 8)
    assert found.left_out == {
        "the profile was made of it": 2,
        "the same pixels were given under another label": 2,
        "not scored: the file: N bytes, not an image": 1,
        "the same pixels were given before": 1,
    }
    assert (found.kinds["a"].images, found.kinds["photos"].images) == (2, 0)
    assert found.false_claims is None
    assert found.kinds["photos"].claimed is None


def test_an_edited_image_of_the_profile_is_known_by_what_it_was() -> None:
    originals = [facts("a-b-3"), facts("q-1")]
    found = rates([facts("e-0"), facts("e-1")], ["a", "a"], [0.0, 0.0], originals=originals)
    assert found.left_out == {"the profile was made of it": 1}


def test_abstentions_are_counted_by_reason_without_their_numbers() -> None:
    images = [jpeg("j-0"), jpeg("j-1", 80.0), facts("smooth"), facts("large"), facts("between"), facts("q-0")]
    values = [0.0, 0.0, np.nan, 0.0, 0.0, 0.0]
    one = candidate("a", images, values=values)
    sizes = (*((64, 64),) * 3, (640, 640), (64, 64), (64, 64))
    near = calibrate(belonging=one.profile.belonging, foreign={"n": table(OURS + 0.5, "near")}, method=PLAIN)
    one = replace(one, profile=near, tables={"none": replace(one.tables["none"], sizes=sizes)})
    judged, _ = judged_images([one], [Label(kind="a", candidate="a")] * 6, edit="none", asked=ASKED)
    found = rates_of(judged, candidate="a", edit="none", asked=ASKED)
    assert found.abstentions == {
        "not covered by the profile: stored as JPEG with loss": 2,
        "ranks as a belonging and as an image of n": 2,
        "the statistic is undefined: flat, or too smooth to tell": 1,
        "not covered by the profile: another size": 1,
    }
    assert found.coverage is not None
    assert found.coverage.count == 0
    assert found.accuracy is None


def test_a_near_copy_is_counted_without_the_name_of_its_original() -> None:
    one = candidate("a", [facts("q-0")], values=[0.0])
    (said,) = judge(one.tables["none"], profile=one.profile, method=PLAIN)
    copied = replace(said, outcome=Outcome.UNDECIDED, reason="ranks as a belonging, but it looks like x.png of b")
    assert abstention(copied, one.profile) == "looks like an image that the profile was made of"
    assert abstention(said, one.profile) is None


def test_with_several_candidates_every_kind_has_its_answers() -> None:
    images = [facts(f"q-{i}") for i in range(6)]
    kinds = ["a", "a", "b", "b", "photos", "photos"]
    labels = [Label(kind=kind, candidate=kind if kind in "ab" else None) for kind in kinds]
    both = [
        candidate("a", images, values=[0.0, 0.1, 6.0, 6.1, 6.2, 0.0]),
        candidate("b", images, values=[6.0, 6.1, 0.0, 0.1, 6.2, 0.0], model=OTHER),
    ]
    judged, _ = judged_images(both, labels, edit="none", asked=ASKED)
    found = answers_of(judged, edit="none", asked=ASKED)
    assert {kind: {answer: share.count for answer, share in said.items()} for kind, said in found.items()} == {
        "a": {"a": 2},
        "b": {"b": 2},
        "photos": {"none of these": 1, "tie: a, b": 1},
    }
    of_b = rates_of(judged, candidate="b", edit="none", asked=ASKED)
    assert [kind.belongs for kind in of_b.kinds.values()] == [True, False, False]
    assert of_b.false_claims is not None
    assert (of_b.false_claims.count, of_b.false_claims.total) == (1, 4)


def test_profiles_of_one_decoder_share_their_belongings() -> None:
    images = [facts("q-0")]
    both = [candidate(name, images, values=[0.0]) for name in ("a", "again")]
    judged, _ = judged_images(both, [Label(kind="a", candidate="a")], edit="none", asked=ASKED)
    assert [one.belongs for one in judged] == [True, True]


def test_statistics_of_several_conditions_make_no_curve() -> None:
    images = [facts("q-0"), jpeg("j-0"), facts("q-1")]
    one = candidate("a", images, values=[0.0, 0.0, 6.0])
    jpegs = calibrate(
        belonging=table(OURS * 5, images=[jpeg(f"jb-{i}") for i in range(40)]),
        foreign={"p": table(THEIRS * 5, images=[jpeg(f"jp-{i}") for i in range(40)])},
        method=PLAIN,
    )
    profile = replace(one.profile, further=(replace(jpegs, edit="jpeg:90"),))
    one = replace(one, profile=profile, tables=dict.fromkeys(("none", "jpeg:90"), one.tables["none"]))
    labels = [Label(kind=kind, candidate="a" if kind == "a" else None) for kind in ("a", "a", "photos")]
    judged, _ = judged_images([one], labels, edit="none", asked=ASKED)
    found = rates_of(judged, candidate="a", edit="none", asked=ASKED)
    assert found.auc is None
    assert "no common scale" in found.notes[0]
    assert found.found is not None
    assert found.found.count == 2
