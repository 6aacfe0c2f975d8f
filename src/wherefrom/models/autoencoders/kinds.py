"""The autoencoder classes that are known, and how the generators that use them call each one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch

from wherefrom.core.errors import ModelError

__all__ = ["SUPPORTED", "Kind", "kind_of", "probe", "upcast"]

Config = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """How one class of autoencoder is asked.

    Attributes:
        encode: images in [-1, 1] to latents `(n, c, h, w)`; nothing is sampled, scaled or rounded.
        decode: latents to images, nominally in [-1, 1].
        latents: what the latents are, for the card.
        alone: whether images go through one by one, because a choice among codes could tip on a neighbour's rounding.
        levels: the key of the config whose length is one more than the count of halvings.
    """

    encode: Callable[[Any, torch.Tensor], torch.Tensor]
    decode: Callable[[Any, torch.Tensor], torch.Tensor]
    latents: str = "posterior mode"
    alone: bool = False
    levels: str = "block_out_channels"


def _mode(module: Any, images: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = module.encode(images).latent_dist.mode()
    return found


def _sample(module: Any, latents: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = module.decode(latents).sample
    return found


def _latent(module: Any, images: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = module.encode(images).latent
    return found


def _latents(module: Any, images: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = module.encode(images).latents
    return found


def _frame_mode(module: Any, images: torch.Tensor) -> torch.Tensor:
    """One frame needs no cache of earlier frames, so the module's own state is left alone."""
    moments: torch.Tensor = module.quant_conv(module.encoder(images[:, :, None]))[:, :, 0]
    return moments.chunk(2, dim=1)[0]


def _frame(module: Any, latents: torch.Tensor) -> torch.Tensor:
    """The module's own `decode` clamps to [-1, 1], which would end the gradient of saturated pixels."""
    found: torch.Tensor = module.decoder(module.post_quant_conv(latents[:, :, None]))[:, :, 0]
    return found


def _codes(module: Any, images: torch.Tensor) -> torch.Tensor:
    """The nearest entries of the codebook: what a generator of codes hands to the decoder."""
    plain = module.encode(images).latents.permute(0, 2, 3, 1)
    table = module.quantize.embedding.weight
    nearest = torch.cdist(plain.flatten(0, 2).float(), table.float()).argmin(1)
    return torch.nn.functional.embedding(nearest, table).view(plain.shape).permute(0, 3, 1, 2)


def _not_quantized(module: Any, latents: torch.Tensor) -> torch.Tensor:
    """As `decode(force_not_quantize=True)`, whatever `lookup_from_codebook` says."""
    spatial = latents if module.config.norm_type == "spatial" else None
    found: torch.Tensor = module.decoder(module.post_quant_conv(latents), spatial)
    return found


_KINDS: Final[dict[str, Kind]] = {
    "AsymmetricAutoencoderKL": Kind(encode=_mode, decode=_sample, levels="down_block_out_channels"),
    "AutoencoderDC": Kind(encode=_latent, decode=_sample, latents="latent", levels="encoder_block_out_channels"),
    "AutoencoderKL": Kind(encode=_mode, decode=_sample),
    "AutoencoderKLFlux2": Kind(encode=_mode, decode=_sample),
    "AutoencoderKLQwenImage": Kind(encode=_frame_mode, decode=_frame, levels="dim_mult"),
    "AutoencoderTiny": Kind(encode=_latents, decode=_sample, latents="latent", levels="encoder_block_out_channels"),
    "VQModel": Kind(encode=_codes, decode=_not_quantized, latents="codes", alone=True),
}
_MOVQ: Final = Kind(encode=_latents, decode=_not_quantized, latents="latent before the codebook")

SUPPORTED: Final = tuple(sorted(_KINDS))
"""The classes of autoencoder that can be opened."""


def kind_of(name: str, config: Config) -> Kind:
    """How that class is asked.

    A `VQModel` with spatial normalisation is Kandinsky's MoVQ, whose generator makes continuous latents and decodes
    them with `force_not_quantize=True`. Any other generates codes (VQ-Diffusion decodes the codebook's entries).

    Args:
        name: of the class in diffusers.
        config: its config.

    Raises:
        ModelError: when the class is not one of `SUPPORTED`, or does not read and write RGB.
    """
    if name not in _KINDS:
        raise ModelError(f"autoencoder class {name!r} is not supported: need one of {', '.join(SUPPORTED)}")
    for key in ("in_channels", "out_channels", "input_channels"):
        if config.get(key, 3) != 3:
            raise ModelError(f"{name} has {key}={config[key]}, need 3: only autoencoders of RGB images can be asked")
    return _MOVQ if name == "VQModel" and config.get("norm_type") == "spatial" else _KINDS[name]


def upcast(config: Config, asked: str) -> str:
    """The arithmetic to use: float32 where the config states `force_upcast` and less was asked for.

    A default that the config's author never stated does not count: Stable Diffusion 1 and 2 are decoded in 16 bit.

    Args:
        config: its config.
        asked: the dtype that was asked for, by name.
    """
    stated = bool(config.get("force_upcast")) and "force_upcast" not in config.get("_use_default_values", ())
    return "float32" if stated else asked


def probe(module: Any, kind: Kind, config: Config) -> tuple[int, int]:
    """The factor and the latents' channels of a module without storage, by asking it for shapes alone.

    Args:
        module: without storage.
        kind: how its class is asked.
        config: its config.

    Raises:
        ModelError: when sides do not shrink by the factor its config implies, or do not come back.
    """
    factor = 2 ** (len(config[kind.levels]) - 1)
    name = type(module).__name__
    images = torch.empty((1, 3, 2 * factor, 3 * factor), device="meta", dtype=torch.float32)
    try:
        with torch.no_grad():
            latents = kind.encode(module, images)
            back = kind.decode(module, latents)
    except (RuntimeError, ValueError, TypeError, AttributeError) as error:
        raise ModelError(f"{name} with this config cannot run: {error}; check its config.json") from error
    if tuple(latents.shape[2:]) != (2, 3) or back.shape != images.shape:
        found = f"{tuple(images.shape)} -> {tuple(latents.shape)} -> {tuple(back.shape)}"
        raise ModelError(f"{name} with this config does not shrink sides by {factor} and restore them: {found}")
    return factor, int(latents.shape[1])
