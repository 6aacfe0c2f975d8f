"""Tiny random autoencoders of every supported class, and the original latent-diffusion names of one, for tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import diffusers
import diffusers.models.autoencoders  # makes tables on import, which must not be where weights get no storage
import torch
from torch import nn

KL: Final[dict[str, Any]] = {
    "block_out_channels": (32, 64),
    "down_block_types": ("DownEncoderBlock2D",) * 2,
    "up_block_types": ("UpDecoderBlock2D",) * 2,
    "layers_per_block": 1,
}
_DC_LEVELS: Final[dict[str, Any]] = {
    "block_types": ("ResBlock", "EfficientViTBlock"),
    "block_out_channels": (8, 16),
    "layers_per_block": (1, 1),
    "qkv_multiscales": ((), (5,)),
}


def _dc() -> Any:
    levels = {f"{half}_{key}": value for half in ("encoder", "decoder") for key, value in _DC_LEVELS.items()}
    return diffusers.AutoencoderDC(latent_channels=4, attention_head_dim=4, **levels)


def _asymmetric() -> Any:
    return diffusers.AsymmetricAutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2,
        down_block_out_channels=(32, 64),
        up_block_types=("UpDecoderBlock2D",) * 2,
        up_block_out_channels=(32, 96),
    )


def _vq(norm_type: str) -> Any:
    return diffusers.VQModel(**KL, latent_channels=4, num_vq_embeddings=64, vq_embed_dim=4, norm_type=norm_type)


def _movq() -> Any:
    blocks = ("DownEncoderBlock2D", "AttnDownEncoderBlock2D"), ("AttnUpDecoderBlock2D", "UpDecoderBlock2D")
    config = KL | {"down_block_types": blocks[0], "up_block_types": blocks[1]}
    return diffusers.VQModel(**config, latent_channels=4, num_vq_embeddings=64, vq_embed_dim=4, norm_type="spatial")


_BUILD: Final[dict[str, Callable[[], Any]]] = {
    "kl": lambda: diffusers.AutoencoderKL(**KL),
    "kl-sdxl": lambda: diffusers.AutoencoderKL(**KL, force_upcast=True),
    "kl-no-quant": lambda: diffusers.AutoencoderKL(
        **KL, latent_channels=16, use_quant_conv=False, use_post_quant_conv=False
    ),
    "flux2": lambda: diffusers.AutoencoderKLFlux2(**KL, latent_channels=8, sample_size=64),
    "qwen": lambda: diffusers.AutoencoderKLQwenImage(
        base_dim=8, z_dim=4, dim_mult=[1, 2, 2, 2], num_res_blocks=1, latents_mean=[0.0] * 4, latents_std=[1.0] * 4
    ),
    "dc": _dc,
    "tiny": lambda: diffusers.AutoencoderTiny(
        encoder_block_out_channels=(16, 16),
        decoder_block_out_channels=(16, 16),
        num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
    ),
    "asymmetric": _asymmetric,
    "movq": _movq,
    "vq": lambda: _vq("group"),
}
NAMES: Final = tuple(_BUILD)


def build(name: str, seed: int = 0) -> Any:
    """A tiny autoencoder with weights drawn from its own seed, larger than the default so that outputs vary."""
    source = torch.Generator().manual_seed(seed)
    with torch.device("meta"):
        module = _BUILD[name]()
    module = module.to_empty(device="cpu")
    with torch.no_grad():
        for parameter in module.parameters():
            fan = max(parameter[0].numel() if parameter.ndim > 1 else 1, 1)
            drawn = torch.randn(parameter.shape, generator=source)
            parameter.copy_(drawn / fan**0.5 if parameter.ndim > 1 else 0.1 * drawn + (parameter.ndim == 1))
        for key, buffer in module.named_buffers():
            buffer.fill_(1 if key.endswith("var") else 0)
    return module.float().train()


def images(count: int = 3, size: tuple[int, int] = (32, 48), seed: int = 7) -> torch.Tensor:
    """Smooth random images `(count, 3, *size)` in [0, 1]."""
    coarse = torch.rand((count, 3, 4, 6), generator=torch.Generator().manual_seed(seed))
    return nn.functional.interpolate(coarse, size=size, mode="bilinear")


def ldm_names(state: dict[str, torch.Tensor], levels: int = 2) -> dict[str, torch.Tensor]:
    """A tiny `AutoencoderKL`'s tensors under the names of the original latent-diffusion code."""
    renamed: dict[str, torch.Tensor] = {}
    for name, given in state.items():
        old, tensor = name, given
        for level in range(levels):
            old = old.replace(f"encoder.down_blocks.{level}.resnets.", f"encoder.down.{level}.block.")
            old = old.replace(f"encoder.down_blocks.{level}.downsamplers.0.", f"encoder.down.{level}.downsample.")
            old = old.replace(f"decoder.up_blocks.{level}.resnets.", f"decoder.up.{levels - 1 - level}.block.")
            old = old.replace(f"decoder.up_blocks.{level}.upsamplers.0.", f"decoder.up.{levels - 1 - level}.upsample.")
        old = old.replace("mid_block.resnets.0.", "mid.block_1.").replace("mid_block.resnets.1.", "mid.block_2.")
        old = old.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
        if "mid_block.attentions.0." in old:
            old = old.replace("mid_block.attentions.0.", "mid.attn_1.").replace("group_norm", "norm")
            old = old.replace("to_q", "q").replace("to_k", "k").replace("to_v", "v").replace("to_out.0", "proj_out")
            tensor = tensor[:, :, None, None] if tensor.ndim == 2 else tensor
        renamed[old] = tensor.contiguous()
    return renamed


LEVEL_ATTENTION: Final[dict[str, Any]] = {
    "down_block_types": ("DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
    "up_block_types": ("AttnUpDecoderBlock2D", "UpDecoderBlock2D"),
}
"""Of an `AutoencoderKL` with attention within the levels, as kl-f16 has; the rest of its configuration is `KL`."""


def ldm_names_in_levels(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """As `ldm_names`, of a tiny `AutoencoderKL` with attention within the levels."""
    renamed: dict[str, torch.Tensor] = {}
    for name, tensor in ldm_names(state).items():
        old = name.replace("encoder.down_blocks.1.attentions", "encoder.down.1.attn")
        old = old.replace("decoder.up_blocks.0.attentions", "decoder.up.1.attn")
        if ".attn." in old:
            for word, plain in (("group_norm", "norm"), ("to_q", "q"), ("to_k", "k"), ("to_v", "v")):
                old = old.replace(word, plain)
            old = old.replace("to_out.0", "proj_out")
        renamed[old] = tensor[:, :, None, None] if ".attn." in old and tensor.ndim == 2 else tensor
    return renamed


def raw_pair(kind: str, *, width: int = 8, channels: int = 4, seed: int = 0) -> dict[str, dict[str, torch.Tensor]]:
    """Tensors of the two files of an autoencoder for previews, by `encoder` and `decoder`, as its authors number them.

    Args:
        kind: `TAESD`, `TAEF2`, `TAESANA` or `TAEQI2_1`.
        width: of its features; TAEF2 has four groups of them.
        channels: of a latent.
        seed: of the weights.
    """
    source = torch.Generator().manual_seed(seed)

    def conv(name: str, into: int, out: int, side: int = 3, *, bias: bool = True) -> dict[str, torch.Tensor]:
        found = {f"{name}.weight": torch.randn((out, into, side, side), generator=source) / (into * side * side) ** 0.5}
        return found | ({f"{name}.bias": 0.1 * torch.randn(out, generator=source)} if bias else {})

    def block(name: str, *, pool: bool) -> dict[str, torch.Tensor]:
        found: dict[str, torch.Tensor] = {}
        for number in (0, 2, 4):
            found |= conv(f"{name}.conv.{number}", width, width)
        if pool:
            wide = 4 * width
            found |= conv(f"{name}.pool.0", width, wide, 1, bias=False)
            found |= {f"{name}.pool.1.weight": torch.ones(wide), f"{name}.pool.1.bias": torch.zeros(wide)}
            found |= conv(f"{name}.pool.3", wide, width, 1, bias=False)
        return found

    planes, doublings = {"TAEQI2_1": 16}.get(kind, 3), 5 if kind == "TAESANA" else 3
    first = {"TAESANA": [(0, 3), (2, width)], "TAEQI2_1": [(1, planes)]}.get(kind, [(0, 3)])
    encoder: dict[str, torch.Tensor] = {}
    for number, into in first:
        encoder |= conv(str(number), into, width)
    begin = {"TAESANA": 4, "TAEQI2_1": 3}.get(kind, 1)
    encoder |= block(str(begin), pool=False)
    for level in range(3):
        at = begin + 1 + 4 * level
        encoder |= conv(str(at), width, width, bias=False)
        for number in range(at + 1, at + 4):
            encoder |= block(str(number), pool=kind == "TAEF2" and level == 2)
    encoder |= conv(str(begin + 13), width, channels)
    decoder = conv("1", channels, width)
    for level in range(doublings):
        at = 3 + 5 * level
        for number in range(at, at + 3):
            decoder |= block(str(number), pool=kind == "TAEF2" and level == 0)
        decoder |= conv(str(at + 4), width, width, bias=False)
    end = 3 + 5 * doublings
    return {"encoder": encoder, "decoder": decoder | block(str(end), pool=False) | conv(str(end + 1), width, planes)}
