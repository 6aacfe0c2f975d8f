"""How far two images are apart once colours may be mapped: for images that were filtered, brightened or tinted."""

from __future__ import annotations

import torch

from wherefrom.core.errors import ImageError
from wherefrom.core.tensors import Images, check_images
from wherefrom.core.units import ROUNDING

__all__ = ["recoloured"]

_RIDGE = 1e-10  # of colours' variance; keeps an image of one colour solvable


def recoloured(a: Images, b: Images) -> torch.Tensor:
    """The share of the second's variance that no affine map of the first's colours explains.

    Each pixel's three colours of `a` go through one 3 x 3 matrix and an offset, those that bring it nearest to `b` by
    least squares; what is left, over the variance of `b` around its mean colour. Brightness, contrast, saturation, a
    tint and an overlay of one colour are such maps, as long as nothing is clipped, so they change it little. 8-bit
    rounding is added above and below, so an image of one colour, of which there is nothing to explain, is 1.

    Args:
        a: `(n, 3, h, w)`.
        b: of the same shape.

    Returns:
        `(n,)` float64, about 0 where a map explains all, 1 where none explains anything; differentiable in `a` (the map
        is at its optimum, so its own change does not count), NaN where an image holds one.

    Raises:
        ImageError: when the shapes are not those of two batches of equal size.
    """
    check_images(a)
    check_images(b)
    if a.shape != b.shape:
        raise ImageError(f"cannot compare images of shape {tuple(a.shape)} with {tuple(b.shape)}")
    x, y = (_centred(images) for images in (a, b))
    with torch.no_grad():
        covariance = x @ x.mT / x.shape[2] + _RIDGE * torch.eye(3, dtype=x.dtype, device=x.device)
        colours = torch.linalg.solve_ex(covariance, x @ y.mT / x.shape[2])[0].mT
    residual = (y - colours @ x).square().flatten(1).mean(1)
    unexplained: torch.Tensor = (residual + ROUNDING) / (y.square().flatten(1).mean(1) + ROUNDING)
    return unexplained


def _centred(images: Images) -> torch.Tensor:
    """Colours by pixel around their mean, `(n, 3, h * w)` float64."""
    pixels = images.double().flatten(2)
    return pixels - pixels.mean(2, keepdim=True)
