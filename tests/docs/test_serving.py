"""The page on running a service is followed word by word, from the profile to a report, by a shell and by curl."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import wherefrom
from wherefrom.images.embedded import PROFILE_PHOTOS, TEST_PHOTOS, save_tiles

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "serve.md"
BLOCKS: Final = re.findall(r"^```(sh|py)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
INSTALLED: Final = "python3 -m venv"
"""How the only block begins that is not followed: another test installs the package."""


def script(port: int) -> str:
    """All blocks as one program of bash, which stops at the first command that fails, and the service with itself."""
    parts = ["set -e", "trap 'kill $(jobs -p)' EXIT"]
    for kind, block in BLOCKS:
        if block.startswith(INSTALLED):
            continue
        said = block.replace("127.0.0.1:8000", f"127.0.0.1:{port}").replace("serve --", f"serve --port {port} --")
        parts.append(f"python - <<'END'\n{said}END" if kind == "py" else said.rstrip())
    return "\n".join(parts)


@pytest.mark.weekly
@pytest.mark.skipif(not all(map(shutil.which, ("bash", "curl", "openssl"))), reason="needs bash, curl and openssl")
def test_the_page_can_be_followed(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "suspect").mkdir()
    assert len(save_tiles(PROFILE_PHOTOS, tmp_path / "photos", size=64, count=100)) == 100
    (suspect,) = save_tiles(TEST_PHOTOS, tmp_path / "suspect", size=64, count=1)
    suspect.rename(tmp_path / "suspect.png")
    (tmp_path / "bin").mkdir()
    for name, call in (("wherefrom", "-m wherefrom"), ("python", "")):
        command = tmp_path / "bin" / name
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" {call} "$@"\n')
        command.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(Path(wherefrom.__file__).parents[1]),
    }
    words, limit = ["bash", "-c", script(port)], 600
    done = subprocess.run(
        words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=limit, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "does not support" in done.stdout
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "keys.txt").read_text().startswith("partner:sha256=")


def test_every_block_of_the_page_is_of_a_kind_that_is_followed_or_a_file_of_another_program() -> None:
    kinds = re.findall(r"^```(\w+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(kinds) == {"sh", "py", "nginx", "ini"}
    assert sum(block.startswith(INSTALLED) for _, block in BLOCKS) == 1
