"""Distances against numpy and scikit-image; neighbours; gradients; the extra that is not there."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from wherefrom.core.errors import ImageError, MissingExtra, ModelError, UsageError
from wherefrom.measures import distances
from wherefrom.measures.distances import lpips, mae, mse, ssim

PLAIN = (mse, mae, ssim)


def _pair(n: int = 4, size: tuple[int, int] = (24, 19), noise: float = 0.1) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(3)
    a = rng.random((n, 3, *size), dtype=np.float32)
    b = np.clip(a + noise * rng.standard_normal(a.shape, dtype=np.float32), 0, 1)
    return torch.from_numpy(a), torch.from_numpy(b)


def test_mse_and_mae_equal_numpy_in_float64() -> None:
    a, b = _pair()
    difference = a.double().numpy() - b.double().numpy()
    assert mse(a, b).dtype == mae(a, b).dtype == torch.float64
    np.testing.assert_allclose(mse(a, b), (difference**2).mean(axis=(1, 2, 3)), rtol=1e-13)
    np.testing.assert_allclose(mae(a, b), np.abs(difference).mean(axis=(1, 2, 3)), rtol=1e-13)


def test_tiny_differences_are_not_lost() -> None:
    a = torch.full((1, 3, 64, 64), 0.7)
    b = a.clone()
    b += torch.finfo(torch.float32).eps / 2
    step = (b - a).double()[0, 0, 0, 0].item()
    assert step > 0
    assert mse(a, b).item() == pytest.approx(step**2, rel=1e-12)


def test_sixteen_bit_floats_are_accumulated_in_float64() -> None:
    a, b = (x.to(torch.bfloat16) for x in _pair())
    np.testing.assert_allclose(mse(a, b), mse(a.float(), b.float()), rtol=1e-13)


@pytest.mark.parametrize("size", [(11, 11), (24, 19), (40, 64)])
def test_ssim_equals_scikit_image(size: tuple[int, int]) -> None:
    a, b = _pair(size=size)
    expected = [
        structural_similarity(
            x, y, channel_axis=0, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
        for x, y in zip(a.double().numpy(), b.double().numpy(), strict=True)
    ]
    np.testing.assert_allclose(ssim(a, b), expected, atol=1e-9)


@pytest.mark.parametrize("distance", PLAIN)
def test_an_image_does_not_know_its_neighbours(distance: Callable[..., torch.Tensor]) -> None:
    a, b = _pair()
    whole = distance(a, b)
    alone = torch.cat([distance(a[i : i + 1], b[i : i + 1]) for i in range(len(a))])
    assert torch.equal(whole, alone)
    a[0] = float("nan")
    spoiled = distance(a, b)
    assert torch.isnan(spoiled[0])
    assert torch.equal(spoiled[1:], whole[1:])


@pytest.mark.parametrize("distance", PLAIN)
def test_equal_images_and_empty_batches(distance: Callable[..., torch.Tensor]) -> None:
    a, _ = _pair()
    np.testing.assert_allclose(distance(a, a), 1 if distance is ssim else 0, atol=1e-12)
    assert distance(a[:0], a[:0]).shape == (0,)


@pytest.mark.parametrize("distance", PLAIN)
def test_gradients_are_right(distance: Callable[..., torch.Tensor]) -> None:
    a, b = (x.double()[:2, :, :12, :13] for x in _pair())
    a.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: distance(x, b), (a,), fast_mode=True)


@pytest.mark.parametrize("distance", [*PLAIN, lpips])
def test_what_cannot_be_compared_is_refused(distance: Callable[..., torch.Tensor]) -> None:
    a, b = _pair()
    with pytest.raises(ImageError, match=r"\(4, 3, 24, 19\) with \(4, 3, 24, 18\)"):
        distance(a, b[..., :18])
    with pytest.raises(ImageError, match=r"\(4, 2, 24, 19\)"):
        distance(a[:, :2], b[:, :2])
    with pytest.raises(ImageError, match="uint8"):
        distance(a.to(torch.uint8), b.to(torch.uint8))


def test_ssim_needs_a_window() -> None:
    a, b = _pair(size=(10, 30))
    with pytest.raises(ImageError, match="30 x 10 pixels are too small for SSIM: need 11 x 11"):
        ssim(a, b)


def test_lpips_says_what_is_missing() -> None:
    a, b = _pair(size=(64, 64))
    with pytest.raises(UsageError, match="'resnet' among alex, vgg, squeeze"):
        lpips(a, b, net="resnet")  # type: ignore[arg-type]
    if importlib.util.find_spec("lpips") is None:
        with pytest.raises(MissingExtra, match=r"pip install 'wherefrom\[lpips\]'"):
            lpips(a, b)


def test_lpips_never_downloads_its_backbone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(ModelError, match=r"vgg16-397923af.pth is not there: get torchvision's .* or give its path"):
        distances._backbone_file("vgg", None)
    place = tmp_path / "hub" / "checkpoints" / "vgg16-397923af.pth"
    place.parent.mkdir(parents=True)
    place.touch()
    assert distances._backbone_file("vgg", None) == place
    with pytest.raises(ModelError, match="is not there"):
        distances._backbone_file("alex", tmp_path / "none.pth")


def test_lpips_takes_no_other_weights_than_its_own(tmp_path: Path) -> None:
    other = tmp_path / "alexnet.pth"
    other.write_bytes(b"of another network")
    with pytest.raises(
        ModelError, match=r"alexnet.pth is not torchvision's alexnet-owt-7be5be79.pth: SHA-256 [0-9a-f]{8}"
    ):
        distances._network(None, "alex", other, torch.device("cpu"))
