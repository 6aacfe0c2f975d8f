"""UNets of diffusers' pipelines that work on pixels, and the schedules they are run by."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from wherefrom.core.card import Fact
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.autoencoders.canonical import canonical
from wherefrom.models.checkpoints.configs import read_json
from wherefrom.models.checkpoints.folders import weights_in
from wherefrom.models.checkpoints.read import read_weights

__all__ = ["CLASS", "Schedule", "UNet", "ddim_schedule", "make_unet", "read_unet", "size_of"]

CLASS: Final = "UNet2DModel"
"""The class of network that these pipelines have."""

_UNSEEN: Final = (
    "act_fn",
    "attention_head_dim",
    "attn_norm_num_groups",
    "center_input_sample",
    "down_block_types",
    "downsample_padding",
    "downsample_type",
    "flip_sin_to_cos",
    "freq_shift",
    "mid_block_scale_factor",
    "norm_eps",
    "norm_num_groups",
    "resnet_time_scale_shift",
    "time_embedding_type",
    "up_block_types",
    "upsample_type",
)
"""What of a config changes the numbers but not the names and shapes of the weights."""

Config = Mapping[str, Any]


def read_unet(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, Fact]]:
    """Weights and configuration of a pipeline's UNet and scheduler.

    Args:
        folder: with `unet/config.json`, the weights beside it, and `scheduler/scheduler_config.json`.

    Returns:
        Weights under diffusers' present names, and both configurations under `unet.NAME` and `scheduler.NAME`.

    Raises:
        ModelError: when a file is missing or cannot be read.
    """
    config: dict[str, Fact] = {}
    for part, file in (("unet", "config.json"), ("scheduler", "scheduler_config.json")):
        if not (folder / part / file).is_file():
            raise ModelError(f"{folder} has no {part}/{file}: the download or copy is incomplete")
        for key, value in read_json(folder / part / file).items():
            config[f"{part}.{key}"] = tuple(value) if isinstance(value, list) else value
    return canonical(read_weights(weights_in(folder / "unet"))), config


class UNet(nn.Module):
    """A UNet of diffusers, called as `unet(images, times, labels)`.

    Attributes:
        channels: of its images, 1 or 3.
        classes: of a class-conditional network; None of another.
        size: `(height, width)` of its images in pixels.
        facts: what its configuration says that the weights do not.
    """

    def __init__(self, unet: Any) -> None:
        super().__init__()
        self.unet = unet
        self.channels: int = unet.config.in_channels
        self.classes: int | None = unet.config.num_class_embeds
        self.size = size_of(unet.config.sample_size)
        self.facts: dict[str, Fact] = {"unet": tuple(f"{key}={unet.config[key]!r}" for key in _UNSEEN)}

    def forward(self, images: torch.Tensor, times: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        """The network's output, of the images' shape.

        Args:
            images: `(n, channels, h, w)`, with noise.
            times: `(n,)`, on the scale that the network was trained with.
            labels: `(n,)` of a class-conditional network, else None.
        """
        output: torch.Tensor = self.unet(images, times, class_labels=labels).sample
        return output


def size_of(sample: Any) -> tuple[int, int]:
    """`(height, width)` of a configuration's `sample_size`.

    Raises:
        ModelError: when it is not stated.
    """
    sides = tuple(sample) if isinstance(sample, tuple | list) else (sample, sample)
    if len(sides) != 2 or not all(isinstance(side, int) and side > 0 for side in sides):
        raise ModelError(f"unet/config.json has sample_size={sample!r}, need one side or (height, width) in pixels")
    return sides[0], sides[1]


def make_unet(config: Config) -> UNet:
    """A UNet without its weights; call it where tensors get no storage.

    Args:
        config: as `read_unet` gives it.

    Raises:
        ModelError: when it is of another class, or not one of images in and images out.
    """
    from diffusers import UNet2DModel

    unet_config = {key.removeprefix("unet."): value for key, value in config.items() if key.startswith("unet.")}
    if unet_config.get("_class_name") != CLASS:
        raise ModelError(
            f"unet/config.json is of class {unet_config.get('_class_name')!r}, need {CLASS}: a UNet of images"
        )
    known = inspect.signature(UNet2DModel.__init__).parameters
    unet = UNet2DModel.from_config({key: value for key, value in unet_config.items() if key in known})
    in_channels, out_channels = unet.config.in_channels, unet.config.out_channels
    if in_channels != out_channels or in_channels not in (1, 3):
        raise ModelError(f"the UNet takes {in_channels} channels and makes {out_channels}, need 3 and 3, or 1 and 1")
    if unet.config.class_embed_type is not None:
        kind = unet.config.class_embed_type
        raise ModelError(f"the UNet has class_embed_type={kind!r}, need null: only classes by number are supported")
    return UNet(unet)


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """The steps of DDIM from noise to an image.

    Attributes:
        times: what the network is told at each step.
        alphas: the share of image in a step's input, `alpha` in the notation of arXiv:2010.02502.
        onward: the same in a step's output; of the last step 1, or what the configuration says.
        prediction: what the network's output is: `epsilon`, `sample` or `v_prediction`.
        clip: bound of each step's estimate of the image in [-1, 1]; None: it is not clipped.
    """

    times: tuple[int, ...]
    alphas: tuple[float, ...]
    onward: tuple[float, ...]
    prediction: str
    clip: float | None


def ddim_schedule(config: Config, steps: int) -> Schedule:
    """The steps that diffusers' `DDIMPipeline` takes; the scheduler of a DDPM is turned into DDIM's, as it does.

    Args:
        config: as `read_unet` gives it.
        steps: how many.

    Raises:
        ModelError: when the scheduler's configuration is not supported.
        UsageError: when `steps` is more than the model was trained with.
    """
    from diffusers import DDIMScheduler

    scheduler_config = {
        key.removeprefix("scheduler."): value for key, value in config.items() if key.startswith("scheduler.")
    }
    known = inspect.signature(DDIMScheduler.__init__).parameters
    try:
        scheduler = DDIMScheduler.from_config({key: value for key, value in scheduler_config.items() if key in known})
        trained = scheduler.config.num_train_timesteps
        if not 1 <= steps <= trained:
            raise UsageError(f"steps={steps}, need 1 to {trained}, the steps that the model was trained with")
        scheduler.set_timesteps(steps)
        times = tuple(int(time) for time in scheduler.timesteps)
        before = [time - trained // steps for time in times]
        alphas = scheduler.alphas_cumprod
        onward = tuple(float(alphas[time] if time >= 0 else scheduler.final_alpha_cumprod) for time in before)
        shares = tuple(float(alphas[time]) for time in times)
    except (NotImplementedError, ValueError, TypeError, IndexError) as error:
        raise ModelError(f"scheduler/scheduler_config.json describes no schedule of DDIM: {error}") from error
    if scheduler.config.thresholding:
        raise ModelError("scheduler/scheduler_config.json has thresholding=true, which is not supported")
    clip = float(scheduler.config.clip_sample_range) if scheduler.config.clip_sample else None
    prediction = str(scheduler.config.prediction_type)
    if prediction not in ("epsilon", "sample", "v_prediction"):
        raise ModelError(f"scheduler/scheduler_config.json has prediction_type={prediction!r}, which is not supported")
    return Schedule(times=times, alphas=shares, onward=onward, prediction=prediction, clip=clip)
