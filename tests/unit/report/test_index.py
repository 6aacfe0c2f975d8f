"""The list of a report's images."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from tests.toy_tables import facts
from tests.unit.report.examples import HOSTILE, judged, profile_of, unread
from tests.unit.report.test_page import parsed
from wherefrom.report.index import Index, IndexRow, write_index
from wherefrom.report.numbers import Answer
from wherefrom.report.writing import write_report


def index(images: int) -> Index:
    counts = {Answer.CONSISTENT: images, Answer.NOT_SUPPORTED: 0, Answer.OPEN: 0}
    return Index(
        images=images, names=("toy",), question="Did it?", answers=counts, failed=0, by_candidate={"toy": counts},
        version="1", time="2026", command=None,
    )  # fmt: skip


def rows(images: int) -> Iterator[IndexRow]:
    for number in range(1, images + 1):
        yield IndexRow(
            number=number, name=f"folder/image-{number}.png", page=f"{number:05d}-image.html", kind=Answer.CONSISTENT,
            answer="This image is consistent with the decoder of toy.", outcomes={"toy": "SUPPORTED"}, error=None,
        )  # fmt: skip


def test_the_list_counts_answers_and_leads_to_each_page(tmp_path: Path) -> None:
    profile = profile_of()
    images = [facts(HOSTILE, name="a/x.png"), facts("b", name="b/x.png"), unread(HOSTILE)]
    place = write_report(
        judged(profile, 0.9, 8.0, 0.9, images=images), profiles={"profile": profile}, folder=tmp_path, command="c"
    )
    root = parsed(place)
    counted = {
        str(row.find("th").text): row.find("td/data").get("value")  # type: ignore[union-attr]
        for row in root.iter("tr")
        if row.find("th") is not None and row.find("td") is not None
    }
    assert counted == {
        "consistent with": "1", "does not support": "1", "cannot tell": "1", "of these, could not be measured": "1",
    }  # fmt: skip
    links = [str(one.get("href")) for one in root.iter("a")]
    assert links[:2] == ["00001-x.html", "00002-x.html"]
    assert all((tmp_path / link).is_file() for link in links)
    assert "<script" not in place.read_text()
    head, *lines = (json.loads(line) for line in (tmp_path / "index.jsonl").read_text().splitlines())
    assert (head["wherefrom"], head["images"], head["failed"]) == ("report", 3, 1)
    assert [line["name"] for line in lines] == ["a/x.png", "b/x.png", HOSTILE]
    assert "decoder of toy" in lines[0]["answer"], "as the pages name it"
    back = [one.get("href") for one in parsed(tmp_path / "00001-x.html").iter("a")]
    assert back[0] == "index.html"


def test_a_long_list_is_several_pages_and_takes_no_memory(tmp_path: Path) -> None:
    write_index(index(10), rows(10), tmp_path)  # loads what is loaded once
    peaks = []
    for images in (1000, 2000):
        tracemalloc.start()
        write_index(index(images), rows(images), tmp_path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
    assert sorted(path.name for path in tmp_path.glob("*.html")) == [f"index-{n}.html" for n in (2, 3, 4)] + [
        "index.html"
    ]
    last = parsed(tmp_path / "index-4.html")
    assert [one.get("href") for one in last.iter("a")][-2:] == ["02000-image.html", "index.jsonl"]
    assert [one.text for one in last.iter("strong")] == ["4"]
    assert len((tmp_path / "index.jsonl").read_text().splitlines()) == 2001
