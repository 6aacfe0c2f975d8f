"""Pictures of nothing in particular, with edges and textures as photos have them, as many as a test wants.

They are dead leaves (Lee, Mumford and Huang 2001): discs that hide each other, of all sizes alike, so that the energy
of edges falls with frequency as in photos. Each disc has a texture of its own. Seeded, so that they are always the
same.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["leaves"]

_DISCS: Final = 160
_RADII: Final = (4.0, 64.0)
_Values = npt.NDArray[np.float64]


def leaves(count: int, side: int, *, seed: int = 0) -> list[npt.NDArray[np.uint8]]:
    """That many different pictures, each `(side, side, 3)`.

    Args:
        count: of pictures.
        side: in pixels.
        seed: of all of them.
    """
    return [_picture(np.random.default_rng([seed, place]), side) for place in range(count)]


def _picture(rng: np.random.Generator, side: int) -> npt.NDArray[np.uint8]:
    """Discs from the hindmost to the foremost, their radii distributed as one over their cube."""
    rows, columns = np.mgrid[0:side, 0:side]
    picture = np.full((side, side, 3), rng.uniform(40, 215, 3))
    texture = _texture(rng, side)
    largest, smallest = (radius**-2.0 for radius in reversed(_RADII))
    for radius in rng.uniform(largest, smallest, _DISCS) ** -0.5:
        top, left = rng.uniform(-radius, side + radius, 2)
        inside = (rows - top) ** 2 + (columns - left) ** 2 < radius**2
        shift = rng.integers(0, side, 2)
        strength = rng.choice([0.0, 4.0, 12.0, 30.0])
        grey = np.roll(texture, tuple(shift), (0, 1))[inside, None]
        picture[inside] = rng.uniform(40, 215, 3) + strength * grey
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)


def _texture(rng: np.random.Generator, side: int) -> _Values:
    """Noise whose amplitude falls as one over the frequency, with standard deviation 1."""
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None])
    frequency[0, 0] = 1.0
    noise: _Values = np.fft.ifft2(np.fft.fft2(rng.normal(size=(side, side))) / frequency).real
    found: _Values = (noise - noise.mean()) / noise.std()
    return found
