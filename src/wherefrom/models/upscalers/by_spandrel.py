"""Upscalers of other architectures, recognised and built by the package spandrel, where it is installed.

Only the weights go to it, as tensors that were read by our own reader: nothing in a file is run.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import torch

from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.base import State
from wherefrom.models.checkpoints.digest import digest
from wherefrom.models.upscalers.layouts import Built

__all__ = ["built_by_spandrel"]

_log = logging.getLogger(__name__)

_PURPOSE: Final = "SR"
_RGB: Final = 3


def built_by_spandrel(state: State) -> Built | None:
    """The upscaler that spandrel, which has to be installed, takes weights for.

    None where it knows none, or cannot be imported, which is logged.

    Args:
        state: the weights by the file's names.

    Raises:
        ModelError: when it is a network that does not enlarge RGB images, or one that takes squares alone.
    """
    try:
        import spandrel
    except (ImportError, RuntimeError) as error:  # torchvision of another build than torch raises the second
        _log.warning(
            "The package spandrel, which knows further upscalers, cannot be imported: %s. It needs the torchvision of"
            " the same build as torch %s.",
            error,
            torch.__version__,
        )
        return None
    try:
        descriptor: Any = spandrel.ModelLoader(device="cpu").load_from_state_dict(dict(state))
    except spandrel.UnsupportedModelError:
        return None
    except (RuntimeError, KeyError, ValueError, TypeError, IndexError) as error:
        raise ModelError(
            f"spandrel {spandrel.__version__} cannot build a network for these weights: {error}"
        ) from error
    name = str(descriptor.architecture.id)
    if (
        descriptor.purpose != _PURPOSE
        or descriptor.scale < 2
        or (descriptor.input_channels, descriptor.output_channels) != (_RGB, _RGB)
    ):
        raise ModelError(
            f"these weights are of {name}, which is no upscaler of RGB images (spandrel: purpose {descriptor.purpose},"
            f" scale {descriptor.scale}, {descriptor.input_channels} channels to {descriptor.output_channels}):"
            " only those can be asked"
        )
    sides = descriptor.size_requirements
    if sides.square:
        raise ModelError(f"this {name} takes square images alone, which is not supported")
    return Built(
        architecture=name,
        network=descriptor.model.float(),
        scale=descriptor.scale,
        multiple=max(1, sides.multiple_of),
        least=max(1, sides.minimum),
        decoder=digest(state),
    )
