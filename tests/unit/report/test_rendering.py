"""Pages from templates: nothing in a value acts, neither as markup nor as a control character."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import ChoiceLoader, DictLoader, UndefinedError

from wherefrom.report import rendering

PAGE = """{% extends "base.html" %}{% from "parts.html" import what %}
{% block main %}<p title="{{ name }}">{{ name }} {{ share | percent }} {{ count | integer }} {{ none | decimal }}</p>
{% call what() %}<p>{{ name }}</p>{% endcall %}{% endblock %}"""
HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e\udcff\"'.png"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Templates of the package, and two more."""
    made = rendering.environment()
    assert made.loader is not None
    more = DictLoader({"page.html": PAGE, "rows.html": "{% for row in rows %}{{ row }}\n{% endfor %}"})
    wider = made.overlay(loader=ChoiceLoader([more, made.loader]))
    monkeypatch.setattr(rendering, "environment", lambda: wider)


@pytest.mark.usefixtures("environment")
def test_a_hostile_text_is_shown_and_does_nothing() -> None:
    page = rendering.render("page.html", name=HOSTILE, share=0.05, count=12345, none=None)
    assert "<script" not in page
    assert not set(page) & set("\x1b\u202e\udcff")
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[31m\\u202e\\udcff&#34;&#39;.png") == 3
    assert '<data value="0.05">5\u00a0%</data> <data value="12345">12\u202f345</data> \u2013</p>' in page
    assert re.search(r"http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:;", page)


@pytest.mark.usefixtures("environment")
def test_a_value_that_was_not_given_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="share"):
        rendering.render("page.html", name="a")


@pytest.mark.usefixtures("environment")
def test_rows_are_taken_one_by_one_and_a_page_is_whole_or_not_there(tmp_path: Path) -> None:
    rendering.render_to(tmp_path / "rows.html", "rows.html", rows=(f"<{n}>" for n in range(3)))
    assert (tmp_path / "rows.html").read_text() == "&lt;0&gt;\n&lt;1&gt;\n&lt;2&gt;\n"
    with pytest.raises(ZeroDivisionError):
        rendering.render_to(tmp_path / "broken.html", "rows.html", rows=(1 // n for n in (1, 0)))
    assert [path.name for path in tmp_path.iterdir()] == ["rows.html"]


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0"),
        (1.0, "100"),
        (0.05, "5"),
        (0.0362, "3.6"),
        (0.3333, "33.3"),
        (1e-6, "under 0.01"),
        (0.99999, "over 99.9"),
    ],
)
def test_a_share_is_never_rounded_to_never_or_always(share: float, text: str) -> None:
    percent = rendering.environment().filters["percent"]
    assert str(percent(share)) == f'<data value="{share!r}">{text}\u00a0%</data>'
