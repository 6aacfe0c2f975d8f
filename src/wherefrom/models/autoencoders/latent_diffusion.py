"""The original layout of latent diffusion, as of CompVis and Stability, in diffusers' names."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import torch

from wherefrom.core.errors import ModelError
from wherefrom.models.autoencoders.canonical import canonical
from wherefrom.models.autoencoders.inferred import count

__all__ = ["from_ldm"]

State = dict[str, torch.Tensor]

_LEVEL: Final = re.compile(
    r"(?P<half>encoder\.down|decoder\.up)\.(?P<level>\d+)\.attn\.(?P<block>\d+)\."
    r"(?P<what>norm|q|k|v|proj_out)(?P<end>\.\w+)$"
)
_ATTENTION: Final = {"norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}
_OUTER: Final = re.compile(r"^(encoder\.quant_conv|decoder\.post_quant_conv)\.")


def from_ldm(state: State) -> State:
    """An autoencoder's tensors, by diffusers' own conversion and ours of attention within levels, as kl-f16 has.

    Args:
        state: tensors by the original names.

    Raises:
        ModelError: when a tensor would be lost on the way.
    """
    from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint

    state = {_OUTER.sub(_inner, name): tensor for name, tensor in state.items()}
    levels = max(count(state, r"encoder\.down\.(\d+)\."), count(state, r"decoder\.up\.(\d+)\."))
    matches = {name: match for name in state if (match := _LEVEL.match(name))}
    convert: Callable[[State, dict[str, Any]], State] = convert_ldm_vae_checkpoint
    rest = {name: tensor for name, tensor in state.items() if name not in matches}
    converted = convert(rest, {"down_block_types": range(levels), "up_block_types": range(levels)})
    converted |= {_attention(match, levels): state[name] for name, match in matches.items()}
    converted |= {name: tensor for name, tensor in state.items() if name.startswith(("bn.", "quantize."))}
    if len(converted) != len(state):
        raise ModelError(
            f"{len(state) - len(converted)} of {len(state)} tensors are not known in the original layout: "
            "save it with diffusers"
        )
    return canonical(converted)


def _attention(match: re.Match[str], levels: int) -> str:
    """Diffusers' name of a tensor of the attention after a residual block; its decoder counts levels from the end."""
    level = int(match["level"])
    half, _, _ = match["half"].partition(".")
    blocks = f"down_blocks.{level}" if half == "encoder" else f"up_blocks.{levels - 1 - level}"
    return f"{half}.{blocks}.attentions.{match['block']}.{_ATTENTION[match['what']]}{match['end']}"


def _inner(match: re.Match[str]) -> str:
    return match[1].partition(".")[2] + "."
