"""A module of diffusers from its class, its config and its weights."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from wherefrom.core.errors import ModelError
from wherefrom.models.autoencoders.parts import Found

__all__ = ["empty", "fitted"]


def empty(found: Found) -> Any:
    """The module without storage, so that nothing is initialised and no random number is drawn.

    Raises:
        ModelError: when the class cannot be built from the config.
    """
    import diffusers

    try:
        with torch.device("meta"):
            return _of_class(getattr(diffusers, found.kind), found.config)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, RuntimeError, AssertionError) as error:
        raise ModelError(f"{found.name}: {found.kind} cannot be built from this config: {error}") from error


def _of_class(cls: Any, config: Mapping[str, Any]) -> Any:
    """A module of that class; what the class does not know of a config is left out, as diffusers does."""
    known = inspect.signature(cls.__init__).parameters
    return cls.from_config({key: value for key, value in config.items() if key in known}).eval()


def fitted(found: Found, module: nn.Module) -> dict[str, torch.Tensor]:
    """The weights, after each tensor's name and shape was compared with what the class needs.

    Raises:
        ModelError: when a tensor is missing, not expected or of another shape.
    """
    state, need = dict(found.state), module.state_dict()
    counters = {
        key: torch.zeros(value.shape, dtype=value.dtype, device="cpu")
        for key, value in need.items()
        if key.endswith("num_batches_tracked")
    }
    state = {key: tensor for key, tensor in counters.items() if key not in state} | state
    wrong = [
        *(f"{key} is missing" for key in sorted(need.keys() - state.keys())),
        *(f"{key} is not expected" for key in sorted(state.keys() - need.keys())),
        *(
            f"{key} has shape {tuple(state[key].shape)}, need {tuple(need[key].shape)}"
            for key in sorted(need.keys() & state.keys())
            if state[key].shape != need[key].shape
        ),
    ]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise ModelError(
            f"{found.name}: weights do not fit {found.kind}: {'; '.join(wrong[:3])}{more}: need weights and "
            "config of one model"
        )
    return state
