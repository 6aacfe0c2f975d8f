"""The network of PaintMind's ViT-VQGAN under the names of its published file."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

__all__ = ["Decoding", "Encoding", "Geometry", "Half", "Model"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Half:
    """Sizes of the encoder's or decoder's transformer, read from the weights."""

    width: int
    depth: int
    inner: int
    hidden: int
    heads: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Geometry:
    """Sizes of both halves, and of what lies between: patch and grid in pixels and patches a side, codes, features."""

    encoder: Half
    decoder: Half
    patch: int
    grid: int
    codes: int
    features: int


class _Attention(nn.Module):
    """Self-attention over patches."""

    def __init__(self, half: Half) -> None:
        super().__init__()
        self.heads = half.heads
        self.to_q, self.to_k, self.to_v = (nn.Linear(half.width, half.inner, bias=False) for _ in range(3))
        self.to_out = nn.Sequential(nn.Linear(half.inner, half.width))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        parts = (
            part(tokens).unflatten(2, (self.heads, -1)).transpose(1, 2) for part in (self.to_q, self.to_k, self.to_v)
        )
        output: torch.Tensor = self.to_out(functional.scaled_dot_product_attention(*parts).transpose(1, 2).flatten(2))
        return output


class _FeedForward(nn.Module):
    """Two linear layers with a gate between them."""

    def __init__(self, half: Half) -> None:
        super().__init__()
        self.w12 = nn.Linear(half.width, 2 * half.hidden)
        self.w3 = nn.Linear(half.hidden, half.width)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        gate, value = self.w12(tokens).chunk(2, dim=2)
        output: torch.Tensor = self.w3(functional.silu(gate) * value)
        return output


class _Layer(nn.Module):
    """Attention and feed-forward, each after a norm and beside a skip."""

    def __init__(self, half: Half) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(half.width), nn.LayerNorm(half.width)
        self.attn1 = _Attention(half)
        self.ffnet = _FeedForward(half)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        tokens = tokens + self.attn1(self.norm1(tokens))
        output: torch.Tensor = tokens + self.ffnet(self.norm2(tokens))
        return output


class _Transformer(nn.Module):
    """Layers in a row."""

    def __init__(self, half: Half) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_Layer(half) for _ in range(half.depth))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            tokens = layer(tokens)
        return tokens


class _Encoder(nn.Module):
    """Images in [-1, 1] to tokens."""

    def __init__(self, geometry: Geometry) -> None:
        super().__init__()
        half = geometry.encoder
        self.to_patch_embedding = nn.Sequential(nn.Conv2d(3, half.width, geometry.patch, geometry.patch, bias=False))
        self.position_embedding = nn.Parameter(torch.empty(1, geometry.grid**2, half.width))
        self.norm_pre = nn.LayerNorm(half.width)
        self.transformer = _Transformer(half)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        tokens = self.to_patch_embedding(images).flatten(2).mT + self.position_embedding
        output: torch.Tensor = self.transformer(self.norm_pre(tokens))
        return output


class _Decoder(nn.Module):
    """Tokens to images, nominally in [-1, 1], not clamped."""

    def __init__(self, geometry: Geometry) -> None:
        super().__init__()
        half = geometry.decoder
        self.patch, self.grid = geometry.patch, geometry.grid
        self.position_embedding = nn.Parameter(torch.empty(1, geometry.grid**2, half.width))
        self.transformer = _Transformer(half)
        self.norm = nn.LayerNorm(half.width)
        self.proj = nn.Linear(half.width, 3 * geometry.patch**2)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        patches = self.proj(self.norm(self.transformer(tokens + self.position_embedding)))
        shape = (len(tokens), self.grid, self.grid, self.patch, self.patch, 3)
        side = self.grid * self.patch
        images: torch.Tensor = patches.reshape(shape).permute(0, 5, 1, 3, 2, 4).reshape(len(tokens), 3, side, side)
        return images


class _Codebook(nn.Module):
    """Unit vectors, of which the nearest stands for a token."""

    def __init__(self, codes: int, features: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(codes, features)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Tokens `(..., features)` to their codes' indices."""
        indices: torch.Tensor = (functional.normalize(tokens.float(), dim=-1) @ self.units().mT).argmax(-1)
        return indices

    def units(self) -> torch.Tensor:
        """All codes, each of length 1, float32."""
        return functional.normalize(self.embedding.weight.float(), dim=-1)


class Model(nn.Module):
    """All parts under the published names."""

    def __init__(self, geometry: Geometry) -> None:
        super().__init__()
        self.encoder, self.decoder = _Encoder(geometry), _Decoder(geometry)
        self.prev_quant = nn.Linear(geometry.encoder.width, geometry.features)
        self.quantize = _Codebook(geometry.codes, geometry.features)
        self.post_quant = nn.Linear(geometry.features, geometry.decoder.width)


class Decoding(nn.Module):
    """Latents `(n, features, rows, columns)` to images in [0, 1]; its codebook is part of what it is."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.post_quant, self.decoder, self.quantize = model.post_quant, model.decoder, model.quantize

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents to images `(n, 3, h, w)` in [0, 1]."""
        images: torch.Tensor = self.decoder(self.post_quant(latents.flatten(2).mT))
        return images * 0.5 + 0.5


class Encoding(nn.Module):
    """Images in [0, 1] to the codes of their patches, as latents.

    Images go through one by one: a choice among codes could tip on a neighbour's rounding.
    """

    def __init__(self, model: Model, grid: int) -> None:
        super().__init__()
        self.encoder, self.prev_quant, self.quantize = model.encoder, model.prev_quant, model.quantize
        self.grid = grid

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images `(n, 3, h, w)` in [0, 1] to latents, each image alone."""
        return torch.cat([self._codes(image) for image in images.split(1)])

    def _codes(self, image: torch.Tensor) -> torch.Tensor:
        chosen = self.quantize(self.prev_quant(self.encoder(image * 2 - 1)))
        codes: torch.Tensor = self.quantize.units()[chosen].mT.unflatten(2, (self.grid, self.grid))
        return codes
