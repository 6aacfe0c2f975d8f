"""The stranger's page is followed block by block, from the images to the answers of the service that it starts.

Commands of the package run in this process, which has imported torch; the service is a process of its own, which curl
asks. All that differs from the page: smaller and fewer images, a port that is free, and more patience.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

import wherefrom
from wherefrom.cli import run

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "first-service.md"
TEXT: Final = PAGE.read_text(encoding="utf-8")
BLOCKS: Final = re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
INSTALLS: Final = "python3 -m venv"
"""How the only block begins that is not followed: another test installs the package."""
COMMAND: Final = re.compile(r"wherefrom .*\n|kill %1\n|(?:(?!wherefrom |kill ).*\n)+")
"""A command of the package, the service's end, or lines of another program."""
CHANGES: Final = {
    "--size 64": "--size 32",
    "size=64": "size=32",
    "--count 100": "--count 40",
    "--retry 60": "--retry 900",
}


@dataclass(kw_only=True)
class Shell:
    """What types the page's lines, one after another, in one folder."""

    folder: Path
    port: int
    service: subprocess.Popen[bytes] | None = None
    said: list[str] = field(default_factory=list)

    def type_block(self, block: str) -> None:
        """Type a block; every command in it has to succeed."""
        for command in COMMAND.findall(self.changed(block)):
            if command.startswith("kill"):
                self.stop()
            elif command.startswith("wherefrom serve"):
                self.start(shlex.split(command.rstrip("& \n")))
            elif command.startswith("wherefrom"):
                assert run(shlex.split(command)[1:]) == 0, command
            else:
                self.call(command)

    def changed(self, block: str) -> str:
        """A block with smaller images, a free port and more patience."""
        for old, new in CHANGES.items():
            block = block.replace(old, new)
        return block.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")

    def call(self, lines: str) -> None:
        """Other programs, by a shell that stops at the first that fails."""
        done = subprocess.run(
            ["bash", "-e", "-c", lines], cwd=self.folder, env=environment(self.folder), capture_output=True, check=False
        )
        assert done.returncode == 0, f"{lines}\n{done.stderr.decode()}"
        self.said.append(done.stdout.decode())

    def start(self, words: list[str]) -> None:
        """Start the service, on a port that is free."""
        command = [sys.executable, "-m", *words, "--port", str(self.port)]
        self.service = subprocess.Popen(
            command, cwd=self.folder, env=environment(self.folder), stderr=subprocess.DEVNULL
        )

    def stop(self) -> None:
        """Stop the service as `kill` does; it ends as it should."""
        assert self.service is not None
        self.service.terminate()
        assert self.service.wait(300) == 0


def environment(folder: Path) -> dict[str, str]:
    """In which the package is found from any folder, and `python` is the one that runs this."""
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(Path(wherefrom.__file__).parents[1])}


@pytest.mark.slow  # a hundred and forty images, and a process that imports torch
@pytest.mark.skipif(not all(map(shutil.which, ("bash", "curl"))), reason="needs bash and curl")
def test_the_page_can_be_followed_block_by_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "python"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    command.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    shell = Shell(folder=tmp_path, port=port)
    followed = [block for block in BLOCKS if not block.startswith(INSTALLS)]
    assert len(followed) == len(BLOCKS) - 1
    try:
        for block in followed:
            shell.type_block(block)
    finally:
        if shell.service is not None:
            shell.service.kill()
            shell.service.wait()
    told = capsys.readouterr().out
    assert re.search(r"kl-f8-a-draw-1-000000\S* .*SUPPORTED", told), told
    assert re.search(r"astronaut-0-0\S* .*EXCLUDED", told), told
    kinds = [json.loads((tmp_path / name).read_bytes())["images"][0]["kind"] for name in ("own.json", "photo.json")]
    assert kinds == ["consistent with", "does not support"]
    assert [kind in said for kind, said in zip(kinds, shell.said[-1].splitlines(), strict=True)] == [True, True]


def test_every_block_of_the_page_is_one_that_is_followed() -> None:
    assert len(BLOCKS) == TEXT.count("```") / 2
