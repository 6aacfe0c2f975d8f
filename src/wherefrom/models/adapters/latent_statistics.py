"""A statistical model of latents: a stationary Gaussian field with the channels' spectra of real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import torch

from wherefrom.core.errors import ModelError
from wherefrom.core.tensors import generator

__all__ = ["draw_latents", "fit_latents"]

_NEEDED: Final = ("mean", "filter", "log_amplitude")
_MAX_GRID: Final = 64
_MAX_SPREAD: Final = 1.0


def fit_latents(latents: Sequence[torch.Tensor], *, grid: int = 16) -> dict[str, torch.Tensor]:
    """Mean, spectra and spread of amplitude of real latents, for `draw_latents`.

    The field is real and looks the same read backwards, so the cross-spectrum of its channels is a real symmetric
    matrix at each frequency; what is kept is its square root, the filter that turns white noise into the field.

    Args:
        latents: one `(c, h, w)` an image, sides at least `grid`; sizes may differ.
        grid: frequencies an axis at which the spectrum is kept, at most 64.

    Returns:
        `mean` `(c,)`, `filter` `(grid, grid, c, c)`, `log_amplitude` `()`: the standard
        deviation of an image's log-amplitude.

    Raises:
        ModelError: when there are fewer than 2 latents, one is smaller than `grid`, or channels differ.
    """
    if len(latents) < 2 or not 2 <= grid <= _MAX_GRID:
        raise ModelError(f"got {len(latents)} latents and grid={grid}, need at least 2 latents and 2 <= grid <= 64")
    channels = {latent.shape[0] for latent in latents}
    if len(channels) > 1 or any(latent.ndim != 3 or min(latent.shape[1:]) < grid for latent in latents):
        shapes = sorted({tuple(latent.shape) for latent in latents})
        raise ModelError(
            f"latents have shapes {shapes[:4]}, need (channels, h, w) with one count of channels, sides >= {grid}"
        )
    wide = [latent.detach().to("cpu", torch.float64) for latent in latents]
    mean = torch.stack([latent.mean((1, 2)) for latent in wide]).mean(0)
    spectra = torch.stack([_spectrum(latent - mean[:, None, None], grid) for latent in wide])
    power = spectra.diagonal(dim1=-2, dim2=-1).sum((1, 2, 3))
    logs = power.clamp_min(torch.finfo(torch.float64).tiny).log() / 2
    spread = logs.std().clamp_max(_MAX_SPREAD)
    # a factor exp(s * normal) has mean square exp(2 s^2), which must not be counted twice
    values, vectors = torch.linalg.eigh(spectra.mean(0) * torch.exp(-2 * spread.square()))
    root = vectors @ torch.diag_embed(values.clamp_min(0).sqrt()) @ vectors.mT
    return {"mean": mean.float(), "filter": root.float().contiguous(), "log_amplitude": spread.float()}


def _spectrum(latent: torch.Tensor, grid: int) -> torch.Tensor:
    """Real part of the mean cross-spectrum over windows of `grid`, `(grid, grid, c, c)`, variance per frequency."""
    windows = latent.unfold(1, grid, max(grid // 2, 1)).unfold(2, grid, max(grid // 2, 1))
    taper = torch.hann_window(grid, periodic=True, dtype=torch.float64, device="cpu")
    taper = torch.outer(taper, taper)
    waves = torch.fft.fft2(windows * (taper / taper.square().mean().sqrt()))
    flat = waves.flatten(1, 2)
    cross = torch.einsum("apij,bpij->ijab", flat, flat.conj()).real / flat.shape[1]
    power: torch.Tensor = (cross + cross.flip((0, 1)).roll((1, 1), (0, 1))) / (2 * grid * grid)
    return power


def draw_latents(stats: Mapping[str, torch.Tensor], seed: int, size: tuple[int, int]) -> torch.Tensor:
    """A latent like those that `fit_latents` saw, `(c, h, w)` float32 on the CPU; the same seed gives the same latent.

    Args:
        stats: what `fit_latents` returned.
        seed: of this latent alone.
        size: `(h, w)` of the latent, in latent cells.

    Raises:
        ModelError: when `stats` lacks a tensor or its shapes do not fit each other.
    """
    mean, root, spread = _checked(stats)
    grid, channels = root.shape[0], len(mean)
    height, width = size[0] + grid, size[1] + grid  # a margin, so that opposite edges are not neighbours
    source = generator(seed)
    noise = torch.randn((channels, height, width), generator=source, dtype=torch.float64, device="cpu")
    amplitude = torch.exp(spread * torch.randn((), generator=source, dtype=torch.float64, device="cpu"))
    waves = torch.fft.fft2(noise)
    shaped = torch.einsum("ijab,bij->aij", _resampled(root, height, width).to(waves.dtype), waves)
    field = torch.fft.ifft2(shaped).real[:, : size[0], : size[1]]
    latent: torch.Tensor = (mean[:, None, None] + amplitude * field).float()
    return latent


def _checked(stats: Mapping[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    missing = [name for name in _NEEDED if name not in stats]
    if missing:
        raise ModelError(f"statistics of latents lack {', '.join(missing)}: fit them again with fit_latents")
    mean, root, spread = (stats[name].to("cpu", torch.float64) for name in _NEEDED)
    grid, channels = root.shape[0], mean.numel()
    if mean.ndim != 1 or tuple(root.shape) != (grid, grid, channels, channels) or spread.numel() != 1:
        shapes = {name: tuple(stats[name].shape) for name in _NEEDED}
        raise ModelError(f"statistics of latents have shapes {shapes}, need (c,), (n, n, c, c) and ()")
    return mean, root, spread.reshape(())


def _resampled(root: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """The filter at the frequencies of another size, bilinear between its own and periodic."""
    grid = root.shape[0]
    for axis, length in enumerate((height, width)):
        place = torch.fft.fftfreq(length, dtype=torch.float64, device="cpu").remainder(1.0) * grid
        low = place.floor().long()
        share = (place - low).reshape([-1 if dim == axis else 1 for dim in range(4)])
        root = root.index_select(axis, low % grid) * (1 - share) + root.index_select(axis, (low + 1) % grid) * share
    return root
