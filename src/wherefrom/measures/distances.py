"""How far two batches are apart: one float64 number an image, which no other image of the batch can change."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import torch

from wherefrom.core.errors import ImageError, ModelError, UsageError
from wherefrom.core.extras import require
from wherefrom.core.tensors import Images, building, check_images

__all__ = ["Backbone", "lpips", "mae", "mse", "ssim"]

Backbone = Literal["alex", "vgg", "squeeze"]
"""The network behind LPIPS."""

_WINDOW = 11
_SIGMA = 1.5
_AT_ONCE = 2**20  # numbers, 8 MB in float64
_FILES: Mapping[str, str] = {  # torchvision's own names, in the user's cache; they end in how their SHA-256 begins
    "alex": "alexnet-owt-7be5be79.pth",
    "vgg": "vgg16-397923af.pth",
    "squeeze": "squeezenet1_1-b8a52dc0.pth",
}


def mse(a: Images, b: Images) -> torch.Tensor:
    """Mean squared error, the unit of every loss here: on [0, 1], accumulated in float64; differentiable.

    Args:
        a: `(n, 3, h, w)`.
        b: of the same shape.

    Returns:
        `(n,)` float64, 0 where equal, NaN where an image holds one.

    Raises:
        ImageError: when the shapes are not those of two batches of equal size.
    """
    return _by_pixel(torch.square, a, b)


def mae(a: Images, b: Images) -> torch.Tensor:
    """Mean absolute error on [0, 1], accumulated in float64; arguments, result and errors as for `mse`."""
    return _by_pixel(torch.abs, a, b)


def ssim(a: Images, b: Images) -> torch.Tensor:
    """Structural similarity (Wang et al. 2004, eq. 13): 1 where equal, lower where not; `1 - ssim` is a distance.

    An 11 x 11 Gaussian window of standard deviation 1.5, population covariance, range 1, the mean over channels and
    over every window that lies inside the image: `skimage.metrics.structural_similarity` with `gaussian_weights=True,
    sigma=1.5, use_sample_covariance=False, data_range=1`. Computed in float64; differentiable.

    Args:
        a: `(n, 3, h, w)` in [0, 1], both sides at least 11.
        b: of the same shape.

    Returns:
        `(n,)` float64 in [-1, 1].

    Raises:
        ImageError: when the shapes are not those of two batches of equal size, or a side is under 11.
    """
    _check_pair(a, b)
    if min(a.shape[2:]) < _WINDOW:
        raise ImageError(f"{a.shape[3]} x {a.shape[2]} pixels are too small for SSIM: need {_WINDOW} x {_WINDOW}")
    return _by_image(_ssim, a, b)


def lpips(a: Images, b: Images, *, net: Backbone = "alex", weights: str | Path | None = None) -> torch.Tensor:
    """Learned perceptual distance (LPIPS 0.1, arXiv:1801.03924, eq. 1), by the extra `lpips`; never downloads.

    Args:
        a: `(n, 3, h, w)` in [0, 1].
        b: of the same shape, on the same device.
        net: the backbone.
        weights: torchvision's file of the backbone's weights; None looks for it in torch's cache.

    Returns:
        `(n,)` float64, 0 where equal; differentiable.

    Raises:
        ImageError: when the shapes are not those of two batches of equal size.
        MissingExtra: when the package is not installed.
        ModelError: when the backbone's weights are not there, or are not torchvision's.
        UsageError: when there is no such backbone.
    """
    _check_pair(a, b)
    if net not in _FILES:
        raise UsageError(f"no LPIPS backbone {net!r} among {', '.join(_FILES)}")
    package = require("lpips", "lpips")
    network = _network(package, net, _backbone_file(net, weights), a.device)
    return _by_image(lambda x, y: network(x[None].float(), y[None].float(), normalize=True).double().mean(), a, b)


def _by_pixel(penalty: Callable[[torch.Tensor], torch.Tensor], a: Images, b: Images) -> torch.Tensor:
    """The mean of a penalty of the differences, in float64; small images all at once, large ones one by one."""
    if a.numel() > _AT_ONCE:
        return _by_image(lambda x, y: penalty(x - y).mean(), a, b)
    _check_pair(a, b)
    return penalty(a.double() - b.double()).flatten(1).mean(1)


def _by_image(distance: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], a: Images, b: Images) -> torch.Tensor:
    """One image at a time, in float64: exact differences, one image's copy in memory, its neighbours unasked."""
    _check_pair(a, b)
    values = [distance(x.double(), y.double()) for x, y in zip(a, b, strict=True)]
    return torch.stack(values) if values else a.new_empty(0, dtype=torch.float64)


def _check_pair(a: Images, b: Images) -> None:
    check_images(a)
    check_images(b)
    if a.shape != b.shape:
        raise ImageError(f"cannot compare images of shape {tuple(a.shape)} with {tuple(b.shape)}")


def _ssim(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """SSIM of one image, `(3, h, w)` float64."""
    c1, c2 = 0.01**2, 0.03**2
    mean_x, mean_y, square_x, square_y, product = _blur(torch.stack([x, y, x * x, y * y, x * y])).unbind()
    variance_x, variance_y = square_x - mean_x * mean_x, square_y - mean_y * mean_y
    covariance = product - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + c1) / (mean_x * mean_x + mean_y * mean_y + c1)
    similarity = luminance * (2 * covariance + c2) / (variance_x + variance_y + c2)
    return similarity.mean()


def _blur(planes: torch.Tensor) -> torch.Tensor:
    """Gaussian means over every window inside the image: `(k, 3, h, w)` to `(k, 3, h - 10, w - 10)`."""
    offsets = torch.arange(_WINDOW, dtype=planes.dtype, device=planes.device) - _WINDOW // 2
    kernel = torch.exp(-0.5 * (offsets / _SIGMA) ** 2)
    kernel = kernel / kernel.sum()
    stack = planes.flatten(0, 1)[:, None]
    stack = torch.nn.functional.conv2d(stack, kernel.view(1, 1, -1, 1))
    stack = torch.nn.functional.conv2d(stack, kernel.view(1, 1, 1, -1))
    return stack.reshape(len(planes), -1, *stack.shape[2:])


def _backbone_file(net: str, weights: str | Path | None) -> Path:
    """The backbone's weights on this machine."""
    path = Path(weights) if weights is not None else Path(torch.hub.get_dir(), "checkpoints", _FILES[net])
    if not path.is_file():
        message = f"LPIPS needs the weights of its backbone {net!r}, and {path} is not there"
        raise ModelError(
            f"{message}: get torchvision's {_FILES[net]} and put it there, or give its path (of a search: the option"
            " backbone)"
        )
    return path


@functools.lru_cache(maxsize=4)
@building()
def _network(package: Any, net: str, path: Path, device: torch.device) -> Callable[..., torch.Tensor]:
    """LPIPS on a device, its backbone read from a file and not downloaded."""
    with path.open("rb") as file:
        found_digest, wanted = hashlib.file_digest(file, "sha256").hexdigest(), _FILES[net][-12:-4]
    if not found_digest.startswith(wanted):  # other weights are another distance
        raise ModelError(f"{path} is not torchvision's {_FILES[net]}: SHA-256 {found_digest[:8]}..., need {wanted}...")
    with torch.random.fork_rng(
        devices=[]
    ):  # its weights are drawn and then replaced: leave the caller's generator alone
        network = package.LPIPS(net=net, pnet_rand=True, verbose=False).requires_grad_(requires_grad=False)
    state = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251
    expected = network.net.state_dict()
    named = {name: f"features.{name.split('.', 1)[1]}" for name in expected}  # slice1.0.weight: features.0.weight
    network.net.load_state_dict({name: state[place] for name, place in named.items()})
    result: Callable[..., torch.Tensor] = network.eval().to(device)
    return result
