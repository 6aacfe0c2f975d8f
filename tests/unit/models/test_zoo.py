"""A folder of the zoo opens with its card and draws from its statistics of latents."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.unit.models.tiny import build, images
from wherefrom.core.errors import ModelError
from wherefrom.models.adapters.latent_statistics import draw_latents, fit_latents
from wherefrom.models.opening.autoencoder import open_autoencoder


def _correlated(count: int, size: int = 48) -> list[torch.Tensor]:
    """Latents with a mean, a falling spectrum, and two channels that go together."""
    source = torch.Generator().manual_seed(11)
    white = torch.randn((count, 2, size, size), generator=source, dtype=torch.float64)
    ring = torch.fft.fftfreq(size, dtype=torch.float64).square()
    falling = 1 / (0.1 + (ring[:, None] + ring[None, :]).sqrt())
    field = torch.fft.ifft2(torch.fft.fft2(white) * falling).real
    mixed = torch.stack([field[:, 0], 0.8 * field[:, 0] + 0.3 * field[:, 1]], dim=1)
    return list((mixed + torch.tensor([1.0, -2.0], dtype=torch.float64)[:, None, None]).float())


def _moments(latents: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Mean and covariance of channels, and correlation of horizontal neighbours."""
    flat = torch.cat([latent.flatten(1) for latent in latents], dim=1)
    steps = torch.stack([(latent[:, :, 1:] - latent[:, :, :-1]).square().mean((1, 2)) for latent in latents]).mean(0)
    return flat.mean(1), torch.cov(flat), steps


def test_draws_have_the_mean_covariance_and_spectrum_that_were_fitted() -> None:
    real = _correlated(64)
    stats = fit_latents(real, grid=16)
    drawn = [draw_latents(stats, seed, (40, 56)) for seed in range(64)]
    assert drawn[0].shape == (2, 40, 56)
    for found, expected in zip(_moments(drawn), _moments(real), strict=True):
        torch.testing.assert_close(found, expected, rtol=0.15, atol=0.15)


def test_a_draw_depends_on_seed_and_statistics_alone() -> None:
    stats = fit_latents(_correlated(4))
    one = draw_latents(stats, 1, (8, 12))
    assert torch.equal(one, draw_latents({key: tensor.clone() for key, tensor in stats.items()}, 1, (8, 12)))
    assert not torch.equal(one, draw_latents(stats, 2, (8, 12)))


def test_the_spread_of_amplitudes_is_fitted() -> None:
    strong = [latent * (4 if number % 2 else 1) for number, latent in enumerate(_correlated(32))]
    even, uneven = fit_latents(_correlated(32)), fit_latents([latent - latent.mean() for latent in strong])
    assert even["log_amplitude"] < 0.3
    assert uneven["log_amplitude"] == pytest.approx(np.log(4) / 2, abs=0.15)
    power = torch.stack([draw_latents(uneven, seed, (32, 32)) for seed in range(128)]).var()
    real = torch.stack([latent - latent.mean() for latent in strong]).var()
    assert 0.6 < float(power / real) < 1.6, "the spread of amplitudes must not be counted twice"


def test_statistics_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ModelError, match="need at least 2 latents"):
        fit_latents([torch.zeros(4, 32, 32)])
    with pytest.raises(ModelError, match="sides >= 16"):
        fit_latents([torch.zeros(4, 32, 32), torch.zeros(4, 8, 32)])
    with pytest.raises(ModelError, match="one count of channels"):
        fit_latents([torch.zeros(4, 32, 32), torch.zeros(3, 32, 32)])
    stats = fit_latents(_correlated(3))
    with pytest.raises(ModelError, match="lack filter"):
        draw_latents({key: tensor for key, tensor in stats.items() if key != "filter"}, 1, (8, 8))
    with pytest.raises(ModelError, match=r"need \(c,\), \(n, n, c, c\)"):
        draw_latents(stats | {"mean": torch.zeros(3)}, 1, (8, 8))


def _zoo(root: Path) -> Path:
    module = build("kl")
    module.half().save_pretrained(root / "little")
    card = {"name": "Little", "family": "little", "licence": "Apache-2.0", "sizes": [[32, 48]], "trained_on": "photos"}
    (root / "little" / "card.json").write_text(json.dumps(card))
    latents = [torch.randn((4, 32, 32), generator=torch.Generator().manual_seed(seed)) for seed in range(4)]
    save_file(fit_latents(latents), root / "little" / "latents.safetensors")
    return root


def test_a_zoo_model_opens_with_its_card_and_draws(tmp_path: Path) -> None:
    model = open_autoencoder(_zoo(tmp_path) / "little")
    assert model.card.name == "Little"
    assert {key: model.card.notes[key] for key in ("family", "licence", "sizes")} == {
        "family": "little",
        "licence": "Apache-2.0",
        "sizes": ((32, 48),),
    }
    named = open_autoencoder(tmp_path / "little", name="zoo:little", notes={"source": "zoo:little", "licence": "MIT"})
    assert (named.card.name, named.card.notes["source"], named.card.notes["licence"]) == (
        "zoo:little",
        "zoo:little",
        "MIT",
    )
    assert named.card.digest == model.card.digest
    seeds = np.array([3, 2**63 + 1, 3], dtype=np.uint64)
    native, wide = model.draw(seeds), model.draw(seeds[:1], size=(16, 64))
    assert (native.shape, wide.shape) == ((3, 4, 16, 24), (1, 4, 8, 32))
    assert torch.equal(native[0], native[2])
    assert not torch.equal(native[0], native[1])
    assert torch.equal(native[1:2], model.draw(seeds[1:2]))
    assert model.decode(native).shape == (3, 3, 32, 48)
    assert model.draw(seeds[:0]).shape == (0, 4, 16, 24)
    with pytest.raises(ModelError, match="33 x 32, need positive multiples of 2"):
        model.draw(seeds, size=(33, 32))


def test_draws_are_of_an_image_like_the_encoders_own(tmp_path: Path) -> None:
    model = open_autoencoder(_zoo(tmp_path) / "little")
    assert model.draw(np.array([1], dtype=np.uint64), size=(32, 48)).shape == model.encode(images(1)).shape


def test_an_encoders_latents_can_be_fitted_and_drawn_again(tmp_path: Path) -> None:
    module = build("kl")
    module.save_pretrained(tmp_path)
    plain = open_autoencoder(tmp_path)
    with torch.inference_mode():
        real = [plain.encode(images(1, (96, 96), seed))[0] for seed in range(8)]
    save_file(fit_latents(real), tmp_path / "latents.safetensors")
    drawn = open_autoencoder(tmp_path).draw(np.arange(8, dtype=np.uint64), size=(96, 96))
    together = torch.stack(real)
    assert drawn.shape == together.shape
    torch.testing.assert_close(drawn.mean(), together.mean(), rtol=0.3, atol=0.3 * float(together.std()))
    assert 0.4 < float(drawn.std() / together.std()) < 2.5
