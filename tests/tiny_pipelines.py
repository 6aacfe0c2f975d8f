"""Text-to-image pipelines of diffusers, tiny and with random weights, written to folders in a second each."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import torch

__all__ = ["FAMILIES", "save_pipeline"]

LENGTH: Final = 16


def save_pipeline(family: str, folder: Path, *, seed: int = 0, **more: Any) -> Path:
    """A pipeline of that family, the same for the same seed.

    Args:
        family: one of `FAMILIES`.
        folder: where it goes.
        seed: of its weights.
        more: parts in place of its own.
    """
    import diffusers

    kind, make = FAMILIES[family]
    with torch.random.fork_rng():
        torch.default_generator.manual_seed(seed)
        parts = {**make(), **more}
        getattr(diffusers, kind)(**parts).save_pretrained(folder)
    return folder


def _tokens() -> list[str]:
    return [*string.ascii_lowercase, *(f"{letter}</w>" for letter in string.ascii_lowercase)]


def _clip_tokenizer() -> Any:
    from transformers import CLIPTokenizer

    names = ["<|startoftext|>", "<|endoftext|>", *_tokens()]
    vocab = {name: place for place, name in enumerate(names)}
    return CLIPTokenizer(vocab=vocab, merges=[], model_max_length=LENGTH)


def _clip(projected: bool = False) -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        vocab_size=2 + len(_tokens()),
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        hidden_size=16,
        intermediate_size=16,
        num_attention_heads=2,
        num_hidden_layers=2,
        max_position_embeddings=LENGTH,
        projection_dim=16,
    )
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config)


def _t5_tokenizer() -> Any:
    from transformers import T5Tokenizer

    names = ["<pad>", "</s>", "<unk>", "▁", *string.ascii_lowercase]
    return T5Tokenizer(vocab=[(name, -math.log(len(names))) for name in names], extra_ids=0)


def _t5() -> Any:
    from transformers import T5Config, T5EncoderModel

    config = T5Config(vocab_size=32, d_model=16, d_ff=16, d_kv=8, num_heads=2, num_layers=1, dropout_rate=0.0)
    return T5EncoderModel(config)


def _vae(channels: int = 4, **more: Any) -> Any:
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=[8, 8],
        norm_num_groups=4,
        down_block_types=["DownEncoderBlock2D"] * 2,
        up_block_types=["UpDecoderBlock2D"] * 2,
        layers_per_block=1,
        latent_channels=channels,
        **more,
    )


def _unet(**more: Any) -> Any:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(8, 16),
        norm_num_groups=4,
        layers_per_block=1,
        attention_head_dim=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        **more,
    )


def _stable_diffusion() -> dict[str, Any]:
    from diffusers import DDIMScheduler

    return {
        "vae": _vae(),
        "text_encoder": _clip(),
        "tokenizer": _clip_tokenizer(),
        "unet": _unet(cross_attention_dim=16),
        "scheduler": DDIMScheduler(steps_offset=1, clip_sample=False),
        "safety_checker": None,
        "feature_extractor": None,
        "requires_safety_checker": False,
    }


def _stable_diffusion_xl() -> dict[str, Any]:
    from diffusers import DDPMScheduler

    unet = _unet(
        cross_attention_dim=32,
        addition_embed_type="text_time",
        addition_time_embed_dim=4,
        projection_class_embeddings_input_dim=6 * 4 + 16,
    )
    return {
        "vae": _vae(),
        "text_encoder": _clip(),
        "tokenizer": _clip_tokenizer(),
        "text_encoder_2": _clip(projected=True),
        "tokenizer_2": _clip_tokenizer(),
        "unet": unet,
        "scheduler": DDPMScheduler(),
        "add_watermarker": False,
    }


def _pixart() -> dict[str, Any]:
    from diffusers import DPMSolverMultistepScheduler, PixArtTransformer2DModel

    transformer = PixArtTransformer2DModel(
        sample_size=16,
        num_layers=1,
        patch_size=2,
        attention_head_dim=8,
        num_attention_heads=2,
        caption_channels=16,
        cross_attention_dim=16,
        out_channels=8,
        use_additional_conditions=False,
    )
    return {
        "vae": _vae(),
        "text_encoder": _t5(),
        "tokenizer": _t5_tokenizer(),
        "transformer": transformer,
        "scheduler": DPMSolverMultistepScheduler(),
    }


def _flux() -> dict[str, Any]:
    from diffusers import FlowMatchEulerDiscreteScheduler, FluxTransformer2DModel

    transformer = FluxTransformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=16,
        pooled_projection_dim=16,
        axes_dims_rope=(4, 4, 8),
    )
    return {
        "vae": _vae(use_quant_conv=False, use_post_quant_conv=False, shift_factor=0.1, scaling_factor=0.4),
        "text_encoder": _clip(),
        "tokenizer": _clip_tokenizer(),
        "text_encoder_2": _t5(),
        "tokenizer_2": _t5_tokenizer(),
        "transformer": transformer,
        "scheduler": FlowMatchEulerDiscreteScheduler(),
    }


FAMILIES: Final[Mapping[str, tuple[str, Callable[[], dict[str, Any]]]]] = {
    "stable-diffusion": ("StableDiffusionPipeline", _stable_diffusion),
    "stable-diffusion-xl": ("StableDiffusionXLPipeline", _stable_diffusion_xl),
    "pixart": ("PixArtAlphaPipeline", _pixart),
    "flux": ("FluxPipeline", _flux),
}
"""Of each family its pipeline's class and what makes its parts."""
