"""Consistency models (Song et al. 2023): one step from noise to an image.

    latent: standard normal noise (3, h, w) ─ x sigma_max ─ UNet, once ─ image [0, 1], not clamped

OpenAI's files, and folders of diffusers' `ConsistencyModelPipeline`. arXiv:2303.01469.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from wherefrom.core.card import Fact
from wherefrom.core.errors import ModelError
from wherefrom.models.architectures import check_kind
from wherefrom.models.architectures.base import Architecture, Built, Config, Shapes, State
from wherefrom.models.architectures.base.options import Label, choice, drawing, label_of
from wherefrom.models.architectures.consistency.geometry import geometry_of, image_size
from wherefrom.models.architectures.consistency.step import DENOISERS, OneStep, Scalings, karras_start
from wherefrom.models.architectures.consistency.unet import UNet
from wherefrom.models.checkpoints.build import empty, fitted

__all__ = ["ARCHITECTURE"]

_SIGNS: Final = ("time_embed.0.weight", "input_blocks.0.0.weight", "middle_block.1.qkv.weight", "out.2.weight")
_SCHEDULER: Final = "CMStochasticIterativeScheduler"
_SIGMA_MAX: Final = 80.0
_ALONE: Final = 64  # pixels a side from which one image is work enough for a processor


def _recognise(shapes: Shapes) -> bool:
    return all(name in shapes for name in _SIGNS)


def _build(state: State, config: Config) -> Built:
    return _from_pipeline(state, config) if "unet._class_name" in config else _from_file(state, config)


def _from_file(state: State, config: Config) -> Built:
    """OpenAI's layout."""
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    check_kind(shapes, ARCHITECTURE)
    geometry = geometry_of(shapes, config)
    size = image_size(geometry, config)
    network = fitted(empty(lambda: UNet(geometry)), state, title=ARCHITECTURE.title)
    scalings = Scalings(denoiser="edm" if choice(config, "denoiser", DENOISERS) == "edm" else "consistency")
    label = label_of(config, geometry.classes)
    step = OneStep(network, scalings, sigma_max=_SIGMA_MAX, sigma=karras_start(_SIGMA_MAX), label=label.number)
    return _built(step, label, (size, size), {"heads": (geometry.head_channels, geometry.heads, geometry.heads_up)})


def _from_pipeline(state: State, config: Config) -> Built:
    """A folder of diffusers."""
    from wherefrom.models.architectures.base.unets import make_unet

    kind = config.get("scheduler._class_name")
    if kind != _SCHEDULER:
        raise ModelError(f"scheduler/scheduler_config.json is of class {kind!r}, need {_SCHEDULER}")
    network = empty(lambda: make_unet(config))
    fitted(network.unet, state, title="the UNet that unet/config.json describes")
    sigma = {name: _number(config, name, usual) for name, usual in _SIGMAS.items()}
    label = label_of(config, network.classes)
    step = OneStep(
        network,
        Scalings(sigma_data=sigma["sigma_data"], sigma_min=sigma["sigma_min"]),
        sigma_max=sigma["sigma_max"],
        sigma=float(np.float32((sigma["sigma_max"] ** (1 / sigma["rho"])) ** sigma["rho"])),
        label=label.number,
    )
    return _built(step, label, network.size, network.facts, channels=network.channels)


_SIGMAS: Final[Mapping[str, float]] = {"sigma_min": 0.002, "sigma_max": 80.0, "sigma_data": 0.5, "rho": 7.0}
"""What diffusers' scheduler takes where its configuration says nothing."""


def _number(config: Config, name: str, usual: float) -> float:
    value: Any = config.get(f"scheduler.{name}", usual)
    if not isinstance(value, int | float) or not value > 0:
        raise ModelError(f"scheduler/scheduler_config.json has {name}={value!r}, need a number above 0")
    return float(value)


def _built(step: OneStep, label: Label, size: tuple[int, int], facts: Config, *, channels: int = 3) -> Built:
    shape = (channels, *size)
    own_facts: dict[str, Fact] = {
        "class": label.fact,
        "denoiser": step.scalings.denoiser,
        "sigmas": (step.sigma_max, step.sigma, step.scalings.sigma_min, step.scalings.sigma_data),
    }
    return Built(
        network=step,
        latent_shape=shape,
        size=size,
        draw=drawing("normal", shape),
        classes=label.searched,
        facts={**own_facts, **facts},
        width=1 if max(size) >= _ALONE else None,
    )


ARCHITECTURE: Final = Architecture(
    name="consistency",
    title="consistency model",
    paper="arXiv:2303.01469",
    files=(".pt", ".safetensors", "ConsistencyModelPipeline"),
    latent="standard normal noise (3, h, w)",
    sizes="64 (ImageNet), 256 (LSUN); any by image_size",
    methods=("ronan",),
    options={
        "class": "of a class-conditional model, from 0, or search where it is not known; default 0",
        "image_size": "side in pixels; default: 64 or 256, told from the weights of published models",
        "num_head_channels": "channels of an attention head; default 64 for published models",
        "num_heads": "attention heads, where num_head_channels is not given",
        "num_heads_upsample": "attention heads on the way back; default num_heads",
        "denoiser": "consistency, or edm for the EDM teachers; default consistency",
    },
    recognise=_recognise,
    build=_build,
)
