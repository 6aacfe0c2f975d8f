"""Images with content like that of photos, drawn from seeds: smooth shapes of every size, and edges."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage

__all__ = ["texture"]


def texture(seed: int, side: int = 64, *, brightness: float = 1.0) -> npt.NDArray[np.uint8]:
    """Noise whose amplitude falls with frequency, as that of photos does, with one area lighter than the rest.

    Args:
        seed: of all that is drawn.
        side: pixels a side.
        brightness: by which every level is multiplied.
    """
    rng = np.random.default_rng(seed)
    across, down = np.fft.rfftfreq(side)[None, :], np.fft.fftfreq(side)[:, None]
    amplitude = 1.0 / (np.hypot(across, down) + 1.0 / side)
    noise = fft.irfft2(fft.rfft2(rng.normal(size=(3, side, side))) * amplitude, s=(side, side))
    shared = noise[:1] + 0.3 * noise
    area = ndimage.gaussian_filter(rng.normal(size=(side, side)), side / 6) > 0
    levels = 110 + 35 * shared / shared.std() + 30 * area
    pixels: npt.NDArray[np.uint8] = (levels * brightness).clip(0, 255).round().astype(np.uint8).transpose(1, 2, 0)
    return pixels
