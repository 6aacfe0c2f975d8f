"""StackGAN-v2 (Zhang et al. 2018): an image in stages from 64 px to 256 px, of a sentence or of nothing.

    latent: noise (z), and what is open of the sentence ─ stages ─ image [0, 1] (tanh, so that no clamp is needed)

Of the sentence the generator sees the conditioning c = mean + eps * deviation alone. With the sentence known, eps is 0
or part of the latent; with the sentence unknown, c itself is part of the latent: it covers every sentence and every
eps, and training pulls it to the standard normal distribution. arXiv:1710.10916.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import nn

from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.architectures import check_kind
from wherefrom.models.architectures.base import Architecture, Built, Config, Shapes, State
from wherefrom.models.architectures.base.captions import OPTIONS, Caption, augmented, caption_of
from wherefrom.models.architectures.base.options import drawing
from wherefrom.models.architectures.base.stages import (
    SIGNS,
    SMALLEST,
    Conditioning,
    FirstStage,
    ToImage,
    blocks_in,
    gated_convolution,
    residual_blocks,
    scale_of,
    stages_in,
    upsampling,
)
from wherefrom.models.checkpoints.build import empty, fitted, side

__all__ = ["ARCHITECTURE"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Geometry:
    """Sizes, read from the weights: noise, c, features of a sentence (None: unconditional), channels and blocks."""

    noise: int
    code: int
    sentence: int | None
    widths: tuple[int, ...]  # of the features that each stage after the first is given, and of the last image's
    blocks: tuple[int, ...]  # residual blocks of each stage after the first


class _Stage(nn.Module):
    """Features and c at one size to features at twice the size."""

    def __init__(self, in_channels: int, code: int, out_channels: int, blocks: int) -> None:
        super().__init__()
        self.jointConv = gated_convolution(in_channels + code, in_channels)
        self.residual = residual_blocks(in_channels, blocks)
        self.upsample = upsampling(in_channels, out_channels)

    def forward(self, features: torch.Tensor, code: torch.Tensor) -> torch.Tensor:
        wide = code[:, :, None, None].expand(-1, -1, *features.shape[2:])
        output: torch.Tensor = self.upsample(self.residual(self.jointConv(torch.cat([wide, features], dim=1))))
        return output


class _Network(nn.Module):
    """All stages; called with c (None where there is no sentence) and noise, gives the images of the first stages."""

    def __init__(self, geometry: _Geometry) -> None:
        super().__init__()
        conditional = geometry.sentence is not None
        self.ca_net = Conditioning(geometry.sentence, geometry.code) if geometry.sentence is not None else None
        self.h_net1 = FirstStage(geometry.noise + (geometry.code if conditional else 0), geometry.widths[0])
        self.img_net1 = ToImage(geometry.widths[0])
        for stage, blocks in enumerate(geometry.blocks):
            in_channels, out_channels = geometry.widths[stage : stage + 2]
            self.add_module(f"h_net{stage + 2}", _Stage(in_channels, geometry.code, out_channels, blocks))
            self.add_module(f"img_net{stage + 2}", ToImage(out_channels))

    def forward(self, code: torch.Tensor | None, noise: torch.Tensor, stages: int) -> list[torch.Tensor]:
        features = self.h_net1(noise if code is None else torch.cat([code, noise], dim=1))
        images = [self.img_net1(features)]
        for stage in range(2, stages + 1):
            features = self.get_submodule(f"h_net{stage}")(features, noise if code is None else code)
            images.append(self.get_submodule(f"img_net{stage}")(features))
        return images


class _Generator(nn.Module):
    """Latents to the image of one stage, in [0, 1]."""

    sentence: torch.Tensor | None

    def __init__(self, network: _Network, shares: Sequence[int], *, stage: int, caption: Caption | None) -> None:
        super().__init__()
        self.network = network
        self.shares = tuple(shares)
        self.stage = stage
        self.register_buffer("sentence", None if caption is None else caption.sentence[None], persistent=False)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        noise, *rest = latents.split(self.shares, dim=1)
        images: list[torch.Tensor] = self.network(self._code(len(latents), rest), noise, self.stage)
        return images[-1] * 0.5 + 0.5

    def _code(self, count: int, rest: list[torch.Tensor]) -> torch.Tensor | None:
        """C: what the latent holds, or what the sentence gives, or None."""
        if self.sentence is None or self.network.ca_net is None:
            return rest[0] if rest else None
        mean, variance = self.network.ca_net(self.sentence.expand(count, -1))
        sampled: torch.Tensor = mean + rest[0] * (variance / 2).exp() if rest else mean
        return sampled


def _recognise(shapes: Shapes) -> bool:
    return set(SIGNS) <= set(shapes) and "h_net2.att.conv_context.weight" not in shapes


def _read(shapes: Shapes) -> _Geometry:
    stages = stages_in(shapes)
    conditional = "ca_net.fc.weight" in shapes
    in_width = side(shapes, "h_net1.fc.0.weight", -1)
    code = side(shapes, "ca_net.fc.weight", 0) // 4 if conditional else in_width
    if conditional and not 0 < code < in_width:
        raise ModelError(
            f"h_net1.fc.0.weight takes {in_width} numbers, of which c would be {code}: need noise beside it"
        )
    return _Geometry(
        noise=in_width - code if conditional else in_width,
        code=code,
        sentence=side(shapes, "ca_net.fc.weight", 1) if conditional else None,
        widths=tuple(side(shapes, f"img_net{stage}.img.0.weight", 1) for stage in range(1, stages + 1)),
        blocks=tuple(blocks_in(shapes, stage) for stage in range(2, stages + 1)),
    )


def _build(state: State, config: Config) -> Built:
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    check_kind(shapes, ARCHITECTURE)
    geometry = _read(shapes)
    stage = scale_of(config, len(geometry.widths))
    caption, open_eps = None, augmented(config)
    if geometry.sentence is not None:
        caption = caption_of(config, sentence=geometry.sentence, words=False)
    elif config.get("text") is not None:
        raise UsageError(f"text={config['text']!r}, but this model reads no sentence: leave the option away")
    searched = geometry.sentence is not None and (caption is None or open_eps)
    shares = (geometry.noise, geometry.code) if searched else (geometry.noise,)
    network = fitted(empty(lambda: _Network(geometry)), state, title=ARCHITECTURE.title)
    text = None if geometry.sentence is None else "search" if caption is None else caption.digest
    side = SMALLEST << (stage - 1)
    return Built(
        network=_Generator(network, shares, stage=stage, caption=caption),
        latent_shape=(sum(shares),),
        size=(side, side),
        draw=drawing("normal", (sum(shares),)),
        facts={"eps": None if caption is None else "search" if open_eps else "0", "scale": side, "text": text},
    )


ARCHITECTURE: Final = Architecture(
    name="stackgan",
    title="StackGAN-v2",
    paper="arXiv:1710.10916",
    files=(".pth", ".safetensors"),
    latent="noise (100), and with the sentence unknown its conditioning (128)",
    sizes="64, 128, 256; the largest by default",
    methods=("ronan",),
    options=OPTIONS,
    recognise=_recognise,
    build=_build,
)
