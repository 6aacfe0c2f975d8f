"""How a network is made ready to compute, and in which arithmetic: the one place to tune speed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch import nn

from wherefrom.core.errors import ModelError, UsageError
from wherefrom.core.tensors import usual_defaults

__all__ = [
    "DTYPES",
    "channels_last",
    "device_of",
    "dtype_of",
    "exact",
    "needs_single_images",
    "parameters_of",
    "prepare",
    "ran_out_of_memory",
]

DTYPES: Final[dict[str, torch.dtype]] = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
"""The arithmetics that can be asked for, by name."""

_NO_MEMORY: Final = ("out of memory", "can't allocate memory", "not enough memory", "ALLOC_FAILED")
_FORMATS: Final = {4: torch.channels_last, 5: torch.channels_last_3d}


def device_of(device: str | torch.device) -> torch.device:
    """The device of that name; `auto` is the first GPU where there is one.

    Raises:
        UsageError: when it is no device's name.
        ModelError: when there is no such device here.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise UsageError(f"no device {device!r}: use 'cpu', 'cuda' or 'auto'") from error
    if chosen.type == "cuda" and not torch.cuda.is_available():
        raise ModelError(f"device {device!r} was asked for, but torch {torch.__version__} sees no GPU: use 'cpu'")
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        count = torch.cuda.device_count()
        raise ModelError(f"device {device!r} was asked for, but torch sees {count} GPU: use cuda:0 to cuda:{count - 1}")
    if chosen.type not in ("cpu", "cuda"):
        _try_device(chosen)
    return chosen


def _try_device(device: torch.device) -> None:
    """Refuse a device that torch knows by name and cannot compute on here, as `mps` on other machines than Apple's."""
    try:
        torch.zeros(1, dtype=torch.float32, device=device).cpu()
    except (RuntimeError, NotImplementedError, AssertionError, ImportError, AttributeError) as error:
        first = str(error).partition("\n")[0]
        raise ModelError(
            f"device {str(device)!r} was asked for, but torch {torch.__version__} cannot use it here ({first}):"
            " use 'cpu'"
        ) from error


def dtype_of(name: str) -> torch.dtype:
    """The arithmetic of that name.

    Raises:
        UsageError: when it is none of `DTYPES`.
    """
    if name not in DTYPES:
        raise UsageError(f"no dtype {name!r} among {', '.join(DTYPES)}")
    return DTYPES[name]


def channels_last(tensor: torch.Tensor) -> torch.Tensor:
    """The same values with channels last in memory, which convolutions read about 1.7 times faster on CPU."""
    layout = _FORMATS.get(tensor.ndim)
    return tensor if layout is None else tensor.contiguous(memory_format=layout)


def parameters_of(*modules: nn.Module) -> int:
    """How many numbers the weights of modules are, those that they share counted once."""
    return sum(value.numel() for value in nn.ModuleList(modules).parameters())


def prepare(module: nn.Module, device: torch.device, dtype: torch.dtype) -> nn.Module:
    """Make a module that nobody else holds ready to compute: device, dtype, layout in memory, eval mode.

    Changes the module in place and returns it. Weights no longer require a gradient; gradients with respect to the
    input still flow.

    Args:
        module: the network.
        device: where it computes.
        dtype: of its weights.
    """
    nn.Module.to(module, device=device, dtype=dtype)  # diffusers' own `to` warns of casts
    module.eval().requires_grad_(False)
    for parameter in module.parameters():
        parameter.data = channels_last(parameter.data)
    return module


def needs_single_images(device: torch.device) -> bool:
    """Whether images have to go through a network one by one to keep a score free of its neighbours.

    On CPU the convolutions' kernels are chosen by the size of the batch, which moved the second loss of a real decoder
    by 2.3e-5 at 64 px; one by one it is the same to the last bit, and threads share one image's work instead. On a GPU
    one by one would take several times as long, so there a score moves with its batch unless the batch is one image.
    """
    return device.type == "cpu"


class _Exact:
    """The global switches of arithmetic, set by the first thread that enters and restored by the last that leaves."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.depth = 0
        self.saved: list[tuple[Any, str, Any]] = []

    def enter(self) -> None:
        with self.lock:
            self.depth += 1
            if self.depth == 1:
                self.saved = [(owner, name, getattr(owner, name)) for owner, name, _ in _switches()]
                for owner, name, value in _switches():
                    setattr(owner, name, value)

    def leave(self) -> None:
        with self.lock:
            self.depth -= 1
            if self.depth == 0:
                for owner, name, value in self.saved:
                    setattr(owner, name, value)


def _switches() -> list[tuple[Any, str, Any]]:
    """What has to be set for full float32 and no autotuning; torch 2.9 renamed the first part."""
    backends: Any = torch.backends
    switches: list[tuple[Any, str, Any]] = [(backends.cudnn, "benchmark", False)]
    if hasattr(backends, "fp32_precision"):
        owners = (backends.cuda.matmul, backends.cudnn.conv, backends.mkldnn.matmul, backends.mkldnn.conv)
        return switches + [(owner, "fp32_precision", "ieee") for owner in owners]
    return [*switches, (backends.cuda.matmul, "allow_tf32", False), (backends.cudnn, "allow_tf32", False)]


_EXACT: Final = _Exact()


@contextmanager
def exact(device: torch.device) -> Iterator[None]:
    """Full float32 products and sums: no TF32, no bfloat16 inside float32, no autocast, no autotuned kernels.

    A network that leaves out dtype or device of a tensor gets what it would get by itself, float32 on the CPU.

    Global switches are restored on leaving. A backward pass has to run inside as well: it is arithmetic of its own.
    """
    _EXACT.enter()
    try:
        with usual_defaults(), torch.autocast(device_type=device.type, enabled=False):
            yield
    finally:
        _EXACT.leave()


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on whatever device."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)
