"""Consistency models: our UNet against that of diffusers on the same weights, options, wrong files, the adapter."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import torch
from diffusers import UNet2DModel
from safetensors.torch import save_file

from tests.unit.models.architectures.random_weights import drawn
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.core.tensors import generator
from wherefrom.models.architectures import load
from wherefrom.models.architectures.consistency.geometry import geometry_of, image_size
from wherefrom.models.architectures.consistency.step import Scalings, karras_start
from wherefrom.models.architectures.consistency.unet import Geometry, UNet
from wherefrom.models.base import Autoencoder, Decoder
from wherefrom.models.checkpoints.build import empty, fitted
from wherefrom.models.load import load_model

State = dict[str, torch.Tensor]

IMAGENET: Final = Geometry(
    base=32, widths=(32, 64, 96), blocks=2, attended=(False, True, True), classes=7, scaled=True, residual=True,
    head_channels=16,
)  # fmt: skip
LSUN: Final = replace(
    IMAGENET, widths=(32, 32, 64), blocks=1, attended=(False, False, True), classes=None, scaled=False
)
PLAIN: Final = replace(LSUN, residual=False, attended=(True, False, False), head_channels=32)
every_geometry = pytest.mark.parametrize("geometry", [IMAGENET, LSUN, PLAIN], ids=["imagenet", "lsun", "plain"])
SMALL: Final = replace(LSUN, widths=(64, 64), attended=(False, True))
OPTIONS: Final = {"image_size": 16, "num_head_channels": 16}


def _network(geometry: Geometry, seed: int = 0) -> tuple[UNet, State]:
    network = empty(lambda: UNet(geometry))
    state = drawn(network, seed)
    return fitted(network, state, title="test").eval(), state


def _shapes(state: State) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def _same_in_diffusers(geometry: Geometry, state: State) -> Any:
    """Diffusers' network of the same sizes, with the same weights."""
    levels = len(geometry.widths)
    down = [_kind(geometry, level, "Down", last=level == levels - 1) for level in range(levels)]
    up = [_kind(geometry, level, "Up", last=level == 0) for level in reversed(range(levels))]
    network = UNet2DModel(
        sample_size=16,
        block_out_channels=geometry.widths,
        layers_per_block=geometry.blocks,
        down_block_types=tuple(down),
        up_block_types=tuple(up),
        resnet_time_scale_shift="scale_shift" if geometry.scaled else "default",
        downsample_type="resnet" if geometry.residual else "conv",
        upsample_type="resnet" if geometry.residual else "conv",
        attention_head_dim=geometry.head_channels,
        attn_norm_num_groups=32,
        num_class_embeds=geometry.classes,
    )
    network.load_state_dict(_renamed(geometry, state), strict=True)
    return network.eval()


def _kind(geometry: Geometry, level: int, way: str, *, last: bool) -> str:
    if geometry.attended[level]:
        return f"Attn{way}Block2D"
    return f"Resnet{way}sampleBlock2D" if geometry.residual else f"{way}Block2D"


def _renamed(geometry: Geometry, state: State) -> State:
    """OpenAI's names as those of diffusers."""
    found: State = {}
    pairs = {"time_embed.0": "time_embedding.linear_1", "time_embed.2": "time_embedding.linear_2"}
    pairs |= {
        "input_blocks.0.0": "conv_in",
        "out.0": "conv_norm_out",
        "out.2": "conv_out",
        "label_emb": "class_embedding",
    }
    for old, new in pairs.items():
        found |= {new + name[len(old) :]: value for name, value in state.items() if name.startswith(old + ".")}
    levels, each = len(geometry.widths), geometry.blocks + 1
    for level in range(levels):
        for block in range(geometry.blocks):
            found |= _entry(state, f"input_blocks.{1 + level * each + block}", f"down_blocks.{level}", block)
        found |= _resampling(state, f"input_blocks.{(level + 1) * each}.0", f"down_blocks.{level}.downsamplers.0")
        for block in range(each):
            entry = f"output_blocks.{level * each + block}"
            found |= _entry(state, entry, f"up_blocks.{level}", block)
            for place in (1, 2):
                found |= _resampling(state, f"{entry}.{place}", f"up_blocks.{level}.upsamplers.0")
    found |= _block(state, "middle_block.0", "mid_block.resnets.0") | _block(
        state, "middle_block.2", "mid_block.resnets.1"
    )
    return found | _attention(state, "middle_block.1", "mid_block.attentions.0")


def _entry(state: State, old: str, new: str, block: int) -> State:
    found = _block(state, f"{old}.0", f"{new}.resnets.{block}")
    return found | _attention(state, f"{old}.1", f"{new}.attentions.{block}")


def _resampling(state: State, old: str, new: str) -> State:
    by_convolution = {
        f"{new}.conv.{end}": state[f"{old}.{kind}.{end}"]
        for kind in ("op", "conv")
        for end in ("weight", "bias")
        if f"{old}.{kind}.{end}" in state
    }
    is_block = f"{old}.in_layers.0.weight" in state
    return by_convolution | (_block(state, old, new) if is_block else {})


def _block(state: State, old: str, new: str) -> State:
    parts = {
        "in_layers.0": "norm1", "in_layers.2": "conv1", "emb_layers.1": "time_emb_proj", "out_layers.0": "norm2",
        "out_layers.3": "conv2", "skip_connection": "conv_shortcut",
    }  # fmt: skip
    return {
        f"{new}.{to}.{end}": state[f"{old}.{part}.{end}"]
        for part, to in parts.items()
        for end in ("weight", "bias")
        if f"{old}.{part}.{end}" in state
    }


def _attention(state: State, old: str, new: str) -> State:
    if f"{old}.qkv.weight" not in state:
        return {}
    found = {f"{new}.group_norm.{end}": state[f"{old}.norm.{end}"] for end in ("weight", "bias")}
    for end in ("weight", "bias"):
        thirds, last = (
            state[f"{old}.{part}.{end}"].squeeze((-1, -2)) if end == "weight" else state[f"{old}.{part}.{end}"]
            for part in ("qkv", "proj_out")
        )
        found |= {
            f"{new}.{to}.{end}": third for to, third in zip(("to_q", "to_k", "to_v"), thirds.chunk(3), strict=True)
        }
        found[f"{new}.to_out.0.{end}"] = last
    return found


@every_geometry
@torch.no_grad()
def test_the_network_is_that_of_diffusers(geometry: Geometry) -> None:
    network, state = _network(geometry)
    images = torch.randn((3, 3, 16, 16), generator=generator(1))
    times = torch.tensor([1095.5, -300.0, 12.25])
    labels = None if geometry.classes is None else torch.tensor([0, 6, 3])
    recorded = _same_in_diffusers(geometry, state)(images, times, class_labels=labels).sample
    assert float(recorded.std()) > 0.1
    torch.testing.assert_close(
        network(images, times, labels), recorded, rtol=0, atol=2e-5 * float(recorded.abs().max())
    )


@every_geometry
def test_sizes_are_read_from_the_weights(geometry: Geometry) -> None:
    state = drawn(empty(lambda: UNet(geometry)))
    found = geometry_of(_shapes(state), {"num_head_channels": geometry.head_channels})
    assert found == geometry


def test_heads_may_be_counted_and_differ_on_the_way_back() -> None:
    shapes = _shapes(drawn(empty(lambda: UNet(SMALL))))
    found = geometry_of(shapes, {"num_heads": 4, "num_heads_upsample": 2, "num_head_channels": -1})
    assert (found.head_channels, found.heads, found.heads_up) == (None, 4, 2)
    network = empty(lambda: UNet(found))
    assert [part.heads for name, part in network.named_modules() if name == "middle_block.1"] == [4]
    assert {part.heads for name, part in network.named_modules() if name.endswith("output_blocks.0.1")} == {2}
    assert geometry_of(shapes, {"num_heads": 4}).heads_up == 4


def test_published_models_need_no_options() -> None:
    imagenet = Geometry(
        base=192, widths=(192, 384, 576, 768), blocks=3, attended=(False, True, True, True), classes=1000, scaled=True,
        residual=True,
    )  # fmt: skip
    bedroom = Geometry(
        base=256, widths=(256, 256, 512, 512, 1024, 1024), blocks=2, attended=(False, False, False, True, True, True),
        classes=None, scaled=False, residual=True,
    )  # fmt: skip
    for geometry, size, tensors, weights in ((imagenet, 64, 541, 295_899_267), (bedroom, 256, 566, 526_304_771)):
        shapes = _shapes(empty(partial(UNet, geometry)).state_dict())
        assert (len(shapes), sum(int(np.prod(shape)) for shape in shapes.values())) == (tensors, weights)
        assert geometry_of(shapes, {}) == geometry
        assert image_size(geometry, {}) == size


def _file(folder: Path, geometry: Geometry = SMALL, seed: int = 0, dtype: torch.dtype = torch.float32) -> Path:
    state = {name: value.to(dtype) for name, value in drawn(empty(lambda: UNet(geometry)), seed).items()}
    save_file(state, folder / "cm.safetensors")
    return folder / "cm.safetensors"


def _open(path: Path, **options: Any) -> Decoder:
    found = load_model(str(path), device="cpu", options=OPTIONS | options)
    assert isinstance(found, Decoder)
    return found


@torch.no_grad()
def test_one_step_is_the_formula(tmp_path: Path) -> None:
    model = _open(_file(tmp_path))
    noise = model.draw(np.arange(3, dtype=np.uint64))
    assert noise.shape == (3, 3, 16, 16)
    network, _ = _network(replace(SMALL, head_channels=16))
    level = torch.full((3,), karras_start(80.0))
    spread = (level**2 + 0.25)[:, None, None, None]
    skip = (0.25 / ((level - 0.002) ** 2 + 0.25))[:, None, None, None]
    out = (level - 0.002)[:, None, None, None] * 0.5 / spread.sqrt()
    expected = skip * 80 * noise + out * network(80 * noise / spread.sqrt(), 250 * level.log(), None)
    made = model.decode(noise)
    torch.testing.assert_close(made, expected / 2 + 0.5, rtol=0, atol=1e-5)
    assert float((made - made.clamp(0, 1)).abs().max()) > 1e-3, "nothing is clamped"
    assert not isinstance(model, Autoencoder)
    assert model.size == (16, 16)


def test_a_consistency_model_is_the_identity_at_its_lowest_noise() -> None:
    network, _ = _network(SMALL)
    images = torch.randn((2, 3, 16, 16), generator=generator(0))
    lowest = torch.full((2,), 0.002)
    with torch.no_grad():
        torch.testing.assert_close(Scalings().denoised(network, images, lowest, None), images)
        other = Scalings(denoiser="edm").denoised(network, images, lowest, None)
    assert float((other - images).abs().max()) > 1e-4


@torch.no_grad()
def test_float16_files_are_read_as_float32(tmp_path: Path) -> None:
    state = drawn(empty(lambda: UNet(SMALL)))
    torch.save({name: value.half() for name, value in state.items()}, tmp_path / "half.pt")
    rounded = {name: value.half().float() for name, value in state.items()}
    save_file(rounded, tmp_path / "whole.safetensors")
    half, whole = (_open(tmp_path / name) for name in ("half.pt", "whole.safetensors"))
    noise = half.draw(np.arange(2, dtype=np.uint64))
    assert torch.equal(half.decode(noise), whole.decode(noise))
    assert half.card.digest == whole.card.digest


@torch.no_grad()
def test_class_changes_image_and_card(tmp_path: Path) -> None:
    path = _file(tmp_path, replace(SMALL, classes=5, scaled=True))
    models = {label: _open(path, **({} if label is None else {"class": label})) for label in (None, 0, 4)}
    noise = models[0].draw(np.arange(1, dtype=np.uint64))
    images = {label: model.decode(noise) for label, model in models.items()}
    assert torch.equal(images[None], images[0])
    assert float((images[0] - images[4]).abs().max()) > 1e-3
    assert models[0].card.digest == models[None].card.digest != models[4].card.digest
    assert models[0].card.facts["decoder"] == models[4].card.facts["decoder"]
    with pytest.raises(UsageError, match=r"class=5, need one whole number from 0 below 5"):
        _open(path, **{"class": 5})


def test_options_may_stand_in_a_file_beside_the_weights(tmp_path: Path) -> None:
    path = _file(tmp_path)
    path.with_suffix(".json").write_text(json.dumps(OPTIONS), encoding="utf-8")
    assert load_model(str(path), device="cpu").size == (16, 16)


def test_a_row_depends_on_its_own_noise_alone(tmp_path: Path) -> None:
    model = _open(_file(tmp_path))
    noise = model.draw(np.arange(5, dtype=np.uint64))
    with torch.no_grad():
        assert torch.equal(model.decode(noise)[3:4], model.decode(noise[3:4]))
    asked = noise.requires_grad_()
    (gradient,) = torch.autograd.grad(model.decode(asked)[2].sum(), asked)
    assert float(gradient[2].abs().max()) > 0
    assert float(gradient[[0, 1, 3, 4]].abs().max()) == 0


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("image_size", "do not tell the size of its images: say it by the option image_size"),
        ("num_head_channels", "attention heads leave no trace in weights"),
    ],
)
def test_what_weights_do_not_tell_is_asked_for(tmp_path: Path, missing: str, message: str) -> None:
    path = _file(tmp_path)
    with pytest.raises(ModelError, match=message):
        load_model(str(path), device="cpu", options={key: value for key, value in OPTIONS.items() if key != missing})


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"image_size": 17}, UsageError, "image_size=17, need a multiple of 2"),
        ({"num_head_channels": 24}, ModelError, "attention over 64 channels cannot be split by num_head_channels=24"),
        ({"class": 1}, UsageError, "this model has no classes"),
        ({"denoiser": "ddpm"}, UsageError, "need one of consistency, edm"),
        ({"klass": 1}, UsageError, "did you mean 'class'"),
    ],
)
def test_wrong_options(tmp_path: Path, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        _open(_file(tmp_path), **options)


def _without(state: State, start: str) -> State:
    return {name: value for name, value in state.items() if not name.startswith(start)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s | {"middle_block.1.qkv.weight": torch.zeros(96, 32, 1)}, "look like a guided-diffusion UNet"),
        (lambda s: s | {"out.2.weight": torch.zeros(6, 32, 3, 3)}, "takes 3 channels and makes 6"),
        (lambda s: _without(s, "input_blocks.1."), r"do not have input_blocks\.1\.0\.in_layers\.2\.weight"),
        (lambda s: _without(s, "middle_block.2."), r"do not fit consistency model: middle_block\.2\.emb_layers"),
        (lambda s: s | {"extra": torch.zeros(2)}, "extra is not expected"),
    ],
)
def test_wrong_files_say_what_they_look_like(change: Any, message: str) -> None:
    state = change(drawn(empty(lambda: UNet(SMALL))))
    with pytest.raises(ModelError, match=message):
        load("consistency").build(state, OPTIONS)
