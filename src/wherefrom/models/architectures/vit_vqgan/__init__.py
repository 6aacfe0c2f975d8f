"""ViT-VQGAN as PaintMind published it (`vit-s-vqgan`): transformers on patches around a codebook of unit vectors.

    image [0, 1] ─ patches ─ transformer ─ linear ─ nearest code ─ latent (features, rows, columns)
    latent ─ linear ─ transformer ─ patches ─ image [0, 1], not clamped

The decoder takes any vectors for codes, so that they can be searched. Images are taken as they are, at the model's own
size: PaintMind's own preprocessing (resize to 5/4 of it, crop the middle) would destroy what is looked for.
Architecture: arXiv:2110.04627, with the gated feed-forward of arXiv:2002.05202.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import isqrt
from typing import Final

import torch

from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.architectures import check_kind
from wherefrom.models.architectures.base import Architecture, Built, Config, Shapes, State
from wherefrom.models.architectures.base.options import numbers
from wherefrom.models.architectures.vit_vqgan.network import Decoding, Encoding, Geometry, Half, Model
from wherefrom.models.checkpoints.build import empty, fitted, side

__all__ = ["ARCHITECTURE"]

_HEAD: Final = 64
_PATCH: Final = "encoder.to_patch_embedding.0.weight"
_SIGNS: Final = (_PATCH, "decoder.proj.weight", "quantize.embedding.weight", "prev_quant.weight", "post_quant.weight")


def _recognise(shapes: Shapes) -> bool:
    return all(name in shapes for name in _SIGNS)


def _half(shapes: Shapes, name: str, head: int) -> Half:
    first = f"{name}.transformer.layers.0."
    inner, width = (side(shapes, f"{first}attn1.to_q.weight", axis) for axis in (0, 1))
    if inner % head:
        raise UsageError(f"dim_head={head}, need a divisor of {inner}, the features of the {name}'s attention")
    depth = len({match[1] for key in shapes if (match := re.match(rf"{name}\.transformer\.layers\.(\d+)\.", key))})
    return Half(
        width=width, depth=depth, inner=inner, hidden=side(shapes, f"{first}ffnet.w3.weight", 1), heads=inner // head
    )


def _heads(shapes: Shapes, config: Config) -> tuple[int, int]:
    """Features of an attention head in each half, which no weight tells: known of the published size, else stated."""
    stated = numbers(config, "dim_head") or tuple(
        dims[0] for part in ("enc", "dec") if (dims := numbers(config, f"{part}.dim_head"))
    )
    if not stated and side(shapes, _PATCH, 0) == 512:
        stated = (_HEAD,)
    if len(stated) not in (1, 2) or min(stated) < 1:
        raise ModelError(
            "these weights are not of the published vit-s-vqgan, and attention heads leave no trace in weights: say how"
            " many features each has by the option dim_head"
        )
    return stated[0], stated[-1]


def _read(shapes: Shapes, config: Config) -> Geometry:
    heads = _heads(shapes, config)
    count = side(shapes, "encoder.position_embedding", 1)
    if isqrt(count) ** 2 != count:
        raise ModelError(f"these weights look like a ViT-VQGAN of {count} patches, need a square number of them")
    return Geometry(
        encoder=_half(shapes, "encoder", heads[0]),
        decoder=_half(shapes, "decoder", heads[1]),
        patch=side(shapes, _PATCH, 3),
        grid=isqrt(count),
        codes=side(shapes, "quantize.embedding.weight", 0),
        features=side(shapes, "quantize.embedding.weight", 1),
    )


def _drawing(model: Model, geometry: Geometry) -> Callable[[torch.Generator], torch.Tensor]:
    """Codes drawn one by one, all alike: a latent of the decoder's, though not of a picture."""
    units = model.quantize.units()

    def draw(source: torch.Generator) -> torch.Tensor:
        chosen = torch.randint(
            geometry.codes, (geometry.grid, geometry.grid), generator=source, dtype=torch.int64, device="cpu"
        )
        return units[chosen].permute(2, 0, 1)

    return draw


def _build(state: State, config: Config) -> Built:
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    check_kind(shapes, ARCHITECTURE)
    geometry = _read(shapes, config)
    model = fitted(empty(lambda: Model(geometry)), state, title=ARCHITECTURE.title)
    side = geometry.grid * geometry.patch
    with torch.no_grad():
        return Built(
            network=Decoding(model),
            latent_shape=(geometry.features, geometry.grid, geometry.grid),
            size=(side, side),
            draw=_drawing(model, geometry),
            encoder=Encoding(model, geometry.grid),
            facts={"heads": (geometry.encoder.heads, geometry.decoder.heads), "latents": "codes"},
        )


ARCHITECTURE: Final = Architecture(
    name="vit_vqgan",
    title="ViT-VQGAN (PaintMind)",
    paper="arXiv:2110.04627",
    files=(".pt", ".safetensors"),
    latent="codes of patches (32, 32, 32), searched as vectors",
    sizes="256; what the weights say",
    methods=("aedr", "latenttracer", "reconstruction", "ronan", "spectral", "traced"),
    options={
        "dim_head": "features of an attention head, of encoder,decoder where they differ; default 64 if published"
    },
    recognise=_recognise,
    build=_build,
)
