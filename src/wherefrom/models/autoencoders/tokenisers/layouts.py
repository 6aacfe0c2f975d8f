"""The layouts in which tokenisers are published, recognised by names and shapes, and turned into diffusers' names.

VQGAN's own layout (taming-transformers, latent diffusion) is read as every autoencoder's; here are those beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

import torch

from wherefrom.core.errors import ModelError
from wherefrom.models.autoencoders.inferred import count
from wherefrom.models.autoencoders.latent_diffusion import from_ldm
from wherefrom.models.autoencoders.tokenisers.module import CODEBOOKS
from wherefrom.models.checkpoints.base import Shapes

__all__ = ["Conversion", "conversion_of"]

State = dict[str, torch.Tensor]
Conversion = tuple[tuple[str, ...], Callable[[State], State]]
"""Names of the tensors that belong to a tokeniser, and what gives them the names that this package builds."""

_PARTS: Final = ("encoder.", "decoder.", "quant_conv.", "post_quant_conv.", "quantize.")
_CODES: Final = "quantize.embedding.weight"
_USAGE: Final = "quantize.codebook_used"  # which codes came up lately in training
_AVERAGED: Final = "model_ema."
_LLAMAGEN: Final = "decoder.conv_blocks.0.res.0.conv1.weight"
_MAGVIT2: Final = "decoder.adaptive.0.gamma.weight"
_LDM: Final = "decoder.mid.block_1.conv1.weight"
_MIDDLE: Final = {"0": "block_1", "1": "attn_1", "2": "block_2"}
_IBQ_BLOCKS: Final = 5  # of a level of the decoder, one more than of the encoder


def conversion_of(shapes: Shapes) -> Conversion | None:
    """How the weights of a tokeniser are read; None where they are of none, or in a layout of every autoencoder.

    Args:
        shapes: of the tensors, without a prefix.
    """
    own = tuple(name for name in shapes if name.startswith(_PARTS) and name != _USAGE)
    if _MAGVIT2 in shapes:
        return (*own, *_averages(own, shapes)), _averaged
    if _LLAMAGEN in shapes:
        return own, lambda state: _coded("LlamaGenVQ", from_ldm(_of_llamagen(state)))
    if _LDM in shapes and _rises(shapes):
        return own, lambda state: _coded("LlamaGenVQ", from_ldm(_turned(state)))
    if _LDM in shapes and _is_ibq(shapes):
        return (*own, *_averages(own, shapes)), lambda state: _coded("IBQ", from_ldm(_averaged(state)))
    return None


def _averages(own: Iterable[str], shapes: Shapes) -> tuple[str, ...]:
    """The names of the moving averages of weights, which training kept beside them under names without dots.

    Raises:
        ModelError: when there are some of some weights alone.
    """
    wanted = [_average(name) for name in own]
    there = tuple(name for name in wanted if name in shapes)
    if there and len(there) < len(wanted):
        missing = next(name for name in wanted if name not in shapes)
        raise ModelError(f"it holds moving averages of some weights and not of all: {missing} is missing")
    return there


def _average(name: str) -> str:
    return _AVERAGED + name.replace(".", "")


def _averaged(state: State) -> State:
    """The moving averages in place of the weights, where there are any: the generators' programs decode with these."""
    own = [name for name in state if not name.startswith(_AVERAGED)]
    return {name: state.get(_average(name), state[name]) for name in own}


def _coded(kind: str, state: State) -> State:
    """The codes under a name that says how they are chosen."""
    return {CODEBOOKS[kind] if name == _CODES else name: tensor for name, tensor in state.items()}


def _of_llamagen(state: State) -> State:
    """LlamaGen's names in those of latent diffusion; its decoder counts levels from the smallest."""
    levels = count(state, r"decoder\.conv_blocks\.(\d+)\.")

    def renamed(name: str) -> str:
        name = re.sub(r"^encoder\.conv_blocks\.", "encoder.down.", name)
        name = re.sub(
            r"^decoder\.conv_blocks\.(\d+)\.", lambda match: f"decoder.up.{levels - 1 - int(match[1])}.", name
        )
        name = re.sub(r"\.(\d+)\.res\.(\d+)\.", r".\1.block.\2.", name)
        return re.sub(r"\.mid\.([012])\.", lambda match: f".mid.{_MIDDLE[match[1]]}.", name)

    return {renamed(name): tensor for name, tensor in state.items()}


def _rises(shapes: Shapes) -> bool:
    """Whether a decoder counts its levels from the smallest, as that of Janus in transformers does."""
    last = count(shapes, r"decoder\.up\.(\d+)\.") - 1
    doubles = [f"decoder.up.{level}.upsample.conv.weight" in shapes for level in (0, last)]
    return doubles == [True, False]


def _turned(state: State) -> State:
    """The decoder's levels in the order of latent diffusion."""
    levels = count(state, r"decoder\.up\.(\d+)\.")

    def renamed(name: str) -> str:
        return re.sub(r"^decoder\.up\.(\d+)\.", lambda match: f"decoder.up.{levels - 1 - int(match[1])}.", name)

    return {renamed(name): tensor for name, tensor in state.items()}


def _is_ibq(shapes: Shapes) -> bool:
    """Whether a VQGAN is that of IBQ: more blocks a level, with moving averages of its codes kept beside them."""
    blocks = count(shapes, r"decoder\.up\.0\.block\.(\d+)\.")
    return blocks == _IBQ_BLOCKS and _average(_CODES) in shapes
