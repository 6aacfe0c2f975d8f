"""Every autoencoder of the installed diffusers keeps the promises of an autoencoder, or is refused with the reason."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from diffusers.configuration_utils import register_to_config

from tests.unit.models.every_class import OPENING, REFUSING, build, classes
from tests.unit.models.tiny import images
from wherefrom.core.errors import ModelError
from wherefrom.models.adapters.latent_model import DiffusersAutoencoder
from wherefrom.models.opening.autoencoder import open_autoencoder, wrap_autoencoder
from wherefrom.models.sources.classes import OPENED, REFUSED, AutoencoderClass

every_class = pytest.mark.parametrize("name", OPENING)


@functools.cache
def _model(name: str) -> DiffusersAutoencoder:
    return wrap_autoencoder(build(name))


def _given(name: str, count: int = 1) -> torch.Tensor:
    model = _model(name)
    return images(count, model.size or (2 * model.factor, 3 * model.factor))


def _own_round_trip(name: str, given: torch.Tensor) -> torch.Tensor:
    """What the class's own methods give, called as its generator's pipeline calls them."""
    module, known = build(name), OPENED[name]
    asked = given if known.unit else given * 2 - 1
    asked = torch.cat([asked, torch.ones_like(asked[:, :1])], 1) if known.planes == 4 else asked
    asked = torch.stack([asked] * known.frames, 2) if known.frames else asked
    torch.default_generator.manual_seed(0)
    with torch.no_grad():
        found = module.encode(asked)
        found = found.latent_dist.mode() if hasattr(found, "latent_dist") else found[0]
        options = {"force_not_quantize": False} if name == "VQModel" else dict(known.arguments)
        decoded = module.decode(found, **options)
    decoded = decoded if isinstance(decoded, torch.Tensor) else decoded.sample
    decoded = decoded[:, :3, 0] if known.frames else decoded[:, :3]
    return decoded if known.unit else decoded / 2 + 0.5


def test_every_class_of_diffusers_is_in_the_table() -> None:
    assert classes() == OPENED.keys() | REFUSED.keys()
    assert set(OPENING) == set(OPENED)
    assert set(REFUSING) <= set(REFUSED)


@every_class
def test_the_probe_finds_what_the_table_says(name: str) -> None:
    kind = _model(name)._kind
    found = AutoencoderClass(
        used_by=OPENED[name].used_by,
        latents=kind.latents,
        frames=kind.frames,
        planes=kind.planes,
        unit=kind.unit,
        clamps=kind.clamps,
        noise=kind.noise,
        fixed=kind.size is not None,
        scale=OPENED[name].scale,
        arguments=kind.arguments,
        module=OPENED[name].module,
        needs=OPENED[name].needs,
    )
    assert found == OPENED[name]


@every_class
def test_a_round_trip_is_that_of_the_generators_own_calls_by_the_mode(name: str) -> None:
    with torch.random.fork_rng(devices=[]):
        expected = _own_round_trip(name, _given(name))
    model = _model(name)
    found = model.decode(model.encode(_given(name)))
    assert found.std() > 0.001
    assert found.shape == _given(name).shape
    found = found.clamp(0, 1) if OPENED[name].clamps else found
    assert (found - expected).norm() / (expected - expected.mean()).norm() < 3e-4


@every_class
def test_a_row_is_the_same_to_the_last_bit_with_neighbours_and_without(name: str) -> None:
    model, given = _model(name), _given(name, 3)
    latents = model.encode(given)
    assert torch.equal(latents, torch.cat([model.encode(row) for row in given.split(1)]))
    together = model.decode(latents)
    assert torch.equal(together[2:], model.decode(latents[2:]))


@every_class
def test_pixels_have_a_gradient_to_the_latent_where_they_are_saturated_too(name: str) -> None:
    model = _model(name)
    with torch.no_grad():
        latents = model.encode(_given(name)).requires_grad_()
    decoded = model.decode(latents)
    asked = decoded[(decoded > 1) | (decoded < 0)] if OPENED[name].clamps else decoded
    assert asked.numel() > 0
    (gradient,) = torch.autograd.grad(asked.square().sum(), latents)
    assert gradient.isfinite().all()
    assert gradient.any()
    assert all(weights.grad is None for weights in build(name).parameters())


@every_class
def test_a_saved_folder_opens_as_what_was_saved(name: str, tmp_path: Path) -> None:
    build(name).save_pretrained(tmp_path / "a")
    random = torch.get_rng_state()
    opened = open_autoencoder(tmp_path / "a")
    assert torch.equal(torch.get_rng_state(), random)
    assert opened.card.facts == _model(name).card.facts
    given = _given(name)
    assert torch.equal(opened.decode(opened.encode(given)), _model(name).decode(_model(name).encode(given)))


@pytest.mark.parametrize("name", REFUSING)
def test_one_that_gives_no_single_frame_back_is_refused_by_what_the_probe_found(name: str) -> None:
    with pytest.raises(ModelError, match=f"{name} cannot be asked about an image: 3 planes.*need an autoencoder that"):
        wrap_autoencoder(build(name))


@pytest.mark.parametrize("name", REFUSED)
def test_a_folder_of_a_refused_class_says_why(name: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(f'{{"_class_name": "{name}"}}')
    with pytest.raises(ModelError, match=REFUSED[name]):
        open_autoencoder(tmp_path)


def _ltx(**options: Any) -> Any:
    return diffusers.AutoencoderKLLTXVideo(
        latent_channels=4,
        block_out_channels=(8, 8),
        down_block_types=("LTXVideoDownBlock3D",) * 2,
        decoder_block_out_channels=(8, 8),
        layers_per_block=(1, 1, 1),
        decoder_layers_per_block=(1, 1, 1),
        spatio_temporal_scaling=(True, False),
        decoder_spatio_temporal_scaling=(True, False),
        downsample_type=("conv", "conv"),
        upsample_residual=(False, False),
        upsample_factor=(1, 1),
        patch_size=1,
        **options,
    )


VARIANTS: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "a decoder that is told a time": (
        lambda: _ltx(timestep_conditioning=True, decoder_inject_noise=(False,) * 3),
        {"arguments": {"temb": None}, "noise": False},
    ),
    "a decoder that injects noise": (
        lambda: _ltx(timestep_conditioning=True, decoder_inject_noise=(True,) * 3),
        {"arguments": {"temb": None}, "noise": True},
    ),
    "planes of squares": (
        lambda: diffusers.AutoencoderKLWan(
            base_dim=8, z_dim=4, dim_mult=[1, 1], num_res_blocks=1, temperal_downsample=[True], latents_mean=[0.0] * 4,
            latents_std=[1.0] * 4, is_residual=True, patch_size=2, in_channels=12, out_channels=12,
        ),
        {"factor": 4, "clamps": True},
    ),
    "codes of a tokeniser": (
        lambda: diffusers.AutoencoderVidTok(
            ch=32, ch_mult=[1, 1, 1, 1], num_res_blocks=1, regularizer="fsq", z_channels=2, double_z=False,
            codebook_size=64,
        ),
        {"latents": "codes", "alone": True},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VARIANTS)
def test_the_probe_sees_what_a_config_changes(name: str) -> None:
    make, expected = VARIANTS[name]
    with torch.random.fork_rng(devices=[]):
        model = wrap_autoencoder(make().eval())
    assert {key: getattr(model._kind, key) for key in expected} == expected
    given = images(1, (2 * model.factor, 3 * model.factor))
    decoded = model.decode(model.encode(given))
    assert torch.equal(decoded, model.decode(model.encode(given)))
    assert ("noise" in model.card.facts) == model._kind.noise


class AutoencoderOfTomorrow(diffusers.ModelMixin, diffusers.ConfigMixin):  # type: ignore[misc]
    """A class that nobody foresaw."""

    config_name = "config.json"

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, quantise: bool = False, enlarge: int = 1) -> None:
        super().__init__()
        self.down = torch.nn.Conv2d(3, 5, 4, stride=4)
        self.up = torch.nn.ConvTranspose2d(5, 3, 4, stride=4)

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pixels to a plain tensor."""
        latents: torch.Tensor = self.down(pixels)
        return latents

    def decode(self, latents: torch.Tensor) -> tuple[torch.Tensor]:
        """To a tuple of pixels."""
        found = self.up(latents.round() if self.config.quantise else latents)
        return (found.repeat_interleave(self.config.enlarge, 2).repeat_interleave(self.config.enlarge, 3),)


def test_a_class_that_nobody_foresaw_opens_with_a_note_where_it_gives_the_image_back() -> None:
    module = AutoencoderOfTomorrow()
    model = wrap_autoencoder(module)
    given = images(2, (8, 12))
    assert (model.factor, model.channels, model.card.facts["latents"]) == (4, 5, "latent")
    assert "AutoencoderOfTomorrow is not a class that this package was tested with" in str(model.card.notes["class"])
    with torch.no_grad():
        expected = module.up(module.down(given * 2 - 1)) / 2 + 0.5
    torch.testing.assert_close(model.decode(model.encode(given)), expected)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"quantise": True}, "it rounds or quantises what it decodes"),
        ({"enlarge": 2}, r"3 planes: an image of 32 x 48 comes back as 64 x 96"),
    ],
)
def test_one_that_does_not_is_refused_by_what_came_instead(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        wrap_autoencoder(AutoencoderOfTomorrow(**options))
