"""What a page is made of: counts, sentences, the figure, pictures."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.toy_tables import PLAIN, table
from tests.unit.report.examples import judged, profile_of
from wherefrom.judging import calibrate, judge
from wherefrom.records.reconstruction import Reconstruction
from wherefrom.records.verdict import Attribution, Outcome
from wherefrom.report.comparing import comparison
from wherefrom.report.numbers import Answer
from wherefrom.report.pictures import difference, preview
from wherefrom.report.standing import standing_figure
from wherefrom.report.wording import question, sentence, would_change


def test_mistakes_are_counted_as_each_known_image_would_be_judged_by_the_others() -> None:
    rng = np.random.default_rng(5)
    ours, pools = rng.normal(0, 1, 25), {"near": rng.normal(1.5, 1, 22), "far": rng.normal(4, 2, 22)}
    asked = {"alpha": 0.1, "beta": 0.1, "method": PLAIN}

    def outcome(value: float, belonging: np.ndarray, foreign: dict[str, np.ndarray]) -> Outcome:
        tables = {name: table(values, name) for name, values in foreign.items()}
        profile = calibrate(belonging=table(belonging, "ours"), foreign=tables, method=PLAIN)
        return judge(table([value], "asked"), profile=profile, **asked)[0].outcome  # type: ignore[arg-type]

    missed = sum(outcome(value, np.delete(ours, n), pools) is Outcome.EXCLUDED for n, value in enumerate(ours))
    whole = calibrate(belonging=table(ours, "ours"), foreign={n: table(v, n) for n, v in pools.items()}, method=PLAIN)
    (verdict,) = judge(table([0.2], "asked"), profile=whole, **asked)  # type: ignore[arg-type]
    groups = {group.name: group for group in comparison("toy", whole, verdict, 0.1).beside(0.2)}
    own, near = groups["toy"], groups["near"]
    assert own.wrong.count == missed > 0
    claimed = {}
    for name, values in pools.items():
        left = [pools | {name: np.delete(values, n)} for n in range(len(values))]
        said = [_claimed(outcome(v, ours, rest), v, verdict.threshold) for v, rest in zip(values, left, strict=True)]
        claimed[name] = sum(said)
    assert {name: groups[name].wrong.count for name in pools} == claimed
    assert claimed["near"] > 0
    assert (own.alike.count, near.alike.count) == (np.sum(ours >= 0.2), np.sum(pools["near"] <= 0.2))  # type: ignore[union-attr]


def _claimed(outcome: Outcome, value: float, limit: float | None) -> bool:
    return outcome is Outcome.SUPPORTED and limit is not None and value <= limit


@pytest.mark.parametrize(
    ("outcomes", "answer", "words"),
    [
        ("SX", Answer.CONSISTENT, "consistent with the decoder of a, and unlike .* The evidence does not support b"),
        (
            "SSU",
            Answer.CONSISTENT,
            "the decoders of a and b, .* ranks none of them above another. .* cannot tell for c",
        ),
        (
            "CX",
            Answer.CONSISTENT,
            "with the decoder of a, but how often an image of other origin would be so too is not",
        ),
        ("SC", Answer.CONSISTENT, "It is also consistent with the decoder of b, but how often"),
        ("XXX", Answer.NOT_SUPPORTED, "does not support that any of these 3 decoders made this image"),
        ("UU", Answer.OPEN, "cannot tell whether any of these decoders made this image"),
        ("UX", Answer.OPEN, "cannot tell for a, and does not support b"),
    ],
)
def test_the_answer_among_several(outcomes: str, answer: Answer, words: str) -> None:
    (one,) = judged(profile_of(), 0.9)
    by = {outcome.name[0] if outcome.name[0] != "E" else "X": outcome for outcome in Outcome}
    verdicts = tuple(replace(one, outcome=by[letter]) for letter in outcomes)
    found = Attribution(image=one.image, verdicts=verdicts, supported=(), answer="", reason="")
    kind, said = sentence(found, "abc"[: len(outcomes)])
    assert kind is answer
    assert re.search(words, said), said
    assert would_change(found)


def test_the_question_names_who_is_asked_about() -> None:
    assert question(["a"]) == "Did the decoder of a make this image?"
    assert question(["a", "b", "c"], several=True) == "Did one of these 3 decoders make these images: a, b or c?"


def test_an_image_is_marked_at_its_place_and_beyond_the_axis_at_its_end() -> None:
    profile = profile_of()
    (verdict,) = judged(profile, 0.9)
    compared = comparison("toy", profile, verdict, 0.01)
    figure = standing_figure(compared, prefix="one")
    places = [
        figure.mark(value) for value in (compared.standing.edges[0], 0.9, 1.1, compared.standing.edges[-1], 1e9, -1)
    ]
    assert [place.x for place in places] == [*sorted(place.x for place in places[:5]), places[0].x]
    assert [place.beyond for place in places] == ["", "", "", "", "right", "left"]
    assert [place.anchor for place in places] == ["start", "start", "start", "end", "end", "start"]
    assert "made by this decoder: 60 known images" in figure.body
    assert "photos: 120 known images" in figure.body
    assert set(re.findall(r"#\w{6}\b", figure.body)) == set(), "every colour is the page's"
    assert all(name.startswith("one-") for name in re.findall(r"(?:id=\"|url\(#)([^\")]*)", figure.body))


def test_a_picture_of_the_difference_says_how_much_brighter_it_is() -> None:
    part = np.full((8, 16, 3), 100, dtype=np.uint8)
    again = part.copy()
    again[:, 8:, 1] = 103
    numbers, picture = difference(Reconstruction(part=part, again=again, left=4, top=2))
    assert (numbers.width, numbers.height, numbers.left, numbers.top) == (16, 8, 4, 2)
    assert (numbers.mean, numbers.largest, numbers.gain) == (0.5, 3, 64)
    assert (picture[0, 0], picture[0, 15]) == (0, 192)
    far, dark = difference(Reconstruction(part=part, again=255 - part))
    assert (far.gain, int(dark.max())) == (2, 110)


@pytest.mark.parametrize(("side", "kind", "shown"), [(64, "png", 64), (1200, "jpeg", 480)])
def test_pictures_are_small(side: int, kind: str, shown: int) -> None:
    pixels = np.zeros((side // 2, side, 3), dtype=np.uint8)
    head, _, data = str(preview(pixels)).partition(",")
    assert head == f"data:image/{kind};base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert image.size == (shown, shown // 2)
