"""Folders of diffusers' pipelines that work on pixels, against the pipelines' own images from the same noise."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import torch
from diffusers import (
    CMStochasticIterativeScheduler,
    ConsistencyModelPipeline,
    DDIMPipeline,
    DDIMScheduler,
    DDPMPipeline,
    DDPMScheduler,
    UNet2DModel,
)

from tests.unit.models.architectures.random_weights import drawn
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.core.tensors import generator
from wherefrom.models.adapters.generator import Generator
from wherefrom.models.base import Decoder
from wherefrom.models.load import load_model
from wherefrom.models.sources.description import describe

SIZES: Final[dict[str, Any]] = {
    "sample_size": 16,
    "block_out_channels": (32, 32),
    "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
    "up_block_types": ("AttnUpBlock2D", "UpBlock2D"),
    "layers_per_block": 1,
}
SCHEDULERS: Final[dict[str, Any]] = {
    "usual": DDIMScheduler(),
    "of a ddpm": DDPMScheduler(beta_schedule="squaredcos_cap_v2"),
    "v, trailing, not to one, not clipped": DDIMScheduler(
        prediction_type="v_prediction", timestep_spacing="trailing", set_alpha_to_one=False, clip_sample=False
    ),
    "sample, offset": DDIMScheduler(prediction_type="sample", steps_offset=1),
    "not to one, clipped": DDIMScheduler(set_alpha_to_one=False),
    "own betas, linspace, narrow clip": DDIMScheduler(
        num_train_timesteps=500, trained_betas=[0.002] * 500, timestep_spacing="linspace", clip_sample_range=0.8
    ),
}
every_scheduler = pytest.mark.parametrize("scheduler", SCHEDULERS.values(), ids=list(SCHEDULERS))


def _unet(seed: int = 0, **more: Any) -> Any:
    unet = UNet2DModel(**SIZES | more)
    state = drawn(unet, seed)
    state["conv_out.weight"] *= 3  # so that some values leave [0, 1]
    unet.load_state_dict(state)
    return unet.eval()


def _quiet(pipeline: Any) -> Any:
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _consistency(folder: Path, **more: Any) -> Any:
    pipeline = _quiet(ConsistencyModelPipeline(unet=_unet(**more), scheduler=CMStochasticIterativeScheduler()))
    pipeline.save_pretrained(folder)
    return pipeline


def _open(folder: Path, **options: Any) -> Generator:
    model = load_model(str(folder), device="cpu", options=options)
    assert isinstance(model, Generator)
    assert isinstance(model, Decoder)
    return model


def _noise(model: Generator, count: int = 2) -> torch.Tensor:
    return model.draw(np.arange(count, dtype=np.uint64))


@pytest.mark.parametrize("label", [None, 3])
@torch.no_grad()
def test_consistency_pipeline(tmp_path: Path, label: int | None) -> None:
    more = {} if label is None else {"num_class_embeds": 5, "resnet_time_scale_shift": "scale_shift"}
    pipeline = _consistency(tmp_path, **more)
    model = _open(tmp_path, **({} if label is None else {"class": label}))
    noise = _noise(model, 3)
    labels = None if label is None else [label] * 3
    recorded = pipeline(batch_size=3, class_labels=labels, latents=noise, output_type="pt").images
    made = model.decode(noise)
    torch.testing.assert_close(made.clamp(0, 1), recorded, rtol=0, atol=1e-5)
    assert float((made - made.clamp(0, 1)).abs().max()) > 1e-3, "nothing is clamped"
    assert describe(str(tmp_path)).architecture == "ConsistencyModelPipeline"


def _own_images(unet: Any, scheduler: Any, noise: torch.Tensor, steps: int, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What diffusers' own pipeline makes of some noise, in float64: few steps of DDIM enlarge a rounding."""
    monkeypatch.setattr("diffusers.pipelines.ddim.pipeline_ddim.randn_tensor", lambda *_, **__: noise.double())
    pipeline = _quiet(DDIMPipeline(unet=unet.double(), scheduler=scheduler))
    return pipeline(batch_size=len(noise), num_inference_steps=steps, output_type="pt").images


@every_scheduler
@torch.no_grad()
def test_ddim_is_the_pipeline_from_the_same_noise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheduler: Any
) -> None:
    unet = _unet()
    kind = DDPMPipeline if isinstance(scheduler, DDPMScheduler) else DDIMPipeline
    kind(unet=unet, scheduler=scheduler).save_pretrained(tmp_path)
    for steps, options in ((10, {}), (7, {"steps": "7"})):
        model = _open(tmp_path, **options)
        noise = _noise(model)
        sharp = model._module.double()(noise.double())
        recorded = _own_images(unet, scheduler, noise, steps, monkeypatch)
        assert float(recorded.std()) > 0.02
        torch.testing.assert_close(sharp.clamp(0, 1), recorded.double(), rtol=0, atol=1e-4)


@torch.no_grad()
def test_the_last_step_is_not_clipped(tmp_path: Path) -> None:
    DDIMPipeline(unet=_unet(), scheduler=DDIMScheduler(prediction_type="sample")).save_pretrained(tmp_path)
    model = _open(tmp_path)
    assert float(model.decode(_noise(model)).abs().max()) > 1


def test_grey_models_make_three_channels(tmp_path: Path) -> None:
    DDIMPipeline(unet=_unet(in_channels=1, out_channels=1), scheduler=DDIMScheduler()).save_pretrained(tmp_path)
    model = _open(tmp_path, steps=2)
    assert _noise(model).shape == (2, 1, 16, 16)
    with torch.no_grad():
        made = model.decode(_noise(model))
    assert made.shape == (2, 3, 16, 16)
    assert torch.equal(made[:, 0], made[:, 2])


def _noted(held: set[int], tensor: torch.Tensor) -> torch.Tensor:
    held.add(tensor.data_ptr())
    return tensor


def test_checkpointing_changes_no_gradient_and_keeps_less(tmp_path: Path) -> None:
    DDIMPipeline(unet=_unet(), scheduler=DDIMScheduler()).save_pretrained(tmp_path)
    plain, thrifty = _open(tmp_path, steps=4), _open(tmp_path, steps=4, checkpointing=True)
    assert plain.card.digest == thrifty.card.digest
    kept: list[int] = []
    gradients = []
    for model in (plain, thrifty):
        noise = _noise(model, 1).requires_grad_()
        held: set[int] = set()
        with torch.autograd.graph.saved_tensors_hooks(partial(_noted, held), lambda tensor: tensor):
            loss = model.decode(noise).square().sum()
        kept.append(len(held))
        gradients.append(torch.autograd.grad(loss, noise)[0])
    assert torch.equal(gradients[0], gradients[1])
    assert float(gradients[0].abs().max()) > 0
    assert kept[1] < kept[0] / 4


def test_ddim_gradient_is_the_quotient_of_differences(tmp_path: Path) -> None:
    unet = _unet()
    DDIMPipeline(unet=unet, scheduler=DDIMScheduler(clip_sample=False)).save_pretrained(tmp_path)
    network = _open(tmp_path, steps=5)._module.double()
    noise = torch.randn((1, 3, 16, 16), generator=generator(1), dtype=torch.float64).requires_grad_()
    (gradient,) = torch.autograd.grad(network(noise).square().sum(), noise)
    for place in (0, 100, 700):
        step = torch.zeros(noise.numel(), dtype=torch.float64)
        step[place] = 1e-5
        with torch.no_grad():
            ahead, behind = (float(network(noise + sign * step.view_as(noise)).square().sum()) for sign in (1, -1))
        assert (ahead - behind) / 2e-5 == pytest.approx(float(gradient.flatten()[place]), rel=1e-4)


@torch.no_grad()
def test_a_row_depends_on_its_own_noise_alone(tmp_path: Path) -> None:
    DDIMPipeline(unet=_unet(), scheduler=DDIMScheduler()).save_pretrained(tmp_path)
    model = _open(tmp_path, steps=3)
    noise = _noise(model, 4)
    assert torch.equal(model.decode(noise)[2:3], model.decode(noise[2:3]))


def test_steps_and_schedule_are_on_the_card(tmp_path: Path) -> None:
    unet = _unet()
    cards = {}
    for name, scheduler in (("a", DDIMScheduler()), ("b", DDIMScheduler(beta_end=0.01))):
        DDIMPipeline(unet=unet, scheduler=scheduler).save_pretrained(tmp_path / name)
        cards[name] = _open(tmp_path / name).card
    assert cards["a"].facts["steps"] == 10
    assert cards["a"].facts["decoder"] == cards["b"].facts["decoder"]
    assert cards["a"].digest != cards["b"].digest != _open(tmp_path / "b", steps=9).card.digest


def _edit(folder: Path, part: str, **changes: Any) -> None:
    file = folder / part / ("config.json" if part == "unet" else "scheduler_config.json")
    config = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(config | changes), encoding="utf-8")


@pytest.mark.parametrize(
    ("part", "changes", "error", "message"),
    [
        ("unet", {"sample_size": None}, ModelError, "sample_size=None, need one side"),
        ("unet", {"block_out_channels": [32, 96]}, ModelError, r"do not fit .*has shape"),
        ("unet", {"block_out_channels": [32, 65]}, ModelError, "sizes that no network of their kind has"),
        ("unet", {"_class_name": "UNet2DConditionModel"}, ModelError, "is of class 'UNet2DConditionModel'"),
        ("unet", {"out_channels": 6}, ModelError, "takes 3 channels and makes 6"),
        ("unet", {"class_embed_type": "timestep"}, ModelError, "class_embed_type='timestep'"),
        ("scheduler", {"prediction_type": "noise"}, ModelError, "prediction_type='noise'"),
        ("scheduler", {"beta_schedule": "sigmoid"}, ModelError, "describes no schedule of DDIM"),
        ("scheduler", {"thresholding": True}, ModelError, "thresholding=true"),
        ("scheduler", {"num_train_timesteps": 5}, UsageError, "steps=10, need 1 to 5"),
    ],
)
def test_folders_that_are_not_supported(
    tmp_path: Path, part: str, changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    DDIMPipeline(unet=_unet(), scheduler=DDIMScheduler()).save_pretrained(tmp_path)
    _edit(tmp_path, part, **changes)
    with pytest.raises(error, match=message):
        _open(tmp_path)


def test_a_consistency_pipeline_needs_its_own_scheduler(tmp_path: Path) -> None:
    _consistency(tmp_path)
    _edit(tmp_path, "scheduler", _class_name="DDIMScheduler")
    with pytest.raises(ModelError, match="'DDIMScheduler', need CMStochasticIterativeScheduler"):
        _open(tmp_path)


@pytest.mark.parametrize("file", ["unet/config.json", "scheduler/scheduler_config.json"])
def test_a_copy_that_is_incomplete(tmp_path: Path, file: str) -> None:
    _consistency(tmp_path)
    (tmp_path / file).unlink()
    with pytest.raises(ModelError, match=f"no {file}: the download or copy is incomplete"):
        _open(tmp_path)


def test_a_unet_alone_has_no_schedule(tmp_path: Path) -> None:
    _consistency(tmp_path)
    with pytest.raises(ModelError, match="give the folder of the whole pipeline"):
        load_model(str(tmp_path / "unet" / "diffusion_pytorch_model.safetensors"), device="cpu")


def test_an_option_of_another_architecture_is_refused(tmp_path: Path) -> None:
    _consistency(tmp_path)
    with pytest.raises(UsageError, match="consistency has no option steps"):
        _open(tmp_path, steps=3)
