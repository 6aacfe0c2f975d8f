"""`wherefrom report`, and `attribute --report`: pages for people at the end of an attribution."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import call, save_noise
from wherefrom.core.errors import ImageError
from wherefrom.core.visible import visible
from wherefrom.mapping import evidence

BOUNDS = ("--alpha", 0.1, "--beta", 0.1)
HOSTILE = "<script>alert(1)<\u2215script>\x1b[31m.png"


def test_one_image_is_one_page_that_says_what_was_typed(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = min(made.held.glob("toy*"))
    given = ["report", image, "--profile", made.profile, *BOUNDS, "--out-dir", tmp_path / "my report"]
    done = call(capsys, *given, "--map", "-q")
    assert done.code == 0, done.err
    page = Path(done.out.splitlines()[-1].removeprefix("report: "))
    assert page == tmp_path / "my report" / f"{image.stem}.html"
    text = page.read_text()
    assert text.count('src="data:image/png;base64,') == 5, "the image, it beside what the decoder makes of it, a map"
    numbers = json.loads(page.with_suffix(".json").read_text())
    assert numbers["answer"].startswith("This image is consistent with the decoder of toy, and unlike")
    assert numbers["command"].startswith(f"wherefrom report {image} --profile ")
    assert f"--out-dir '{tmp_path}/my report' --map -q" in numbers["command"]
    assert numbers["maps"][0]["candidate"] == numbers["candidates"][0]["name"]
    assert "of the area that can be judged" in numbers["maps"][0]["note"]
    assert numbers["candidates"][0]["difference"]["width"] == 64
    assert numbers["stability"] == [], "the profile speaks for no change"


def test_a_page_says_why_a_candidate_has_no_map(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise ImageError("40x40 pixels, this decoder takes 64x64")

    monkeypatch.setattr(evidence, "map_of_record", refused)
    image = min(made.held.glob("toy*"))
    given = ("report", image, "--profile", made.profile, *BOUNDS, "--out-dir", tmp_path / "r", "-q")
    done = call(capsys, *given, "--map", "--stability")
    numbers = json.loads((tmp_path / "r" / f"{image.stem}.json").read_text())
    assert (done.code, numbers["maps"]) == (0, [])
    assert [row["change"] for row in numbers["stability"]][:3] == ["jpeg:95", "jpeg:85", "crop:8,8"]
    assert numbers["without_map"] == {numbers["candidates"][0]["name"]: "40x40 pixels, this decoder takes 64x64"}


def test_attribute_leaves_the_same_pages_beside_its_rows(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = tmp_path / "asked" / "a" / HOSTILE
    twin = tmp_path / "asked" / "b" / HOSTILE
    for path in (odd, twin):
        path.parent.mkdir(parents=True)
        shutil.copy(made.held / "noise-100.png", path)
    twin.write_text("no image")
    given = ["attribute", tmp_path / "asked", "--profile", made.profile, *BOUNDS, "--json"]
    report, out = ("--report", tmp_path / "r"), ("--out", tmp_path / "r" / "rows.csv")
    done = call(capsys, *given, *report, *out, "--no-pictures")
    assert done.code == 3
    assert [row["outcome"] for row in done.rows] == ["EXCLUDED", "UNDECIDED"]
    assert f"report: {tmp_path}/r/index.html" in done.err
    assert (tmp_path / "r" / "rows.csv").is_file()
    pages = sorted((tmp_path / "r").glob("0*.html"))
    assert len(pages) == 2
    texts = [path.read_text() for path in (*pages, tmp_path / "r" / "index.html")]
    assert all(visible(HOSTILE).replace("<", "&lt;").replace(">", "&gt;") in text for text in texts)
    assert not any("<script" in text or "\x1b" in text or "<img" in text for text in texts)
    assert "\x1b" not in done.out + done.err
    again = call(capsys, *given, *report)
    assert (again.code, again.out) == (2, "")
    assert "holds 00001-" in again.err
    assert "--force" in again.err
    more = save_noise(tmp_path / "asked" / "c", [7])
    assert call(capsys, *given, *report, "--force").code == 3
    assert len(list((tmp_path / "r").glob("0*.html"))) == 3
    alone = call(capsys, "attribute", more, *given[2:-1], *report, "--force")
    assert alone.out.endswith(f"report: {tmp_path}/r/noise-007.html\n")
    assert not list((tmp_path / "r").glob("0*.html")), "no page of the earlier report is left"


def test_a_report_that_another_run_wrote_meanwhile_is_left_to_it(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from wherefrom import candidates

    place, scored = tmp_path / "r", candidates.score_candidates

    def slowly(*given: Any, **options: Any) -> Any:
        (place / "theirs.json").write_text('{"wherefrom": "report"}')
        return scored(*given, **options)

    monkeypatch.setattr(candidates, "score_candidates", slowly)
    image = min(made.held.glob("toy*"))
    given = ("attribute", image, "--profile", made.profile, *BOUNDS, "--report", place)
    done = call(capsys, *given, "--bundle", tmp_path / "b.zip", "-q")
    page = Path(done.out.splitlines()[-1].removeprefix("report: "))
    assert (done.code, page.is_file(), page.parent == place) == (0, True, False)
    assert f"meanwhile: this one is in {page.parent}" in done.err
    assert [path.name for path in place.iterdir()] == ["theirs.json"]
    assert any(name.endswith(page.name) for name in zipfile.ZipFile(tmp_path / "b.zip").namelist())
