"""ControlGAN (Li et al. 2019): an image in stages from a caption, with attention over its words.

    latent: noise (z), and what is open of the caption ─ stages ─ image [0, 1] (tanh, so that no clamp is needed)

The sentence enters by its conditioning c, as in StackGAN-v2, and each word by two attentions: over space, and over
channels. With the caption unknown, c and the words' embeddings are part of the latent; the words as tanh of it, since
the text encoder's recurrent states lie in (-1, 1). arXiv:1909.07083.
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
from wherefrom.models.architectures.base.options import drawing, whole
from wherefrom.models.architectures.base.stages import (
    SIGNS,
    SMALLEST,
    Conditioning,
    FirstStage,
    ToImage,
    blocks_in,
    residual_blocks,
    scale_of,
    stages_in,
    upsampling,
)
from wherefrom.models.checkpoints.build import empty, fitted, side

__all__ = ["ARCHITECTURE"]

_WORDS: Final = 20
_MARK: Final = "h_net2.att.conv_context.weight"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Geometry:
    """Sizes, read from the weights: noise, c, features of a word, channels, residual blocks, stages."""

    noise: int
    code: int
    word: int
    width: int
    blocks: int
    stages: int


class _Spatial(nn.Module):
    """Attention over words at each pixel (section 3.2). The other two kernels are in the files and never used."""

    def __init__(self, width: int, word: int) -> None:
        super().__init__()
        self.conv_context = nn.Conv2d(word, width, 1, bias=False)
        self.conv_context2, self.conv_context3 = _keys(word)

    def forward(self, features: torch.Tensor, words: torch.Tensor, hidden: torch.Tensor | None) -> torch.Tensor:
        """The words' context of each pixel.

        Args:
            features: `(n, width, pixels)`.
            words: `(n, word, count)`.
            hidden: words that are none, broadcast over `(n, pixels, count)`; None hides none.
        """
        source = self.conv_context(words[..., None])[..., 0]
        scores = features.mT @ source
        if hidden is not None:
            scores = scores.masked_fill(hidden, -torch.inf)
        context: torch.Tensor = source @ scores.softmax(dim=2).mT
        return context


class _Channelwise(nn.Module):
    """Attention over words of each channel (section 3.3); one kernel is for 64 px, the other for 128."""

    def __init__(self, word: int) -> None:
        super().__init__()
        self.conv_context2, self.conv_context3 = _keys(word)

    def forward(self, context: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """`(n, width, pixels)` and `(n, word, count)` to `(n, width, pixels)`."""
        kernel = self.conv_context2 if context.shape[2] == SMALLEST**2 else self.conv_context3
        keys = kernel(words[..., None])[..., 0]
        attended: torch.Tensor = (context @ keys).softmax(dim=2) @ keys.mT
        return attended


def _keys(word: int) -> tuple[nn.Conv2d, nn.Conv2d]:
    small, large = (nn.Conv2d(word, side**2, 1, bias=False) for side in (SMALLEST, 2 * SMALLEST))
    return small, large


class _Stage(nn.Module):
    """Features and words at one size to features at twice the size."""

    def __init__(self, geometry: _Geometry) -> None:
        super().__init__()
        self.att = _Spatial(geometry.width, geometry.word)
        self.channel_att = _Channelwise(geometry.word)
        self.residual = residual_blocks(3 * geometry.width, geometry.blocks)
        self.upsample = upsampling(3 * geometry.width, geometry.width)

    def forward(self, features: torch.Tensor, words: torch.Tensor, hidden: torch.Tensor | None) -> torch.Tensor:
        context = self.att(features.flatten(2), words, hidden)
        parts = (features, context.reshape(features.shape), self.channel_att(context, words).reshape(features.shape))
        output: torch.Tensor = self.upsample(self.residual(torch.cat(parts, dim=1)))
        return output


class _Network(nn.Module):
    """All stages; called with c, noise, words and which are none, gives the images of the first stages."""

    def __init__(self, geometry: _Geometry) -> None:
        super().__init__()
        self.ca_net = Conditioning(geometry.word, geometry.code)
        self.h_net1 = FirstStage(geometry.noise + geometry.code, geometry.width)
        self.img_net1 = ToImage(geometry.width)
        for stage in range(2, geometry.stages + 1):
            self.add_module(f"h_net{stage}", _Stage(geometry))
            self.add_module(f"img_net{stage}", ToImage(geometry.width))

    def forward(
        self, code: torch.Tensor, noise: torch.Tensor, words: torch.Tensor, hidden: torch.Tensor | None, stages: int
    ) -> list[torch.Tensor]:
        features = self.h_net1(torch.cat([code, noise], dim=1))
        images = [self.img_net1(features)]
        for stage in range(2, stages + 1):
            features = self.get_submodule(f"h_net{stage}")(features, words, hidden)
            images.append(self.get_submodule(f"img_net{stage}")(features))
        return images


class _Generator(nn.Module):
    """Latents to the image of one stage, in [0, 1]. Each row's words are hidden by its own mask.

    That is what the published program does for one caption at a time. Given several at once it hides one's words by
    another's mask, so that a row would depend on its neighbours.
    """

    sentence: torch.Tensor
    words: torch.Tensor | None
    padding: torch.Tensor

    def __init__(
        self, network: _Network, shares: Sequence[int], *, stage: int, word: int, caption: Caption | None
    ) -> None:
        super().__init__()
        self.network = network
        self.shares = tuple(shares)
        self.stage = stage
        self.word = word
        embeddings = (None, None, None) if caption is None else (caption.sentence, caption.words, caption.padding)
        for name, tensor in zip(("sentence", "words", "padding"), embeddings, strict=True):
            self.register_buffer(name, None if tensor is None else tensor[None], persistent=False)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        noise, *rest = latents.split(self.shares, dim=1)
        count = len(latents)
        if self.words is None:
            words = rest[1].reshape(count, self.word, -1).tanh()
            return self._image(rest[0], noise, words, None)
        mean, variance = self.network.ca_net(self.sentence.expand(count, -1))
        code = mean + rest[0] * (variance / 2).exp() if rest else mean
        return self._image(code, noise, self.words.expand(count, -1, -1), self.padding[:, None, :])

    def _image(
        self, code: torch.Tensor, noise: torch.Tensor, words: torch.Tensor, hidden: torch.Tensor | None
    ) -> torch.Tensor:
        images: list[torch.Tensor] = self.network(code, noise, words, hidden, self.stage)
        return images[-1] * 0.5 + 0.5


def _recognise(shapes: Shapes) -> bool:
    return {*SIGNS, _MARK} <= set(shapes)


def _read(shapes: Shapes) -> _Geometry:
    if "h_net2.channel_att.conv_context2.weight" not in shapes:
        raise ModelError(
            "these weights look like AttnGAN's generator (attention over words in space alone), need ControlGAN's, with"
            " h_net2.channel_att"
        )
    in_width, code = side(shapes, "h_net1.fc.0.weight", -1), side(shapes, "ca_net.fc.weight", 0) // 4
    if not 0 < code < in_width:
        raise ModelError(
            f"h_net1.fc.0.weight takes {in_width} numbers, of which c would be {code}: need noise beside it"
        )
    return _Geometry(
        noise=in_width - code,
        code=code,
        word=side(shapes, "ca_net.fc.weight", 1),
        width=side(shapes, "img_net1.img.0.weight", 1),
        blocks=blocks_in(shapes, 2),
        stages=stages_in(shapes),
    )


def _build(state: State, config: Config) -> Built:
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    check_kind(shapes, ARCHITECTURE)
    geometry = _read(shapes)
    stage = scale_of(config, geometry.stages)
    caption, open_eps = caption_of(config, sentence=geometry.word, words=True), augmented(config)
    count = _WORDS if (asked := whole(config, "words")) is None else asked
    if count < 1:
        raise UsageError(f"words={count}, need at least 1")
    if caption is None:
        shares: tuple[int, ...] = (geometry.noise, geometry.code, geometry.word * count)
    else:
        shares = (geometry.noise, geometry.code) if open_eps else (geometry.noise,)
    network = fitted(empty(lambda: _Network(geometry)), state, title=ARCHITECTURE.title)
    side = SMALLEST << (stage - 1)
    return Built(
        network=_Generator(network, shares, stage=stage, word=geometry.word, caption=caption),
        latent_shape=(sum(shares),),
        size=(side, side),
        draw=drawing("normal", (sum(shares),)),
        facts={
            "eps": None if caption is None else "search" if open_eps else "0",
            "scale": side,
            "text": "search" if caption is None else caption.digest,
            "words": count if caption is None else None,
        },
    )


ARCHITECTURE: Final = Architecture(
    name="controlgan",
    title="ControlGAN",
    paper="arXiv:1909.07083",
    files=(".pth", ".safetensors"),
    latent="noise (100), and with the caption unknown its conditioning (100) and words (256 each)",
    sizes="64, 128, 256; the largest by default",
    methods=("ronan",),
    options={**OPTIONS, "words": f"words of a caption that is searched; default {_WORDS}"},
    recognise=_recognise,
    build=_build,
)
