"""The page of one image: valid, plain, harmless, and all of its numbers in the JSON beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import numpy as np
import pytest

from tests.unit.report.examples import HOSTILE, among, judged, profile_of, save_image, unread
from wherefrom.core.errors import UsageError
from wherefrom.images.read import ImageRecord
from wherefrom.records.reconstruction import Reconstruction
from wherefrom.records.verdict import Outcome, Verdicts
from wherefrom.report.further import Further, MapShown
from wherefrom.report.numbers import MapNumbers
from wherefrom.report.writing import write_report

SVG = "{http://www.w3.org/2000/svg}"
PNG = b"\x89PNG\r\n\x1a\n"


def parsed(path: Path) -> Element:
    """The page, read by the standard's own rules; a single mistake is an error."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    root: Element = parser.parse(path.read_text(encoding="utf-8"))
    return root


def leaves(value: Any) -> Iterator[Any]:
    """All plain values of a JSON."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def shown_text(element: Element) -> str:
    """Text that a person reads, without what stands as a number of its own, and without figures."""
    parts = [element.text or ""] if element.tag not in ("data", "style", "svg", f"{SVG}svg") else []
    for child in element:
        parts += [shown_text(child) if child.tag not in ("data", "style", f"{SVG}svg") else " ", child.tail or ""]
    return " ".join(parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class After:
    """What is said of an image after a change."""

    words: str
    covered: Mapping[str, bool]
    outcomes: Mapping[str, Outcome] = field(default_factory=lambda: {"toy": Outcome.EXCLUDED})


def everything(record: ImageRecord) -> Further:
    """All that a page can show beside a verdict."""
    part = record.pixels[:32, 16:48]
    return Further(
        reconstructions={"toy": Reconstruction(part=part, again=part // 2 + 3, left=16)},
        maps=(MapShown(picture=PNG, numbers=MapNumbers(candidate="toy", tile=16, judged=0.75, supports=0.5)),),
        without_map={"toy": "it takes no <such> image"},
        stability=tuple(After(words=f"saved as JPEG of quality {q}", covered={"toy": q > 90}) for q in (95, 85)),
    )


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page that shows everything."""
    image = save_image(tmp_path / "photo.png")
    profile = profile_of()
    found = judged(profile, 0.9, images=[image])
    return write_report(
        found, profiles=profile, folder=tmp_path / "r", images=[tmp_path / "photo.png"], shows=everything,
        command="wherefrom report photo.png --profile 'my profile.json'",
    )  # fmt: skip


def test_a_page_is_valid_whole_and_readable_by_a_screen_reader(page: Path) -> None:
    root = parsed(page)
    levels = [int(one.tag[1]) for one in root.iter() if re.fullmatch("h[1-6]", str(one.tag))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    pictures = list(root.iter("img"))
    assert len(pictures) == 5
    assert all(one.get("alt") and str(one.get("src")).startswith("data:image/") for one in pictures)
    assert all(one.get("aria-label") for one in root.iter(f"{SVG}svg"))
    assert {one.tag for one in root.iter()} & {"script", "link", "iframe", "object", "form", "base"} == set()
    named = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(named) == len(set(named))
    text = page.read_text()
    assert not re.search(r"(?:src|href)=\"(?!data:|photo\.json|#)|@import|url\((?!#)", text)
    sections = list(root.iter("section"))
    assert len(sections) == 12
    assert all(one.find("details/summary") is not None for one in sections)


def test_a_page_says_what_was_asked_and_answered_in_plain_words(page: Path) -> None:
    root = parsed(page)
    assert [one.text for one in root.iter("h1")] == ["Did the decoder of toy make this image?"]
    (said,) = (one.text for one in root.iter("p") if one.get("class") == "said")
    assert said == (
        "This image is consistent with the decoder of toy, and unlike the images of other origin that it was compared"
        " with (photos)."
    )
    text = page.read_text().lower()
    assert not re.search(r"\bfake|\bprove|\bproof|guilt|\bai\b", text)
    for word in ("round trip", "image to image", "painting in", "another model with this decoder", "an edit outside"):
        assert word in text
    assert 'does not support <span class="soft">(excluded)</span>' in text
    assert "(excluded; the profile does not cover such images, so that this decides nothing)" in text
    assert "wherefrom report photo.png --profile &#39;my profile.json&#39;" in text
    assert "there is no map for toy: it takes no &lt;such&gt; image. that is no evidence for it" in text


def test_every_number_on_the_page_is_in_the_json_beside_it(page: Path) -> None:
    root, numbers = parsed(page), json.loads(page.with_suffix(".json").read_text())
    assert (numbers["wherefrom"], numbers["schema"]) == ("report", 1)
    assert next(iter(numbers)) == "wherefrom"
    known = set(leaves(numbers))
    shown = [float(str(one.get("value"))) for one in root.iter("data")]
    assert len(shown) > 30
    assert [value for value in shown if value not in known] == []
    texts = " ".join(str(value) for value in known)
    loose = re.findall(r"\d[\d.]*", shown_text(root.find("body")))  # type: ignore[arg-type]
    assert [text for text in loose if text.rstrip(".") not in texts] == []
    (figure,) = root.iter(f"{SVG}svg")
    counted = re.findall(r": (\d+) known images", " ".join(figure.itertext()))
    assert counted == [str(group["images"]) for group in numbers["candidates"][0]["groups"]]
    (candidate,) = numbers["candidates"]
    assert sum(candidate["groups"][1]["counts"]) == 120
    assert len(candidate["standing"]["edges"]) == len(candidate["groups"][0]["counts"]) + 1


@pytest.mark.parametrize(
    ("values", "words"),
    [((0.9,), "consistent with"), ((8.0,), "does not support"), ((np.nan,), "cannot tell")],
)
def test_each_outcome_has_a_valid_page(values: tuple[float, ...], words: str, tmp_path: Path) -> None:
    profile = profile_of()
    root = parsed(write_report(judged(profile, *values), profiles=profile, folder=tmp_path))
    (said,) = (str(one.text) for one in root.iter("p") if one.get("class") == "said")
    assert words in said
    assert not list(root.iter("img"))


def test_a_profile_without_pools_bounds_nothing_and_says_so(tmp_path: Path) -> None:
    profile = profile_of(pools=0)
    page = write_report(judged(profile, 0.9), profiles=profile, folder=tmp_path)
    assert "no such images are known" in page.read_text()
    assert "at an unknown rate of false claims" in page.read_text()
    parsed(page)


def test_a_pool_that_is_too_small_says_so(tmp_path: Path) -> None:
    profile = profile_of(pools=24)
    page = write_report(judged(profile, 0.9), profiles=profile, folder=tmp_path)
    assert "nothing: it has 24 images, and 99 are needed" in " ".join(page.read_text().split())


def test_several_candidates_are_compared_and_never_ranked(tmp_path: Path) -> None:
    profiles = {"a": profile_of(3, name="toy-a"), "b": profile_of(4, decoder="e", name="toy-b")}
    found = among(profiles, 0.8, 9.0)
    page = write_report(found, profiles=profiles, folder=tmp_path, command="x")
    root = parsed(page)
    assert [one.text for one in root.iter("h1")] == [
        "Which of these 2 decoders, if any, made this image: toy-a or toy-b?"
    ]
    assert "The evidence does not support toy-b." in page.read_text()
    assert len(list(root.iter(f"{SVG}svg"))) == 2
    numbers = json.loads(page.with_suffix(".json").read_text())
    assert [one["level"] for one in numbers["candidates"]] == [0.005, 0.005]


def test_a_file_that_cannot_be_read_has_a_page_that_says_why(tmp_path: Path) -> None:
    profile = profile_of()
    page = write_report(judged(profile, 0.9, images=[unread()]), profiles=profile, folder=tmp_path)
    root = parsed(page)
    assert "The reason: no image: a text file" in page.read_text()
    assert "None of these rates holds for this image: it could not be measured." in page.read_text()
    assert [one.text for one in root.iter("p") if one.get("class") == "said"] == [
        "The evidence cannot tell whether the decoder of toy made this image: it could not be measured."
    ]


def test_hostile_names_do_nothing(tmp_path: Path) -> None:
    profile = profile_of(name=HOSTILE)
    profile_named = {HOSTILE: profile}
    found = judged(profile, 0.9, images=[unread(name=f"dir/{HOSTILE}", error=HOSTILE)])
    page = write_report(found, profiles=profile_named, folder=tmp_path / "r", command=HOSTILE)
    text = page.read_text(encoding="utf-8")
    parsed(page)
    assert "<script" not in text
    assert not set(text) & set("\x1b\u202e")
    assert re.fullmatch(r"[A-Za-z0-9._-]+\.html", page.name)
    kept = page.with_suffix(".json").read_text()
    assert kept.isascii()
    assert "\x1b" not in kept
    assert json.loads(kept)["image"]["name"] == f"dir/{HOSTILE}"


def test_a_file_that_changed_since_is_not_shown(tmp_path: Path) -> None:
    image = save_image(tmp_path / "a.png")
    profile = profile_of()
    found = judged(profile, 0.9, images=[image])
    save_image(tmp_path / "a.png", seed=1)
    page = write_report(found, profiles=profile, folder=tmp_path / "r", images=[tmp_path / "a.png"], shows=everything)
    assert "the file is no longer the one that was asked about" in page.read_text()
    assert not list(parsed(page).iter("img"))


def test_a_folder_that_holds_something_is_refused_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    profile = profile_of()
    two = judged(profile, 0.9, 8.0)
    assert write_report(two, profiles=profile, folder=tmp_path).name == "index.html"
    (tmp_path / "notes.html").write_text("mine")
    (tmp_path / "notes.json").write_text('{"mine": 1}')
    with pytest.raises(UsageError, match=r"holds 00001-asked-0.html already: .*--force"):
        write_report(two, profiles=profile, folder=tmp_path)
    write_report(Verdicts(two[:1]), profiles=profile, folder=tmp_path, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "asked-0.html", "asked-0.json", "notes.html", "notes.json",
    ]  # fmt: skip


def test_what_does_not_belong_together_is_refused(tmp_path: Path) -> None:
    profile = profile_of()
    with pytest.raises(UsageError, match="nothing to report on"):
        write_report(Verdicts(), profiles=profile, folder=tmp_path)
    with pytest.raises(UsageError, match="which are not the 1 by which this was said"):
        write_report(judged(profile, 0.9), profiles=profile_of(4), folder=tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write a report into"):
        write_report(judged(profile, 0.9), profiles=profile, folder=tmp_path / "file")
