"""Follows CONTRIBUTING.md word by word in a copy of the source; a program of its own, since it changes what it runs.

All sections are followed by one process, so that torch and diffusers are imported once. What each block runs is the
source as it is then: modules of the package are imported anew.
"""

from __future__ import annotations

import os
import re
import runpy
import sys
from pathlib import Path

TEXT = (Path(__file__).resolve().parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTIONS = {part.partition("\n")[0]: part for part in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]}
_BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (?P<path>src/\S+\.py)\n(?P<body>.*)", re.DOTALL)


def _follow(section: str) -> None:
    """Do what one section says, in this folder: write its files, make its changes, run its programs and commands."""
    for block in _BLOCK.finditer(section):
        body = block["body"]
        file = _FILE.fullmatch(body)
        if file:
            place = Path(file["path"])
            assert not place.exists(), f"{place} is there already"
            place.write_text(file["body"], encoding="utf-8")
        elif block["kind"] == "diff":
            _change(body)
        elif block["kind"] == "python":
            _forget()
            exec(compile(body, "a block of CONTRIBUTING.md", "exec"), {"__name__": "__main__"})
        else:
            for line in body.splitlines():
                _type(line.partition("#")[0].split())


def _change(body: str) -> None:
    """Apply a change: the lines after `-`, which must be there once, become the lines after `+`."""
    head, *lines = body.splitlines()
    path = Path(head.removeprefix("--- "))
    old = "".join(f"{line[1:]}\n" for line in lines if line.startswith("-"))
    new = "".join(f"{line[1:]}\n" for line in lines if line.startswith("+"))
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"CONTRIBUTING.md changes a line that {path} does not have once: {old}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def _type(words: list[str]) -> None:
    """A command, as `wherefrom ...` or `python -m MODULE`."""
    module, arguments = ("wherefrom", words[1:]) if words[0] == "wherefrom" else (words[2], words[3:])
    sys.argv = [module, *arguments]
    _forget()
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as stop:
        if stop.code:
            raise RuntimeError(f"{' '.join(words)} ended with {stop.code}") from stop


def _forget() -> None:
    """Let the package be imported anew."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "wherefrom"]:
        del sys.modules[name]


def main(folder: str) -> None:
    """Follow every section in a folder that has the source in `src`."""
    os.chdir(folder)
    sys.path.insert(0, str(Path("src").resolve()))
    for name, section in SECTIONS.items():
        try:
            _follow(section)
        except Exception as error:
            raise RuntimeError(f"section {name!r} of CONTRIBUTING.md cannot be followed") from error
        import wherefrom

        assert Path(wherefrom.__file__).is_relative_to(Path(folder).resolve()), "another copy of the source was run"


if __name__ == "__main__":
    main(sys.argv[1])
