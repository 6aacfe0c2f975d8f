"""What is refused of pickles: what would run, what is damaged, what claims too much, and what is something else."""

from __future__ import annotations

import builtins
import importlib
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.unit.models.checkpoints import pickled
from tests.unit.models.checkpoints.pickled import Called, Fresh, Named, Writer
from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.stylegan_pickle import read_pickle
from wherefrom.models.load import load_model

OPTIONS = {"z_dim": 7, "flag": None}


def refused(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        read_pickle(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


class _Trap:
    """Fails the test when anything of what a hostile file asks for happens."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sprung: list[str] = []
        for owner, name in (
            (os, "system"),
            (os, "open"),
            (builtins, "eval"),
            (builtins, "exec"),
            (importlib, "import_module"),
            (socket, "socket"),
        ):
            monkeypatch.setattr(owner, name, self._spring(f"{owner.__name__}.{name}"))

    def _spring(self, name: str) -> Any:
        def caught(*_: Any, **__: Any) -> None:
            self.sprung.append(name)
            raise AssertionError(name)

        return caught


HOSTILE: dict[str, Any] = {
    "posix.system": Called(Named("posix", "system"), ("touch made",)),
    "os.system": Called(Named("os", "system"), ("touch made",)),
    "eval": Called(Named("builtins", "eval"), ("open('made', 'w')",)),
    "old eval": Called(Named("__builtin__", "eval"), ("open('made', 'w')",)),
    "exec": Called(Named("builtins", "exec"), ("open('made', 'w')",)),
    "open": Called(Named("builtins", "open"), ("made", "w")),
    "io.open": Called(Named("io", "open"), ("made", "w")),
    "pathlib": Called(Named("pathlib", "Path.touch"), (Called(Named("pathlib", "PosixPath"), ("made",)),)),
    "__import__": Called(Named("builtins", "__import__"), ("hostile_module",)),
    "import_module": Called(Named("importlib", "import_module"), ("hostile_module",)),
    "runpy": Called(Named("runpy", "run_module"), ("hostile_module",)),
    "socket": Called(Named("socket", "create_connection"), (("127.0.0.1", 9),)),
    "subprocess": Fresh(Named("subprocess", "Popen"), (["touch", "made"],)),
    "logging": Called(Named("logging", "FileHandler"), ("made",)),
    "argparse": Called(Called(Named("argparse", "FileType"), ("w",)), ("made",)),
    "partial": Called(Called(Named("functools", "partial"), (Named("posix", "system"), "touch made"))),
    "numpy": Called(Named("numpy", "savetxt"), ("made", [1])),
    "torch": Called(Named("torch", "save"), ({}, "made")),
    "ctypes": Called(Named("ctypes", "CDLL"), ("libc.so.6",)),
    "pickle.loads": Called(Named("pickle", "loads"), (b"cposix\nsystem\n(X\x0a\x00\x00\x00touch madetR.",)),
}


@pytest.mark.parametrize("place", ["top", "beside", "inside", "option", "tensor"])
@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_file_would_run_is_not_run_and_the_file_refused(
    name: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hostile_module.py").write_text("open('made', 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    poison, state = HOSTILE[name], {"a": torch.zeros(2)}
    content: Any = {
        "top": poison,
        "beside": {"D": poison, "G_ema": pickled.module(state)},
        "inside": {"G_ema": pickled.module(state, attributes={"": {"_modules": {"x": poison}}})},
        "option": {"G_ema": pickled.module(state, options={"x": poison})},
        "tensor": {"G_ema": pickled.module({"a": poison})},
    }[place]
    path = pickled.written(tmp_path / "a.pkl", content)
    trap = _Trap(monkeypatch)
    message = refused(path)
    monkeypatch.undo()
    assert not trap.sprung
    assert not (tmp_path / "made").exists()
    assert "hostile_module" not in sys.modules
    assert "nothing was run" in message


@pytest.mark.parametrize("place", ["inside", "option", "tensor", "storage"])
def test_names_of_unknown_packages_are_refused_in_the_generator(place: str, tmp_path: Path) -> None:
    strange, state = Called(Named("hostile_module", "run"), ("it",)), {"a": torch.zeros(2)}
    hidden = pickled.storage(torch.zeros(2)).arguments[0].replace(b"FloatStorage", b"FluteStorage")
    poisoned = pickled.strided(Called(Named("torch.storage", "_load_from_bytes"), (hidden,)), 0, (2,), (1,))
    generator = {
        "inside": pickled.module(state, attributes={"": {"_modules": {"x": strange}}}),
        "option": pickled.module(state, options={"x": strange}),
        "tensor": pickled.module({"a": strange}),
        "storage": pickled.module({"a": poisoned}),
    }[place]
    words = {"inside": "x is no module", "option": "x is an object made by 'hostile_module.run'"}
    message = refused(pickled.network_file(tmp_path / "a.pkl", generator))
    assert words.get(place, "a ") in message


def test_a_storage_is_no_way_in_for_another_pickle(tmp_path: Path) -> None:
    inner = Writer(2).whole(Called(Named("posix", "system"), ("true",)))
    source = Called(Named("torch.storage", "_load_from_bytes"), (inner,))
    whole = pickled.module({"a": pickled.strided(source, 0, (1,), (1,))})
    assert "posix.system" in refused(pickled.network_file(tmp_path / "a.pkl", whole))


def _bomb(levels: int) -> Any:
    """A list of ten lists of ten lists and so on."""
    found: Any = ["x"] * 10
    for _ in range(levels):
        found = [found] * 10
    return found


def _nested_modules(levels: int, wide: int) -> Called:
    found = pickled.module({"a": torch.zeros(1)})
    for _ in range(levels):
        found = pickled.module(
            {"a": torch.zeros(1)}, attributes={"": {"_modules": {f"m{one}": found for one in range(wide)}}}
        )
    return found


def test_a_network_that_contains_itself(tmp_path: Path) -> None:
    """Its description is remembered before it is filled, so that a part of it can be made of the same description."""
    make = Writer(3)
    make.write(Named("torch_utils.persistence", "_reconstruct_persistent_obj"))
    writer = Writer(4)
    again = b"h\x63" + b"\x85R"  # recall 99, call with it

    def text(value: str) -> bytes:
        return b"\x8c" + bytes([len(value)]) + value.encode()

    state = b"}(" + text("_parameters") + b"}" + text("_buffers") + b"}" + text("_modules") + b"}" + text("self")
    state += bytes(make.out) + again + b"su"
    about = b"}q\x63(" + text("class_name") + text("Generator") + text("state") + state + b"u\x85R"
    writer.out += b"\x80\x04}" + text("G_ema") + bytes(make.out) + about + b"s."
    path = tmp_path / "a.pkl"
    path.write_bytes(bytes(writer.out))
    assert "contain itself" in refused(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda: {"G_ema": pickled.module({}, options={"x": _bomb(7)})}, "need a number, a word"),
        (lambda: {"G_ema": _nested_modules(7, 9)}, "more parts than any network"),
        (lambda: {"G_ema": _nested_modules(20, 1)}, "deeper"),
        (lambda: {"G_ema": pickled.module({}, options={"x": "y" * 2000})}, "str of length 2,000"),
        (lambda: {"G_ema": pickled.module({}, options={"x": 2**70})}, "71 bits"),
        (lambda: {"G_ema": pickled.module({}, options={"x": float("inf")})}, "finite"),
        (lambda: {"G_ema": pickled.module({}, options={f"x{n}": n for n in range(2000)})}, "2,000 entries"),
        (lambda: {f"x{n}": n for n in range(2000)}, "2,000 entries"),
        (lambda: {"G_ema": pickled.module({}, options={"x": {3: 4}})}, "no text"),
        (lambda: {"G_ema": pickled.network("Generator", {"_parameters": 3})}, "no dictionary"),
        (lambda: {"G_ema": pickled.network("Generator", {})}, "has no _parameters"),
        (lambda: {"G_ema": pickled.module({"a b": torch.zeros(1)})}, "plain names"),
        (lambda: {"G_ema": pickled.module({"a": 3})}, "a is no plain tensor but 'int'"),
    ],
)
def test_content_that_no_network_has(content: Any, words: str, tmp_path: Path) -> None:
    assert words in refused(pickled.written(tmp_path / "a.pkl", content()))


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (lambda: pickled.strided(pickled.storage(torch.zeros(4)), 0, (50_000, 50_000), (0, 0)), "10,000,000,000 bytes"),
        (lambda: pickled.strided(pickled.storage(torch.zeros(4)), 0, (50_000, 50_000), (50_000, 1)), "claims more"),
        (lambda: pickled.strided(pickled.storage(torch.zeros(4)), 0, (2**47,) * 8, (1,) * 8), "bytes"),
        (lambda: pickled.strided(pickled.storage(torch.zeros(4)), 0, (0, 2**47, 2**47), (1, 1, 1)), "claims more"),
        (lambda: pickled.strided(pickled.storage(torch.zeros(4), count=2_100_000_000), 0, (2,), (1,)), "holds 4"),
        (lambda: pickled.strided(pickled.storage(torch.zeros(4)), 3, (2,), (1,)), "ends at number 4 of a storage of 4"),
        (lambda: pickled.strided(pickled.storage(torch.zeros(4)), -1, (2,), (1,)), "an offset that no tensor has"),
        (lambda: pickled.strided(pickled.storage(torch.zeros(4)), 0, (-2,), (1,)), "a size, strides or"),
        (lambda: pickled.strided(pickled.storage(torch.zeros(4)), 0, (2,), (-1,)), "a size, strides or"),
        (lambda: pickled.strided(pickled.storage(torch.zeros(4)), 0, (2, 2), (1,)), "a size, strides or"),
        (lambda: pickled.strided(3, 0, (2,), (1,)), "no storage that can be read"),
        (
            lambda: pickled.strided(Called(Named("torch.storage", "_load_from_bytes"), (b"",)), 0, (1,), (1,)),
            "no sound",
        ),
        (
            lambda: pickled.strided(Called(Named("torch.storage", "_load_from_bytes"), ("text",)), 0, (1,), (1,)),
            "bytes",
        ),
    ],
)
def test_tensors_that_claim_what_they_do_not_have(tensor: Any, words: str, tmp_path: Path) -> None:
    assert words in refused(pickled.network_file(tmp_path / "a.pkl", pickled.module({"a": tensor()})))


def test_many_tensors_out_of_one_storage_are_refused_before_they_fill_the_memory(tmp_path: Path) -> None:
    shared = pickled.storage(torch.zeros(25_000))
    views = {f"a{n}": pickled.strided(shared, 0, (25_000,), (1,)) for n in range(900)}
    assert "claims more than it has" in refused(pickled.network_file(tmp_path / "a.pkl", pickled.module(views)))


def test_every_shorter_file_is_refused(tmp_path: Path) -> None:
    path = pickled.network_file(tmp_path / "a.pkl", pickled.module({"a": torch.zeros(2)}, options=OPTIONS))
    data = path.read_bytes()
    for length in range(0, len(data), 3):
        path.write_bytes(data[:length])
        refused(path)


def test_other_pickles_are_named_for_what_they_are(tmp_path: Path) -> None:
    legacy = Fresh(Named("dnnlib.tflib.network", "Network"), (), state={"version": 4})
    whole = pickled.module({"a": torch.zeros(1)})
    cases: list[tuple[Any, str]] = [
        ((legacy, legacy, legacy), "networks of the TensorFlow programs"),
        (whole, "a single network of class Generator"),
        (pickled.module({"a": torch.zeros(1)}, name="Discriminator"), "a single network of class Discriminator"),
        ({"G_ema": pickled.module({}, name="Discriminator")}, "its G_ema looks like a network of class Discriminator"),
        (
            {"G": whole, "D": None},
            "has no G_ema, but 'G', 'D': say which network is meant by the option part, as part=G",
        ),
        ({}, "has no G_ema, but nothing"),
        ({"G_ema": None}, "its G_ema looks like NoneType"),
        ({"G_ema": (legacy,)}, "networks of the TensorFlow programs"),
        ([1, 2, 3], "a list of length 3"),
        (pickled.MAGIC, "weights that torch.save wrote"),
        (pickled.parameter(torch.zeros(2)), "a single tensor"),
        (Fresh(Named("sklearn.svm._classes", "SVC"), (), state={}), "an object made by 'sklearn.svm._classes.SVC'"),
        ("text", "it looks like str"),
    ]
    for content, words in cases:
        assert words in refused(pickled.written(tmp_path / "a.pkl", content))


def test_a_text_with_odd_escapes_warns_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "g.pkl"
    path.write_bytes(b"S'a\\c'\n.")  # found by the fuzzer; a warning is an error in this suite
    refused(path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04 and so on", "a zip archive that was cut short"),
        (b"\x1f\x8b\x08 and so on", "a compressed file"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"", "is empty"),
    ],
)
def test_files_that_are_no_pickle(data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(data)
    with pytest.raises(ModelError) as caught:
        load_model(str(path), device="cpu")
    assert words in str(caught.value)
