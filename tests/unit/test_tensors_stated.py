"""Every tensor that the package makes says its dtype and its device, whatever a program has set as torch's defaults."""

from __future__ import annotations

import ast
from pathlib import Path

import wherefrom

SOURCE = Path(wherefrom.__file__).parent
MAKERS = frozenset(
    {
        *("arange", "empty", "eye", "full", "hann_window", "linspace", "logspace", "ones", "rand", "randint", "randn"),
        *("randperm", "scalar_tensor", "tensor", "zeros", "fftfreq", "rfftfreq"),
    }
)


def _makes(call: ast.Call) -> bool:
    """Whether it is `torch.NAME(...)` or `torch.fft.NAME(...)` of one of the makers."""
    name = ast.unparse(call.func)
    return name.startswith("torch.") and name.rpartition(".")[2] in MAKERS


def _unstated(path: Path) -> list[str]:
    """Calls without both; but for constructors of modules, which are all built within one guard."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guarded = {
        inner
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef) and outer.name == "__init__"
        for inner in ast.walk(outer)
    }
    return [
        f"{path.relative_to(SOURCE)}:{call.lineno}: {ast.unparse(call)}"
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and _makes(call) and call not in guarded
        if not {"dtype", "device"} <= {word.arg for word in call.keywords}
    ]


def test_every_tensor_states_its_dtype_and_device() -> None:
    assert [said for path in sorted(SOURCE.rglob("*.py")) for said in _unstated(path)] == []
