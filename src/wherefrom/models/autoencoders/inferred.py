"""A config without its file: what the names and shapes of an autoencoder's tensors say of how it is built."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from importlib import resources
from typing import Any

from wherefrom.core.errors import ModelError
from wherefrom.models.autoencoders.tokenisers.module import CODEBOOKS, kind_of
from wherefrom.models.checkpoints.base import Shapes
from wherefrom.models.checkpoints.build import side

__all__ = ["config_of", "count", "packaged_config"]


def count(names: Iterable[str], pattern: str) -> int:
    """How many different numbers stand at a pattern's group.

    Args:
        names: of tensors.
        pattern: a regular expression with one group.
    """
    return len({match[1] for name in names if (match := re.match(pattern, name))})


def config_of(shapes: Shapes, *, force_upcast: bool) -> tuple[str, dict[str, Any]] | None:
    """Class and config of diffusers' layout, or None where it is not one.

    Args:
        shapes: shapes of the autoencoder's tensors by name.
        force_upcast: what the config is to say of 16 bit.

    Raises:
        ModelError: when it is one, but a tensor is missing or of a shape that none has.
    """
    if {"encoder.layers.0.weight", "decoder.layers.0.weight"} <= set(shapes):
        return "AutoencoderTiny", {"latent_channels": side(shapes, "decoder.layers.0.weight", 1)}
    tokeniser = kind_of(shapes)
    if tokeniser is not None and tokeniser not in CODEBOOKS:
        channels = side(shapes, "decoder.conv_in.weight", 1)
        return tokeniser, {"latent_channels": channels, "num_vq_embeddings": 2**channels}
    if {"decoder.conv_in.weight", "decoder.norm_out.weight"} <= set(shapes):
        return "AutoencoderDC", packaged_config("AutoencoderDC", shapes)
    if "decoder.conv_in.weight" not in shapes or "encoder.conv_in.weight" not in shapes:
        return None
    if len(shapes["decoder.conv_in.weight"]) == 5:
        return "AutoencoderKLQwenImage", packaged_config("AutoencoderKLQwenImage", shapes)
    if "encoder.down_blocks.0.resnets.0.conv1.weight" not in shapes:
        return None
    if any(name.startswith("decoder.condition_encoder.") for name in shapes):
        return "AsymmetricAutoencoderKL", _asymmetric_config(shapes)
    if tokeniser is not None:
        return tokeniser, _vq_config(shapes, codebook=CODEBOOKS[tokeniser])
    if "quantize.embedding.weight" in shapes:
        return "VQModel", _vq_config(shapes, codebook="quantize.embedding.weight")
    kind = "AutoencoderKLFlux2" if "bn.running_mean" in shapes else "AutoencoderKL"
    return kind, _kl_config(shapes, kind, force_upcast=force_upcast)


def _widths(shapes: Shapes, part: str) -> list[int]:
    levels = count(shapes, rf"{part}\.(\d+)\.")
    return [side(shapes, f"{part}.{level}.resnets.0.conv1.weight", 0) for level in range(levels)]


def _types(shapes: Shapes, part: str, name: str) -> list[str]:
    levels = count(shapes, rf"{part}\.(\d+)\.")
    attended = [count(shapes, rf"{part}\.{level}\.attentions\.(\d+)\.") > 0 for level in range(levels)]
    return [f"Attn{name}" if attention else name for attention in attended]


def _groups(widths: list[int]) -> int:
    """All known ones normalise 32 groups, which tensors cannot tell."""
    if math.gcd(*widths) % 32:
        raise ModelError(
            f"widths {widths} are no multiples of 32, so the normalisation groups are not known: add config.json"
        )
    return 32


def _kl_config(shapes: Shapes, kind: str, *, force_upcast: bool) -> dict[str, Any]:
    widths, up = _widths(shapes, "encoder.down_blocks"), _widths(shapes, "decoder.up_blocks")[::-1]
    config: dict[str, Any] = {
        "block_out_channels": widths,
        "down_block_types": _types(shapes, "encoder.down_blocks", "DownEncoderBlock2D"),
        "up_block_types": _types(shapes, "decoder.up_blocks", "UpDecoderBlock2D"),
        "layers_per_block": count(shapes, r"encoder\.down_blocks\.0\.resnets\.(\d+)\."),
        "latent_channels": side(shapes, "decoder.conv_in.weight", 1),
        "norm_num_groups": _groups(widths + up),
        "use_quant_conv": "quant_conv.weight" in shapes,
        "use_post_quant_conv": "post_quant_conv.weight" in shapes,
        "mid_block_add_attention": any(name.startswith("decoder.mid_block.attentions.") for name in shapes),
    }
    if kind == "AutoencoderKLFlux2":
        return config | ({"decoder_block_out_channels": up} if up != widths else {})
    return config | {"force_upcast": force_upcast}


def _vq_config(shapes: Shapes, *, codebook: str) -> dict[str, Any]:
    entries, width = (side(shapes, codebook, axis) for axis in (0, 1))
    spatial = "decoder.conv_norm_out.norm_layer.weight" in shapes
    config = _kl_config(shapes, "VQModel", force_upcast=False)
    for name in ("use_quant_conv", "use_post_quant_conv"):
        del config[name]
    return config | {
        "num_vq_embeddings": entries,
        "vq_embed_dim": width,
        "norm_type": "spatial" if spatial else "group",
        "latent_channels": side(shapes, "decoder.conv_in.weight", 1),
    }


def _asymmetric_config(shapes: Shapes) -> dict[str, Any]:
    down, up = _widths(shapes, "encoder.down_blocks"), _widths(shapes, "decoder.up_blocks")[::-1]
    return {
        "down_block_out_channels": down,
        "down_block_types": _types(shapes, "encoder.down_blocks", "DownEncoderBlock2D"),
        "layers_per_down_block": count(shapes, r"encoder\.down_blocks\.0\.resnets\.(\d+)\."),
        "up_block_out_channels": up,
        "up_block_types": _types(shapes, "decoder.up_blocks", "UpDecoderBlock2D"),
        "layers_per_up_block": count(shapes, r"decoder\.up_blocks\.0\.resnets\.(\d+)\.") - 1,
        "latent_channels": side(shapes, "decoder.conv_in.weight", 1),
        "norm_num_groups": _groups(down + up),
    }


def packaged_config(kind: str, shapes: Shapes) -> dict[str, Any]:
    """The config, of those that come with this package, whose decoder starts and ends as the file's does.

    Which of two equal at both ends it is, the strict comparison of every tensor decides afterwards.

    Args:
        kind: the class.
        shapes: shapes of the autoencoder's tensors by name.

    Raises:
        ModelError: when none of them does.
    """
    text = (
        resources.files(__package__ or "wherefrom.models.autoencoders")
        .joinpath("configs.json")
        .read_text(encoding="utf-8")
    )
    for entry in json.loads(text):
        if entry["kind"] == kind and all(shapes.get(name) == tuple(shape) for name, shape in entry["signs"].items()):
            config: dict[str, Any] = entry["config"]
            return config
    raise ModelError(f"looks like {kind}, but none of the sizes whose config is known: add its config.json")
