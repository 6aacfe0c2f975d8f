"""A model out of a user's own code, `module:attribute`: runs that code, so only when it is trusted."""

from __future__ import annotations

import importlib
from typing import Any

from torch import nn

from wherefrom.core.errors import ModelError, WherefromError
from wherefrom.models._compute import device_of
from wherefrom.models.base import Decoder

__all__ = ["from_code"]


def from_code(name: str, *, device: str, dtype: str, trust: bool) -> Decoder:
    """What `module:attribute` names: a decoder, a network of a supported class, or a function that makes one.

    Args:
        name: as `mymodels.vae:make`; the module has to be importable.
        device: as in `load_model`; a decoder of one's own decides for itself and is checked.
        dtype: as in `load_model`; a decoder of one's own decides for itself.
        trust: whether the code may be run at all.

    Raises:
        ModelError: when it may not, when the code fails, or when what it names is no model.
    """
    module, _, attribute = name.partition(":")
    if not trust:
        raise ModelError(
            f"{name} runs the code of module {module!r}: if you know what it does, allow it with trust=True,"
            f" on the command line with --trust"
        )
    found = _made(_attribute(module, attribute), name)
    if isinstance(found, Decoder):
        return _on_device(found, name, device)
    if isinstance(found, nn.Module):
        from wherefrom.models.diffusers import wrap_autoencoder

        return wrap_autoencoder(found, device=device, dtype=dtype, name=name, notes={"source": name})
    raise ModelError(
        f"{name} is {type(found).__name__}, need an autoencoder of diffusers, an object with what"
        f" wherefrom.models.base.Decoder lists, or a function without arguments that makes one"
    )


def _attribute(module: str, attribute: str) -> Any:
    try:
        found: Any = importlib.import_module(module)
    except Exception as error:  # whatever the user's code raises
        hint = (
            ": add its folder to PYTHONPATH" if isinstance(error, ModuleNotFoundError) and error.name == module else ""
        )
        raise ModelError(f"module {module!r} could not be imported ({type(error).__name__}: {error}){hint}") from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            public = [key for key in vars(found) if not key.startswith("_")] if hasattr(found, "__dict__") else []
            raise ModelError(
                f"module {module!r} has no {attribute!r}; it has {', '.join(public[:20]) or 'nothing public'}"
            )
        found = getattr(found, part)
    return found


def _made(found: Any, name: str) -> Any:
    """The object itself, or what a function or class makes when called without arguments."""
    if (
        not callable(found)
        or isinstance(found, nn.Module)
        or (isinstance(found, Decoder) and not isinstance(found, type))
    ):
        return found
    try:
        return found()
    except WherefromError:
        raise
    except Exception as error:  # whatever the user's code raises
        raise ModelError(
            f"{name}() failed ({type(error).__name__}: {error}): it is called without arguments"
        ) from error


def _on_device(model: Decoder, name: str, device: str) -> Decoder:
    if device != "auto" and device_of(device).type != model.device.type:
        raise ModelError(
            f"{name} is on {model.device}, not on {device}: move it in its own code, or leave device at 'auto'"
        )
    return model
