"""Every supported class behind the adapter: what it computes, what it leaves alone, what it refuses."""

from __future__ import annotations

import copy
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from tests.unit.models.tiny import NAMES, build, images
from wherefrom.core.card import Card
from wherefrom.core.errors import ImageError, ModelError, UsageError
from wherefrom.models.base import Autoencoder
from wherefrom.models.opening.autoencoder import wrap_autoencoder

_FACTORS = {"qwen": 8}
_EXACT = "donot_use_mm_for_euclid_dist"


def _own_round_trip(name: str, module: Any, given: torch.Tensor) -> Any:
    """What the class's own methods give, called as its generator's pipeline calls them."""
    scaled = given * 2 - 1
    with torch.no_grad():
        if name == "qwen":
            return module.decode(module.encode(scaled[:, :, None]).latent_dist.mode()).sample[:, :, 0] / 2 + 0.5
        found = module.encode(scaled)
        if name == "movq":
            return module.decode(found.latents, force_not_quantize=True).sample / 2 + 0.5
        if name == "vq":
            return module.decode(found.latents).sample / 2 + 0.5
        latents = found.latent_dist.mode() if hasattr(found, "latent_dist") else found[0]
        return module.decode(latents).sample / 2 + 0.5


def _own_gradient(name: str, module: Any, start: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    """The gradient that the class's own decoder has, in float64."""
    wide = copy.deepcopy(module).double().eval()
    latents = start.double().requires_grad_()
    if name == "qwen":
        decoded = wide.decoder(wide.post_quant_conv(latents[:, :, None]))[:, :, 0]
    else:
        options = {"force_not_quantize": True} if "vq" in name else {}
        decoded = wide.decode(latents, **options).sample
    (gradient,) = torch.autograd.grad((decoded * direction).sum() / 2, latents)
    return gradient.float()


@pytest.mark.parametrize("name", NAMES)
def test_round_trip_is_that_of_the_generators_own_calls(name: str) -> None:
    module = build(name).eval()
    model = wrap_autoencoder(module)
    given = images()
    latents = model.encode(given)
    factor = _FACTORS.get(name, 2)
    assert isinstance(model, Autoencoder)
    assert (model.factor, model.size) == (factor, None)
    assert latents.shape == (3, model.channels, 32 // factor, 48 // factor)
    assert latents.dtype == torch.float32
    found, expected = model.decode(latents), _own_round_trip(name, module, given)
    assert found.dtype == torch.float32
    assert found.std() > 0.01
    if name == "qwen":
        assert found.min() < 0 or found.max() > 1, "need a saturated pixel to see that nothing is clamped"
        found = found.clamp(0, 1)
    # random weights amplify float32's rounding; a wrong option (rounded, quantised, sampled) is off by 0.01 and more
    assert (found - expected).norm() / (expected - expected.mean()).norm() < 3e-4


@pytest.mark.parametrize("name", NAMES)
def test_a_row_depends_on_its_own_image_alone(name: str) -> None:
    model = wrap_autoencoder(build(name))
    given = images(4)
    together = model.decode(model.encode(given))
    alone = torch.cat([model.decode(model.encode(row)) for row in given.split(1)])
    turned = model.decode(model.encode(given.flip(0))).flip(0)
    for other in (alone, turned):
        torch.testing.assert_close(together, other, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_inputs_and_the_users_module_are_left_as_they_were(name: str) -> None:
    module = build(name)
    if hasattr(module, "use_tiling"):
        module.use_tiling = True
    given, before = images(), copy.deepcopy(module.state_dict())
    flags = {key: (p.requires_grad, p.dtype, p.stride()) for key, p in module.named_parameters()}
    kept = given.clone()
    model = wrap_autoencoder(module, dtype="bfloat16")
    latents = model.encode(given)
    frozen = latents.clone()
    model.decode(latents)
    assert torch.equal(given, kept)
    assert torch.equal(latents, frozen)
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())
    assert flags == {key: (p.requires_grad, p.dtype, p.stride()) for key, p in module.named_parameters()}
    assert all(part.training for part in module.modules())
    assert getattr(module, "use_tiling", True)


@pytest.mark.parametrize("name", NAMES)
def test_decoding_is_differentiable_in_the_latents_and_in_nothing_else(name: str) -> None:
    module = build(name)
    model = wrap_autoencoder(module)
    with torch.inference_mode():
        start = model.encode(images(1))
    latents = start.clone().requires_grad_()
    decoded = model.decode(latents)
    direction = torch.randn(decoded.shape, generator=torch.Generator().manual_seed(2))
    (gradient,) = torch.autograd.grad((decoded * direction).sum(), latents)
    expected = _own_gradient(name, module, start.clone(), direction)
    assert (gradient - expected).norm() / expected.norm() < 0.01
    assert gradient.abs().sum() > 0
    assert all(parameter.grad is None for parameter in module.parameters())


@pytest.mark.parametrize("name", ["kl", "qwen", "vq"])
def test_wrong_shapes_are_refused(name: str) -> None:
    model = wrap_autoencoder(build(name))
    side = model.factor * 4
    for shape in ((1, 4, side, side), (1, 1, side, side), (3, side, side)):
        with pytest.raises(ImageError, match=r"need \(n, 3, height, width\)"):
            model.encode(torch.zeros(shape))
    for height in (side + 1, 0):
        with pytest.raises(ImageError, match=f"multiples of {model.factor}"):
            model.encode(torch.zeros(1, 3, height, side))
    with pytest.raises(ImageError, match="floating point"):
        model.encode(torch.zeros((1, 3, side, side), dtype=torch.uint8))
    with pytest.raises(ModelError, match=rf"need \(n, {model.channels}, h, w\)"):
        model.decode(torch.zeros(1, model.channels + 1, 4, 4))


@pytest.mark.parametrize("name", NAMES)
def test_few_latent_cells_and_no_images_are_fine(name: str) -> None:
    model = wrap_autoencoder(build(name))
    assert model.encode(images(1, (2 * model.factor, model.factor))).shape == (1, model.channels, 2, 1)
    assert model.encode(torch.zeros(0, 3, 2 * model.factor, model.factor)).shape == (0, model.channels, 2, 1)
    assert model.decode(torch.zeros(0, model.channels, 2, 1)).shape == (0, 3, 2 * model.factor, model.factor)


def test_codes_are_entries_of_the_codebook_and_movqs_latents_are_not() -> None:
    vq, movq = build("vq"), build("movq")
    for module, quantized in ((vq, True), (movq, False)):
        latents = wrap_autoencoder(module).encode(images(1)).permute(0, 2, 3, 1).reshape(-1, 4)
        nearest = (
            torch.cdist(latents.detach(), module.quantize.embedding.weight.detach(), compute_mode=_EXACT).min(1).values
        )
        assert bool((nearest < 1e-6).all()) == quantized


def test_tiny_latents_are_not_rounded_to_8_bits() -> None:
    module = build("tiny").eval()
    given = images()
    with torch.no_grad():
        rounded = module(given * 2 - 1).sample / 2 + 0.5
    model = wrap_autoencoder(module)
    assert (model.decode(model.encode(given)) - rounded).abs().max() > 1e-4


def test_force_upcast_runs_in_float32_and_says_so() -> None:
    model = wrap_autoencoder(build("kl-sdxl"), dtype="float16")
    whole = wrap_autoencoder(build("kl-sdxl"))
    assert model.card.facts["dtype"] == "float32"
    assert "float16 was asked for" in str(model.card.notes["upcast"])
    assert model.card == whole.card
    assert torch.equal(model.encode(images()), whole.encode(images()))


def test_a_default_that_no_one_stated_does_not_upcast() -> None:
    narrow, wide = wrap_autoencoder(build("kl"), dtype="bfloat16"), wrap_autoencoder(build("kl"))
    assert narrow.card.facts["dtype"] == "bfloat16"
    assert narrow.card.digest != wide.card.digest
    assert narrow.card.facts["decoder"] == wide.card.facts["decoder"]
    decoded = narrow.decode(narrow.encode(images()))
    assert decoded.dtype == torch.float32
    assert 0 < (decoded - wide.decode(wide.encode(images()))).abs().max() < 0.2


def test_global_switches_and_random_state_are_left_alone() -> None:
    random, benchmark = torch.get_rng_state(), torch.backends.cudnn.benchmark
    torch.set_float32_matmul_precision("medium")
    try:
        model = wrap_autoencoder(build("kl"))
        model.decode(model.encode(images()))
        assert torch.get_float32_matmul_precision() == "medium"
        assert torch.backends.cudnn.allow_tf32
    finally:
        torch.set_float32_matmul_precision("highest")
    assert torch.equal(torch.get_rng_state(), random)
    assert torch.backends.cudnn.benchmark == benchmark


def test_the_callers_precision_autocast_and_inference_mode_change_nothing() -> None:
    plain = wrap_autoencoder(build("kl"))
    expected = plain.decode(plain.encode(images()))
    torch.set_float32_matmul_precision("medium")
    try:
        with torch.inference_mode():
            model = wrap_autoencoder(build("kl"))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = model.decode(model.encode(images()))
    finally:
        torch.set_float32_matmul_precision("highest")
    assert torch.equal(found, expected)
    latents = model.encode(images()).requires_grad_()
    assert torch.autograd.grad(model.decode(latents).sum(), latents)[0].abs().sum() > 0


@pytest.mark.parametrize("name", NAMES)
def test_cards_name_encoder_and_decoder_apart(name: str) -> None:
    module = build(name)
    card = wrap_autoencoder(module, name="one", notes={"licence": "MIT"}).card
    assert card.facts["architecture"] == type(module).__name__
    assert (card.facts["dtype"], card.facts["device"]) == ("float32", "cpu")
    assert Card.from_json(card.to_json()) == card
    for half, other in (("encoder", "decoder"), ("decoder", "encoder")):
        changed = copy.deepcopy(module)
        with torch.no_grad():
            next(changed.get_submodule(half).parameters()).add_(1e-3)
        facts = wrap_autoencoder(changed).card.facts
        assert facts[half] != card.facts[half]
        assert facts[other] == card.facts[other]


def test_quant_convs_codebook_and_groups_are_on_the_card() -> None:
    plain = wrap_autoencoder(build("kl")).card.facts
    for part, half in (("quant_conv", "encoder"), ("post_quant_conv", "decoder")):
        module = build("kl")
        with torch.no_grad():
            module.get_submodule(part).bias.add_(1e-3)
        facts = wrap_autoencoder(module).card.facts
        assert [key for key in plain if facts[key] != plain[key]] == [half]
    module = build("vq")
    before = wrap_autoencoder(module).card.facts["decoder"]
    with torch.no_grad():
        module.quantize.embedding.weight.add_(1e-3)
    assert wrap_autoencoder(module).card.facts["decoder"] != before
    few = copy.deepcopy(build("kl"))
    few.register_to_config(norm_num_groups=16)
    assert wrap_autoencoder(few).card.digest != wrap_autoencoder(build("kl")).card.digest


def test_flux2s_latent_statistics_are_no_part_of_a_digest() -> None:
    module = build("flux2")
    before = wrap_autoencoder(module).card
    module.bn.running_mean.add_(1)
    assert wrap_autoencoder(module).card == before


def test_other_classes_are_refused_with_those_that_are_supported() -> None:
    unet = torch.nn.Linear(2, 2)
    with pytest.raises(ModelError, match=r"'Linear' is not supported: need .*AutoencoderKL, .*VQModel"):
        wrap_autoencoder(unet)
    grey = diffusers.AutoencoderKL(in_channels=1, out_channels=1, block_out_channels=(32,))
    with pytest.raises(ModelError, match="AutoencoderKL cannot be asked about an image: in_channels=1, need 3"):
        wrap_autoencoder(grey)
    with torch.device("meta"):
        absent = diffusers.AutoencoderKL(block_out_channels=(32,))
    with pytest.raises(ModelError, match="not in memory"):
        wrap_autoencoder(absent)


def test_a_model_that_cannot_draw_says_what_to_do() -> None:
    with pytest.raises(ModelError, match="cannot draw latents by itself: make images with its own pipeline"):
        wrap_autoencoder(build("kl")).draw(np.array([1], dtype=np.uint64))


@pytest.mark.parametrize(("option", "value"), [("device", "nowhere"), ("dtype", "int8"), ("dtype", "float64")])
def test_unknown_devices_and_dtypes_are_refused(option: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"no {option} '{value}'"):
        wrap_autoencoder(build("kl"), **{option: value})  # type: ignore[arg-type]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(ModelError, match="sees no GPU: use 'cpu'"):
        wrap_autoencoder(build("kl"), device="cuda")
    assert wrap_autoencoder(build("kl"), device="auto").device.type == "cpu"
