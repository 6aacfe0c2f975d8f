"""A report in a browser, where there is one: nothing is wider than a phone, nothing is loaded, nothing is amiss."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, Final

import pytest

from tests.unit.report.examples import HOSTILE, judged, profile_of, save_image
from tests.unit.report.test_page import everything
from wherefrom.report.writing import write_report

CHROMIUM: Final = os.environ.get("WHEREFROM_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
AXE: Final = os.environ.get("WHEREFROM_AXE")
"""The file `axe.min.js` of axe-core, which looks for what keeps people out."""
SERIOUS: Final = ("serious", "critical")


@pytest.mark.weekly
def test_a_page_fits_a_phone_and_loads_nothing(tmp_path: Path) -> None:
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium: name one by WHEREFROM_CHROMIUM")
    image = save_image(tmp_path / "photo.png")
    profile = profile_of(name=HOSTILE)
    page = write_report(
        judged(profile, 0.9, images=[image]),
        profiles={"toy": profile},
        folder=tmp_path / "r",
        images=[tmp_path / "photo.png"],
        shows=everything,
    )
    with sync.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            for width, scheme in ((360, "light"), (1200, "dark")):
                assert _looked_at(browser, page, width, scheme) == []
        finally:
            browser.close()


def _looked_at(browser: Any, page: Path, width: int, scheme: str) -> list[str]:
    """What is amiss with a page at a width: asked of the browser, and of axe-core where its file is named."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=bool(AXE))
    tab, amiss = context.new_page(), []
    tab.on("console", lambda said: amiss.append(said.text))
    tab.on("dialog", lambda dialog: amiss.append(dialog.message))
    tab.on("request", lambda asked: None if asked.url.startswith(("file:", "data:")) else amiss.append(asked.url))
    tab.goto(page.as_uri())
    wide = tab.evaluate("document.documentElement.scrollWidth")
    amiss += [f"{wide} pixels wide on a screen of {width}"] if wide > width else []
    if AXE is not None:
        tab.add_script_tag(path=AXE)
        found = tab.evaluate("axe.run()")["violations"]
        amiss += [f"{one['id']}: {one['help']}" for one in found if one["impact"] in SERIOUS]
    context.close()
    return amiss
