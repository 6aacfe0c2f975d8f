"""How the source is laid out: small files and functions, no private module reached from elsewhere, no circle."""

from __future__ import annotations

import ast
import functools
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Final

import grimp
import pytest

import wherefrom

SOURCE: Final = Path(wherefrom.__file__).parent
FILES: Final = sorted(SOURCE.rglob("*.py"))
LONGEST_FILE: Final = 300
"""Lines of a file, everything counted."""
LONGEST_FUNCTION: Final = 50
"""Lines of a function's body: its signature and its docstring are not counted, comments and blank lines are."""


TESTS: Final = Path(__file__).parents[1]
MOST_REACHED: Final = 8
"""How often a test may import a private module: as often as when this was counted, and never more often."""


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def folders(path: Path) -> tuple[str, ...]:
    return path.relative_to(SOURCE).parent.parts


def body_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first statement after the docstring to the last."""
    statements = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (statements[-1].end_lineno or 0) - statements[0].lineno + 1 if statements else 0


def long_functions(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and body_length(node) > LONGEST_FUNCTION:
            yield node.name


def private_modules_of_others(package: tuple[str, ...], tree: ast.AST) -> Iterator[str]:
    """Modules whose name starts with an underscore, below a package that a file is not part of.

    Args:
        package: of the file, as the folders below `wherefrom`; those of a test begin with none of its packages.
        tree: of the file.
    """
    for node in ast.walk(tree):
        imported: list[str] = []
        if isinstance(node, ast.Import):
            imported = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in imported:
            first, *parts = name.split(".")
            for depth, part in enumerate(parts if first == "wherefrom" else ()):
                module = SOURCE.joinpath(*parts[: depth + 1])
                is_module = module.is_dir() or module.with_suffix(".py").is_file()
                if part.startswith("_") and is_module and package[:depth] != tuple(parts[:depth]):
                    yield ".".join(parts[: depth + 1])


def circles(imported: Mapping[str, Set[str]]) -> set[frozenset[str]]:
    """Groups of modules of which each reaches each other by its imports."""
    reached = {name: set(names) for name, names in imported.items()}
    for through in imported:
        for names in reached.values():
            names.update(reached[through] if through in names else ())
    found = {name: frozenset(other for other in reached[name] if name in reached[other]) for name in imported}
    return {group for group in found.values() if len(group) > 1}


def test_no_modules_import_each_other() -> None:
    graph = grimp.build_graph("wherefrom", cache_dir=None, exclude_type_checking_imports=False)
    imported = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    found = {frozenset(name.removeprefix("wherefrom.") for name in group) for group in circles(imported)}
    assert found == set()


def test_the_check_itself_sees_circles() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == {frozenset("abc")}
    assert circles({"a": {"b"}, "b": {"c"}, "c": set(), "d": {"a"}}) == set()


def test_no_file_is_long() -> None:
    long = {name_of(path) for path in FILES if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST_FILE}
    assert long == set()


def test_no_function_is_long() -> None:
    trees = {path: parsed(path) for path in FILES}
    assert {f"{name_of(path)}: {name}" for path, tree in trees.items() for name in long_functions(tree)} == set()


def test_no_package_reaches_into_the_private_modules_of_another() -> None:
    trees = {path: parsed(path) for path in FILES}
    reached = {module for path, tree in trees.items() for module in private_modules_of_others(folders(path), tree)}
    assert reached == set()


def test_few_tests_reach_into_private_modules() -> None:
    """What a test has to reach is a part: make its module public, or test it through one that is."""
    trees = [parsed(path) for path in sorted(TESTS.rglob("*.py"))]
    reached = Counter(module for tree in trees for module in set(private_modules_of_others(("tests",), tree)))
    assert reached.total() <= MOST_REACHED, f"{reached.total()} times: {dict(reached.most_common())}"


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("from wherefrom.scoring._store import x", ["scoring._store"]),
        ("from wherefrom.scoring import _store, run", ["scoring._store"]),
        ("import wherefrom.images._hidden", []),
        ("from wherefrom.images.read import _private", []),
    ],
)
def test_the_check_itself_sees_what_is_reached(
    program: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("scoring/_store.py", "images/_hidden.py", "images/read.py"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).touch()
    monkeypatch.setitem(globals(), "SOURCE", tmp_path)
    assert sorted(set(private_modules_of_others(("images",), ast.parse(program)))) == expected


def test_the_check_itself_counts_what_a_function_does() -> None:
    lines = "\n".join(f"    x{number} = {number}" for number in range(LONGEST_FUNCTION + 1))
    signature = "def f(\n" + "    a: int,\n" * 60 + ") -> None:\n"
    docstring = '    """' + "Text.\n" * 60 + '    """\n'
    assert list(long_functions(ast.parse(signature + docstring + lines))) == ["f"]
    assert list(long_functions(ast.parse(signature + docstring + lines.rpartition("\n")[0]))) == []
