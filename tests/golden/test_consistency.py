"""OpenAI's consistency models: denoised images as the authors' program makes them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.golden.recorded import Recorded, check_close, check_gradient, read, recordings
from wherefrom.models.architectures import load
from wherefrom.models.architectures.base import Built
from wherefrom.models.architectures.consistency.step import DENOISERS, OneStep, Scalings, karras_start
from wherefrom.models.base import Decoder
from wherefrom.models.load import load_model

pytestmark = pytest.mark.data
every_file = pytest.mark.parametrize("path", recordings("cm"))

_FLAGS = ("image_size", "num_head_channels", "num_heads", "num_heads_upsample")


def _options(recorded: Recorded, **more: Any) -> dict[str, Any]:
    return {flag: recorded.config[flag] for flag in _FLAGS if flag in recorded.config} | more


def _labels(recorded: Recorded) -> torch.Tensor | None:
    return recorded.io.get("y") if recorded.config["class_cond"] else None


def _built(recorded: Recorded, **more: Any) -> Built:
    kind = load("consistency")
    assert kind.recognise({name: tuple(tensor.shape) for name, tensor in recorded.weights.items()})
    return kind.build(recorded.weights, _options(recorded, **more))


def _network(recorded: Recorded) -> torch.nn.Module:
    step = _built(recorded).network.eval()
    assert isinstance(step, OneStep)
    return step.network


@every_file
@torch.no_grad()
def test_denoises_at_any_noise_level(path: Path) -> None:
    recorded = read(path)
    network, io = _network(recorded), recorded.io
    for denoiser, name in zip(DENOISERS, ("denoised_mixed", "denoised_mixed_edm"), strict=True):
        scalings = Scalings(denoiser="edm" if denoiser == "edm" else "consistency")
        check_close(scalings.denoised(network, io["x_mixed"], io["sigmas_mixed"], _labels(recorded)), io[name])


@every_file
@torch.no_grad()
def test_one_step_from_noise_class_by_class(path: Path) -> None:
    recorded = read(path)
    io, labels = recorded.io, _labels(recorded)
    for row in range(len(io["noise"])):
        named = {} if labels is None else {"class": int(labels[row])}
        made = _built(recorded, **named).network.eval()(io["noise"][row : row + 1]) * 2 - 1
        check_close(made, io["denoised_unclamped"][row : row + 1])
        check_close(made.clamp(-1, 1), io["onestep"][row : row + 1])


@every_file
@torch.no_grad()
def test_several_steps_with_recorded_noise(path: Path) -> None:
    recorded = read(path)
    network, io, labels = _network(recorded), recorded.io, _labels(recorded)
    (name,) = [name for name in io if name.startswith("multistep_") and name != "multistep_noise"]
    times = [int(part) for part in name.split("_")[1:]]
    noisy, image = io["x_T"], torch.empty(0)
    for call, (time, onward) in enumerate(pairwise(times)):
        level = torch.full((len(noisy),), float(io["sigmas40"][time]))
        image = Scalings().denoised(network, noisy, level, labels).clamp(-1, 1)
        left = float(io["sigmas40"][onward].clamp(0.002, 80))
        image = image + io["multistep_noise"][call] * max(left**2 - 0.002**2, 0) ** 0.5
        noisy = image
    check_close(image.clamp(-1, 1), io[name])


@every_file
def test_first_noise_level_is_that_of_the_schedule(path: Path) -> None:
    assert karras_start(80.0) == float(read(path).io["sigmas40"][0])


@every_file
def test_gradient(path: Path) -> None:
    recorded = read(path)
    check_gradient(_built(recorded).network, recorded.io["noise"][:1])


@every_file
@torch.no_grad()
def test_published_file_gives_the_same(path: Path) -> None:
    recorded = read(path)
    file = recorded.published()
    if file is None:
        pytest.skip(f"no {path.stem}.pt beside {path}")
    labels = _labels(recorded)
    named = {} if labels is None else {"class": int(labels[0])}
    model = load_model(str(file), device="cpu", options=_options(recorded, **named))
    assert isinstance(model, Decoder)
    check_close(model.decode(recorded.io["noise"][:1]) * 2 - 1, recorded.io["denoised_unclamped"][:1])
