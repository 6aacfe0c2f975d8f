"""An engine by its name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from wherefrom.core.card import Fact
from wherefrom.core.errors import UsageError
from wherefrom.core.options import made
from wherefrom.core.suggestions import did_you_mean
from wherefrom.engines.base import Engine
from wherefrom.engines.local import Local

__all__ = ["ENGINES", "load_engine"]

ENGINES: Final = ("local", "ray")
"""The engines that can be chosen."""


def load_engine(name: str, options: Mapping[str, Fact] | None = None, *, devices: Sequence[str] = ()) -> Engine:
    """The engine of that name.

    Args:
        name: one of `ENGINES`.
        options: that differ from the engine's defaults.
        devices: of this machine, as `["cuda:0", "cuda:1"]`; with several, the local engine has one process a device.
            Empty: where the task says.

    Raises:
        UsageError: when there is no such engine or option, or the engine does not take devices.
    """
    if name not in ENGINES:
        raise UsageError(f"no engine {name!r} among {', '.join(ENGINES)}{did_you_mean(name, ENGINES)}")
    given = dict(options or {})
    if name == "local" and given:
        raise UsageError(f"the local engine has no options, got {', '.join(given)}: leave them out")
    if name == "local":
        return Local(device=devices[0] if devices else None) if len(devices) < 2 else _named("devices", devices=devices)
    if devices:
        raise UsageError(f"the engine {name!r} places its workers itself, got {','.join(devices)}: name no device")
    return _named(name, **given)


def _named(module: str, **options: Any) -> Engine:
    """An engine whose module is imported where it is asked for: it may need more than this program does."""
    kind = importlib.import_module(f"wherefrom.engines.{module}").ENGINE
    engine: Engine = made(kind, options, what=f"engine {module!r}")
    return engine
