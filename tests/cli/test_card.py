"""`wherefrom card` and `profile --card`: the same numbers in Markdown, HTML and JSON, and nothing in a name acts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import html5lib
import pytest

from tests.cli.calling import call

HOSTILE = "<script>alert(1)</script>|*`\x1b[31m&#x3c;"


@pytest.fixture(scope="module")
def written(made: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card beside a profile whose pool has a hostile name and one broken image."""
    from wherefrom.cli import run

    place = tmp_path_factory.mktemp("card")
    shutil.copytree(made.noise, place / "noise")
    (place / "noise" / "broken.png").write_bytes(b"no image")
    known = ["--belonging", str(made.belonging), "--pool", f"{HOSTILE}={place / 'noise'}"]
    chosen = ["--method", "aedr", "--edit", "none", "--edit", "jpeg:75"]
    out = ["--out", str(place / "p.json"), "--card", str(place / "card"), "-q"]
    assert run(["profile", "--model", "toy", *known, *chosen, *out]) == 3  # one image failed
    return place


def test_the_page_is_valid_and_runs_nothing(written: Path) -> None:
    page = (written / "card" / "card.html").read_text()
    html5lib.HTMLParser(strict=True).parse(page)
    assert "<script" not in page.lower()
    assert "\x1b" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;|*`\\x1b[31m&amp;#x3c;" in page


def test_the_markdown_shows_the_name_and_has_no_more_columns_for_it(written: Path) -> None:
    text = (written / "card" / "card.md").read_text()
    assert "<script" not in text
    assert "\x1b" not in text
    rows = [line for line in text.splitlines() if line.startswith("| &lt;script&gt;")]
    assert rows
    assert all(r"\|\*\`" in row and r"\\x1b\[31m&amp;\#x3c;" in row for row in rows)
    assert {row.replace(r"\|", "").count("|") for row in rows} == {6, 4}


def test_the_numbers_are_the_same_in_all_three(written: Path) -> None:
    found = json.loads((written / "card" / "card.json").read_text())
    assert found["wherefrom"] == "profile card"
    assert [one["edit"] for one in found["conditions"]] == ["none", "jpeg:75"]
    plain = found["conditions"][0]
    assert [(side["images"], side["ranked"]) for side in plain["sides"]] == [(24, 24), (25, 24)]
    assert list(plain["sides"][1]["omitted"].values()) == [1]
    missed = plain["rates"]["missed"]
    assert missed["total"] == 24
    assert missed["low"] <= 0.05 <= missed["high"]
    assert "are needed beside those that are judged at beta=0.01" in plain["rates"]["unfit"]
    text = (written / "card" / "card.md").read_text()
    page = (written / "card" / "card.html").read_text()
    assert f"{missed['count']} of 24 (" in text
    assert f'<data value="{missed["count"]}">{missed["count"]}</data> of <data value="24">24</data>' in page
    for name in ("figure-none.png", "figure-jpeg-75.png"):
        assert (written / "card" / name).is_file()
        assert name in text
    assert page.count("data:image/png;base64,") == 2


def test_the_card_of_a_profile_that_is_there(made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bounds = ("--alpha", 0.1, "--beta", 0.1)
    done = call(capsys, "card", made.profile, "--out-dir", tmp_path / "card", *bounds, "--json")
    assert done.code == 0
    (found,) = done.rows
    rates = found["conditions"][0]["rates"]
    assert found["file_changed"] is not None
    assert rates["unfit"] is None
    assert rates["false_claims"]["noise"]["count"] == 0
    assert rates["found"]["count"] + rates["missed"]["count"] == 24
    assert found["conditions"][0]["likelihood"]["high"] > 1
    again = call(capsys, "card", made.profile, "--out-dir", tmp_path / "card")
    assert again.code == 0
    assert "card.html" in again.out
    (tmp_path / "card" / "card.md").write_text("mine")
    refused = call(capsys, "card", made.profile, "--out-dir", tmp_path / "card")
    assert refused.code == 2
    assert "is no profile card that this program made" in refused.err
    assert (tmp_path / "card" / "card.md").read_text() == "mine"


def test_too_few_images_are_a_sentence_on_the_card(made: Any, tmp_path: Path) -> None:
    from wherefrom.records.files import load_profile
    from wherefrom.report.card import profile_card
    from wherefrom.report.card_files import write_card

    profile = load_profile(made.profile)
    found = profile_card(profile, name="few", alpha=0.001)
    assert found.conditions[0].rates is None
    write_card(found, profile, tmp_path)
    assert "Not measured: the profile has too few images" in (tmp_path / "card.md").read_text()
    assert "Not measured: the profile has too few images" in (tmp_path / "card.html").read_text()
