"""StyleGAN2-ADA and StyleGAN-XL: images, w and layers as the authors' programs make them, also from pickles."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open

from tests.golden.recorded import Recorded, check_close, check_gradient, read, recordings
from wherefrom.core.arrays import Seeds
from wherefrom.models.architectures import load
from wherefrom.models.architectures.base import Built
from wherefrom.models.base import Decoder
from wherefrom.models.checkpoints.digest import digest
from wherefrom.models.checkpoints.read import read_checkpoint
from wherefrom.models.checkpoints.unwrap import facts_of
from wherefrom.models.convert import convert
from wherefrom.models.load import load_model

pytestmark = pytest.mark.data
two = pytest.mark.parametrize("path", recordings("sg2"))
xl = pytest.mark.parametrize("path", recordings("sgxl"))
both = pytest.mark.parametrize("path", [*recordings("sg2"), *recordings("sgxl")])

Options = Mapping[str, Any]


def _metadata(path: Path) -> dict[str, Any]:
    """What was recorded beside the tensors, but for the configuration."""
    with safe_open(path, framework="pt") as file:
        return {key: ast.literal_eval(value) for key, value in file.metadata().items() if key != "config"}


def _kind(path: Path) -> str:
    return "stylegan_xl" if path.stem.startswith("sgxl") else "stylegan2"


def _config(path: Path) -> dict[str, Any]:
    """The configuration as a safetensors file holds it: keywords, and for StyleGAN-XL the recorded geometry."""
    recorded = read(path)
    if _kind(path) == "stylegan2":
        return facts_of(recorded.config)
    about = _metadata(path)
    names = {
        "up": "up_factor",
        "down": "down_factor",
        "padding": "padding",
        "clamp": "conv_clamp",
        "is_torgb": "is_torgb",
    }
    layers = {
        layer: {names.get(key, key): value for key, value in numbers.items() if key in (*names, "in_size", "out_size")}
        for layer, numbers in about["layers"].items()
    }
    scale, order = about["output_scale"], about["layer_names"]
    return facts_of({"synthesis": {"input": about["input"], "output_scale": scale, "layer_names": order, **layers}})


def _built(path: Path, **options: Any) -> Built:
    kind, weights = _kind(path), read(path).weights
    shapes = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    assert [name for name in ("stylegan2", "stylegan_xl") if load(name).recognise(shapes)] == [kind]
    built = load(kind).build(weights, {**_config(path), **options})
    built.network.eval()
    return built


def _labels(recorded: Recorded) -> list[dict[str, int]]:
    """The option that says the class of each recorded row; none where there are no classes."""
    labels = recorded.io.get("c")
    if labels is None or not labels.shape[1]:
        return [{}] * len(recorded.io["z"])
    return [{"class": int(row.argmax())} for row in labels]


def _each(path: Path, ask: Callable[[Built, torch.Tensor], torch.Tensor], **options: Any) -> torch.Tensor:
    """An answer for each recorded z, each with its class."""
    rows = zip(read(path).io["z"], _labels(read(path)), strict=True)
    return torch.cat([ask(_built(path, **label, **options), z[None]) for z, label in rows])


def _image(built: Built, z: torch.Tensor) -> torch.Tensor:
    image: torch.Tensor = built.network(z) * 2 - 1
    return image


def _styles(built: Built, z: torch.Tensor) -> torch.Tensor:
    network: Any = built.network
    styles: torch.Tensor = network.styles(z)
    return styles


def _check_8_bit(image: torch.Tensor, recorded: torch.Tensor, *, centre: float) -> None:
    """The authors' 8-bit image, but for values that rounding of float32 carries over a step."""
    made = (image * 127.5 + centre).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
    apart = (made.int() - recorded.int()).abs()
    assert int(apart.max()) <= 1
    assert float((apart > 0).float().mean()) < 1e-3


@two
@torch.no_grad()
def test_stylegan2_images_and_w(path: Path) -> None:
    recorded, about = read(path), _metadata(path)
    cutoff = about.get("truncation_cutoff")
    check_close(_each(path, _styles), recorded.io["w"])
    images: dict[str, Options] = {
        "image_none": {"noise": "none"},
        "image_const": {"noise": "const"},
        "image_const_nofuse": {"noise": "const"},
        "image_trunc": {"psi": 0.7, "cutoff": cutoff, "noise": "none" if cutoff is None else "const"},
    }
    held = [name for name in images if name in recorded.io]
    assert len(held) >= 2
    for name in held:
        check_close(_each(path, _image, **images[name]), recorded.io[name])
    if "w_trunc_cutoff" in recorded.io:
        check_close(_each(path, _styles, psi=0.5, cutoff=cutoff), recorded.io["w_trunc_cutoff"])


@two
@torch.no_grad()
def test_stylegan2_image_of_a_seed(path: Path) -> None:
    recorded, run = read(path), _metadata(path).get("seed_run")
    if run is None:
        pytest.skip(f"no image of a seed in {path.name}")
    label = {} if run["cls"] is None else {"class": run["cls"]}
    built = _built(path, **label)
    z = np.random.RandomState(run["seed"]).randn(1, *built.latent_shape)
    image = _image(built, torch.from_numpy(z).float())
    check_close(image, recorded.io["seed_image"])
    _check_8_bit(image, recorded.io["seed_uint8"], centre=128)


@xl
@torch.no_grad()
def test_stylegan_xl_images_and_w(path: Path) -> None:
    recorded, cutoff = read(path), _metadata(path)["truncation_cutoff"]
    check_close(_each(path, _styles), recorded.io["w"])
    check_close(_each(path, _image), recorded.io["image"])
    check_close(_each(path, _image, psi=0.7), recorded.io["image_trunc"])
    check_close(_each(path, _styles, psi=0.5, cutoff=cutoff), recorded.io["w_trunc_cutoff"])


@xl
@torch.no_grad()
def test_stylegan_xl_images_of_a_seed(path: Path) -> None:
    recorded, run = read(path), _metadata(path).get("seed_run")
    if run is None:
        pytest.skip(f"no image of a seed in {path.name}")
    made, styles = [], []
    width = _built(path).latent_shape
    z = np.random.RandomState(run["seed"]).randn(run["batch"], *width)
    for row, label in zip(torch.from_numpy(z).float(), _classes(recorded, run), strict=True):
        built = _built(path, psi=run["psi"], **label)
        made.append(_image(built, row[None]))
        styles.append(_styles(built, row[None]))
    check_close(torch.cat(styles), recorded.io["seed_w"])
    check_close(torch.cat(made), recorded.io["seed_image"])
    _check_8_bit(torch.cat(made), recorded.io["seed_uint8"], centre=127.5)


@xl
@torch.no_grad()
def test_stylegan_xl_w_of_a_seed_drawn_to_the_nearest_centroid(path: Path, tmp_path: Path) -> None:
    recorded, run = read(path), _metadata(path).get("seed_run")
    if run is None or "centroids" not in recorded.io:
        pytest.skip(f"no w of a seed with centroids in {path.name}")
    np.save(tmp_path / "centroids.npy", recorded.io["centroids"].numpy())
    z = np.random.RandomState(run["seed"]).randn(run["batch"], *_built(path).latent_shape)
    styles = []
    for row, label in zip(torch.from_numpy(z).float(), _classes(recorded, run), strict=True):
        built = _built(path, psi=run["psi"], centroids=str(tmp_path / "centroids.npy"), **label)
        styles.append(_styles(built, row[None]))
    check_close(torch.cat(styles), recorded.io["seed_w_centroids"])


def _classes(recorded: Recorded, run: Mapping[str, Any]) -> list[dict[str, int]]:
    """The classes that the authors' program takes for a seed."""
    means = recorded.weights["mapping.w_avg"]
    if means.ndim == 1:
        return [{}] * run["batch"]
    if run["cls"] is not None:
        return [{"class": run["cls"]}] * run["batch"]
    drawn = np.random.RandomState(run["seed"]).randint(0, len(means), size=run["batch"])
    return [{"class": int(label)} for label in drawn]


@xl
@torch.no_grad()
def test_stylegan_xl_layers(path: Path) -> None:
    recorded, network = read(path), _built(path).network
    synthesis: Any = network.get_submodule("synthesis")
    w = recorded.io["w"][:1]
    maps = synthesis.input(w[:, 0])
    check_close(maps, recorded.io["dbg_input"])
    for number, name in enumerate(_metadata(path)["layer_names"], start=1):
        maps = synthesis.get_submodule(name)(maps, w[:, number])
        if f"dbg_{name}" in recorded.io:
            check_close(maps, recorded.io[f"dbg_{name}"])


@xl
def test_stylegan_xl_geometry_is_read_off_the_weights_as_it_was_recorded(path: Path) -> None:
    stated = _config(path)
    alone = {key: value for key, value in stated.items() if key.startswith("synthesis.input.") or key.endswith("clamp")}
    state = read(path).weights
    assert load("stylegan_xl").build(state, alone).facts == load("stylegan_xl").build(state, stated).facts


@both
@torch.no_grad()
def test_pickles_hold_the_same_tensors_and_make_the_same_images(path: Path, tmp_path: Path) -> None:
    pickles = sorted(path.parent.glob(f"{path.stem}*.pkl"))
    if not pickles:
        pytest.skip(f"no {path.stem}*.pkl beside {path}")
    recorded, label = read(path), _labels(read(path))[0]
    noise = {"noise": "const"} if _kind(path) == "stylegan2" else {}
    wanted = recorded.io["image_const" if noise else "image"][:1]
    for file in pickles:
        state = read_checkpoint(file).state
        assert set(state) == set(recorded.weights)
        assert all(torch.equal(state[name], tensor) for name, tensor in recorded.weights.items())
        converted = convert(file, tmp_path / f"{file.stem}.safetensors")
        models = [load_model(str(one), device="cpu", options={**label, **noise}) for one in (file, converted.path)]
        assert models[0].card.digest == models[1].card.digest
        assert models[0].card.facts["decoder"] == digest(recorded.weights)
        for model in models:
            assert isinstance(model, Decoder)
            check_close(model.decode(recorded.io["z"][:1]) * 2 - 1, wanted)


@both
@pytest.mark.parametrize("latent", ["z", "w", "w+"])
def test_gradient_with_respect_to_each_latent(path: Path, latent: str) -> None:
    label = _labels(read(path))[0]
    built = _built(path, latent=latent, psi=0.7, cutoff=2, **label)
    recorded = read(path).io
    latents = {"z": recorded["z"], "w": recorded["w"][:, 0], "w+": recorded["w"]}
    check_gradient(built.network, latents[latent][:1])


@both
@torch.inference_mode()
def test_a_row_alone_and_among_others(path: Path) -> None:
    pickles = sorted(path.parent.glob(f"{path.stem}*.pkl"))
    if not pickles:
        pytest.skip(f"no {path.stem}*.pkl beside {path}")
    model = load_model(str(pickles[0]), device="cpu", options={"latent": "w"})
    assert isinstance(model, Decoder)
    drawn = model.draw(_seeds(5))
    assert torch.equal(model.decode(drawn)[3:4], model.decode(drawn[3:4]))


def _seeds(count: int) -> Seeds:
    return np.arange(count, dtype=np.uint64)
