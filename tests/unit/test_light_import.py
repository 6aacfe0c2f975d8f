"""`import wherefrom` and `wherefrom --help` load nothing heavy; `benchmarks/startup.py` times them."""

from __future__ import annotations

import subprocess
import sys

import pytest

import wherefrom as wf

HEAVY = frozenset(
    {
        "diffusers",
        "huggingface_hub",
        "jinja2",
        "matplotlib",
        "numpy",
        "PIL",
        "pyarrow",
        "pydantic",
        "safetensors",
        "scipy",
        "skimage",
        "sklearn",
        "sqlite3",
        "torch",
    }
)
LIST_MODULES = "import sys; print(*{name.partition('.')[0] for name in sys.modules}, sep='\\n', file=sys.stderr)"
IMPORT = f"import wherefrom; {LIST_MODULES}"
HELP = f"""
import runpy, sys
sys.argv = ["wherefrom", "--help"]
try:
    runpy.run_module("wherefrom", run_name="__main__", alter_sys=True)
except SystemExit as stop:
    assert not stop.code, stop.code
{LIST_MODULES}
"""


@pytest.mark.parametrize("program", [IMPORT, HELP], ids=["import", "help"])
def test_nothing_heavy_is_loaded(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert "wherefrom" in loaded
    assert not loaded & HEAVY


def test_help_names_every_command() -> None:
    done = subprocess.run([sys.executable, "-m", "wherefrom", "--help"], capture_output=True, text=True, check=True)
    for command in ("attribute", "demo", "edit", "generate", "models", "profile", "score"):
        assert command in done.stdout


def test_every_public_name_is_there() -> None:
    assert [name for name in wf.__all__ if getattr(wf, name, None) is None] == []
