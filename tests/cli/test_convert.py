"""`wherefrom models convert`: a generator's pickle becomes a safetensors file that opens as the same model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from tests.cli.calling import call
from tests.unit.models.architectures.stylegan_by_hand import state_2
from tests.unit.models.architectures.stylegan_xl_by_hand import Stem, state_xl
from tests.unit.models.checkpoints import pickled
from wherefrom.models.load import load_model

OPTIONS = {"c_dim": 4, "synthesis_kwargs": {"conv_clamp": 3, "activation": "relu"}}


def _pickle(path: Path, kind: str) -> Path:
    if kind == "stylegan2":
        return pickled.network_file(path, pickled.module(state_2(classes=4), options=OPTIONS), protocol=3)
    attributes = {"synthesis.input": {"sampling_rate": 16.0, "bandwidth": 1.5}}
    return pickled.network_file(path, pickled.module(state_xl(Stem()), name="SuperresGenerator", attributes=attributes))


@pytest.mark.parametrize("kind", ["stylegan2", "stylegan_xl"])
def test_the_converted_file_is_the_same_model(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = _pickle(tmp_path / "net.pkl", kind), tmp_path / "new.safetensors"
    (row,) = call(capsys, "models", "convert", source, target, "--json").rows
    cards = [load_model(str(path), device="cpu", options={"class": 1}).card for path in (source, target)]
    assert cards[0].digest == cards[1].digest
    assert (row["architecture"], row["decoder"]) == (kind, cards[0].facts["decoder"])
    with safe_open(target, framework="pt") as file:
        assert len(file.keys()) == row["tensors"]
        assert file.get_tensor("mapping.fc0.weight").dtype == torch.float32
        config = json.loads(file.metadata()["config"])
    stated = {"stylegan2": ("synthesis_kwargs.conv_clamp", 3), "stylegan_xl": ("synthesis.input.bandwidth", 1.5)}[kind]
    assert config[stated[0]] == stated[1]
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["net.pkl", "new.safetensors"]
    assert f"tensors of {kind}" in call(capsys, "models", "convert", source, target).out


def test_what_stands_in_a_json_file_beside_goes_along(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = pickled.network_file(tmp_path / "net.pkl", pickled.module(state_xl(Stem(margin=4))))
    assert call(capsys, "models", "info", source).code == 1, "nothing says the margin"
    (tmp_path / "net.json").write_text('{"margin_size": 4, "conv_clamp": 2}')
    assert call(capsys, "models", "convert", source, tmp_path / "new.safetensors").code == 0
    (row,) = call(capsys, "models", "info", tmp_path / "new.safetensors", "--json").rows
    assert (row["clamp"], row["input"]) == ([2.0], [24, 16.0, 2.0])


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("net.pkl", "new.pkl", "use .safetensors"),
        ("net.pkl", "plain.pt/new.safetensors", "cannot make the folder"),
        ("hostile.pkl", "new.safetensors", "nothing was run"),
        ("other.pkl", "new.safetensors", "looks like a discriminator"),
        ("none.pkl", "new.safetensors", "does not exist"),
        ("plain.pt", "new.safetensors", "holds no generator that is known"),
    ],
)
def test_what_cannot_be_converted(
    source: str, target: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _pickle(tmp_path / "net.pkl", "stylegan2")
    hostile = pickled.Called(pickled.Named("posix", "system"), ("true",))
    pickled.network_file(tmp_path / "hostile.pkl", pickled.module(state_2()), D=hostile)
    pickled.network_file(tmp_path / "other.pkl", pickled.module({"b8.fromrgb.weight": torch.zeros(4, 3, 1, 1)}))
    torch.save({"a.weight": torch.zeros(2, 2)}, tmp_path / "plain.pt")
    before = sorted(tmp_path.iterdir())
    done = call(capsys, "models", "convert", tmp_path / source, tmp_path / target)
    assert done.code in (1, 2)
    assert words in " ".join(done.err.split())
    assert sorted(tmp_path.iterdir()) == before
