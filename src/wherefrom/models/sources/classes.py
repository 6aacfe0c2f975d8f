"""The classes of autoencoder in diffusers: what is known of each that decodes images, and why the others do not.

No torch. What can be found out by asking a module is found by `wherefrom.models.autoencoders.probe`; here is what
cannot: how the generator that uses a class calls it. What the probe finds of each class is stated beside it, so that a
table for the documentation is made without building one; a test builds every class and compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["OPENED", "REFUSED", "TINY", "TOKENISERS", "AutoencoderClass", "of_class"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AutoencoderClass:
    """One class of autoencoder, as the generators that use it call it.

    Attributes:
        used_by: the models whose images it decodes.
        latents: what is decoded: `posterior mode`, `latent`, `codes` or `latent before the codebook`.
        frames: how many equal frames its encoder is given for one image; 0 where it has no axis of frames.
        planes: 3, or 4 where its images have a plane of opacity.
        unit: whether its pixels are in [0, 1]; else they are in [-1, 1].
        clamps: whether its `decode` clamps, which is left out.
        noise: whether its `decode` draws random numbers, which are then those of one fixed seed.
        fixed: whether it makes one size.
        scale: the key of its config by which the generator multiplies its latents before decoding them.
        arguments: further arguments of its `decode`.
        module: where it is, of a class that `diffusers` itself does not name.
        needs: an optional package that it is made of, which comes with the extra `text-to-image`.
    """

    used_by: str
    latents: str = "posterior mode"
    frames: int = 0
    planes: int = 3
    unit: bool = False
    clamps: bool = False
    noise: bool = False
    fixed: bool = False
    scale: str | None = None
    arguments: Mapping[str, int | None] = field(default_factory=dict)
    module: str | None = None
    needs: str | None = None


OPENED: Final[Mapping[str, AutoencoderClass]] = {
    "AsymmetricAutoencoderKL": AutoencoderClass(used_by="inpainting by Stable Diffusion 1"),
    "AutoencoderDC": AutoencoderClass(used_by="Sana", latents="latent"),
    "AutoencoderKL": AutoencoderClass(used_by="Stable Diffusion 1 to 3.5, SDXL, FLUX.1 and many others"),
    "AutoencoderKLCogVideoX": AutoencoderClass(used_by="CogVideoX", frames=1),
    "AutoencoderKLCosmos": AutoencoderClass(used_by="Cosmos 1", frames=1),
    "AutoencoderKLFlux2": AutoencoderClass(used_by="FLUX.2"),
    "AutoencoderKLHunyuanImage": AutoencoderClass(used_by="HunyuanImage 2.1"),
    "AutoencoderKLHunyuanImageRefiner": AutoencoderClass(used_by="the refiner of HunyuanImage 2.1", frames=1),
    "AutoencoderKLHunyuanVideo": AutoencoderClass(used_by="HunyuanVideo", frames=1),
    "AutoencoderKLHunyuanVideo15": AutoencoderClass(used_by="HunyuanVideo 1.5", frames=1),
    "AutoencoderKLKVAE": AutoencoderClass(used_by="KVAE 1.0 for images (Kandinsky)"),
    "AutoencoderKLKVAEVideo": AutoencoderClass(used_by="KVAE 1.0 for videos (Kandinsky)", frames=1),
    "AutoencoderKLLTX2Video": AutoencoderClass(used_by="LTX-2", frames=1),
    "AutoencoderKLLTXVideo": AutoencoderClass(used_by="LTX-Video", frames=1),
    "AutoencoderKLMagvit": AutoencoderClass(used_by="EasyAnimate", frames=1),
    "AutoencoderKLMochi": AutoencoderClass(used_by="Mochi 1", frames=1),
    "AutoencoderKLQwenImage": AutoencoderClass(used_by="Qwen-Image", frames=1, clamps=True),
    "AutoencoderKLQwenImage21": AutoencoderClass(used_by="Qwen-Image 2.1", frames=1, planes=4, clamps=True),
    "AutoencoderKLTemporalDecoder": AutoencoderClass(used_by="Stable Video Diffusion", arguments={"num_frames": 1}),
    "AutoencoderKLWan": AutoencoderClass(used_by="Wan 2.1 and 2.2, Cosmos-Predict2", frames=1, clamps=True),
    "AutoencoderRAE": AutoencoderClass(
        used_by="diffusion in the features of a vision model",
        latents="latent",
        unit=True,
        fixed=True,
        needs="transformers",
    ),
    "AutoencoderTiny": AutoencoderClass(used_by="previews (TAESD, TAESD3, TAEF1)", latents="latent"),
    "AutoencoderVidTok": AutoencoderClass(used_by="none that is known", frames=4),
    "ConsistencyDecoderVAE": AutoencoderClass(used_by="Stable Diffusion 1, in place of its own", noise=True),
    "Kandinsky6SRVAE": AutoencoderClass(used_by="Kandinsky 6's enlarger", frames=1),
    "PaellaVQModel": AutoencoderClass(
        used_by="Stable Cascade (stage A), Wuerstchen",
        latents="latent before the codebook",
        unit=True,
        scale="scale_factor",
        module="diffusers.pipelines.deprecated.wuerstchen",
    ),
    "VQModel": AutoencoderClass(
        used_by="VQGAN (taming-transformers), VQ-Diffusion; Kandinsky 2.1 and 2.2, which decode latents",
        latents="codes",
    ),
}
"""The classes of diffusers that are opened, in the order of their names."""

TINY: Final[Mapping[str, AutoencoderClass]] = {
    "TAEF2": AutoencoderClass(used_by="previews of FLUX.2", latents="latent", unit=True),
    "TAESANA": AutoencoderClass(used_by="previews of Sana", latents="latent", unit=True),
    "TAEQI2_1": AutoencoderClass(used_by="previews of Qwen-Image 2.1", latents="latent", unit=True, planes=4),
}
"""Autoencoders for previews that diffusers has no class for, opened from their authors' pairs of files."""

TOKENISERS: Final[Mapping[str, AutoencoderClass]] = {
    "GumbelVQ": AutoencoderClass(used_by="VQGAN with Gumbel-softmax, ruDALL-E", latents="codes"),
    "IBQ": AutoencoderClass(used_by="IBQ (SEED-Voken)", latents="codes"),
    "LlamaGenVQ": AutoencoderClass(used_by="LlamaGen, Janus, Janus-Pro", latents="codes"),
    "OpenMAGVIT2": AutoencoderClass(used_by="Open-MAGVIT2", latents="codes"),
}
"""Tokenisers of autoregressive generators that diffusers has no class for, opened from their authors' files."""

_AUDIO: Final = "it codes sound, not images"
REFUSED: Final[Mapping[str, str]] = {
    "AutoencoderKLAllegro": "it codes blocks of 24 frames of a video and cannot be asked about one image",
    "AutoencoderKLKVAEAudio": _AUDIO,
    "AutoencoderKLLTX2Audio": _AUDIO,
    "AutoencoderKLMiniMaxH3": "it decodes no fewer than several frames of a video and cannot be asked about one image",
    "AutoencoderKLMiniMaxH3Audio": _AUDIO,
    "AutoencoderOobleck": _AUDIO,
    "AutoencoderSAME": _AUDIO,
    "Cosmos3AVAEAudioTokenizer": _AUDIO,
    "LTX2VideoDiffusionDecoderModel": "it is a decoder without an encoder, for latents of AutoencoderKLLTX2Video",
    "LongCatAudioDiTVae": _AUDIO,
    "MMAudioVAE": _AUDIO,
    "RFD4ProteinaAutoencoder": "it codes the atoms of proteins, not images",
}
"""Classes that are not opened, and why, as a clause after `is not supported:`."""


def of_class(name: str) -> AutoencoderClass | None:
    """What is known of a class, or None where nobody foresaw it.

    Args:
        name: of the class, as a config states it.
    """
    return OPENED.get(name) or TINY.get(name) or TOKENISERS.get(name)
