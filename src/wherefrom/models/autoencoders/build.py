"""A module from its class, its config and its weights."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from wherefrom.core.errors import ModelError
from wherefrom.core.extras import require
from wherefrom.models.autoencoders.parts import CheckpointParts
from wherefrom.models.autoencoders.tiny_pair import TinyPair
from wherefrom.models.autoencoders.tokenisers.module import tokeniser
from wherefrom.models.checkpoints.build import compared, empty
from wherefrom.models.sources.classes import REFUSED, TINY, TOKENISERS, of_class

__all__ = ["ENCODER", "class_named", "filled", "has_encoder", "module_of", "weights_of"]

_COUNTS: Final = re.compile(r"layers|blocks|depth|_res(_|$)")
"""Keys of configs that say how many parts are made."""
ENCODER: Final = ("encoder.", "quant_conv.", "in_block.", "down_blocks.")
"""How the names of tensors begin that only `encode` uses."""


class _WithoutWeights(TorchFunctionMode):
    """Tensors without values get no storage, all others are made: weights are of the first kind, tables of the second.

    What a constructor computes, such as the frequencies of an embedding, need not be in a file of weights.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Call a constructor of tensors."""
        del types
        keywords = dict(kwargs or {})
        if func is torch.empty:
            keywords["device"] = "meta"
        return func(*args, **keywords)


def class_named(name: str) -> type:
    """The class of autoencoder of that name in diffusers.

    Raises:
        ModelError: when diffusers has no such class, or what has that name is no model.
        MissingExtra: when it is made of a package that is not installed.
    """
    import diffusers

    known = of_class(name)
    if known is not None and known.needs:
        require(known.needs, "text-to-image")
    place: Any = importlib.import_module(known.module) if known is not None and known.module else diffusers
    cls = getattr(place, name, None)
    if not (isinstance(cls, type) and issubclass(cls, diffusers.ModelMixin)):
        reason = f": {REFUSED[name]}" if name in REFUSED else ""
        raise ModelError(
            f"autoencoder class {name!r} is not supported{reason or f': diffusers {diffusers.__version__} has none'};"
            f" update diffusers, or see the table of classes in the documentation"
        )
    return cls


def module_of(parts: CheckpointParts) -> Any:
    """The module whose weights have no storage, so that nothing is initialised and no random number of yours is drawn.

    What the class does not know of a config is left out, as diffusers does.

    Args:
        parts: its class and config; of the weights only names and shapes are looked at.

    Raises:
        ModelError: when the class cannot be built from the config, or would have more parts than there are weights.
    """
    shapes = {name: tuple(tensor.shape) for name, tensor in parts.state.items()}
    if parts.kind in TINY:
        return empty(lambda: TinyPair(shapes))
    cls: Any = class_named("VQModel" if parts.kind in TOKENISERS else parts.kind)
    _check_counts(parts)

    def of_diffusers() -> Any:
        known = inspect.signature(cls.__init__).parameters
        with torch.random.fork_rng(devices=[]), torch.device("cpu"), _WithoutWeights():
            return cls.from_config({key: value for key, value in parts.config.items() if key in known}).eval()

    def made() -> Any:
        of_codes = parts.kind in TOKENISERS
        module = tokeniser(parts.kind, shapes, vqgan=of_diffusers) if of_codes else of_diffusers()
        return _without_encoder(module) if parts.half else module

    return empty(made, refusal=f"{parts.name}: {parts.kind} cannot be built from this config")


def _check_counts(parts: CheckpointParts) -> None:
    """Refuse a config of more layers than there are weights: building them would take long, only to miss the weights.

    Raises:
        ModelError: when it is one.
    """
    most = max(len(parts.state), 1)
    for key, value in parts.config.items():
        numbers = value if isinstance(value, list | tuple) else (value,)
        largest = max((number for number in numbers if isinstance(number, int)), default=0)
        if _COUNTS.search(key) and max(largest, len(numbers)) > most:
            raise ModelError(
                f"{parts.name}: the config states {key}={str(value)[:60]}, and there are {most} tensors in all"
            )


def has_encoder(module: nn.Module) -> bool:
    """Whether a module can encode.

    Args:
        module: made by `module_of`, or an autoencoder of diffusers.
    """
    modules = module._modules
    return not any(name in modules and modules[name] is None for name in (one.rstrip(".") for one in ENCODER))


def _without_encoder(module: nn.Module) -> nn.Module:
    """The module as its decoder alone."""
    for name in [name for name, _ in module.named_children() if f"{name}." in ENCODER]:
        setattr(module, name, None)
    return module


def weights_of(parts: CheckpointParts, module: nn.Module) -> dict[str, torch.Tensor]:
    """The weights, after each tensor's name and shape was compared with what the module needs.

    Args:
        parts: what the files hold.
        module: made by `module_of`.

    Raises:
        ModelError: when a tensor is missing, not expected or of another shape.
    """
    ignored = tuple(getattr(module, "_keys_to_ignore_on_load_unexpected", None) or ())
    state = {key: tensor for key, tensor in parts.state.items() if not any(re.search(one, key) for one in ignored)}
    return compared(
        module,
        _squeezed_alike(state, module),
        refusal=lambda wrong: (
            f"{parts.name}: weights do not fit {parts.kind}: {wrong}: need weights and config of one model"
        ),
    )


def _squeezed_alike(state: Mapping[str, torch.Tensor], module: nn.Module) -> dict[str, torch.Tensor]:
    """Matrices as convolutions of 1 x 1 pixels where the module has those: attention is written either way."""
    need = {name: tensor.shape for name, tensor in module.state_dict().items()}
    wide = {name for name, tensor in state.items() if need.get(name) == (*tensor.shape, 1, 1)}
    return {name: tensor[..., None, None] if name in wide else tensor for name, tensor in state.items()}


def filled(module: nn.Module, state: Mapping[str, torch.Tensor]) -> nn.Module:
    """The module with its weights in it.

    Args:
        module: made by `module_of`, changed in place.
        state: from `weights_of`.

    Raises:
        ModelError: when something of it has no values, which is neither a weight nor made by its constructor.
    """
    module.load_state_dict(state, strict=True, assign=True)
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        if tensor.is_meta:
            raise ModelError(f"{type(module).__name__} needs {name}, which is not among its weights")
    return module
