"""One adapter for every class of autoencoder that is supported.

Its data flow: images [0, 1] -> the class's own range and axes -> encoder -> posterior's mode -> decoder -> [0, 1],
float32 outside. No scaling factor, no clamp, no rounding, no tiling, no sampling. How a class is asked is found by a
probe, see `wherefrom.models.autoencoders.probe`.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from wherefrom.core.arrays import Seeds
from wherefrom.core.card import UNITS, Card, Fact
from wherefrom.core.errors import ImageError, ModelError
from wherefrom.core.tensors import Images, Latents, check_images, generator
from wherefrom.models.adapters.arithmetic import (
    channels_last,
    device_of,
    dtype_of,
    exact,
    needs_single_images,
    parameters_of,
    prepare,
)
from wherefrom.models.adapters.latent_flow import LatentFlow, read_flow
from wherefrom.models.adapters.latent_statistics import draw_latents
from wherefrom.models.autoencoders.build import has_encoder
from wherefrom.models.autoencoders.kinds import CallConvention, upcast
from wherefrom.models.autoencoders.probe import probe, probe_decoder
from wherefrom.models.autoencoders.steady import NOISE_SEED
from wherefrom.models.base import former_spread
from wherefrom.models.sources.classes import of_class

__all__ = ["DiffusersAutoencoder", "adapted"]

_log = logging.getLogger(__name__)

_SWITCHES: Final = ("use_tiling", "use_slicing", "use_framewise_encoding", "use_framewise_decoding")
"""With which a class computes an image in parts, which changes the numbers."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DiffusersAutoencoder:
    """An autoencoder of diffusers as `wherefrom.models.base.Autoencoder`.

    Made by `open_autoencoder` and `wrap_autoencoder`.

    Attributes:
        card: name and every fact that changes the numbers.
        device: where images and latents must be.
        factor: pixels a latent cell, along each side.
        channels: channels of a latent.
        native: `(height, width)` in pixels that `draw` makes unless told otherwise; None where it is not known.
        scaling: scale and shift by which the generator works on `(z - shift) * scale`; (1, 0) where its configuration
            states none for all channels, as that of VQ models.
    """

    card: Card
    device: torch.device
    factor: int
    channels: int
    native: tuple[int, int] | None
    scaling: tuple[float, float]
    _dtype: torch.dtype
    _kind: CallConvention
    _module: nn.Module = field(repr=False)
    _stats: Mapping[str, torch.Tensor] | None = field(repr=False)
    _flow: LatentFlow | None = field(repr=False)

    @property
    def size(self) -> tuple[int, int] | None:
        """None where any multiple of `factor` will do, as for most."""
        return self._kind.size

    @property
    def parameters(self) -> int:
        """How many numbers the weights are."""
        return parameters_of(self._module)

    def encode(self, images: Images) -> Latents:
        """Images `(n, 3, h, w)` in [0, 1] to unscaled latents `(n, channels, h / factor, w / factor)`: the mode.

        Raises:
            ImageError: when the shape is not `(n, 3, h, w)` or a side is no positive multiple of `factor`.
        """
        check_images(images)
        height, width = images.shape[2:]
        if height % self.factor or width % self.factor or not height or not width:
            raise ImageError(f"images are {height} x {width}, need positive multiples of {self.factor}: crop them")
        if self.size is not None and (height, width) != self.size:
            raise ImageError(
                f"images are {height} x {width}; {self.card.name} takes {self.size[0]} x {self.size[1]} alone"
            )
        if not len(images):
            return images.new_empty(
                (0, self.channels, height // self.factor, width // self.factor), dtype=torch.float32
            )
        return self._ask(self._kind.encode, images.float() if self._kind.unit else images.float() * 2 - 1)

    def decode(self, latents: Latents) -> Images:
        """Unscaled latents to images `(n, 3, h, w)` float32, nominally in [0, 1], not clamped; differentiable.

        Raises:
            ModelError: when the latents' shape is not `(n, channels, h, w)`.
        """
        if latents.ndim != 4 or latents.shape[1] != self.channels:
            raise ModelError(f"latents have shape {tuple(latents.shape)}, need (n, {self.channels}, h, w)")
        if not len(latents):
            height, width = latents.shape[2] * self.factor, latents.shape[3] * self.factor
            return latents.new_empty((0, 3, height, width), dtype=torch.float32)
        images = self._ask(self._kind.decode, latents)
        return images if self._kind.unit else images * 0.5 + 0.5

    def draw(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        """Latents from the generator that came with the weights, else from their statistics; one a seed.

        Args:
            seeds: one a latent.
            size: `(height, width)` of the images in pixels; by default `native`.

        Raises:
            ModelError: when neither came with the weights, or `size` is no positive multiple of `factor`.
        """
        if self._flow is not None:
            flow, cells = self._flow, self._cells(size)
            return self._stacked([flow.draw(int(seed), cells) for seed in seeds], cells)
        if self._stats is None:
            name = self.card.name
            raise ModelError(
                f"{name} cannot draw latents by itself: make images with its own pipeline and pass those"
                f" (of text-to-image pipelines: wherefrom generate PIPELINE --prompts FILE)"
            )
        return self._field(self._stats, seeds, size)

    def search_starts(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        """Latents from the statistics that came with the weights; without, standard normal in the generator's units.

        That is where the sampling of a diffusion model begins, and where RONAN's search of one begins: starts of a
        search, which decode to no image that the model would make.

        Args:
            seeds: one a latent.
            size: `(height, width)` of the images in pixels; by default `native`.

        Raises:
            ModelError: when `size` is no positive multiple of `factor`.
        """
        if self._stats is not None:
            return self._field(self._stats, seeds, size)
        cells, (scale, shift) = self._cells(size), self.scaling
        noise = [
            torch.randn((self.channels, *cells), generator=generator(int(seed)), dtype=torch.float32, device="cpu")
            for seed in seeds
        ]
        return self._stacked([one / scale + shift for one in noise], cells)

    spread = former_spread

    def _field(self, stats: Mapping[str, torch.Tensor], seeds: Seeds, size: tuple[int, int] | None) -> Latents:
        """Gaussian fields with the statistics of latents, one a seed."""
        cells = self._cells(size)
        return self._stacked([draw_latents(stats, int(seed), cells) for seed in seeds], cells)

    def _cells(self, size: tuple[int, int] | None) -> tuple[int, int]:
        """Latent cells of a size in pixels."""
        wanted = size or self.native
        if wanted is None:
            raise ModelError(f"{self.card.name} states no native size: give `size` in pixels")
        if min(wanted) <= 0 or wanted[0] % self.factor or wanted[1] % self.factor:
            raise ModelError(f"size {wanted[0]} x {wanted[1]}, need positive multiples of {self.factor}")
        return (wanted[0] // self.factor, wanted[1] // self.factor)

    def _stacked(self, latents: list[torch.Tensor], cells: tuple[int, int]) -> Latents:
        return (
            torch.stack(latents)
            if latents
            else torch.empty((0, self.channels, *cells), dtype=torch.float32, device="cpu")
        ).to(self.device)

    def _ask(self, part: Callable[[Any, torch.Tensor], torch.Tensor], tensor: torch.Tensor) -> torch.Tensor:
        """One pass through a half of the module, one by one where a neighbour could move the result."""
        ready = channels_last(tensor.to(self._dtype))
        with exact(self.device):
            if len(ready) > 1 and (self._kind.alone or needs_single_images(self.device)):
                return torch.cat([part(self._module, row) for row in ready.split(1)]).float()
            return part(self._module, ready).float()


def adapted(
    module: Any,
    *,
    architecture: str,
    facts: Mapping[str, Fact],
    config: Mapping[str, Any],
    device: str | torch.device,
    dtype: str,
    name: str,
    notes: dict[str, Fact],
    stats: Mapping[str, torch.Tensor] | None,
    flow: Path | None,
    stated: bool = True,
) -> DiffusersAutoencoder:
    """The adapter around a module that nobody else holds, after it was asked how it has to be asked.

    Args:
        module: with its weights; changed in place: device, dtype, no gradients.
        architecture: name of its class.
        facts: of the card: what of weights and config changes the numbers.
        config: as it lies beside the weights.
        device: `cpu`, `cuda` or `auto`.
        dtype: `float32`, `bfloat16` or `float16`.
        name: for the card.
        notes: for the card, never part of its digest.
        stats: of latents, as `latent_statistics.fit_latents` gives them; None where there are none.
        flow: folder of a generator of latents; None where there is none.
        stated: whether the config says in which units the generator works; one that was read off weights does not.

    Raises:
        ModelError: when it gives no image back, or the config states a scaling that is no number.
    """
    place, used = device_of(device), (dtype_of(dtype), upcast(config, dtype))[1]
    if used != dtype:
        notes = notes | {"upcast": f"{dtype} was asked for; the config states force_upcast, so {used} is used"}
        _log.warning("%s: %s", name, notes["upcast"])
    for switch in _SWITCHES:
        if hasattr(module, switch):
            setattr(module, switch, False)
    whole = dict(getattr(module, "config", config))  # a file may leave out what is usual for the class
    ready = prepare(module, place, dtype_of(used))
    with exact(place):
        kind = (probe if has_encoder(ready) else probe_decoder)(ready, whole, name=architecture)
    if of_class(architecture) is None:
        notes = notes | {"class": f"{architecture} is not a class that this package was tested with; a probe opened it"}
        _log.warning("%s: %s", name, notes["class"])
    # A config may leave out what is usual for its class. Weights without one say nothing, so a search is then unscaled.
    scaling = _scaling(whole, architecture) if stated else (1.0, 0.0)
    units: dict[str, Fact] = {} if stated and scaling == (1.0, 0.0) else {UNITS: scaling if stated else None}
    return DiffusersAutoencoder(
        card=Card(
            kind="model",
            name=name,
            facts={**facts, **_asked(kind), **units, "dtype": used, "device": place.type},
            notes=notes,
        ),
        device=place,
        factor=kind.factor,
        channels=kind.channels,
        scaling=scaling,
        native=kind.size or _native(notes.get("sizes"), config.get("sample_size"), kind.factor),
        _dtype=dtype_of(used),
        _kind=kind,
        _module=ready,
        _stats=stats,
        _flow=read_flow(flow, kind.channels) if flow else None,
    )


def _asked(kind: CallConvention) -> dict[str, Fact]:
    """What of how a module is asked changes the numbers."""
    return {"latents": kind.latents, **({"noise": f"normal, seed {NOISE_SEED}"} if kind.noise else {})}


def _scaling(config: Mapping[str, Any], architecture: str) -> tuple[float, float]:
    """Scale and shift by which the generator works on `(z - shift) * scale`; the codes of VQ models have none.

    Raises:
        ModelError: when the config states something else than a number.
    """
    known = of_class(architecture)
    if known is not None and known.scale is not None:
        return (1.0 / (_number(config, known.scale) or 1.0), 0.0)
    if config.get("num_vq_embeddings") is not None or config.get("latents_mean") is not None:
        return (1.0, 0.0)
    return (_number(config, "scaling_factor") or 1.0, _number(config, "shift_factor"))


def _number(config: Mapping[str, Any], key: str) -> float:
    """A number that a config states; 0 where it states none."""
    value = config.get(key) or 0.0
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ModelError(f"the config states {key}={value!r}, need a number: fetch the config again")
    return float(value)


def _native(sizes: Fact, sample: Any, factor: int) -> tuple[int, int] | None:
    """The first of the sizes in the notes, else the config's `sample_size`, where it is a multiple of the factor."""
    first = sizes[0] if isinstance(sizes, tuple | list) and sizes else sample
    pair = tuple(first) if isinstance(first, tuple | list) else (first, first)
    whole = len(pair) == 2 and all(isinstance(side, int) and side > 0 and side % factor == 0 for side in pair)
    return (pair[0], pair[1]) if whole else None
