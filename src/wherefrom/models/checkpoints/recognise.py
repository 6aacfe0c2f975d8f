"""What a file of weights looks like that is not what was wanted, by its tensors, for messages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from wherefrom.models.checkpoints.base import Shapes

__all__ = ["looks_like", "looks_like_part"]

_IMAGE: Final = (1, 3)
_SIGNS: Final = (
    (re.compile(r"(^|\.)b\d+\.fromrgb\.weight$"), "a discriminator of StyleGAN2"),
    (re.compile(r"^img_code_s16\."), "a discriminator of StackGAN-v2, AttnGAN or ControlGAN"),
    (re.compile(r"^rnn\.weight_ih_l0$"), "a text encoder"),
    (re.compile(r"^emb_cnn_code\."), "an image encoder of AttnGAN or ControlGAN"),
)
_PARTS: Final = (
    (re.compile(r"lora_|\.lora\."), "a LoRA, which is no model of its own"),
    (
        re.compile(r"model\.diffusion_model\.|time_embed|time_embedding\."),
        "a diffusion model (UNet) without its autoencoder",
    ),
    (re.compile(r"transformer_blocks\.|double_blocks\.|single_blocks\.|joint_blocks\."), "a diffusion transformer"),
    (re.compile(r"text_model\.|encoder\.block\.0\.layer|token_embedding"), "a text encoder"),
    (re.compile(r"^(encoder|decoder)\."), "an autoencoder of a kind that is not known"),
)
_OPTIMISER: Final = re.compile(r"(^|\.)(exp_avg|exp_avg_sq|momentum_buffer|square_avg)$")


def looks_like(shapes: Shapes) -> str | None:
    """What a file is that makes no images, or none that is supported; None where that is not certain.

    Args:
        shapes: of its tensors by name, in the file's order.
    """
    if shapes and any(_OPTIMISER.search(name) for name in shapes):
        return "the state of an optimiser"
    for sign, what in _SIGNS:
        if any(sign.search(name) for name in shapes):
            return what
    if "synthesis.input.freqs" in shapes and ("mapping.embed.bias" in shapes or "mapping.embed.weight" not in shapes):
        return "a StyleGAN3 generator, which is not supported"
    layers = [shape for name, shape in shapes.items() if name.endswith(("weight", "weight_orig")) and len(shape) > 1]
    if len(layers) < 2 or len(layers[0]) != 4 or layers[0][1] not in _IMAGE:
        return None
    onward = all(_follows(first, second) for first, second in pairwise(layers))
    if not onward or layers[0][0] <= layers[0][1]:
        return None
    if layers[-1][0] == 1:
        return "a discriminator"
    return "a classifier or an encoder" if len(layers[-1]) == 2 else None


def _follows(first: tuple[int, ...], second: tuple[int, ...]) -> bool:
    """Whether a layer takes what the one before it gives: the same channels, or after flattening a multiple of them."""
    return second[1] == first[0] or (len(first) == 4 and len(second) == 2 and second[1] % first[0] == 0)


def looks_like_part(names: Iterable[str]) -> str | None:
    """What of a generator, if not its autoencoder, a file is; None where that is not certain.

    Args:
        names: of its tensors.
    """
    all_names = tuple(names)
    return next((what for sign, what in _PARTS if any(sign.search(name) for name in all_names)), None)
