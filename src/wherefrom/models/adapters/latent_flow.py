"""A small generator of an autoencoder's latents, trained by flow matching (arXiv:2210.02747), from a folder `flow/`.

Its data flow: a seed's noise on the CPU -> steps of the midpoint rule along the velocity that a `UNet2DModel` says,
from t = 0 (noise) to t = 1 (latent) -> times the channels' deviation, plus their mean. Each latent alone, in float32 on
the CPU whatever the autoencoder's device, so that neither neighbours nor devices move it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import torch

from wherefrom.core.errors import ModelError
from wherefrom.core.tensors import Latents, generator
from wherefrom.models.adapters.arithmetic import channels_last, exact, parameters_of, prepare
from wherefrom.models.autoencoders.build import module_of, weights_of
from wherefrom.models.autoencoders.parts import CheckpointParts
from wherefrom.models.checkpoints.configs import read_json
from wherefrom.models.checkpoints.folders import weights_in
from wherefrom.models.checkpoints.read import read_weights

__all__ = ["FLOW", "SAMPLER", "TIMES", "UNET", "LatentFlow", "read_flow"]

FLOW: Final = "flow"
"""The folder beside an autoencoder's weights: `config.json` and weights of a `UNet2DModel`, and `SAMPLER`."""
SAMPLER: Final = "sampler.json"
"""`mean` and `deviation` of each channel of real latents, `steps` and `shift` of the sampler, `least` side in cells."""
UNET: Final = "UNet2DModel"
"""The class of the network."""
TIMES: Final = 1000.0
"""What the network is told at t = 1: its embedding of times is made for 0 to 1000."""

_CPU: Final = torch.device("cpu")
_MAX_STEPS: Final = 1000
_MAX_LEAST: Final = 64
_MAX_SHIFT: Final = 100


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LatentFlow:
    """A learned distribution of latents, made by `read_flow`.

    Attributes:
        channels: of a latent.
        times: where the steps of the midpoint rule begin and end, from 0 to 1; each takes two evaluations.
        least: side in cells below which a latent is cut from a larger one, as the network has seen none smaller.
        multiple: sides in cells that the network takes are multiples of it; others are cut from larger ones.
    """

    channels: int
    times: tuple[float, ...]
    least: int
    multiple: int
    _mean: torch.Tensor = field(repr=False)
    _deviation: torch.Tensor = field(repr=False)
    _module: Any = field(repr=False)

    @property
    def parameters(self) -> int:
        """How many numbers the weights are."""
        return parameters_of(self._module)

    @torch.no_grad()
    def draw(self, seed: int, size: tuple[int, int]) -> Latents:
        """A latent `(c, h, w)`, float32 on the CPU; the same seed and size give the same latent.

        Args:
            seed: of this latent alone.
            size: `(h, w)` of the latent, in latent cells.
        """
        whole = [-(-max(side, self.least) // self.multiple) * self.multiple for side in size]
        state = torch.randn((1, self.channels, *whole), generator=generator(seed), dtype=torch.float32, device="cpu")
        with exact(_CPU):
            for before, after in pairwise(self.times):
                half = state + (after - before) / 2 * self._velocity(state, before)
                state = state + (after - before) * self._velocity(half, (before + after) / 2)
        latent: torch.Tensor = (state[0] * self._deviation + self._mean)[:, : size[0], : size[1]].contiguous()
        return latent

    def _velocity(self, state: torch.Tensor, time: float) -> torch.Tensor:
        velocity: torch.Tensor = self._module(
            channels_last(state), torch.tensor([time * TIMES], dtype=torch.float32, device="cpu")
        ).sample
        return velocity


def read_flow(folder: Path, channels: int) -> LatentFlow:
    """The generator of latents in a folder. Nothing in a file is run.

    Args:
        folder: see `FLOW`.
        channels: of the autoencoder's latents.

    Raises:
        ModelError: when a file is missing or cannot be read, or is not of a network of that many channels.
    """
    for file in ("config.json", SAMPLER):
        if not (folder / file).is_file():
            raise ModelError(f"{folder} has no {file}: the download or copy is incomplete")
    config, sampler = read_json(folder / "config.json"), read_json(folder / SAMPLER)
    if config.get("_class_name") != UNET:
        raise ModelError(f"{folder / 'config.json'} is of class {config.get('_class_name')!r}, need {UNET}")
    parts = CheckpointParts(kind=UNET, config=config, state=read_weights(weights_in(folder)), name=str(folder))
    module = module_of(parts)
    in_channels, out_channels = module.config.in_channels, module.config.out_channels
    if (
        (in_channels, out_channels) != (channels, channels)
        or module.config.class_embed_type
        or module.config.num_class_embeds
    ):
        raise ModelError(
            f"{folder / 'config.json'} is of a network from {in_channels} to {out_channels} channels,"
            f" need {channels} to {channels} and no classes: the latents have {channels} channels"
        )
    module.load_state_dict(weights_of(parts, module), strict=True, assign=True)
    return LatentFlow(
        channels=channels,
        times=_times(_whole(folder, sampler.get("steps"), "steps", _MAX_STEPS), _shift(folder, sampler.get("shift"))),
        least=_whole(folder, sampler.get("least"), "least", _MAX_LEAST),
        multiple=2 ** (len(module.config.block_out_channels) - 1),
        _mean=_channels(folder, sampler.get("mean"), "mean", channels),
        _deviation=_channels(folder, sampler.get("deviation"), "deviation", channels),
        _module=prepare(module, _CPU, torch.float32),
    )


def _times(steps: int, shift: float) -> tuple[float, ...]:
    """Equal steps where `shift` is 1; above, shorter ones near noise (arXiv:2403.03206, section 5.3.2)."""
    return tuple(step / (step + shift * (steps - step)) for step in range(steps + 1))


def _shift(folder: Path, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 1 / _MAX_SHIFT <= value <= _MAX_SHIFT:
        raise ModelError(f"{folder / SAMPLER} has shift={value!r}, need a number from 0.01 to {_MAX_SHIFT}")
    return float(value)


def _whole(folder: Path, value: Any, name: str, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise ModelError(f"{folder / SAMPLER} has {name}={value!r}, need a whole number from 1 to {most}")
    return value


def _channels(folder: Path, value: Any, name: str, channels: int) -> torch.Tensor:
    numbers = value if isinstance(value, list) else []
    if len(numbers) != channels or not all(isinstance(one, int | float) and math.isfinite(one) for one in numbers):
        raise ModelError(f"{folder / SAMPLER} has {name}={value!r}, need {channels} finite numbers, one a channel")
    return torch.tensor(numbers, dtype=torch.float32, device="cpu")[:, None, None]
