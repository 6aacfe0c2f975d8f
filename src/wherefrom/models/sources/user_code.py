"""What a user's own code makes, `module:attribute`: that code is run, so only when it is trusted."""

from __future__ import annotations

import importlib
from typing import Any

from wherefrom.core.errors import ModelError, WherefromError
from wherefrom.models.base import Decoder
from wherefrom.models.sources.names import CodeName

__all__ = ["made_by"]


def made_by(name: CodeName, *, trust: bool) -> Any:
    """The object that a name leads to, or what a function or class of that name makes when called without arguments.

    Args:
        name: the module, which has to be importable, and the attribute.
        trust: whether the code may be run at all.

    Raises:
        ModelError: when it may not, or when the code fails.
    """
    if not trust:
        raise ModelError(
            f"{name} runs the code of module {name.module!r}: if you know what it does, allow it with trust=True,"
            f" on the command line with --trust"
        )
    return _made(_attribute(name.module, name.attribute), str(name))


def _attribute(module: str, attribute: str) -> Any:
    try:
        reached: Any = importlib.import_module(module)
    except Exception as error:  # whatever the user's code raises
        hint = (
            ": add its folder to PYTHONPATH" if isinstance(error, ModuleNotFoundError) and error.name == module else ""
        )
        raise ModelError(f"module {module!r} could not be imported ({type(error).__name__}: {error}){hint}") from error
    for part in attribute.split("."):
        if not hasattr(reached, part):
            public = [key for key in vars(reached) if not key.startswith("_")] if hasattr(reached, "__dict__") else []
            raise ModelError(
                f"module {module!r} has no {attribute!r}; it has {', '.join(public[:20]) or 'nothing public'}"
            )
        reached = getattr(reached, part)
    return reached


def _made(named_object: Any, name: str) -> Any:
    """The object itself, or what a function or class makes when called without arguments."""
    from torch import nn

    if (
        not callable(named_object)
        or isinstance(named_object, nn.Module)
        or (isinstance(named_object, Decoder) and not isinstance(named_object, type))
    ):
        return named_object
    try:
        return named_object()
    except WherefromError:
        raise
    except Exception as error:  # whatever the user's code raises
        raise ModelError(
            f"{name}() failed ({type(error).__name__}: {error}): it is called without arguments"
        ) from error
