"""One adapter for every generator: latents -> images in [0, 1], float32 outside, grey repeated to three channels.

On the CPU latents are computed in groups of one fixed number, the last filled up: kernels are chosen by the size of the
group, so a row's bits depend neither on its neighbours nor on how many there are. No clamp, no rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import torch
from torch import nn

from wherefrom.core.arrays import Seeds
from wherefrom.core.card import Card, Fact
from wherefrom.core.errors import ImageError, ModelError
from wherefrom.core.tensors import Images, Latents, check_images, generator
from wherefrom.models.adapters.arithmetic import channels_last, device_of, dtype_of, exact, parameters_of, prepare
from wherefrom.models.adapters.classes import append_class, split_class, stratified_classes
from wherefrom.models.adapters.rows import with_independent_rows
from wherefrom.models.architectures.base import Built
from wherefrom.models.base import Autoencoder, Decoder, former_spread
from wherefrom.models.checkpoints.digest import digest

__all__ = ["EncodingGenerator", "Generator", "adapted"]

# Milliseconds a latent, image and gradient, by one thread, for groups of 1, 8, 16, 32, 48: a DCGAN of 28 px 1.61, 0.49,
# 0.39, 0.34, 0.31; of 32 px 2.55, 0.72, 0.57, 0.46, 0.43; of 64 px 10.6, 3.9, 3.3, 3.0, 2.9; of 128 px 33, 17, 16. Two
# threads rank them alike. Wider gains little more and wastes more where few latents are left.
_WIDTHS: Final = ((32, 32), (64, 16), (128, 8))
_CHANNELS: Final = (1, 3)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Generator:
    """A generator without an encoder as `wherefrom.models.base.Decoder`; made by `adapted`.

    Attributes:
        card: name and every fact that changes the numbers.
        device: where latents must be.
        size: `(height, width)` of its images, the only one it makes.
        latent_shape: of one latent.
        width: latents that are computed together on the CPU.
        classes: how many, where latents carry their class in the last place; None where they carry none.
    """

    card: Card
    device: torch.device
    size: tuple[int, int]
    latent_shape: tuple[int, ...]
    width: int
    classes: int | None
    _dtype: torch.dtype
    _shape: tuple[int, ...]
    _draw: Callable[[torch.Generator, int], torch.Tensor] = field(repr=False)
    _module: nn.Module = field(repr=False)

    @property
    def factor(self) -> int:
        """Images have one size, so there is nothing to crop to."""
        return 1

    @property
    def parameters(self) -> int:
        """How many numbers the weights are."""
        return parameters_of(self._module)

    def decode(self, latents: Latents) -> Images:
        """Latents `(n, *latent_shape)` to images `(n, 3, h, w)` float32, nominally in [0, 1], not clamped.

        Raises:
            ModelError: when the latents have another shape or carry no class of the network's, or the network makes
                images of another shape.
        """
        if tuple(latents.shape[1:]) != self.latent_shape or latents.ndim < 1:
            raise ModelError(f"latents have shape {tuple(latents.shape)}, need (n, {_listed(self.latent_shape)})")
        if not len(latents):
            return latents.new_empty((0, 3, *self.size), dtype=torch.float32)
        values, *labels = (latents,) if self.classes is None else split_class(latents, self._shape, self.classes)
        images = _in_groups(self._module, (values.to(self._dtype), *labels), self.device, self.width)
        if images.ndim != 4 or images.shape[1] not in _CHANNELS or tuple(images.shape[2:]) != self.size:
            raise ModelError(
                f"{self.card.name} made images of shape {tuple(images.shape[1:])}, need 1 or 3 channels of"
                f" {self.size[0]} x {self.size[1]} pixels"
            )
        return images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images

    def draw(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        """Latents `(n, *latent_shape)` from the prior, one a seed, the same on every device.

        Where latents carry their class, it is drawn too, each as likely.

        Args:
            seeds: one a latent.
            size: the generator's own `(height, width)` in pixels, or None.

        Raises:
            ModelError: when `size` is not the generator's own.
        """
        return self._drawn(seeds, size, self.labels(seeds))

    def search_starts(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        """As `draw`, for the starts of one search: where latents carry a class, each comes once before any comes again.

        Args:
            seeds: one a latent; the order of the classes comes from the first.
            size: the generator's own `(height, width)` in pixels, or None.

        Raises:
            ModelError: when `size` is not the generator's own.
        """
        over = self.classes is not None and len(seeds) > 0
        labels = stratified_classes(len(seeds), self.classes or 0, int(seeds[0])) if over else self.labels(seeds)
        return self._drawn(seeds, size, labels)

    spread = former_spread

    def labels(self, seeds: Seeds) -> list[int]:
        """The class that `draw` draws with each seed; 0 where latents carry none."""
        return [self._label(generator(int(seed))) for seed in seeds]

    def _label(self, source: torch.Generator) -> int:
        """The class is the first that a seed draws."""
        return (
            0
            if self.classes is None
            else int(torch.randint(self.classes, (), generator=source, dtype=torch.int64, device="cpu"))
        )

    def _drawn(self, seeds: Seeds, size: tuple[int, int] | None, labels: Sequence[int]) -> Latents:
        if size is not None and tuple(size) != self.size:
            own_size = f"{self.size[1]}x{self.size[0]}"
            raise ModelError(f"{self.card.name} makes images of {own_size} pixels alone, not {size[1]}x{size[0]}")
        drawn = []
        for seed, label in zip(seeds, labels, strict=True):
            source = generator(int(seed))
            self._label(source)  # so that the latent does not depend on how its class was chosen
            latent = self._draw(source, label)
            drawn.append(latent if self.classes is None else append_class(latent, label))
        return (
            torch.stack(drawn) if drawn else torch.empty((0, *self.latent_shape), dtype=torch.float32, device="cpu")
        ).to(self.device)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class EncodingGenerator:
    """A generator with the encoder it was trained with as `wherefrom.models.base.Autoencoder`; made by `adapted`.

    Attributes:
        generator: the half that makes images.
    """

    generator: Generator
    _encoder: nn.Module = field(repr=False)

    @property
    def card(self) -> Card:
        """Name and every fact that changes the numbers."""
        return self.generator.card

    @property
    def device(self) -> torch.device:
        """Where images and latents must be."""
        return self.generator.device

    @property
    def factor(self) -> int:
        """Images have one size, so there is nothing to crop to."""
        return self.generator.factor

    @property
    def size(self) -> tuple[int, int]:
        """`(height, width)` of its images, the only one it takes and makes."""
        return self.generator.size

    @property
    def latent_shape(self) -> tuple[int, ...]:
        """Of one latent."""
        return self.generator.latent_shape

    @property
    def width(self) -> int:
        """Latents that are computed together on the CPU."""
        return self.generator.width

    @property
    def parameters(self) -> int:
        """How many numbers the weights are, the encoder's included."""
        return parameters_of(self.generator._module, self._encoder)

    def decode(self, latents: Latents) -> Images:
        """As `Generator.decode`."""
        return self.generator.decode(latents)

    def draw(self, seeds: Seeds, *, size: tuple[int, int] | None = None) -> Latents:
        """As `Generator.draw`.

        Args:
            seeds: one a latent.
            size: the generator's own `(height, width)` in pixels, or None.
        """
        return self.generator.draw(seeds, size=size)

    def encode(self, images: Images) -> Latents:
        """Images `(n, 3, h, w)` in [0, 1] to latents `(n, *latent_shape)`: the posterior's mean, never a sample.

        Raises:
            ImageError: when the images are not of the generator's size.
        """
        check_images(images)
        if tuple(images.shape[2:]) != self.size:
            actual = f"{images.shape[3]}x{images.shape[2]}"
            raise ImageError(f"images are {actual} pixels, {self.card.name} takes {self.size[1]}x{self.size[0]} alone")
        if not len(images):
            return images.new_empty((0, *self.latent_shape), dtype=torch.float32)
        converted = images.to(self.generator._dtype)
        return _in_groups(self._encoder, (converted,), self.device, self.width)


def _in_groups(network: nn.Module, inputs: Sequence[torch.Tensor], device: torch.device, width: int) -> torch.Tensor:
    """One pass over tensors of as many rows, float32; on the CPU in groups of `width`, the last filled up."""
    with exact(device):
        if device.type != "cpu":
            outputs: torch.Tensor = network(*map(channels_last, inputs)).float()
            return outputs
        parts = [
            network(*(channels_last(_filled(part, width)) for part in group))[: len(group[0])]
            for group in zip(*(tensor.split(width) for tensor in inputs), strict=True)
        ]
        return (torch.cat(parts) if len(parts) > 1 else parts[0]).float()


def _filled(part: torch.Tensor, width: int) -> torch.Tensor:
    """The rows, and copies of the last one up to `width`, through which no gradient flows."""
    missing = width - len(part)
    return torch.cat([part, part[-1:].detach().expand(missing, *part.shape[1:])]) if missing else part


def adapted(
    built: Built, *, architecture: str, name: str, device: str, dtype: str, notes: Mapping[str, Fact]
) -> Decoder | Autoencoder:
    """The adapter around a generator that nobody else holds.

    Args:
        built: network, shapes and prior; its modules are changed in place.
        architecture: for the card.
        name: for the card.
        device: `cpu`, `cuda` or `auto`.
        dtype: `float32`, `bfloat16` or `float16`.
        notes: for the card, never part of its digest.

    Raises:
        ModelError: when there is no such device or dtype.
    """
    place, kind = device_of(device), dtype_of(dtype)
    facts: dict[str, Fact] = {**built.facts, "architecture": architecture, "dtype": dtype, "device": place.type}
    facts["decoder"] = _digest(built.network)
    if built.encoder is not None:
        facts["encoder"] = _digest(built.encoder)
    width = built.width or _width(built.size)
    apart = with_independent_rows if place.type == "cpu" and width > 1 else _as_it_is
    shape = tuple(built.latent_shape)
    generator = Generator(
        card=Card(kind="model", name=name, facts=facts, notes={"sizes": (built.size,), **built.notes, **notes}),
        device=place,
        size=built.size,
        latent_shape=shape if built.classes is None else (math.prod(shape) + 1,),
        width=width,
        classes=built.classes,
        _dtype=kind,
        _shape=shape,
        _draw=built.draw_of or (lambda source, _label: built.draw(source)),
        _module=prepare(apart(built.network), place, kind),
    )
    if built.encoder is None:
        return generator
    return EncodingGenerator(generator=generator, _encoder=prepare(apart(built.encoder), place, kind))


def _as_it_is(network: nn.Module) -> nn.Module:
    return network


def _digest(module: nn.Module) -> str:
    """Of the weights as they are stored, without what only training counts."""
    kept = {key: value for key, value in module.state_dict().items() if not key.endswith("num_batches_tracked")}
    return digest(kept)


def _width(size: tuple[int, int]) -> int:
    """Latents computed together on the CPU, by the longer side in pixels."""
    return next((width for side, width in _WIDTHS if max(size) <= side), 1)


def _listed(shape: tuple[int, ...]) -> str:
    return ", ".join(map(str, shape))
