"""What a file is, its content says: weights under any name are read, and anything else is named as what it is."""

from __future__ import annotations

import argparse
import bz2
import gzip
import io
import json
import pickle
import sys
import types
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save, save_file

from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.content import Content, content_of
from wherefrom.models.checkpoints.read import read_checkpoint, read_weights
from wherefrom.models.checkpoints.sound import check_values
from wherefrom.models.sources.local import find_place

TABLE = {"a.weight": torch.arange(6.0).reshape(2, 3), "b": torch.ones(4, dtype=torch.float16)}


def _torch(content: Any, *, old: bool = False) -> bytes:
    written = io.BytesIO()
    torch.save(content, written, _use_new_zipfile_serialization=not old)
    return written.getvalue()


def _zip(**inside: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in inside.items():
            archive.writestr(name, content)
    return written.getvalue()


WHOLE = _torch(TABLE)
WEIGHTS = {"safetensors": save(TABLE), "zip": WHOLE, "old": _torch(TABLE, old=True), "pickle": pickle.dumps(TABLE)}


@pytest.mark.parametrize("content", WEIGHTS)
def test_weights_are_read_under_any_name(content: str, tmp_path: Path) -> None:
    for name in ("ae.sft", "AE.SAFETENSORS", "ae.safetensor", "net.PKL", "last.ckpt", "weights"):
        (tmp_path / name).write_bytes(WEIGHTS[content])
        place = find_place(tmp_path)
        assert place.path.name == name
        found = read_weights(place.path)
        assert all(torch.equal(found[key], value) and found[key].dtype == value.dtype for key, value in TABLE.items())
        place.path.unlink()


OTHERS = {
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "git lfs pull"),
    "annex": (b"/annex/objects/SHA256E-s1--00.ckpt\n", "git annex get"),
    "page": (b"\xef\xbb\xbf <!DOCTYPE html><html><title>Quota exceeded</title></html>", "a web page"),
    "json": (b'{"error":"Access denied"}', "JSON text"),
    "text": (b"Entry not found", "plain text"),
    "gzip": (gzip.compress(WHOLE), "gunzip"),
    "bzip2": (bz2.compress(WHOLE), "bzip2"),
    "zip": (_zip(**{"model/ae.safetensors": save(TABLE)}), "a zip archive of model/ae.safetensors: unpack it"),
    "script": (_zip(**{"m/data.pkl": b"", "m/constants.pkl": b"", "m/code/a.py": b""}), "a TorchScript program"),
    "cut": (WHOLE[: len(WHOLE) // 2], "a PyTorch file that was cut short"),
    "zeros": (bytes(4000), "all zero"),
    "image": (b"\x89PNG\r\n\x1a\n", "an image"),
    "gguf": (b"GGUF\x03\x00\x00\x00", "GGUF"),
    "onnx": (b"\x08\x07\x12\x07pytorch\x1a\x051.9.0", "ONNX"),
    "flax": (b"\x81\xa6params\x82\xa7decoder\x88", "MessagePack"),
    "tflite": (b"\x1c\x00\x00\x00TFL3\x14\x00", "TensorFlow Lite"),
    "hdf5": (b"\x89HDF\r\n\x1a\n", "HDF5"),
    "cut safetensors": (WEIGHTS["safetensors"][:-4], "cut short: its header promises"),
    "cut old": (WEIGHTS["old"][:-4], "fetch it again"),
    "empty": (b"", "is empty"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_weights_is_named_as_what_it_is(kind: str, tmp_path: Path) -> None:
    content, words = OTHERS[kind]
    for suffix in (".safetensors", ".ckpt", ".pkl", ""):
        path = tmp_path / f"file{suffix}"
        path.write_bytes(content)
        with pytest.raises(ModelError, match=words) as caught:
            read_weights(find_place(path).path)
        assert str(path) in str(caught.value)


@pytest.fixture
def callback(monkeypatch: pytest.MonkeyPatch) -> type:
    """A class that training programs keep in their checkpoints, importable while it is written only."""
    name = "pytorch_lightning.callbacks.model_checkpoint"
    kind = type("ModelCheckpoint", (), {"__module__": name})
    for module in ("pytorch_lightning", "pytorch_lightning.callbacks", name):
        monkeypatch.setitem(sys.modules, module, types.ModuleType(module))
    monkeypatch.setattr(sys.modules[name], "ModelCheckpoint", kind, raising=False)
    return kind


@pytest.mark.parametrize("old", [False, True])
def test_checkpoints_of_training_programs_are_read_as_data(old: bool, callback: type, tmp_path: Path) -> None:
    beside = {
        "callbacks": {callback: {"monitor": "val/rec_loss", "object": callback()}},
        "best": np.float64(0.25),
        "args": argparse.Namespace(lr=1e-4, nested={"width": 3}),
    }
    shared = torch.arange(8.0)
    table = {**TABLE, "view": shared[2:6].reshape(2, 2), "half": shared[::2]}
    (tmp_path / "last.ckpt").write_bytes(_torch({"state_dict": table, **beside}, old=old))
    found = read_checkpoint(tmp_path / "last.ckpt")
    assert all(torch.equal(found.state[key], value) for key, value in table.items())
    assert found.left_out == ("pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",)
    assert (found.config["best"], found.config["lr"], found.config["nested.width"]) == (0.25, 1e-4, 3)


def test_a_network_that_was_saved_as_an_object_is_its_table(tmp_path: Path) -> None:
    network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    torch.save(network, tmp_path / "whole.pt")
    found = read_checkpoint(tmp_path / "whole.pt").state
    assert set(found) == set(network.state_dict())
    assert torch.equal(found["0.weight"], network.state_dict()["0.weight"])


@pytest.mark.parametrize("harm", ["more", "outside", "missing"])
def test_a_checkpoint_that_claims_more_than_it_has_is_refused(harm: str, tmp_path: Path) -> None:
    """Read by our own reader, since an object stands beside the tensors that torch's reader refuses."""
    path = tmp_path / "a.ckpt"
    path.write_bytes(_torch({"state_dict": {"a": torch.ones(16)}, "best": argparse.Namespace(x=1)}))
    with zipfile.ZipFile(path) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    data, storage = next(n for n in inside if n.endswith("data.pkl")), next(n for n in inside if n.endswith("data/0"))
    if harm == "more":
        inside[storage] = inside[storage][:10]
    if harm == "outside":
        inside[data] = inside[data].replace(b"K\x10\x85", b"K\x7f\x85")
    if harm == "missing":
        del inside[storage]
    path.write_bytes(_zip(**inside))
    with pytest.raises(ModelError, match=r"a\.ckpt"):
        read_checkpoint(path)


def test_an_index_names_shards_of_either_form_and_a_mark_before_json_does_not_matter(tmp_path: Path) -> None:
    save_file(TABLE, tmp_path / "0.safetensors")
    torch.save({"c": torch.ones(2)}, tmp_path / "1.bin")
    where = dict.fromkeys(TABLE, "0.safetensors") | {"c": "1.bin"}
    index = tmp_path / "w.safetensors.index.fp16.json"
    index.write_bytes(b"\xef\xbb\xbf" + json.dumps({"weight_map": where}).encode())
    assert set(read_weights(index)) == {*TABLE, "c"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_values_that_are_no_numbers_are_named_by_tensor(value: float) -> None:
    state = {"a.weight": torch.ones(2, 3), "b.bias": torch.ones(4), "steps": torch.zeros(3, dtype=torch.int64)}
    check_values(state, "x.pt")
    state["b.bias"][2] = value
    with pytest.raises(ModelError, match=r"x\.pt: b\.bias holds (NaN|infinite)"):
        check_values(state, "x.pt")


def test_kernels_of_zeros_are_named_and_biases_of_zeros_are_usual() -> None:
    state = {"a.weight": torch.ones(2, 3), "a.bias": torch.zeros(3), "c.weight": torch.ones(2, 2)}
    check_values(state, "x.pt")
    state["a.weight"].zero_()
    with pytest.raises(ModelError, match=r"1 of 2 kernels is all zeros \(a\.weight\)"):
        check_values(state, "x.pt")
    check_values({"large": torch.full((4,), 3e38), "cancel": torch.tensor([[6e4, -6e4]]).half()}, "x.pt")


@pytest.mark.parametrize("form", ["archive", "old", "pickle"])
def test_damage_anywhere_ends_in_our_own_error_or_in_tensors(form: str, tmp_path: Path) -> None:
    """What torch's own reader refuses goes to ours; here everything does."""
    content = {"state_dict": {"a": torch.ones(8), "b": torch.ones(2, 2)}, "args": argparse.Namespace(x=np.float64(1))}
    whole = {
        "archive": lambda: _torch(content),
        "old": lambda: _torch(content, old=True),
        "pickle": lambda: pickle.dumps(content, protocol=2),
    }[form]()
    source, path = np.random.default_rng(4), tmp_path / "a.ckpt"
    opened = 0
    for _ in range(_DAMAGED):
        damaged = bytearray(whole)
        for place in source.integers(0, len(damaged), source.integers(1, 4)):
            damaged[place] = source.integers(256)
        if form == "archive" and source.random() < 0.7:
            damaged = bytearray(_with_pickle_damaged(whole, source))
        path.write_bytes(damaged[: source.integers(1, len(damaged))] if source.random() < 0.2 else damaged)
        try:
            opened += bool(read_checkpoint(path).state)
        except ModelError:
            continue
    assert 0 < opened < _DAMAGED


_DAMAGED = 60


def _with_pickle_damaged(whole: bytes, source: np.random.Generator) -> bytes:
    """An archive that is sound, with a damaged program in it."""
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        inside = {name: bytearray(archive.read(name)) for name in archive.namelist()}
    main = next(name for name in inside if name.endswith("data.pkl"))
    for place in source.integers(0, len(inside[main]), source.integers(1, 4)):
        inside[main][place] = source.integers(256)
    return _zip(**{name: bytes(content) for name, content in inside.items()})


@pytest.mark.parametrize("length", [0x0280, 0x0380, 0x0480, 0x0580])
def test_a_header_whose_length_begins_like_a_pickle_is_one_of_safetensors(length: int, tmp_path: Path) -> None:
    """Lengths of 640, 896, 1152 and 1408 bytes start with the two bytes of a pickle's protocols 2 to 5."""
    path = tmp_path / "a.safetensors"
    for fill in range(length):
        save_file({"weight": torch.zeros(2)}, path, metadata={"fill": "x" * fill})
        if int.from_bytes(path.read_bytes()[:8], "little") == length:
            break
    assert path.read_bytes()[0] == 0x80
    assert content_of(path) is Content.SAFETENSORS
