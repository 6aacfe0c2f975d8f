"""A model out of a user's own code, `module:attribute`: runs that code, so only when it is trusted."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from torch import nn

from wherefrom.core.card import Fact
from wherefrom.core.errors import ModelError, UsageError, WherefromError
from wherefrom.models.adapters.arithmetic import device_of
from wherefrom.models.base import Decoder
from wherefrom.models.sources.known import SUPPORTED
from wherefrom.models.sources.local import looks_like_autoencoder

__all__ = ["from_code"]


def from_code(name: str, *, device: str, dtype: str, trust: bool, options: Mapping[str, Fact]) -> Decoder:
    """What `module:attribute` names: a decoder, a network of a supported class, or a function that makes one.

    Args:
        name: as `mymodels.vae:make`; the module has to be importable.
        device: as in `load_model`; a decoder of one's own decides for itself and is checked.
        dtype: as in `load_model`; a decoder of one's own decides for itself.
        trust: whether the code may be run at all.
        options: of a plain network that is no autoencoder: `latent_shape`, `size`, `range`, `prior`.

    Raises:
        ModelError: when it may not, when the code fails, or when what it names is no model.
        UsageError: when it has no such option.
    """
    module, _, attribute = name.partition(":")
    if not trust:
        raise ModelError(
            f"{name} runs the code of module {module!r}: if you know what it does, allow it with trust=True,"
            f" on the command line with --trust"
        )
    found = _made(_attribute(module, attribute), name)
    if isinstance(found, Decoder):
        if options:
            raise UsageError(f"{name} is a decoder of your own, which has no options {', '.join(options)}")
        return _on_device(found, name, device)
    if isinstance(found, nn.Module) and _is_generator(found, options):
        from wherefrom.models.adapters.plain_network import wrap_generator

        notes = {"source": name}
        return wrap_generator(found, name=name, options=options, device=device, dtype=dtype, notes=notes)
    if options:
        raise UsageError(f"{name} is {type(found).__name__}, which has no options {', '.join(options)}")
    if isinstance(found, nn.Module):
        from wherefrom.models.opening.autoencoder import wrap_autoencoder

        return wrap_autoencoder(found, device=device, dtype=dtype, name=name, notes={"source": name})
    raise ModelError(
        f"{name} is {type(found).__name__}, need an autoencoder of diffusers, a generator as a torch.nn.Module, an"
        f" object with what wherefrom.models.base.Decoder lists, or a function without arguments that makes one"
    )


def _is_generator(module: nn.Module, options: Mapping[str, Fact]) -> bool:
    """Whether a network is taken for a generator: it is said to be one, or its class is no autoencoder's."""
    stated = bool(options) or hasattr(module, "latent_shape")
    return type(module).__name__ not in SUPPORTED and (stated or not looks_like_autoencoder(type(module).__name__))


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
    asked = model.device if device == "auto" else device_of(device)
    if asked.type != model.device.type or asked.index not in (None, model.device.index or 0):
        raise ModelError(
            f"{name} is on {model.device}, not on {device}: move it in its own code, or leave device at 'auto'"
        )
    return model
