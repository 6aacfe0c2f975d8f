"""A consistency model's sizes: what the names and shapes of its tensors say, and what has to be said beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.architectures.base import Config, Shapes
from wherefrom.models.architectures.base.options import numbers
from wherefrom.models.architectures.consistency.unet import Geometry
from wherefrom.models.checkpoints.build import side

__all__ = ["geometry_of", "image_size"]

_PUBLISHED: Final = {(192, (1, 2, 3, 4)): 64, (256, (1, 1, 2, 2, 4, 4)): 256}
"""Image size of the published checkpoints, whose attention heads have 64 channels, by base width and multiples."""
_PUBLISHED_HEADS: Final = 64


def geometry_of(shapes: Shapes, config: Config) -> Geometry:
    """The sizes of the network that has these weights.

    Attention heads leave no trace in the weights: they are known of the published checkpoints, else the configuration
    has to say `num_head_channels` or `num_heads`.

    Args:
        shapes: of the weights by name.
        config: what stands beside the weights.

    Raises:
        ModelError: when the weights are those of another kind of UNet, or the heads are not known.
        UsageError: when an option has a wrong value.
    """
    _check_kind(shapes)
    geometry = _read(shapes)
    channels, heads, heads_up = (_stated(config, f"num_head{end}") for end in ("_channels", "s", "s_upsample"))
    if channels is None and heads is None:
        if _published(geometry) is None:
            raise ModelError(
                "these weights are of no published consistency model, and attention heads leave no trace in weights:"
                " say how many channels each has by the option num_head_channels, or how many there are by num_heads"
            )
        channels = _PUBLISHED_HEADS
    return replace(geometry, head_channels=channels, heads=heads or 1, heads_up=heads_up or heads or 1)


def image_size(geometry: Geometry, config: Config) -> int:
    """The side of its images in pixels: known of the published checkpoints, else the configuration's `image_size`.

    Args:
        geometry: of the network.
        config: what stands beside the weights, and options.

    Raises:
        ModelError: when it is not known.
        UsageError: when it is no multiple of what the levels need.
    """
    size = _stated(config, "image_size") or _published(geometry)
    if size is None:
        raise ModelError(
            "these weights are of no published consistency model and do not tell the size of its images: say it by"
            " the option image_size"
        )
    step = 2 ** (len(geometry.widths) - 1)
    if size % step:
        raise UsageError(f"image_size={size}, need a multiple of {step}: the network has {len(geometry.widths)} levels")
    return size


def _published(geometry: Geometry) -> int | None:
    multiples = tuple(width // geometry.base for width in geometry.widths)
    return _PUBLISHED.get((geometry.base, multiples))


def _stated(config: Config, name: str) -> int | None:
    """A positive whole number; -1, which OpenAI's programs write for "not set", counts as nothing said."""
    stated = numbers(config, name)
    if stated is None or stated == (-1,):
        return None
    if len(stated) != 1 or stated[0] < 1:
        raise UsageError(f"{name}={config[name]!r}, need one whole number from 1")
    return stated[0]


def _check_kind(shapes: Shapes) -> None:
    kernel = shapes["middle_block.1.qkv.weight"]
    if len(kernel) == 3:
        raise ModelError(
            f"these weights look like a guided-diffusion UNet (middle_block.1.qkv.weight has shape {kernel}), need a"
            " consistency model of OpenAI, whose attention has 2-D convolutions"
        )
    in_channels, out_channels = side(shapes, "input_blocks.0.0.weight", 1), side(shapes, "out.2.weight", 0)
    if (in_channels, out_channels) != (3, 3):
        raise ModelError(
            f"these weights look like a diffusion UNet that takes {in_channels} channels and makes {out_channels},"
            " need a consistency model of RGB images, with 3 and 3"
        )


def _read(shapes: Shapes) -> Geometry:
    """What the weights say; names that do not fit are found when they are put into the network."""
    ups = [name for name in shapes if re.fullmatch(r"output_blocks\.\d+\.[12]\.(in_layers\.0|conv)\.weight", name)]
    levels = len(ups) + 1
    entries = _count(shapes, r"output_blocks\.(\d+)\.")
    blocks = entries // levels - 1
    firsts = [1 + level * (blocks + 1) for level in range(levels)]
    if blocks < 1:
        raise ModelError(
            f"these weights look like a consistency model with parts missing: {entries} output blocks with {levels - 1}"
            " steps up; fetch the file again"
        )
    widths = tuple(side(shapes, f"input_blocks.{entry}.0.in_layers.2.weight", 0) for entry in firsts)
    return Geometry(
        base=side(shapes, "time_embed.0.weight", 1),
        widths=widths,
        blocks=blocks,
        attended=tuple(f"input_blocks.{entry}.1.qkv.weight" in shapes for entry in firsts),
        classes=side(shapes, "label_emb.weight", 0) if "label_emb.weight" in shapes else None,
        scaled=side(shapes, "middle_block.0.emb_layers.1.weight", 0) == 2 * widths[-1],
        residual=all(name.endswith("in_layers.0.weight") for name in ups),
    )


def _count(names: Iterable[str], pattern: str) -> int:
    return len({match[1] for name in names if (match := re.match(pattern, name))})
