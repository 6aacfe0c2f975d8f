"""The page in a browser, where there is one: a person's way through it, by mouse and by keyboard alone.

`WHEREFROM_CHROMIUM` names a browser, `WHEREFROM_AXE` the file `axe.min.js` of axe-core, and `WHEREFROM_PICTURES` a
folder for screenshots, of which the documentation shows some.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.unit.service.making import app_of
from tests.unit.service.scene import BROKEN, OWN, asked, running
from wherefrom.bundle import verify
from wherefrom.service.keys import keys_of_lines

CHROMIUM: Final = os.environ.get("WHEREFROM_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
AXE: Final = os.environ.get("WHEREFROM_AXE")
PICTURES: Final = os.environ.get("WHEREFROM_PICTURES")
KEY: Final = "a-key-of-this-test-alone"
SERIOUS: Final = ("serious", "critical")
WAIT: Final = 60_000

pytestmark = pytest.mark.weekly


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asked(tmp_path_factory.mktemp("scene") / "asked")


@pytest.fixture(scope="module")
def address(folder: Path, profiles: Path) -> Iterator[str]:
    with running(app_of(profiles, feedback=folder.parent / "feedback.jsonl")) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium: name one by WHEREFROM_CHROMIUM")
    with sync.sync_playwright() as player:
        started = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


class Visit:
    """A tab with the page, and what went amiss in it: messages, dialogs, requests to elsewhere."""

    def __init__(
        self, browser: Any, address: str, *, width: int = 1100, scheme: str = "light", ready: str = "Profile"
    ) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.context.set_default_timeout(WAIT)
        self.tab = self.context.new_page()
        self.width, self.amiss = width, list[str]()
        self.tab.on("console", lambda said: self.amiss.append(said.text))
        self.tab.on("pageerror", lambda error: self.amiss.append(str(error)))
        self.tab.on("filechooser", lambda _: None)  # without it, dialogs that the keyboard opens go unseen
        self.tab.on("dialog", lambda dialog: self.amiss.append(dialog.message))
        self.tab.on(
            "request", lambda asked: None if asked.url.startswith((address, "blob:")) else self.amiss.append(asked.url)
        )
        self.tab.goto(address)
        self.tab.get_by_label(ready).first.wait_for()

    def choose(self, *paths: Path) -> None:
        self.tab.set_input_files("#files", [str(path) for path in paths])

    def ask(self) -> None:
        self.tab.get_by_role("button", name="Ask", exact=True).click()
        self.tab.locator("#answers").wait_for()

    def looked_at(self, name: str) -> None:
        """Note what is amiss with what is shown now: wider than the screen, or hard to use for some people."""
        wide = self.tab.evaluate("document.documentElement.scrollWidth")
        self.amiss += [f"{name}: {wide} pixels wide on a screen of {self.width}"] if wide > self.width else []
        if AXE is not None:
            # As a program of the test and not of the page, which the policy would refuse.
            self.tab.evaluate(Path(AXE).read_text(encoding="utf-8"))
            found = self.tab.evaluate("axe.run(document, {iframes: false})")["violations"]
            self.amiss += [f"{name}: {one['id']}: {one['nodes']}" for one in found if one["impact"] in SERIOUS]
        if PICTURES is not None:
            self.tab.screenshot(path=Path(PICTURES) / f"{name}-{self.width}.png", full_page=True)


def saved(visit: Visit, name: str, folder: Path) -> Path:
    """The file that a button lets the browser save."""
    with visit.tab.expect_download() as saving:
        visit.tab.get_by_role("button", name=name).click()
    path: Path = folder / saving.value.suggested_filename
    saving.value.save_as(path)
    return path


@pytest.mark.parametrize(("width", "scheme"), [(1100, "light"), (360, "dark")])
def test_one_image_from_the_choice_to_the_bundle(
    browser: Any, address: str, folder: Path, tmp_path: Path, width: int, scheme: str
) -> None:
    visit = Visit(browser, address, width=width, scheme=scheme)
    visit.looked_at("start")
    visit.choose(folder / OWN[0])
    visit.tab.get_by_label("A map of where").check()
    visit.ask()
    told = visit.tab.locator("#one .said").inner_text()
    assert told.startswith("This image is consistent with the decoder")
    assert visit.tab.locator("#one svg.chart").count() == 2
    visit.tab.locator("img.map").first.wait_for()
    visit.looked_at("answer")

    page = saved(visit, "Save the report", tmp_path).read_text(encoding="utf-8")
    assert told in page
    numbers = json.loads(saved(visit, "Save the numbers", tmp_path).read_text(encoding="utf-8"))
    assert numbers["answer"] == told
    assert verify(saved(visit, "Save the evidence", tmp_path)).verified
    visit.tab.get_by_text("Read the report here").click()
    assert visit.tab.frame_locator("iframe.report").get_by_role("heading", level=1).inner_text() == numbers["question"]
    visit.context.close()
    assert visit.amiss == []


def test_a_batch_with_bad_files_is_sorted_and_filtered(
    browser: Any, address: str, folder: Path, tmp_path: Path
) -> None:
    visit = Visit(browser, address)
    visit.choose(*sorted(folder.iterdir()))
    visit.looked_at("chosen")
    visit.ask()
    rows = visit.tab.locator("#batch tbody tr")
    assert rows.count() == 5
    assert "\\u{202e}" in visit.tab.locator("#batch tbody").inner_text(), "a name shows what it would hide"
    visit.tab.get_by_role("button", name="Image", exact=True).click()
    names = visit.tab.locator("#batch tbody th").all_inner_texts()
    assert names == sorted(names, key=str.lower)
    visit.tab.get_by_role("button", name="Image", exact=True).click()
    assert visit.tab.locator("#batch tbody th").all_inner_texts() == names[::-1]
    assert visit.tab.locator("th[aria-sort=descending]").count() == 1
    visit.looked_at("batch")

    visit.tab.get_by_label("with the answer").select_option("could not be measured")
    assert visit.tab.locator("#batch tbody th").all_inner_texts() == [BROKEN]
    visit.tab.get_by_role("button", name=BROKEN, exact=True).click()
    assert "The reason:" in visit.tab.locator("#one .answer").inner_text()
    visit.tab.get_by_label("with the answer").select_option("")
    visit.tab.get_by_label("Show images").fill("NOISE")
    assert rows.count() == 1
    table = saved(visit, "Save the table", tmp_path).read_text(encoding="utf-8").splitlines()
    assert len(table) == 2
    with zipfile.ZipFile(saved(visit, "Save all reports", tmp_path)) as pages:
        assert len(pages.namelist()) == 5
    visit.context.close()
    assert visit.amiss == []


def test_the_keyboard_alone_is_enough(browser: Any, address: str, folder: Path) -> None:
    visit = Visit(browser, address)
    keys = visit.tab.keyboard

    def go_to(name: str) -> None:
        for _ in range(60):
            keys.press("Tab")
            if visit.tab.evaluate("document.activeElement.innerText ?? ''").strip() == name:
                return
        pytest.fail(f"no way to {name!r} by the tabulator")

    keys.press("Tab")
    assert visit.tab.evaluate("document.activeElement.innerText") == "Skip to the form"
    keys.press("Enter")
    go_to("Choose images")
    with visit.tab.expect_file_chooser() as choosing:
        keys.press("Enter")
    choosing.value.set_files([folder / name for name in (*OWN, BROKEN)])
    go_to("Remove")
    keys.press("Enter")
    go_to("Ask")
    keys.press("Enter")
    visit.tab.locator("#answers").wait_for()
    assert visit.tab.evaluate("document.activeElement.id") == "answers-title"
    go_to("Answer")
    keys.press("Enter")
    assert visit.tab.locator("th[aria-sort=ascending]").inner_text().startswith("Answer")
    name = visit.tab.locator("#batch tbody th").first.inner_text()
    go_to(name)
    keys.press("Enter")
    assert visit.tab.evaluate("document.activeElement.id") == "one-title"
    go_to("Back to the table")
    keys.press("Enter")
    assert visit.tab.evaluate("document.activeElement.innerText") == name
    go_to("Forget these images and answers")
    keys.press("Enter")
    assert visit.tab.locator("#answers").is_hidden()
    visit.context.close()
    assert visit.amiss == []


def test_images_are_pasted_and_dropped_with_their_folders(browser: Any, address: str) -> None:
    visit = Visit(browser, address)
    visit.tab.evaluate(
        """() => {
            const paste = new DataTransfer();
            paste.items.add(new File(["a"], "image.png", {type: "image/png"}));
            document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: paste, bubbles: true}));
            const drop = new DataTransfer();
            drop.items.add(new File(["b"], "dropped.png", {type: "image/png"}));
            document.getElementById("drop").dispatchEvent(new DragEvent("drop", {dataTransfer: drop, bubbles: true}));
        }"""
    )
    listed = visit.tab.locator("#chosen li span")
    listed.nth(1).wait_for()
    assert listed.nth(0).inner_text().startswith("pasted-")
    assert listed.nth(1).inner_text() == "dropped.png"
    visit.context.close()
    assert visit.amiss == []


def test_a_key_is_asked_for_and_sent(browser: Any, folder: Path, profiles: Path) -> None:
    keys = keys_of_lines([f"test:{KEY}"], where="the test")
    with running(app_of(profiles, keys=keys)) as address:
        visit = Visit(browser, address, ready="Access key")
        visit.choose(folder / OWN[0])
        visit.tab.get_by_label("Access key").fill("not-the-key-of-this")
        visit.tab.get_by_label("Access key").press("Tab")
        visit.tab.get_by_text("this key is not known here").wait_for()
        visit.tab.get_by_label("Access key").fill(KEY)
        visit.tab.get_by_label("Access key").press("Tab")
        visit.tab.get_by_label("Profile").first.wait_for()
        visit.ask()
        assert visit.tab.locator("#one .said").inner_text().startswith("This image is consistent")
        assert visit.tab.get_by_text("Read the report here").count() == 0, "a frame cannot send the key"
        assert "consistent" in saved(visit, "Save the report", folder.parent).read_text(encoding="utf-8")
        visit.context.close()
    assert [said for said in visit.amiss if "401" not in said] == []


def test_feedback_is_received(browser: Any, address: str, folder: Path) -> None:
    visit = Visit(browser, address)
    visit.choose(*[folder / "noise.png"])
    visit.ask()
    visit.tab.get_by_text("Tell us whether this is right").click()
    visit.tab.get_by_label("Is the answer right?").fill("A camera took it.")
    visit.tab.get_by_role("button", name="Send").click()
    visit.tab.get_by_text("It was received").wait_for()
    (line,) = (folder.parent / "feedback.jsonl").read_text(encoding="utf-8").splitlines()
    assert "A camera took it." in line
    visit.context.close()
    assert visit.amiss == []
