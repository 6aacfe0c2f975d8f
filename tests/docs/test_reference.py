"""The reference says what the code says, and old addresses of the documentation lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.programs import addresses, reference

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


@pytest.mark.parametrize("name", reference.PAGES)
def test_a_page_made_from_the_code_is_up_to_date(name: str) -> None:
    written = (reference.REFERENCE / name).read_text(encoding="utf-8")
    assert written == reference.PAGES[name]().rstrip() + "\n", "run: python -m docs.programs.reference"


def test_every_command_method_and_rule_has_a_section() -> None:
    commands = (reference.REFERENCE / "commands.md").read_text(encoding="utf-8")
    assert {"wherefrom attribute", "wherefrom models convert"} <= set(
        re.findall(r"^## `(.+)`$", commands, re.MULTILINE)
    )
    options = (reference.REFERENCE / "options.md").read_text(encoding="utf-8")
    assert {"aedr", "conformal"} <= set(re.findall(r"^### `(.+)`$", options, re.MULTILINE))


def test_old_addresses_lead_to_pages_that_exist(tmp_path: Path) -> None:
    for new in addresses.MOVED.values():
        assert (DOCS / f"{new}.md").is_file()
        page = tmp_path / f"{new}.html"
        page.parent.mkdir(exist_ok=True)
        page.touch()
    written = addresses.leave_signposts(tmp_path)
    assert len(written) == len(addresses.MOVED)
    deep = tmp_path / "methods" / "searching.html"
    assert 'href="../explanation/searching.html"' in deep.read_text(encoding="utf-8")


def test_an_old_address_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="which the site has not"):
        addresses.leave_signposts(tmp_path)


def test_no_page_links_to_a_file_that_is_not_there() -> None:
    """On disk as well as on the site: the pages are read on the web site of the repository too."""
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    missing = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert missing == []


def test_paths_of_pages_in_code_and_messages_exist() -> None:
    files = [path for folder in ("src", "tests", "benchmarks", "training") for path in (ROOT / folder).rglob("*.py")]
    named = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in files
        for name in re.findall(r"docs/[\w./-]+\.md", path.read_text(encoding="utf-8"))
    }
    assert named
    assert [one for one in sorted(named) if not (ROOT / one[1]).is_file()] == []
