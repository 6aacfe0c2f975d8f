"""Diffusion models as a deterministic map from noise (DDIM, eta 0).

    latent: standard normal noise (c, h, w) ─ UNet and one step of DDIM, `steps` times ─ image [0, 1], not clamped

Folders of diffusers' `DDIMPipeline` and `DDPMPipeline`. A DDPM draws noise at every step, which no latent could hold;
run by DDIM's steps the same network is a map. arXiv:2010.02502, equation 12 with sigma 0.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from wherefrom.core.card import Fact
from wherefrom.core.errors import ModelError
from wherefrom.models.architectures.base import Architecture, Built, Config, Shapes, State
from wherefrom.models.architectures.base.options import choice, drawing, label_of, whole
from wherefrom.models.architectures.base.unets import Schedule, ddim_schedule, make_unet
from wherefrom.models.checkpoints.build import empty, fitted
from wherefrom.models.checkpoints.digest import digest

__all__ = ["ARCHITECTURE"]

_STEPS: Final = 10
_ALONE: Final = 64  # pixels a side from which one image is work enough for a processor


class _SamplingSteps(nn.Module):
    """Noise `(n, c, h, w)` to images in [0, 1] by the steps of a schedule.

    The estimate of the image is clipped at each step as the pipeline does it, but at the last one, where the estimate
    is the output: there the clip is left to whoever measures, so that saturated pixels keep their gradient.
    """

    def __init__(self, network: nn.Module, schedule: Schedule, *, label: int | None, checkpointing: bool) -> None:
        super().__init__()
        self.network = network
        self.schedule = schedule
        self.label = label
        self.checkpointing = checkpointing

    def forward(self, latents: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        images = latents
        if self.label is not None:
            labels = torch.full((len(latents),), self.label, dtype=torch.long, device=latents.device)
        for step in range(len(self.schedule.times)):
            if self.checkpointing and images.requires_grad:
                images = checkpoint(self._step, images, step, labels, use_reentrant=False, preserve_rng_state=False)
            else:
                images = self._step(images, step, labels)
        return images * 0.5 + 0.5

    def _step(self, noisy: torch.Tensor, step: int, labels: torch.Tensor | None) -> torch.Tensor:
        alpha, onward = self.schedule.alphas[step], self.schedule.onward[step]
        count, device = len(noisy), noisy.device
        times = torch.full((count,), self.schedule.times[step], dtype=torch.long, device=device)
        image, noise = self._parts(noisy, self.network(noisy, times, labels), alpha)
        bound = self.schedule.clip
        if bound is not None and not (onward == 1 and bound >= 1):
            image = image.clamp(-bound, bound)
        less_noisy: torch.Tensor = onward**0.5 * image + (1 - onward) ** 0.5 * noise
        return less_noisy

    def _parts(self, noisy: torch.Tensor, output: torch.Tensor, alpha: float) -> tuple[torch.Tensor, torch.Tensor]:
        """The estimates of the image and of the noise in what a step is given."""
        signal, spread = alpha**0.5, (1 - alpha) ** 0.5
        match self.schedule.prediction:
            case "epsilon":
                return (noisy - spread * output) / signal, output
            case "sample":
                return output, (noisy - signal * output) / spread
            case _:
                return signal * noisy - spread * output, signal * output + spread * noisy


def _recognise(shapes: Shapes) -> bool:
    return {"conv_in.weight", "time_embedding.linear_1.weight", "conv_out.weight"} <= set(shapes)


def _build(state: State, config: Config) -> Built:
    if "unet._class_name" not in config:
        raise ModelError(
            "these weights look like a UNet of diffusers alone, whose schedule is not known: give the folder of the"
            " whole pipeline, with model_index.json, unet and scheduler"
        )
    schedule = ddim_schedule(config, _STEPS if (steps := whole(config, "steps")) is None else steps)
    checkpointing = choice({"checkpointing": str(config.get("checkpointing", False)).lower()}, "checkpointing", _SWITCH)
    network = empty(lambda: make_unet(config))
    fitted(network.unet, state, title="the UNet that unet/config.json describes")
    label = label_of(config, network.classes)
    shape = (network.channels, *network.size)
    facts: dict[str, Fact] = {"class": label.fact, "clip": schedule.clip, "prediction": schedule.prediction}
    return Built(
        network=_SamplingSteps(network, schedule, label=label.number, checkpointing=checkpointing == "true"),
        latent_shape=shape,
        size=network.size,
        draw=drawing("normal", shape),
        classes=label.searched,
        facts={**facts, "steps": len(schedule.times), "schedule": _digest(schedule), **network.facts},
        width=1 if max(network.size) >= _ALONE else None,
    )


_SWITCH: Final = ("true", "false")


def _digest(schedule: Schedule) -> str:
    numbers = {"times": schedule.times, "alphas": schedule.alphas, "onward": schedule.onward}
    return digest({name: torch.tensor(values, dtype=torch.float64, device="cpu") for name, values in numbers.items()})


ARCHITECTURE: Final = Architecture(
    name="ddim",
    title="diffusion model in pixels, by DDIM",
    paper="arXiv:2010.02502",
    files=("DDIMPipeline", "DDPMPipeline"),
    latent="standard normal noise (c, h, w)",
    sizes="what unet/config.json says",
    methods=("ronan",),
    options={
        "steps": "calls of the network an image; default 10",
        "checkpointing": "true computes each step twice in a search, in the memory of one; default false",
        "class": "of a class-conditional model, from 0, or search where it is not known; default 0",
    },
    recognise=_recognise,
    build=_build,
)
