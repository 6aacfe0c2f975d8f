"""A tokeniser as one module: halves, what lies between them, and the choice of codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import nn

from wherefrom.models.autoencoders.tokenisers import magvit2
from wherefrom.models.autoencoders.tokenisers.quantisers import Codebook, Gumbel, Signs, UnitCodebook
from wherefrom.models.checkpoints.base import Shapes
from wherefrom.models.checkpoints.build import side

__all__ = ["CODEBOOKS", "Tokeniser", "kind_of", "tokeniser"]

CODEBOOKS: Final = {
    "GumbelVQ": "quantize.embed.weight",
    "IBQ": "quantize.scored.weight",
    "LlamaGenVQ": "quantize.directions.weight",
}
"""The tensor that holds the codes of each kind whose halves are VQGAN's."""
_MAGVIT2: Final = "OpenMAGVIT2"
_TOLD_NORM: Final = "decoder.adaptive.0.gamma.weight"


def kind_of(shapes: Shapes) -> str | None:
    """Which tokeniser weights are, under the names that this package builds; None where they are of none.

    Args:
        shapes: of the weights, by diffusers' names where the halves are VQGAN's.
    """
    if _TOLD_NORM in shapes:
        return _MAGVIT2
    return next((kind for kind, codes in CODEBOOKS.items() if codes in shapes), None)


class Tokeniser(nn.Module):
    """Images in [-1, 1] to codes, and codes, or any vectors in their place, to images."""

    def __init__(
        self,
        *,
        encoder: nn.Module | None,
        quant_conv: nn.Module | None,
        quantize: nn.Module,
        post_quant_conv: nn.Module,
        decoder: nn.Module,
    ) -> None:
        """Join the parts.

        Args:
            encoder: images to features; None where the decoder is alone.
            quant_conv: features to what is compared with codes; None where the decoder is alone.
            quantize: one of `quantisers`.
            post_quant_conv: vectors of codes to the decoder's input.
            decoder: to images.
        """
        super().__init__()
        self.register_module("encoder", encoder)
        self.register_module("quant_conv", quant_conv)
        self.quantize, self.post_quant_conv, self.decoder = quantize, post_quant_conv, decoder

    def encode(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Images to the vectors of their codes `(n, d, h, w)`, and the codes."""
        features = self.get_submodule("quant_conv")(self.get_submodule("encoder")(images))
        vectors, codes = self.quantize(features)
        return vectors, codes

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Vectors to images. No code is chosen, so that a search can move between codes."""
        images: torch.Tensor = self.decoder(self.post_quant_conv(latents))
        return images


def tokeniser(kind: str, shapes: Shapes, *, vqgan: Callable[[], Any]) -> Tokeniser:
    """A tokeniser of the sizes of its weights, without values.

    Args:
        kind: as `kind_of` says it.
        shapes: of the weights.
        vqgan: makes a VQGAN of these sizes, whose halves are used.

    Raises:
        ModelError: when a tensor is missing that the kind needs.
    """
    if kind == _MAGVIT2:
        whole = any(name.startswith("encoder.") for name in shapes)
        return Tokeniser(
            encoder=magvit2.Encoder(shapes) if whole else None,
            quant_conv=nn.Identity() if whole else None,
            quantize=Signs(),
            post_quant_conv=nn.Identity(),
            decoder=magvit2.Decoder(shapes),
        )
    halves = vqgan()
    codes, width = (side(shapes, CODEBOOKS[kind], axis) for axis in (0, 1))
    if kind == "GumbelVQ":
        quantize: nn.Module = Gumbel(codes, side(shapes, "quantize.proj.weight", 1), width)
    else:
        quantize = (UnitCodebook if kind == "LlamaGenVQ" else Codebook)(codes, width)
    return Tokeniser(
        encoder=halves.encoder,
        quant_conv=halves.quant_conv,
        quantize=quantize,
        post_quant_conv=halves.post_quant_conv,
        decoder=halves.decoder,
    )
