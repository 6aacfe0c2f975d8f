"""A module of diffusers from its class, its config and its weights."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import nn

from wherefrom.models.autoencoders.parts import CheckpointParts
from wherefrom.models.checkpoints.build import compared, empty

__all__ = ["module_of", "weights_of"]


def module_of(parts: CheckpointParts) -> Any:
    """The module without storage, so that nothing is initialised and no random number is drawn.

    What the class does not know of a config is left out, as diffusers does.

    Args:
        parts: its class and config; the weights are not looked at.

    Raises:
        ModelError: when the class cannot be built from the config.
    """
    import diffusers

    def made() -> Any:
        cls: Any = getattr(diffusers, parts.kind)
        known = inspect.signature(cls.__init__).parameters
        return cls.from_config({key: value for key, value in parts.config.items() if key in known}).eval()

    return empty(made, refusal=f"{parts.name}: {parts.kind} cannot be built from this config")


def weights_of(parts: CheckpointParts, module: nn.Module) -> dict[str, torch.Tensor]:
    """The weights, after each tensor's name and shape was compared with what the module needs.

    Args:
        parts: what the files hold.
        module: made by `module_of`.

    Raises:
        ModelError: when a tensor is missing, not expected or of another shape.
    """
    return compared(
        module,
        parts.state,
        refusal=lambda wrong: (
            f"{parts.name}: weights do not fit {parts.kind}: {wrong}: need weights and config of one model"
        ),
    )
