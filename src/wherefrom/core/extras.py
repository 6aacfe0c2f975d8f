"""Optional packages: import one, or say which extra brings it."""

from __future__ import annotations

import importlib
from typing import Any

from wherefrom.core.errors import MissingExtra

__all__ = ["require"]


def require(module: str, extra: str) -> Any:
    """An optional package.

    Args:
        module: the package's import name, as `lpips`.
        extra: the extra of `wherefrom` that installs it.

    Raises:
        MissingExtra: when it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        message = f"{module} is not installed ({error}): pip install 'wherefrom[{extra}]'"
        raise MissingExtra(message) from error
