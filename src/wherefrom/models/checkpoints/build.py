"""Putting weights into a network that was made without storage, strictly."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection
from typing import Final, TypeVar

import torch
from torch import nn

from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.base import Shapes, State
from wherefrom.models.checkpoints.recognise import looks_like

__all__ = ["compared", "empty", "fitted", "side"]

NetworkT = TypeVar("NetworkT", bound=nn.Module)

_COUNTER: Final = "num_batches_tracked"
_MISFIT: Final = "these weights have sizes that no network of their kind has"
_NO_ELEMENTS: Final = "Initializing zero-element tensors"
_UNMAKEABLE: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    MemoryError,
    RuntimeError,
    TypeError,
    UnboundLocalError,
    ValueError,
)
"""What constructors raise of sizes and settings that do not go together."""


def side(shapes: Shapes, name: str, axis: int) -> int:
    """A size that is read off a tensor.

    Args:
        shapes: of the weights by name.
        name: of the tensor.
        axis: which of its axes.

    Raises:
        ModelError: when there is no such tensor, or it has no such axis.
    """
    shape = shapes.get(name)
    if shape is None:
        raise ModelError(f"these weights do not have {name}, which their kind needs: is the file complete?")
    if not -len(shape) <= axis < len(shape) or shape[axis] < 1:
        raise ModelError(f"{name} has shape {shape}, which no network of its kind has")
    return shape[axis]


def empty(make: Callable[[], NetworkT], *, refusal: str = _MISFIT) -> NetworkT:
    """A network without storage: nothing is initialised and no random number is drawn.

    Torch's warning that a tensor without elements is not initialised is not shown: which tensors have another shape
    than the weights is said when they are compared.

    Args:
        make: called where tensors get no storage.
        refusal: how a message begins that says why it could not be made.

    Raises:
        ModelError: when its sizes do not fit each other.
    """
    try:
        with torch.device("meta"), warnings.catch_warnings():
            warnings.filterwarnings("ignore", _NO_ELEMENTS)
            return make()
    except _UNMAKEABLE as error:
        raise ModelError(f"{refusal}: {error}") from error


def compared(network: nn.Module, state: State, *, refusal: Callable[[str], str]) -> dict[str, torch.Tensor]:
    """The weights, after each tensor's name and shape was compared with what the network needs.

    Batch norm's count of batches, which only training uses and old files lack, may be missing.

    Args:
        network: made by `empty`.
        state: weights by name.
        refusal: the whole message, given what does not fit.

    Raises:
        ModelError: when a tensor is missing, unexpected, of another shape, or of whole numbers where it needs others.
    """
    need: dict[str, torch.Tensor] = network.state_dict()
    tensors = dict(state)
    tensors |= {
        name: torch.zeros(value.shape, dtype=value.dtype, device="cpu")
        for name, value in need.items()
        if name.endswith(_COUNTER) and name not in tensors
    }
    wrong = [
        *(f"{name} is missing" for name in sorted(need.keys() - tensors.keys())),
        *(f"{name} is not expected" for name in sorted(tensors.keys() - need.keys())),
        *(
            f"{name} has shape {tuple(tensors[name].shape)}, need {tuple(need[name].shape)}"
            for name in sorted(need.keys() & tensors.keys())
            if tensors[name].shape != need[name].shape
        ),
        *(
            f"{name} holds {tensors[name].dtype}, need floating point"
            for name in sorted(need.keys() & tensors.keys())
            if need[name].is_floating_point() and not tensors[name].is_floating_point()
        ),
    ]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise ModelError(refusal(f"{'; '.join(wrong[:3])}{more}"))
    return tensors


def fitted(network: NetworkT, state: State, *, title: str, ignored: Collection[str] = ()) -> NetworkT:
    """The network with the weights in it, floating point as float32; each name and shape is compared first.

    Args:
        network: made by `empty`.
        state: weights by name.
        title: what the network is, for a message.
        ignored: names that the file may hold and the network has no use for.

    Raises:
        ModelError: when a tensor is missing, unexpected or of another shape; the message says what they look like.
    """

    def refusal(wrong: str) -> str:
        looks = looks_like({name: tuple(tensor.shape) for name, tensor in state.items()})
        what = f"look like {looks}, and " if looks else ""
        return f"these weights {what}do not fit {title}: {wrong}"

    used = {name: _widened(tensor) for name, tensor in state.items() if name not in ignored}
    network.load_state_dict(compared(network, used, refusal=refusal), strict=True, assign=True)
    return network


def _widened(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor
