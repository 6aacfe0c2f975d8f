"""A decoder without its encoder: what of the encoder can be told from it, so that a config can be read off the weights.

Decoders of the KL and VQ classes mirror their encoders, but for one residual block more at each level.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from wherefrom.models.autoencoders.inferred import count
from wherefrom.models.checkpoints.base import Shapes

__all__ = ["half_of", "mirrored"]

_HALVES: Final = {"encoder": ("encoder.", "quant_conv."), "decoder": ("decoder.", "post_quant_conv.", "quantize.")}

_FIRST: Final = re.compile(r"(encoder|decoder)\.(conv_in|layers\.0|conv1|[01])\.weight")
"""The first layer of either half, which networks of text do not have."""


def half_of(names: Iterable[str]) -> str | None:
    """Which half of an autoencoder tensors are: `encoder` or `decoder`; None where they are both or neither.

    Args:
        names: of the tensors, without a prefix.
    """
    all_names = tuple(names)
    there = [half for half, starts in _HALVES.items() if any(name.startswith(starts) for name in all_names)]
    return there[0] if len(there) == 1 and any(map(_FIRST.fullmatch, all_names)) else None


def mirrored(decoder_shapes: Shapes) -> dict[str, tuple[int, ...]]:
    """The shapes of a decoder's tensors, with those of an encoder that mirrors it as far as a config is read off them.

    Args:
        decoder_shapes: shapes of the decoder's tensors by diffusers' names.
    """
    shapes = dict(decoder_shapes)
    if "decoder.layers.0.weight" in decoder_shapes:
        return shapes | {"encoder.layers.0.weight": decoder_shapes["decoder.layers.0.weight"]}
    levels = count(decoder_shapes, r"decoder\.up_blocks\.(\d+)\.")
    for level in range(levels):
        up, down = f"decoder.up_blocks.{levels - 1 - level}", f"encoder.down_blocks.{level}"
        shape = decoder_shapes.get(f"{up}.resnets.0.conv1.weight")
        for block in range(count(decoder_shapes, rf"{up}\.resnets\.(\d+)\.") - 1 if shape else 0):
            assert shape is not None
            shapes[f"{down}.resnets.{block}.conv1.weight"] = shape
            if any(name.startswith(f"{up}.attentions.") for name in decoder_shapes):
                shapes[f"{down}.attentions.{block}.to_q.weight"] = (shape[0], shape[0])
    return shapes | {"encoder.conv_in.weight": (1, 3, 3, 3)}
