"""StyleGAN2 generators in the names of rosinality's program, as the names and scales of NVIDIA's.

Both are the network of arXiv:1912.04958. The program multiplies each modulated kernel by 1 / sqrt(inputs x 9) before it
is demodulated, which matters for nothing but the smallest number that is added there: it is kept by multiplying once.
Its filters carry the gain of doubling, 4. It stores no mean of w: `latent_avg` may stand beside the weights.
"""

from __future__ import annotations

import math
import re
from typing import Final

import torch

from wherefrom.core.errors import ModelError
from wherefrom.models.architectures.base import Shapes, State
from wherefrom.models.checkpoints.build import side

__all__ = ["MEAN", "is_rosinality", "renamed"]

MEAN: Final = "latent_avg"
"""The mean of w, which stands beside the table of weights."""
_SIGNS: Final = ("input.input", "conv1.conv.modulation.weight", "style.1.weight", "to_rgb1.conv.weight")
_LAYER: Final = re.compile(r"(?P<part>conv1|convs\.\d+|to_rgb1|to_rgbs\.\d+)\.(?P<rest>.+)")
_MAPPING: Final = re.compile(r"style\.(\d+)\.(weight|bias)")
_NOISE: Final = re.compile(r"noises\.noise_(\d+)")
_GAIN: Final = 4.0
_RESTS: Final = {
    "conv.weight": "weight",
    "conv.modulation.weight": "affine.weight",
    "conv.modulation.bias": "affine.bias",
    "noise.weight": "noise_strength",
    "activate.bias": "bias",
    "bias": "bias",
}


def is_rosinality(shapes: Shapes) -> bool:
    """Whether tensors are a generator's in that program's names."""
    return all(name in shapes for name in _SIGNS)


def renamed(state: State) -> dict[str, torch.Tensor]:
    """The same weights under the names of NVIDIA's program.

    Args:
        state: by that program's names, with `MEAN` where it is known.

    Raises:
        ModelError: when a tensor is missing or has a name that the program does not give.
    """
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    renamed_state = {"synthesis.b4.const": _of(state, "input.input")[0]}
    for name, tensor in state.items():
        new = _name(name)
        if new is not None:
            renamed_state[new] = _value(name, tensor)
    last = max(int(number) for name in renamed_state if (number := name.split(".")[1].removeprefix("b")).isdigit())
    renamed_state |= _filters(state, last)
    width = side(shapes, _last_of_mapping(shapes), 0)
    unknown = torch.full((width,), math.nan, dtype=torch.float32, device="cpu")
    renamed_state["mapping.w_avg"] = state[MEAN].reshape(-1) if MEAN in state else unknown
    return renamed_state


def _name(name: str) -> str | None:
    """NVIDIA's name of a tensor; None of one that is put in otherwise.

    Raises:
        ModelError: when the program gives no such name.
    """
    if name in (MEAN, "input.input") or name.endswith(".kernel"):
        return None
    if mapping := _MAPPING.fullmatch(name):
        return f"mapping.fc{int(mapping[1]) - 1}.{mapping[2]}"
    if noise := _NOISE.fullmatch(name):
        return f"{_convolution(int(noise[1]))}.noise_const"
    layer = _LAYER.fullmatch(name)
    if layer is None or layer["rest"] not in _RESTS:
        raise ModelError(f"tensor {name!r} is none of rosinality's StyleGAN2 generator")
    part, _, number = layer["part"].partition(".")
    if part in ("conv1", "convs"):
        where = _convolution(int(number) + 1 if number else 0)
    else:
        where = f"synthesis.b{8 << int(number) if number else 4}.torgb"
    return f"{where}.{_RESTS[layer['rest']]}"


def _convolution(number: int) -> str:
    """A convolution by its place: 4 px has one, every further size two."""
    return f"synthesis.b{4 << (number + 1) // 2}.conv{(number + 1) % 2}"


def _value(name: str, tensor: torch.Tensor) -> torch.Tensor:
    """A tensor in the shape and scale of NVIDIA's program."""
    if name.endswith(".conv.weight"):
        kernel = tensor[0]
        return kernel if name.startswith("to_rgb") else kernel / math.sqrt(kernel[0].numel())
    if name.startswith("noises."):
        return tensor[0, 0]
    if name.endswith("noise.weight"):
        return tensor.reshape(())
    return tensor.reshape(-1) if name.endswith(".bias") else tensor


def _filters(state: State, last: int) -> dict[str, torch.Tensor]:
    """The filter of every layer, of which the program stores those that double."""
    kernel = _of(state, "convs.0.conv.blur.kernel") / _GAIN
    filters: dict[str, torch.Tensor] = {}
    for level in range(int(math.log2(last // 4)) + 1):
        block = f"synthesis.b{4 << level}"
        layers = ("", ".conv1") if level == 0 else ("", ".conv0", ".conv1")
        filters |= {f"{block}{layer}.resample_filter": kernel for layer in layers}
    return filters


def _of(state: State, name: str) -> torch.Tensor:
    if name not in state:
        raise ModelError(f"these weights do not have {name}, which rosinality's StyleGAN2 needs: is the file complete?")
    return state[name]


def _last_of_mapping(shapes: Shapes) -> str:
    numbers = [int(match[1]) for name in shapes if (match := _MAPPING.fullmatch(name))]
    return f"style.{max(numbers, default=1)}.bias"
