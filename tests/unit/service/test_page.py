"""The page as files: nothing comes from elsewhere, nothing needs a looser policy, and nothing else is served."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final
from xml.etree.ElementTree import Element

import html5lib
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from wherefrom.service.page import HEADERS, add_page

FILES: Final = {
    path.name: path.read_text(encoding="utf-8") for path in (files("wherefrom.service.page") / "files").iterdir()
}
SCRIPTS: Final = {name: text for name, text in FILES.items() if name.endswith(".js")}
FORBIDDEN: Final = (
    *("innerHTML", "outerHTML", "insertAdjacent", "srcdoc", "document.write", "eval(", "new Function"),
    *("localStorage", "sessionStorage", "indexedDB", "cookie"),
)
"""What turns text into a page or a program, and what keeps anything."""
PAGE: Final[Element] = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(FILES["index.html"])


@pytest.fixture(scope="module")
def served() -> TestClient:
    app = FastAPI()
    add_page(app)
    return TestClient(app)


@pytest.mark.parametrize("path", ["/", *(f"/page/{name}" for name in FILES)])
def test_each_file_is_served_with_the_policy(served: TestClient, path: str) -> None:
    answer = served.get(path)
    assert answer.status_code == 200
    assert answer.text == FILES[path.rpartition("/")[2] or "index.html"]
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert served.head(path).status_code == 200


@pytest.mark.parametrize("name", ["__init__.py", "nothing.js", "..%2f__init__.py", "%2e%2e/__init__.py", "a%00.js"])
def test_nothing_else_is_served(served: TestClient, name: str) -> None:
    assert served.get(f"/page/{name}").status_code == 404


def test_the_policy_lets_nothing_in() -> None:
    policy = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert not re.search(r"unsafe|\*|https?:|data:", HEADERS["Content-Security-Policy"])


def test_the_page_has_nothing_inline_and_names_only_its_own_files() -> None:
    names = {name for element in PAGE.iter() for name in element.attrib}
    assert not {name for name in names if name == "style" or name.startswith("on")}
    assert PAGE.find(".//style") is None
    assert [script.text for script in PAGE.iter("script")] == [None]
    named = {element.get("src") or element.get("href") for element in PAGE.iter()} - {None, "#ask", "openapi.json"}
    assert named <= {f"page/{name}" for name in FILES}


def test_scripts_load_only_each_other_and_write_no_html() -> None:
    text = "\n".join(SCRIPTS.values())
    assert set(re.findall(r'from "\./([^"]+)"', text)) <= set(SCRIPTS)
    assert set(re.findall(r"https?://[^\"' ]*", "\n".join(FILES.values()))) == {
        "http://www.w3.org/2000/svg",
        "https://",
    }
    assert [word for word in FORBIDDEN if word in text] == []


def test_every_part_that_the_scripts_look_for_is_in_the_page() -> None:
    there = {element.get("id") for element in PAGE.iter()}
    asked = set(re.findall(r'find\("([^"]+)"\)', "\n".join(SCRIPTS.values())))
    assert {"drop", "start", "cancel", "status"} <= asked
    assert asked - {"one-title"} <= there  # which is made with an answer


def test_every_field_has_a_label() -> None:
    labelled = {label.get("for") for label in PAGE.iter("label")}
    nested = {id(field) for label in PAGE.iter("label") for field in label.iter("input")}
    fields = [field for field in PAGE.iter("input") if "hidden" not in field.attrib]
    assert [field.get("id") for field in fields if field.get("id") not in labelled and id(field) not in nested] == []
