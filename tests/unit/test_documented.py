"""Whatever a module offers says what it is for, what its arguments mean, and what it raises."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import wherefrom

SOURCE: Final = Path(wherefrom.__file__).parent
ELSEWHERE: Final = ("as for `", "as `", "see `")
"""How a docstring says that arguments or errors are described at another function."""


def offered(tree: ast.Module) -> frozenset[str]:
    """The names in a module's `__all__`."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            value = getattr(node, "value", None)
            if isinstance(value, ast.List | ast.Tuple):
                return frozenset(ast.literal_eval(value))
    return frozenset()


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Functions that a module offers, and public methods of classes that it offers."""
    names = offered(tree)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in names:
            yield node.name, node
        if isinstance(node, ast.ClassDef) and node.name in names:
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                    yield f"{node.name}.{method.name}", method


def is_option(argument: ast.arg) -> bool:
    """Whether an argument is an option of the command line, by `Annotated`, `options.NAME` or a private `_NAME`."""
    kind = "" if argument.annotation is None else ast.unparse(argument.annotation)
    return kind.startswith(("Annotated[", "options.")) or re.fullmatch(r"_[A-Z_]+", kind) is not None


def is_grouped(function: ast.FunctionDef) -> bool:
    """Whether a command takes dataclasses of options, which describe themselves."""
    return any(ast.unparse(decorator) == "grouped" for decorator in function.decorator_list)


def is_command(function: ast.FunctionDef) -> bool:
    """Whether a function is a command, whose docstring is its help."""
    return is_grouped(function) or any(is_option(one) for one in (*function.args.args, *function.args.kwonlyargs))


def arguments(function: ast.FunctionDef) -> list[ast.arg]:
    """What a caller gives, without the object itself; an option of the command line describes itself."""
    if is_grouped(function):
        return []
    given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return [one for one in given if one.arg not in ("self", "cls") and not is_option(one)]


def raised(function: ast.FunctionDef) -> frozenset[str]:
    """Errors that are raised by name in the function itself, not in functions within it."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            continue
        if isinstance(node, ast.Raise) and node.exc is not None:
            error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if isinstance(error, ast.Name) and error.id[0].isupper() and error.id != "NotImplementedError":
                found.add(error.id)
        waiting += ast.iter_child_nodes(node)
    return frozenset(found)


def gaps(tree: ast.Module) -> Iterator[str]:
    """What the docstrings of a module's offers lack."""
    for name, function in functions(tree):
        text = ast.get_docstring(function)
        if any(isinstance(mark, ast.Name) and mark.id == "overload" for mark in function.decorator_list):
            continue
        if text is None:
            yield f"{name}: no docstring"
            continue
        elsewhere = any(said in text for said in ELSEWHERE)
        if len(arguments(function)) > 1 and "Args:" not in text and not elsewhere:
            yield f"{name}: no Args"
        if raised(function) and "Raises:" not in text and not elsewhere and not is_command(function):
            yield f"{name}: no Raises for {', '.join(sorted(raised(function)))}"


def all_gaps() -> dict[str, list[str]]:
    """The gaps of every folder of the package, and of every file that is in none."""
    found: dict[str, list[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        place = path.relative_to(SOURCE)
        lacking = gaps(ast.parse(path.read_text(encoding="utf-8")))
        found.setdefault(place.parts[0], []).extend(f"{place.as_posix()}: {gap}" for gap in lacking)
    return found


def test_what_is_offered_is_described() -> None:
    over = {name: lacking for name, lacking in all_gaps().items() if lacking}
    assert over == {}


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("def f(a, b):\n    '''Text.'''", ["f: no Args"]),
        ("def f(a):\n    '''Text.'''", []),
        ("def f(a, b):\n    '''Text.\n\n    Args:\n        a: one.\n        b: two.\n    '''", []),
        ("def f(a, b):\n    '''Text; arguments as for `g`.'''", []),
        ("def f():\n    pass", ["f: no docstring"]),
        ("def f():\n    '''Text.'''\n    raise ValueError('no')", ["f: no Raises for ValueError"]),
        ("def f():\n    '''Text.\n\n    Raises:\n        ValueError: always.\n    '''\n    raise ValueError", []),
        ("def f(a: Annotated[int, typer.Option()], b: options.SEED):\n    '''Text.'''", []),
        ("@grouped\ndef f(a: Options):\n    '''Text.'''", []),
        ("class f:\n    def g(self, a, b):\n        '''Text.'''\n    def _h(self, a, b): ...", ["f.g: no Args"]),
        ("def hidden(a, b):\n    pass", []),
    ],
)
def test_the_check_itself_sees_what_is_lacking(program: str, expected: list[str]) -> None:
    assert list(gaps(ast.parse(f"__all__ = ['f']\n{program}"))) == expected
