"""Options that several commands take together: the fields of a dataclass, each described once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from inspect import Parameter
from typing import Any

__all__ = ["grouped"]


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take dataclasses: typer sees the fields of each as options, in the place of its parameter.

    What must be given comes first, and all else stays in the order in which it is written.

    Args:
        command: a function as typer takes it, of which any parameter may be annotated with a dataclass whose fields are
            annotated as the parameters of a command are.

    Returns:
        The function that typer is given: it builds the dataclasses from what was typed and calls `command`.

    Raises:
        TypeError: when two options have the same name.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class Bounds:
        ...     alpha: float = 0.05
        ...     beta: float = 0.01
        >>> @grouped
        ... def show(name: str, bounds: Bounds) -> None:
        ...     print(name, bounds.alpha, bounds.beta)
        >>> inspect.signature(show)
        <Signature (*, name: str, alpha: float = 0.05, beta: float = 0.01)>
        >>> show(name="a", alpha=0.1, beta=0.02)
        a 0.1 0.02
    """
    parameters = inspect.signature(command, eval_str=True).parameters
    groups = {name: _fields(each.annotation) for name, each in parameters.items() if is_dataclass(each.annotation)}
    options: list[Parameter] = []
    for name, parameter in parameters.items():
        options += groups[name].values() if name in groups else [parameter]
    options.sort(key=lambda option: option.default is not Parameter.empty)
    if len({option.name for option in options}) < len(options):
        raise TypeError(f"{command.__name__} has two options of one name: {[option.name for option in options]}")

    @functools.wraps(command)
    def typed(**values: Any) -> None:
        built = {
            name: parameters[name].annotation(**{field: values.pop(field) for field in fields})
            for name, fields in groups.items()
        }
        command(**built, **values)

    typed.__signature__ = inspect.Signature([option.replace(kind=Parameter.KEYWORD_ONLY) for option in options])  # type: ignore[attr-defined]
    typed.__annotations__ = {option.name: option.annotation for option in options}
    return typed


def _fields(group: Any) -> Mapping[str, Parameter]:
    """The fields of a dataclass, as parameters of its constructor."""
    return inspect.signature(group, eval_str=True).parameters
