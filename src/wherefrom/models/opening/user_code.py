"""A model out of a user's own code: a decoder as it is, a plain network behind an adapter."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from wherefrom.core.card import Fact
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.adapters.arithmetic import device_of
from wherefrom.models.base import Decoder
from wherefrom.models.sources.known import SUPPORTED
from wherefrom.models.sources.local import looks_like_autoencoder
from wherefrom.models.sources.names import CodeName
from wherefrom.models.sources.user_code import made_by

__all__ = ["open_code"]


def open_code(name: CodeName, *, device: str, dtype: str, trust: bool, options: Mapping[str, Fact]) -> Decoder:
    """What `module:attribute` names: a decoder, a network of a supported class, or a function that makes one.

    Args:
        name: as `mymodels.vae:make`, in parts; the module has to be importable.
        device: as in `load_model`; a decoder of one's own decides for itself and is checked.
        dtype: as in `load_model`; a decoder of one's own decides for itself.
        trust: whether the code may be run at all.
        options: of a plain network that is no autoencoder: `latent_shape`, `size`, `range`, `prior`.

    Raises:
        ModelError: when it may not, when the code fails, or when what it names is no model.
        UsageError: when it has no such option.
    """
    named_object, text = made_by(name, trust=trust), str(name)
    if isinstance(named_object, Decoder):
        if options:
            raise UsageError(f"{text} is a decoder of your own, which has no options {', '.join(options)}")
        return _on_device(named_object, text, device)
    if isinstance(named_object, nn.Module) and _is_generator(named_object, options):
        from wherefrom.models.adapters.plain_network import wrap_generator

        notes = {"source": text}
        return wrap_generator(named_object, name=text, options=options, device=device, dtype=dtype, notes=notes)
    if options:
        raise UsageError(f"{text} is {type(named_object).__name__}, which has no options {', '.join(options)}")
    if isinstance(named_object, nn.Module):
        from wherefrom.models.opening.autoencoder import wrap_autoencoder

        return wrap_autoencoder(named_object, device=device, dtype=dtype, name=text, notes={"source": text})
    raise ModelError(
        f"{text} is {type(named_object).__name__}, need an autoencoder of diffusers, a generator as a torch.nn.Module,"
        " an object with what wherefrom.models.base.Decoder lists, or a function without arguments that makes one"
    )


def _is_generator(module: nn.Module, options: Mapping[str, Fact]) -> bool:
    """Whether a network is taken for a generator: it is said to be one, or its class is no autoencoder's."""
    stated = bool(options) or hasattr(module, "latent_shape")
    return type(module).__name__ not in SUPPORTED and (stated or not looks_like_autoencoder(type(module).__name__))


def _on_device(model: Decoder, name: str, device: str) -> Decoder:
    asked = model.device if device == "auto" else device_of(device)
    if asked.type != model.device.type or asked.index not in (None, model.device.index or 0):
        raise ModelError(
            f"{name} is on {model.device}, not on {device}: move it in its own code, or leave device at 'auto'"
        )
    return model
