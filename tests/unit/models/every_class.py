"""A tiny autoencoder of every class of diffusers, and the classes that there are, found by walking the package."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import diffusers
import torch

from tests.unit.models import tiny

_WAN: Final[dict[str, Any]] = {
    "base_dim": 8,
    "z_dim": 4,
    "dim_mult": [1, 2],
    "num_res_blocks": 1,
    "temperal_downsample": [True],
    "latents_mean": [0.0] * 4,
    "latents_std": [1.0] * 4,
}
_FOUR: Final = (8, 8, 8, 8)
_HUNYUAN: Final[dict[str, Any]] = {
    "latent_channels": 4,
    "block_out_channels": (16, 16, 32),
    "layers_per_block": 1,
    "spatial_compression_ratio": 4,
}
_BUILD: Final[dict[str, Callable[[], Any]]] = {
    "AsymmetricAutoencoderKL": lambda: tiny.build("asymmetric"),
    "AutoencoderDC": lambda: tiny.build("dc"),
    "AutoencoderKL": lambda: tiny.build("kl"),
    "AutoencoderKLCogVideoX": lambda: diffusers.AutoencoderKLCogVideoX(
        block_out_channels=_FOUR, latent_channels=4, layers_per_block=1, norm_num_groups=4
    ),
    "AutoencoderKLCosmos": lambda: diffusers.AutoencoderKLCosmos(
        latent_channels=4,
        encoder_block_out_channels=(8, 8),
        decode_block_out_channels=(8, 8),
        attention_resolutions=(8,),
        resolution=32,
        num_layers=1,
        patch_size=2,
        spatial_compression_ratio=4,
        temporal_compression_ratio=4,
        latents_mean=[0.0] * 4,
        latents_std=[1.0] * 4,
    ),
    "AutoencoderKLFlux2": lambda: tiny.build("flux2"),
    "AutoencoderKLHunyuanImage": lambda: diffusers.AutoencoderKLHunyuanImage(
        in_channels=3,
        out_channels=3,
        latent_channels=4,
        block_out_channels=(32, 64),
        layers_per_block=1,
        spatial_compression_ratio=2,
        sample_size=32,
    ),
    "AutoencoderKLHunyuanImageRefiner": lambda: diffusers.AutoencoderKLHunyuanImageRefiner(**_HUNYUAN),
    "AutoencoderKLHunyuanVideo": lambda: diffusers.AutoencoderKLHunyuanVideo(
        latent_channels=4, block_out_channels=_FOUR, layers_per_block=1, norm_num_groups=4
    ),
    "AutoencoderKLHunyuanVideo15": lambda: diffusers.AutoencoderKLHunyuanVideo15(**_HUNYUAN),
    "AutoencoderKLKVAE": lambda: diffusers.AutoencoderKLKVAE(
        channels=32, num_enc_blocks=1, num_dec_blocks=1, z_channels=4, ch_mult=(1, 1)
    ),
    "AutoencoderKLKVAEVideo": lambda: diffusers.AutoencoderKLKVAEVideo(
        ch=32, ch_mult=(1, 1), num_res_blocks=1, z_channels=4, temporal_compress_times=2
    ),
    "AutoencoderKLLTX2Video": lambda: diffusers.AutoencoderKLLTX2Video(
        latent_channels=4,
        block_out_channels=(8,),
        decoder_block_out_channels=(8,),
        layers_per_block=(1, 1),
        decoder_layers_per_block=(1, 1),
        spatio_temporal_scaling=(True,),
        decoder_spatio_temporal_scaling=(True,),
        decoder_inject_noise=(False, False),
        downsample_type=("spatial",),
        down_block_types=("LTX2VideoDownBlock3D",),
        upsample_residual=(True,),
        upsample_factor=(2,),
        upsample_type=("spatial",),
        patch_size=2,
    ),
    "AutoencoderKLLTXVideo": lambda: diffusers.AutoencoderKLLTXVideo(
        latent_channels=4,
        block_out_channels=_FOUR,
        decoder_block_out_channels=_FOUR,
        layers_per_block=(1, 1, 1, 1, 1),
        decoder_layers_per_block=(1, 1, 1, 1, 1),
        spatio_temporal_scaling=(True, True, False, False),
        decoder_spatio_temporal_scaling=(True, True, False, False),
        patch_size=1,
    ),
    "AutoencoderKLMagvit": lambda: diffusers.AutoencoderKLMagvit(
        latent_channels=4,
        block_out_channels=(8, 8),
        down_block_types=["SpatialDownBlock3D", "SpatialTemporalDownBlock3D"],
        up_block_types=["SpatialUpBlock3D", "SpatialTemporalUpBlock3D"],
        layers_per_block=1,
        norm_num_groups=4,
    ),
    "AutoencoderKLMochi": lambda: diffusers.AutoencoderKLMochi(
        latent_channels=4,
        encoder_block_out_channels=(32,) * 4,
        decoder_block_out_channels=(32,) * 4,
        layers_per_block=(1, 1, 1, 1, 1),
        latents_mean=(0.0,) * 4,
        latents_std=(1.0,) * 4,
    ),
    "AutoencoderKLQwenImage": lambda: tiny.build("qwen"),
    "AutoencoderKLQwenImage21": lambda: diffusers.AutoencoderKLQwenImage21(
        decoder_base_dim=8, scale_factor_spatial=2, **_WAN | {"dim_mult": [1, 1]}
    ),
    "AutoencoderKLTemporalDecoder": lambda: diffusers.AutoencoderKLTemporalDecoder(
        block_out_channels=(32, 32), down_block_types=("DownEncoderBlock2D",) * 2
    ),
    "AutoencoderKLWan": lambda: diffusers.AutoencoderKLWan(scale_factor_spatial=2, **_WAN),
    "AutoencoderRAE": lambda: diffusers.AutoencoderRAE(
        encoder_hidden_size=64,
        encoder_num_hidden_layers=1,
        decoder_hidden_size=32,
        decoder_num_hidden_layers=1,
        decoder_num_attention_heads=2,
        decoder_intermediate_size=32,
        patch_size=8,
        encoder_input_size=56,
        image_size=32,
    ),
    "AutoencoderTiny": lambda: tiny.build("tiny"),
    "AutoencoderVidTok": lambda: diffusers.AutoencoderVidTok(ch=32, ch_mult=[1, 1, 1, 1], num_res_blocks=1),
    "ConsistencyDecoderVAE": lambda: diffusers.ConsistencyDecoderVAE(
        encoder_block_out_channels=(32, 32),
        encoder_down_block_types=("DownEncoderBlock2D",) * 2,
        encoder_layers_per_block=1,
        decoder_block_out_channels=(32, 32),
        decoder_down_block_types=("ResnetDownsampleBlock2D",) * 2,
        decoder_up_block_types=("ResnetUpsampleBlock2D",) * 2,
        decoder_layers_per_block=1,
    ),
    "Kandinsky6SRVAE": lambda: diffusers.Kandinsky6SRVAE(
        latent_channels=4,
        encoder_block_out_channels=(16, 16, 16, 16, 16),
        decoder_block_out_channels=(16, 16, 16, 16, 16),
        layers_per_block=1,
    ),
    "PaellaVQModel": lambda: _paella(bottleneck_blocks=1, embed_dim=16, num_vq_embeddings=32),
    "VQModel": lambda: tiny.build("vq"),
}
OPENING: Final = tuple(_BUILD)
"""Classes of which a tiny autoencoder can be built here, which should open."""
REFUSING: Final[dict[str, Callable[[], Any]]] = {
    "AutoencoderKLAllegro": lambda: diffusers.AutoencoderKLAllegro(
        block_out_channels=_FOUR, latent_channels=4, layers_per_block=1, norm_num_groups=4, sample_size=32
    ),
    "AutoencoderKLMiniMaxH3": lambda: diffusers.AutoencoderKLMiniMaxH3(
        latent_channels=4,
        block_out_channels=(8, 8, 8),
        layers_per_block=1,
        spatial_downsample_factors=(2, 2, 1),
        temporal_downsample_factors=(1, 2, 2),
        norm_num_groups=4,
        decoder_num_layers=1,
        decoder_num_attention_heads=2,
        decoder_attention_head_dim=16,
        latents_mean=(0.0,) * 4,
        latents_std=(1.0,) * 4,
    ),
}
"""Autoencoders of videos that give back no single frame of one, which a probe has to find."""


CLAMPING: Final = ("AutoencoderKLQwenImage", "AutoencoderKLQwenImage21", "AutoencoderKLWan")
"""Classes whose `decode` clamps."""


def _paella(**config: Any) -> Any:
    from diffusers.pipelines.deprecated.wuerstchen import PaellaVQModel

    return PaellaVQModel(**config)


def _saturate(module: Any) -> None:
    """Move what a decoder of frames gives before its clamp to where about half of it is saturated."""
    seen: list[torch.Tensor] = []
    last = module.decoder.conv_out
    handle = last.register_forward_hook(lambda _module, _given, found: seen.append(found))
    given = tiny.images(1, (16, 24))[:, :, None] * 2 - 1
    planes = module.config.get("in_channels", 3)
    given = torch.cat([given, torch.ones_like(given[:, : planes - 3])], 1)
    module.decode(module.encode(given).latent_dist.mode())
    handle.remove()
    last.bias.add_(1 - seen[0].transpose(0, 1).flatten(1).median(1).values)


@functools.cache
def build(name: str) -> Any:
    """A tiny autoencoder of that class, its weights always the same and moved off what they begin as.

    Args:
        name: one of `OPENING` or `REFUSING`.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(3)
        module = {**_BUILD, **REFUSING}[name]()
        with torch.no_grad():
            for weights in module.parameters():
                weights.add_(0.05 * torch.randn(weights.shape))
            if name in CLAMPING:
                _saturate(module)
    return module.eval()


@functools.cache
def classes() -> frozenset[str]:
    """Every model of the installed diffusers with `encode` and `decode`, and every one among its autoencoders.

    Read from the source of the package, so that one which needs something that is not installed is there as well.
    """
    package = Path(diffusers.__file__).parent
    files = [file for part in ("models", "pipelines") for file in (package / part).rglob("*.py")]
    found: set[str] = set()
    for file in files:
        if file.name.startswith("pipeline_"):
            continue
        text = file.read_text(encoding="utf-8")
        if "def decode(" not in text or "ModelMixin" not in text:
            continue
        own = file.parent.name == "autoencoders"
        found |= {
            name
            for name, verbs in _models(ast.parse(text))
            if verbs >= {"encode", "decode"} or (own and "decode" in verbs)
        }
    return frozenset(found)


def _models(tree: ast.Module) -> list[tuple[str, set[str]]]:
    """Names of the models in a file, and of their functions."""
    models = [
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "ModelMixin" for base in node.bases)
    ]
    return [(node.name, {part.name for part in node.body if isinstance(part, ast.FunctionDef)}) for node in models]
