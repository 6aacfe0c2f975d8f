"""Weights are read without running anything, and a digest says whether values are equal."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.digest import digest
from wherefrom.models.checkpoints.read import read_weights, shapes_of


def _state(dtype: torch.dtype = torch.float32) -> dict[str, torch.Tensor]:
    source = torch.Generator().manual_seed(3)
    return {name: torch.randn((5, 4, 3, 3), generator=source).half().to(dtype) for name in ("a.weight", "b.weight")}


def test_digest_is_of_values_not_of_storage() -> None:
    state = _state()
    same = digest(state)
    assert same == digest(_state(torch.float16)) == digest(_state(torch.float64))
    assert same == digest(dict(reversed(state.items())))
    assert same == digest({k: v.contiguous(memory_format=torch.channels_last) for k, v in state.items()})


def test_digest_of_bfloat16_equals_that_of_the_same_values_in_float32() -> None:
    narrow = {name: tensor.bfloat16() for name, tensor in _state().items()}
    assert digest(narrow) == digest({name: tensor.float() for name, tensor in narrow.items()})
    assert digest(narrow) != digest(_state())


@pytest.mark.parametrize("change", ["value", "name", "shape", "swap", "missing"])
def test_digest_sees_every_change(change: str) -> None:
    state, other = _state(), _state()
    if change == "value":
        other["b.weight"][4, 3, 2, 2] = torch.nextafter(other["b.weight"][4, 3, 2, 2], torch.tensor(9.0))
    if change == "name":
        other["c.weight"] = other.pop("b.weight")
    if change == "shape":
        other["a.weight"] = other["a.weight"].reshape(4, 5, 3, 3)
    if change == "swap":
        other["a.weight"], other["b.weight"] = other["b.weight"], other["a.weight"]
    if change == "missing":
        del other["a.weight"]
    assert digest(state) != digest(other)


def test_digest_of_what_float32_cannot_hold() -> None:
    third = torch.tensor([1 / 3], dtype=torch.float64)
    assert digest({"a": third}) != digest({"a": third.float()})
    assert digest({"a": third.float().double()}) == digest({"a": third.float()})
    large = torch.tensor([2**24 + 1])
    assert digest({"a": large}) != digest({"a": large - 1})
    assert digest({"a": torch.tensor([7])}) == digest({"a": torch.tensor([7.0])})


def test_digest_of_zeros_nans_and_infinities() -> None:
    inf, nan = float("inf"), float("nan")
    assert digest({"a": torch.tensor([0.0, 1.0])}) == digest({"a": torch.tensor([-0.0, 1.0])})
    assert digest({"a": torch.tensor([nan])}) == digest({"a": -torch.tensor([nan]).abs()})
    assert digest({"a": torch.tensor([nan])}) == digest({"a": torch.tensor([nan], dtype=torch.float64)})
    assert len({digest({"a": torch.tensor([value])}) for value in (nan, inf, -inf, 0.0)}) == 4
    wide = [digest({"a": torch.tensor([value], dtype=torch.float64)}) for value in (inf, 1e300, -1e300)]
    assert len(set(wide)) == 3


def test_digest_refuses_complex_weights() -> None:
    with pytest.raises(ModelError, match=r"'a' is torch\.complex64"):
        digest({"a": torch.zeros(2, dtype=torch.complex64)})


def test_digest_of_many_weights_takes_seconds_and_leaves_them() -> None:
    state = {"a": torch.ones(20_000_000, dtype=torch.float16)}
    start = time.process_time()
    digest(state)
    assert time.process_time() - start < 5
    assert state["a"].dtype == torch.float16


def test_reads_what_was_written(tmp_path: Path) -> None:
    state = _state(torch.float16)
    save_file(state, tmp_path / "a.safetensors")
    torch.save({"state_dict": state}, tmp_path / "a.ckpt")
    for name in ("a.safetensors", "a.ckpt"):
        found = read_weights(tmp_path / name)
        assert {key: value.dtype for key, value in found.items()} == dict.fromkeys(state, torch.float16)
        assert all(torch.equal(found[key], value) for key, value in state.items())
        assert shapes_of(tmp_path / name) == {"a.weight": (5, 4, 3, 3), "b.weight": (5, 4, 3, 3)}
        assert set(read_weights(tmp_path / name, ["b.weight"])) == {"b.weight"}


def _sharded(folder: Path, where: dict[str, str]) -> Path:
    index = folder / "w.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": where}))
    return index


def test_shards_are_read_as_one(tmp_path: Path) -> None:
    state = _state()
    for number, name in enumerate(state):
        save_file({name: state[name]}, tmp_path / f"{number}.safetensors")
    index = _sharded(tmp_path, {"a.weight": "0.safetensors", "b.weight": "1.safetensors"})
    assert digest(read_weights(index)) == digest(state)


def test_shards_outside_the_folder_missing_or_incomplete_are_refused(tmp_path: Path) -> None:
    save_file(_state(), tmp_path / "0.safetensors")
    with pytest.raises(ModelError, match="plain name"):
        read_weights(_sharded(tmp_path, {"a.weight": "../0.safetensors"}))
    with pytest.raises(ModelError, match=r"1\.safetensors does not exist"):
        read_weights(_sharded(tmp_path, {"a.weight": "1.safetensors"}))
    with pytest.raises(ModelError, match=r"lacks c\.weight"):
        read_weights(_sharded(tmp_path, {"c.weight": "0.safetensors"}))
    (tmp_path / "bad.index.json").write_text("[]")
    with pytest.raises(ModelError, match="weight_map"):
        read_weights(tmp_path / "bad.index.json")


class _Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, ("ran",))


def test_a_pickle_that_runs_code_is_refused_and_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"a": _Hostile()}, tmp_path / "a.bin")
    with pytest.raises(ModelError, match="more than tensors"):
        read_weights(tmp_path / "a.bin")
    assert not (tmp_path / "ran").exists()


def test_every_unreadable_file_has_its_own_reason(tmp_path: Path) -> None:
    save_file(_state(), tmp_path / "whole.safetensors")
    whole = (tmp_path / "whole.safetensors").read_bytes()
    torch.save(_state(), tmp_path / "weights.bin")
    bad = {
        "cut": (whole[:-100], rf"cut short: its header promises {len(whole)} bytes, it has {len(whole) - 100}"),
        "head": (whole[:40], "cut short"),
        "json": (b'{"weight_map": {}, "metadata": {"total_size": 12}}', "JSON text"),
        "html": (b"<!DOCTYPE html><html>not found</html>", "web page"),
        "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n", "git lfs pull"),
        "cut_torch": ((tmp_path / "weights.bin").read_bytes()[:-200], "a PyTorch file that was cut short"),
        "empty": (b"", "is empty"),
        "noise": (bytes(range(200, 256)) * 9, "no readable safetensors"),
    }
    for name, (content, reason) in bad.items():
        path = tmp_path / f"{name}.safetensors"
        path.write_bytes(content)
        for read in (read_weights, shapes_of):
            with pytest.raises(ModelError, match=reason) as caught:
                read(path)
            assert str(path) in str(caught.value)
    for name, reason in (("no.safetensors", "does not exist"), ("folder.safetensors", "is a folder")):
        (tmp_path / "folder.safetensors").mkdir(exist_ok=True)
        with pytest.raises(ModelError, match=reason):
            read_weights(tmp_path / name)


def test_a_pytorch_file_of_anything_but_tensors_is_refused(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(ModelError, match="holds list"):
        read_weights(tmp_path / "list.pt")
    (tmp_path / "noise.pt").write_bytes(b"not a pickle at all")
    with pytest.raises(ModelError, match=r"noise\.pt"):
        read_weights(tmp_path / "noise.pt")
