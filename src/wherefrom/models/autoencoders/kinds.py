"""How one autoencoder is asked: its own words for an image, a latent and an answer, turned into ours."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Final

import torch

from wherefrom.models.autoencoders.steady import RepeatableDecoding

__all__ = ["CallConvention", "decoder_output", "encoder_output", "module_input", "one_frame", "upcast"]

_ONE_AT_A_TIME: Final = threading.RLock()
"""Autoencoders of videos keep earlier frames on themselves while they compute."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CallConvention:
    """How one autoencoder is asked, and what shapes it answers; made by `wherefrom.models.autoencoders.probe`.

    Attributes:
        factor: pixels a latent cell, along each side.
        channels: channels of a latent.
        size: the only `(height, width)` in pixels that it makes; None where any multiple of `factor` will do.
        latents: what the latents are, for the card.
        planes: of an image: 3, or 4 where the fourth is opacity, which is then full.
        frames: how many equal frames its encoder is given for one image; 0 where it has no axis of frames.
        unit: whether its pixels are in [0, 1]; else they are in [-1, 1].
        clamps: whether its `decode` clamps, which is left out.
        noise: whether its `decode` draws random numbers, which are then those of one fixed seed.
        arguments: further arguments of its `decode`; None stands for a tensor of zeros, one a latent.
    """

    factor: int
    channels: int
    size: tuple[int, int] | None = None
    latents: str = "posterior mode"
    planes: int = 3
    frames: int = 0
    unit: bool = False
    clamps: bool = False
    noise: bool = False
    arguments: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def alone(self) -> bool:
        """Whether images go through one by one, on every device.

        A choice among codes could tip on a neighbour's rounding, and the random numbers that decode an image are not to
        depend on how many images there are.
        """
        return self.noise or self.latents == "codes"

    def encode(self, module: Any, images: torch.Tensor) -> torch.Tensor:
        """Images `(n, 3, h, w)` in the module's own range to latents `(n, c, h, w)`; nothing is sampled or scaled.

        Args:
            module: the autoencoder.
            images: in [0, 1] where `unit`, else in [-1, 1].

        Raises:
            TypeError: when the answer is none that is known.
            ValueError: when the latents of one image are not one frame.
        """
        with _ONE_AT_A_TIME if self.frames else nullcontext():
            latents, _ = encoder_output(module, module_input(images, planes=self.planes, frames=self.frames))
        plain = one_frame(latents, frames=self.frames)
        return (
            _nearest_codes(module, plain) if type(module).__name__ == "VQModel" and self.latents == "codes" else plain
        )

    def decode(self, module: Any, latents: torch.Tensor) -> torch.Tensor:
        """Latents to images in the module's own range, not clamped.

        Args:
            module: the autoencoder.
            latents: `(n, c, h, w)`.

        Raises:
            ValueError: when one latent does not give one frame.
        """
        sides = (latents.shape[-2] * self.factor, latents.shape[-1] * self.factor)
        watched = RepeatableDecoding(sides) if self.clamps or self.noise else nullcontext()
        with _ONE_AT_A_TIME if self.frames else nullcontext(), watched:
            images = decoder_output(module, latents[:, :, None] if self.frames else latents, self.arguments)
        return one_frame(images, frames=self.frames)[:, :3]


def module_input(images: torch.Tensor, *, planes: int, frames: int) -> torch.Tensor:
    """Images with a plane of full opacity where that is wanted, as so many equal frames.

    Args:
        images: `(n, 3, h, w)`.
        planes: 3 or 4.
        frames: 0 for no axis of frames.
    """
    if planes == 4:
        images = torch.cat([images, torch.ones_like(images[:, :1])], dim=1)
    return images[:, :, None].expand(-1, -1, frames, -1, -1) if frames else images


def encoder_output(module: Any, images: torch.Tensor) -> tuple[torch.Tensor, str]:
    """What `encode` answers, without sampling, and what it is in the words of a card.

    Args:
        module: the autoencoder.
        images: as its class takes them.

    Raises:
        TypeError: when it is none of the answers that are known.
    """
    return _read(module.encode(images))


def _read(answer: Any) -> tuple[torch.Tensor, str]:
    distribution = getattr(answer, "latent_dist", answer)
    if hasattr(distribution, "mode") and not isinstance(distribution, torch.Tensor):
        return distribution.mode(), "posterior mode"
    if isinstance(answer, torch.Tensor):
        return answer, "latent"
    for name in ("latents", "latent"):
        if isinstance(getattr(answer, name, None), torch.Tensor):
            return getattr(answer, name), "latent"
    if isinstance(answer, tuple) and answer:
        latents, what = _read(answer[0])
        codes = any(isinstance(part, torch.Tensor) and not part.is_floating_point() for part in answer[1:])
        return latents, "codes" if codes else what
    raise TypeError(f"its encode answers {type(answer).__name__}, which holds no latent that is known")


def decoder_output(module: Any, latents: torch.Tensor, arguments: Mapping[str, int | None]) -> torch.Tensor:
    """What `decode` answers, as the generators call it.

    Args:
        module: the autoencoder.
        latents: as its class takes them.
        arguments: further arguments of `decode`, as `CallConvention` has them.

    Raises:
        TypeError: when it is none of the answers that are known.
    """
    if type(module).__name__ == "VQModel":
        return _not_quantized(module, latents)
    keywords = {key: latents.new_zeros(len(latents)) if value is None else value for key, value in arguments.items()}
    answer = module.decode(latents, **keywords)
    pixels = getattr(answer, "sample", answer) if not isinstance(answer, torch.Tensor) else answer
    pixels = pixels[0] if isinstance(pixels, tuple) and pixels else pixels
    if not isinstance(pixels, torch.Tensor):
        raise TypeError(f"its decode answers {type(answer).__name__}, which holds no image that is known")
    return pixels


def one_frame(tensor: torch.Tensor, *, frames: int) -> torch.Tensor:
    """The tensor without its axis of frames, which must hold one.

    Args:
        tensor: `(n, c, h, w)`, with an axis of frames after the channels where there are frames.
        frames: 0 for no axis of frames.

    Raises:
        ValueError: when it has other axes, or another number of frames.
    """
    if tensor.ndim != (5 if frames else 4):
        raise ValueError(f"it answers a tensor of {tensor.ndim} axes")
    if frames and tensor.shape[2] != 1:
        raise ValueError(f"it answers {tensor.shape[2]} frames for one image")
    return tensor[:, :, 0] if frames else tensor


def _nearest_codes(module: Any, latents: torch.Tensor) -> torch.Tensor:
    """The nearest entries of the codebook: what a generator of codes hands to the decoder."""
    plain = latents.permute(0, 2, 3, 1)
    table = module.quantize.embedding.weight
    nearest = torch.cdist(plain.flatten(0, 2).float(), table.float()).argmin(1)
    return torch.nn.functional.embedding(nearest, table).view(plain.shape).permute(0, 3, 1, 2)


def _not_quantized(module: Any, latents: torch.Tensor) -> torch.Tensor:
    """As `VQModel.decode(force_not_quantize=True)`, whatever `lookup_from_codebook` says."""
    spatial = latents if module.config.norm_type == "spatial" else None
    images: torch.Tensor = module.decoder(module.post_quant_conv(latents), spatial)
    return images


def upcast(config: Mapping[str, Any], asked: str) -> str:
    """The arithmetic to use: float32 where the config states `force_upcast` and less was asked for.

    A default that the config's author never stated does not count: Stable Diffusion 1 and 2 are decoded in 16 bit.

    Args:
        config: its config.
        asked: the dtype that was asked for, by name.
    """
    usual = config.get("_use_default_values")
    stated = bool(config.get("force_upcast")) and "force_upcast" not in (
        usual if isinstance(usual, list | tuple) else ()
    )
    return "float32" if stated else asked
