"""The network of OpenAI's consistency models: a UNet with residual blocks and self-attention.

    image ─ conv ─ (residual blocks, attention, half the size) per level ─ middle ─ the way back ─ norm, SiLU, conv
    time, class ─ embedding ─ into each residual block;   every output on the way down is joined on the way back

It is the network of arXiv:2105.05233 (section 3) under the names its published files use, in float32 throughout.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import torch
from torch import nn
from torch.nn import functional

__all__ = ["Geometry", "UNet"]

_GROUPS: Final = 32
_PERIOD: Final = 10_000.0
Resampling = Literal["down", "up"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Geometry:
    """The sizes of a UNet.

    Attributes:
        base: features of the time embedding's waves; it is 4 times as wide.
        widths: channels of each level, the finest first.
        blocks: residual blocks a level on the way down; one more on the way back.
        attended: per level, whether attention follows each of its residual blocks.
        classes: of a class-conditional model; None of another.
        scaled: whether the embedding scales and shifts the second norm; else it is added before it.
        residual: whether sizes are halved and doubled by residual blocks; else by convolutions.
        head_channels: channels of an attention head; None: `heads` says how many heads there are.
        heads: attention heads on the way down and in the middle, where `head_channels` is None.
        heads_up: the same on the way back.
    """

    base: int
    widths: tuple[int, ...]
    blocks: int
    attended: tuple[bool, ...]
    classes: int | None
    scaled: bool
    residual: bool
    head_channels: int | None = 64
    heads: int = 1
    heads_up: int = 1


class UNet(nn.Module):
    """Called as `unet(images, times, labels)`: `(n, 3, h, w)`, `(n,)`, `(n,)` or None, to `(n, 3, h, w)`."""

    def __init__(self, geometry: Geometry) -> None:
        super().__init__()
        self.geometry = geometry
        embedded = 4 * geometry.base
        self.time_embed = nn.Sequential(nn.Linear(geometry.base, embedded), nn.SiLU(), nn.Linear(embedded, embedded))
        self.label_emb = None if geometry.classes is None else nn.Embedding(geometry.classes, embedded)
        parts = _Parts(geometry)
        self.input_blocks = nn.ModuleList(parts.down())
        self.middle_block = parts.middle()
        self.output_blocks = nn.ModuleList(parts.up())
        self.out = nn.Sequential(_Norm(_GROUPS, geometry.widths[0]), nn.SiLU(), _convolution(geometry.widths[0], 3))

    def forward(self, images: torch.Tensor, times: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        """Noisy images `(n, 3, h, w)`, times `(n,)` and labels `(n,)` to the network's output, of the images' shape.

        Args:
            images: `(n, 3, h, w)`, with noise.
            times: `(n,)`, as the network was told them in training.
            labels: `(n,)` of a class-conditional network, else None.
        """
        embedding: torch.Tensor = self.time_embed(_sinusoidal_embedding(times, self.geometry.base).to(images.dtype))
        if self.label_emb is not None:
            embedding = embedding + self.label_emb(labels)
        skips: list[torch.Tensor] = []
        features = images
        for block in self.input_blocks:
            features = block(features, embedding)
            skips.append(features)
        features = self.middle_block(features, embedding)
        for block in self.output_blocks:
            features = block(torch.cat([features, skips.pop()], dim=1), embedding)
        result: torch.Tensor = self.out(features)
        return result


def _sinusoidal_embedding(times: torch.Tensor, count: int) -> torch.Tensor:
    """Cosines, then sines, of falling frequencies (arXiv:1706.03762, section 3.5): `(n, count)` float32."""
    half = count // 2
    powers = torch.arange(half, dtype=torch.float32, device=times.device) / half
    angles = times.float()[:, None] * torch.exp(-math.log(_PERIOD) * powers)
    return torch.cat([angles.cos(), angles.sin()], dim=1)


class _Parts:
    """Makes the blocks of a UNet in order, keeping count of the channels that are handed across."""

    def __init__(self, geometry: Geometry) -> None:
        self.geometry = geometry
        self.width = geometry.widths[0]
        self.handed: list[int] = []

    def down(self) -> Iterator[nn.Module]:
        """The blocks of the way down; each one's output is handed across."""
        yield self._handing(_Block([_convolution(3, self.width)]))
        for level, width in enumerate(self.geometry.widths):
            for _ in range(self.geometry.blocks):
                yield self._handing(_Block([self._residual(self.width, width), *self._attention(level)]))
            if level < len(self.geometry.widths) - 1:
                yield self._handing(_Block([self._resampling("down")]))

    def middle(self) -> nn.Module:
        """Two residual blocks with attention between them."""
        attention = _Attention(self.width, self._heads(self.geometry.heads))
        return _Block([self._residual(self.width, self.width), attention, self._residual(self.width, self.width)])

    def up(self) -> Iterator[nn.Module]:
        """The blocks of the way back, which take what was handed across, the last first."""
        for level, width in reversed(list(enumerate(self.geometry.widths))):
            for block in range(self.geometry.blocks + 1):
                parts = [
                    self._residual(self.width + self.handed.pop(), width),
                    *self._attention(level, self.geometry.heads_up),
                ]
                if level and block == self.geometry.blocks:
                    parts.append(self._resampling("up"))
                yield _Block(parts)

    def _handing(self, block: nn.Module) -> nn.Module:
        self.handed.append(self.width)
        return block

    def _residual(self, in_channels: int, width: int, resampling: Resampling | None = None) -> nn.Module:
        self.width = width
        embedded = 4 * self.geometry.base
        return _Residual(in_channels, width, embedded, scaled=self.geometry.scaled, resampling=resampling)

    def _resampling(self, way: Resampling) -> nn.Module:
        if self.geometry.residual:
            return self._residual(self.width, self.width, way)
        return _HalfSize(self.width) if way == "down" else _DoubleSize(self.width)

    def _attention(self, level: int, heads: int | None = None) -> list[nn.Module]:
        if not self.geometry.attended[level]:
            return []
        return [_Attention(self.width, self._heads(heads or self.geometry.heads))]

    def _heads(self, heads: int) -> int:
        channels = self.geometry.head_channels
        if self.width % (channels or heads):
            stated = f"num_head_channels={channels}" if channels else f"num_heads={heads}"
            raise ValueError(f"attention over {self.width} channels cannot be split by {stated}")
        return self.width // channels if channels else heads


def _convolution(in_channels: int, width: int, size: int = 3) -> nn.Conv2d:
    return nn.Conv2d(in_channels, width, size, padding=size // 2)


class _Norm(nn.GroupNorm):
    """Group norm that computes in float32 when it is given less."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002  # the name that torch gave it
        wide = torch.promote_types(input.dtype, torch.float32)
        weight, bias = self.weight.to(wide), self.bias.to(wide)
        return functional.group_norm(input.to(wide), self.num_groups, weight, bias, self.eps).to(input.dtype)


class _Block(nn.ModuleList):
    """Layers in a row, of which residual blocks are told the embedding as well."""

    def forward(self, images: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
        features = images
        for layer in self:
            features = layer(features, embedding) if isinstance(layer, _Residual) else layer(features)
        return features


class _Residual(nn.Module):
    """Two convolutions beside a skip, the embedding between them, half or double the size at the start of both ways."""

    def __init__(
        self, in_channels: int, width: int, embedded: int, *, scaled: bool, resampling: Resampling | None = None
    ) -> None:
        super().__init__()
        self.scaled = scaled
        self.resampling = resampling
        self.in_layers = nn.Sequential(_Norm(_GROUPS, in_channels), nn.SiLU(), _convolution(in_channels, width))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(embedded, 2 * width if scaled else width))
        unused = nn.Identity()  # in training, dropout
        self.out_layers = nn.Sequential(_Norm(_GROUPS, width), nn.SiLU(), unused, _convolution(width, width))
        self.skip_connection = nn.Identity() if in_channels == width else _convolution(in_channels, width, 1)

    def forward(self, images: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
        features = self.in_layers[1](self.in_layers[0](images))
        features = self.in_layers[2](_resampled(features, self.resampling))
        embedded = self.emb_layers(embedding)[:, :, None, None]
        if self.scaled:
            scale, shift = embedded.chunk(2, dim=1)
            features = self.out_layers[0](features) * (1 + scale) + shift
        else:
            features = self.out_layers[0](features + embedded)
        skip: torch.Tensor = self.skip_connection(_resampled(images, self.resampling))
        result: torch.Tensor = skip + self.out_layers[3](self.out_layers[1](features))
        return result


def _resampled(images: torch.Tensor, way: Resampling | None) -> torch.Tensor:
    if way == "down":
        return functional.avg_pool2d(images, 2)
    return functional.interpolate(images, scale_factor=2.0, mode="nearest") if way == "up" else images


class _HalfSize(nn.Module):
    """Half the size, by a convolution with stride 2."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.op = nn.Conv2d(width, width, 3, stride=2, padding=1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = self.op(images)
        return output


class _DoubleSize(nn.Module):
    """Double the size, by repeating pixels and a convolution."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = _convolution(width, width)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = self.conv(_resampled(images, "up"))
        return output


class _Attention(nn.Module):
    """Self-attention over all pixels; channels are queries, keys, values, each in heads one after another."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = _Norm(_GROUPS, width)
        self.qkv = nn.Conv2d(width, 3 * width, 1)
        self.proj_out = nn.Conv2d(width, width, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        count, width, height, length = images.shape
        parts = self.qkv(self.norm(images)).reshape(count, 3, self.heads, width // self.heads, height * length)
        queries, keys, values = (part.mT for part in parts.unbind(1))
        attended = functional.scaled_dot_product_attention(queries, keys, values)
        joined: torch.Tensor = self.proj_out(attended.mT.reshape(count, width, height, length))
        return images + joined
