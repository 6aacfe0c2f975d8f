"""What an autoencoder does, found by asking it about a small image: no table of classes says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch

from wherefrom.core.errors import ModelError
from wherefrom.models.autoencoders.kinds import CallConvention, decoder_output, encoder_output, module_input, one_frame
from wherefrom.models.autoencoders.steady import RepeatableDecoding
from wherefrom.models.sources.classes import AutoencoderClass, of_class

__all__ = ["probe", "probe_decoder"]

Config = Mapping[str, Any]

_FAILURES: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a network raises of an image that it cannot take."""
_FRAMES: Final = (0, 1, 2, 4)
_FACTORS: Final = (16, 64, 112)
"""Factors that are tried after what a config suggests; a smaller one that divides one of these is found with it."""
_LEVELS: Final = ("block_out_channels", "dim_mult", "ch_mult", "encoder_block_out_channels", "down_block_out_channels")
_CHANNELS: Final = ("vq_embed_dim", "latent_channels", "z_channels", "z_dim")
_SHOWN: Final = 3
_CELLS: Final = (2, 3)
"""Rows and columns of the latent of the small image, which differ so that swapped sides are seen."""


def probe(module: Any, config: Config, *, name: str) -> CallConvention:
    """How an autoencoder is asked, and what it answers.

    It is asked about one small image: with three planes or four, without frames or with one or several equal ones. The
    first way that gives one image of the same size back is taken. What its `decode` does by itself is watched.

    Args:
        module: with its weights, on its device, in the arithmetic that it will be used in.
        config: its config.
        name: of its class.

    Raises:
        ModelError: when no way gives the image back; the message says what came instead.
    """
    failures: dict[str, None] = {}
    for planes, frames in _ways(of_class(name)):
        way = _CallForm.of(module, config, of_class(name), planes=planes, frames=frames)
        for factor in _factors(module, config, frames):
            try:
                return way.tried(factor)
            except torch.OutOfMemoryError:
                raise
            except _FAILURES as error:
                failure = f"{way.words}: {_first_line(error)}"
            if failure in failures:
                break  # which does not depend on the size
            failures[failure] = None
    stated = next((f"{key}={config[key]}, need 3; " for key in _planes_stated(config)), "")
    raise ModelError(
        f"{name} cannot be asked about an image: {stated}{'; '.join([*failures][:_SHOWN])}; need an"
        f" autoencoder that gives an RGB image back, of one frame where it is one of videos"
    )


def probe_decoder(module: Any, config: Config, *, name: str) -> CallConvention:
    """The same of a decoder whose encoder is absent, by one latent.

    Args:
        module: without its encoder.
        config: its config, which states the latents' channels.
        name: of its class.

    Raises:
        ModelError: when it does not, or no image comes out.
    """
    channels = next((int(config[key]) for key in _CHANNELS if config.get(key)), None)
    if channels is None:
        raise ModelError(f"{name} has no encoder, and its config does not state how many channels a latent has")
    failures: list[str] = []
    for planes, frames in _ways(of_class(name)):
        way = _CallForm.of(module, config, of_class(name), planes=planes, frames=frames)
        try:
            return way.decoded_alone(channels)
        except torch.OutOfMemoryError:
            raise
        except _FAILURES as error:
            failures.append(f"{way.words}: {_first_line(error)}")
    raise ModelError(f"{name} gives no image of a latent of {channels} channels: {'; '.join(failures[:_SHOWN])}")


@dataclass(frozen=True, kw_only=True, slots=True)
class _CallForm:
    """One way of asking a module; whatever the module raises is passed on, and ValueError says what does not fit."""

    module: Any
    config: Config
    known: AutoencoderClass | None
    planes: int
    frames: int
    device: torch.device
    dtype: torch.dtype

    @classmethod
    def of(cls, module: Any, config: Config, known: AutoencoderClass | None, *, planes: int, frames: int) -> _CallForm:
        """A way of asking a module where it is, in its own arithmetic.

        Raises:
            ModelError: when it has no weights.
        """
        weights = next((tensor for tensor in module.parameters() if tensor.is_floating_point()), None)
        if weights is None:
            raise ModelError(f"{type(module).__name__} has no weights: need an autoencoder that was trained")
        return cls(
            module=module,
            config=config,
            known=known,
            planes=planes,
            frames=frames,
            device=weights.device,
            dtype=weights.dtype,
        )

    @property
    def words(self) -> str:
        """Planes and frames in words."""
        some = f" in {self.frames} frame{'s' if self.frames > 1 else ''}" if self.frames else ""
        return f"{self.planes} planes{some}"

    @property
    def arguments(self) -> dict[str, int | None]:
        """Further arguments of `decode`: those of the class, and the time 0 where the decoder is told one."""
        timed: dict[str, int | None] = {"temb": None} if self.config.get("timestep_conditioning") else {}
        return {**({} if self.known is None else self.known.arguments), **timed}

    def tried(self, factor: int) -> CallConvention:
        """How the module is asked, by an image that is a few cells of this factor."""
        sides = (_CELLS[0] * factor, _CELLS[1] * factor)
        latents, what, images, watch = self._round_trip(sides)
        size = None
        if tuple(images.shape[2:]) != sides:  # one that makes a single size gives that size back as it is
            size = (images.shape[2], images.shape[3])
            again = self._round_trip(size)
            if again[0].shape != latents.shape or tuple(again[2].shape[2:]) != size:
                raise ValueError(f"an image of {sides[0]} x {sides[1]} comes back as {size[0]} x {size[1]}")
        if images.shape[1] != self.planes:
            raise ValueError(f"an image of {self.planes} planes comes back with {images.shape[1]}")
        if self.known is None:
            self._check_gradient(latents)
        real = _factor(size or sides, (latents.shape[2], latents.shape[3]))
        return self._kind(factor=real, channels=latents.shape[1], size=size, what=what, watch=watch)

    def decoded_alone(self, channels: int) -> CallConvention:
        """How the decoder is asked, by a latent."""
        plain = torch.zeros((1, channels, *_CELLS), device=self.device, dtype=self.dtype)
        images, watch = self._decoded(plain[:, :, None] if self.frames else plain)
        sides = (images.shape[2], images.shape[3])
        return self._kind(factor=_factor(sides, _CELLS), channels=channels, size=None, what="latent", watch=watch)

    def _round_trip(self, sides: tuple[int, int]) -> tuple[torch.Tensor, str, torch.Tensor, RepeatableDecoding]:
        """A small image's latent, what it is, and what it decodes to."""
        ramp = torch.linspace(0, 1, 3 * sides[0] * sides[1], dtype=torch.float32, device="cpu").view(1, 3, *sides)
        image = ramp.to(device=self.device, dtype=self.dtype)
        with torch.no_grad(), RepeatableDecoding(None) as watch:
            latents, what = encoder_output(self.module, module_input(image, planes=self.planes, frames=self.frames))
        if watch.drawn or watch.unseeded:
            raise ValueError("its encode draws random numbers")
        plain = one_frame(latents, frames=self.frames)
        if not plain.is_floating_point() or plain.shape[0] != 1:
            raise ValueError(f"its encode answers {tuple(plain.shape)} of {plain.dtype}, need one latent of numbers")
        images, watch = self._decoded(latents)
        return plain, what, images, watch

    def _decoded(self, latents: torch.Tensor) -> tuple[torch.Tensor, RepeatableDecoding]:
        """What a latent decodes to, and what the decoder did by itself meanwhile."""
        with torch.no_grad(), RepeatableDecoding(None) as watch:
            images = decoder_output(self.module, latents, self.arguments)
        if watch.unseeded:
            names = ", ".join(sorted(watch.unseeded))
            raise ValueError(f"its decode draws random numbers by {names}, which are not made repeatable")
        return one_frame(images, frames=self.frames), watch

    def _check_gradient(self, latents: torch.Tensor) -> None:
        """Refuse a class whose pixels have no gradient to the latent, as where it quantises by itself."""
        start = (latents[:, :, None] if self.frames else latents).detach().clone().requires_grad_()
        with torch.enable_grad(), RepeatableDecoding(None):
            total = decoder_output(self.module, start, self.arguments).square().sum()
        gradient = torch.autograd.grad(total, start, allow_unused=True)[0] if total.requires_grad else None
        if gradient is None or not bool(gradient.isfinite().all()) or not bool(gradient.any()):
            raise ValueError("no gradient leads from its pixels to its latent: it rounds or quantises what it decodes")

    def _kind(
        self, *, factor: int, channels: int, size: tuple[int, int] | None, what: str, watch: RepeatableDecoding
    ) -> CallConvention:
        """What was found, with what is known of the class."""
        latents = what if self.known is None or what == "codes" else self.known.latents
        if latents == "codes" and self.config.get("norm_type") == "spatial":
            latents = "latent before the codebook"  # Kandinsky's MoVQ, whose generator makes no codes
        return CallConvention(
            factor=factor,
            channels=channels,
            size=size,
            latents=latents,
            planes=self.planes,
            frames=self.frames,
            unit=self.known is not None and self.known.unit,
            clamps=bool(watch.clamped),
            noise=bool(watch.drawn),
            arguments=self.arguments,
        )


def _ways(known: AutoencoderClass | None) -> Iterator[tuple[int, int]]:
    """Planes and frames to try, what is known of the class first."""
    first = [] if known is None else [(known.planes, known.frames)]
    yield from dict.fromkeys([*first, *((planes, frames) for planes in (3, 4) for frames in _FRAMES)])


def _factors(module: Any, config: Config, frames: int) -> Iterator[int]:
    """Factors to try, those that the config suggests first; of several frames no large ones, which would take long."""
    hints = [vars(module).get("spatial_compression_ratio"), config.get("spatial_compression_ratio")]
    hints += [2 ** (len(config[key]) - 1) for key in _LEVELS if isinstance(config.get(key), list | tuple)]
    sound = [int(hint) for hint in hints if isinstance(hint, int) and 1 <= hint <= 1024]
    yield from dict.fromkeys([*sound, *(_FACTORS[:1] if frames > 1 else _FACTORS)])


def _factor(sides: tuple[int, int], cells: tuple[int, int]) -> int:
    """Pixels a cell, the same along both sides."""
    factors = {side / cell for side, cell in zip(sides, cells, strict=True)}
    if len(factors) != 1 or not (factor := factors.pop()).is_integer() or factor < 1:
        raise ValueError(f"{cells[0]} x {cells[1]} cells of a latent are no whole part of {sides[0]} x {sides[1]}")
    return int(factor)


def _planes_stated(config: Config) -> Iterator[str]:
    """The keys of a config that state other than three planes of an image."""
    return (key for key in ("in_channels", "out_channels", "input_channels") if config.get(key, 3) != 3)


def _first_line(error: BaseException) -> str:
    """An error in one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:150]
