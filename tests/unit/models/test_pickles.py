"""Network pickles are read as data: every form that the trainers write, and nothing that a file would run."""

from __future__ import annotations

import builtins
import importlib
import io
import os
import pickle
import socket
import sys
import types
from collections import OrderedDict
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch

from tests.unit.models import pickled
from tests.unit.models.generators.stylegan_by_hand import Stem, state_2, state_xl
from tests.unit.models.pickled import Called, Fresh, Named, Writer
from wherefrom.core.errors import ModelError
from wherefrom.models._pickles import read_pickle
from wherefrom.models._pickles._machine import walk
from wherefrom.models._pickles._reading import _Bounded
from wherefrom.models.locate import load_model
from wherefrom.models.weights import digest

ORDER = Called(Named("collections", "OrderedDict"))
OPTIONS = {"z_dim": 7, "synthesis_kwargs": {"conv_clamp": 256, "resample_filter": [1, 3, 3, 1]}, "flag": None}


def refused(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        read_pickle(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def tensors() -> dict[str, torch.Tensor]:
    numbers = torch.arange(24.0).reshape(2, 3, 4) - 7.5
    return {
        "a.weight": numbers,
        "a.deep.bias": numbers.half()[0],
        "w_avg": numbers.double()[1],
        "b.scale": torch.tensor(2.5),
        "b.narrow": numbers.bfloat16(),
        "b.count": torch.arange(5),
        "b.mask": torch.tensor([True, False]),
        "b.bytes": torch.arange(4, dtype=torch.uint8),
    }


def check_equal(found: Any, wanted: dict[str, torch.Tensor]) -> None:
    assert set(found) == set(wanted)
    for name, tensor in wanted.items():
        assert found[name].dtype == tensor.dtype, name
        assert torch.equal(found[name], tensor), name
        assert found[name].is_contiguous()


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_tensors_and_options_of_a_network(protocol: int, old: bool, tmp_path: Path) -> None:
    whole = pickled.module(tensors(), options=OPTIONS, old=old)
    found = read_pickle(pickled.network_file(tmp_path / "a.pkl", whole, protocol=protocol))
    check_equal(found.state, tensors())
    assert found.config == {
        "z_dim": 7,
        "synthesis_kwargs.conv_clamp": 256,
        "synthesis_kwargs.resample_filter": (1, 3, 3, 1),
        "flag": None,
    }


@pytest.mark.parametrize("location", ["cpu", "cuda:0", "cuda:7", "mps"])
def test_where_tensors_were_does_not_matter(location: str, tmp_path: Path) -> None:
    values = torch.arange(6.0).reshape(2, 3)
    whole = pickled.module({"a": pickled.parameter(values, location=location)})
    check_equal(read_pickle(pickled.network_file(tmp_path / "a.pkl", whole)).state, {"a": values})


def test_tensors_that_share_a_storage_with_strides_and_offsets(tmp_path: Path) -> None:
    numbers = torch.arange(24.0)
    shared = pickled.storage(numbers)
    views = {
        "whole": (0, (4, 6), (6, 1)),
        "turned": (0, (6, 4), (1, 6)),
        "part": (8, (3, 2), (6, 2)),
        "repeated": (5, (3, 2), (0, 1)),
        "one": (23, (), ()),
        "single": (23, (1, 1), (99, 99)),
        "none": (0, (0, 3), (3, 1)),
    }
    whole = pickled.module({name: pickled.strided(shared, *view) for name, view in views.items()})
    wanted = {name: torch.as_strided(numbers, size, stride, offset) for name, (offset, size, stride) in views.items()}
    found = read_pickle(pickled.network_file(tmp_path / "a.pkl", whole)).state
    check_equal(found, wanted)
    found["whole"].zero_()
    assert torch.equal(found["turned"], wanted["turned"])


class _Kept:
    """What `torch_utils.persistence` makes of a network when it is pickled."""

    def __init__(self, about: dict[str, Any]) -> None:
        self.about = about

    def __reduce__(self) -> Any:
        return sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj, (self.about,)


class EasyDict(dict[str, Any]):
    """The trainers' dictionary."""


@pytest.fixture
def trainers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins for the modules that pickling by Python itself wants to find."""

    def _reconstruct_persistent_obj(about: Any) -> Any:
        raise AssertionError("it was called")

    for name in ("torch_utils", "torch_utils.persistence", "dnnlib", "dnnlib.util"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    _reconstruct_persistent_obj.__module__ = "torch_utils.persistence"
    _reconstruct_persistent_obj.__qualname__ = "_reconstruct_persistent_obj"
    monkeypatch.setattr(EasyDict, "__module__", "dnnlib.util")
    monkeypatch.setattr(
        sys.modules["torch_utils.persistence"],
        "_reconstruct_persistent_obj",
        _reconstruct_persistent_obj,
        raising=False,
    )
    monkeypatch.setattr(sys.modules["dnnlib.util"], "EasyDict", EasyDict, raising=False)


@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_what_python_and_torch_write_themselves(protocol: int, trainers: None, tmp_path: Path) -> None:
    rows = torch.arange(12.0).reshape(3, 4)
    embedding = torch.nn.Embedding.from_pretrained(torch.arange(6.0).reshape(3, 2))
    state = {
        "_parameters": OrderedDict(a=torch.nn.Parameter(rows), b=torch.nn.Parameter(rows.t()), c=None),
        "_buffers": {"w_avg": torch.tensor(3), "cache": torch.zeros(2)},
        "_non_persistent_buffers_set": {"cache"},
        "_modules": OrderedDict(embed=embedding),
        "_init_kwargs": EasyDict(size=np.int64(5), rate=np.float32(0.25), deep=EasyDict(on=np.bool_(True), word="x")),
        "size": np.array([36, 36]),
        "bandwidth": np.float64(2.5),
        "padding": [1, -2, 3, 4],
        "layer_names": ["L0", "L1"],
        "other": np.zeros((9, 9)),
    }
    about = EasyDict(type="class", version=6, module_src="raise SystemExit", class_name="Generator", state=state)
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps({"D": embedding, "G_ema": _Kept(about)}, protocol=protocol))
    found = read_pickle(path)
    check_equal(
        found.state, {"a": rows, "b": rows.t().contiguous(), "w_avg": torch.tensor(3), "embed.weight": embedding.weight}
    )
    assert found.config == {
        "size": (36, 36),
        "rate": 0.25,
        "deep.on": True,
        "deep.word": "x",
        "bandwidth": 2.5,
        "padding": (1, -2, 3, 4),
        "layer_names": ("L0", "L1"),
    }


def _kind(name: str, order: str = "<") -> Called:
    return Called(Named("numpy", "dtype"), (name, False, True), state=(3, order, None, None, None, -1, -1, 0))


@pytest.mark.parametrize("root", ["numpy.core", "numpy._core"])
@pytest.mark.parametrize("form", ["pickle", "dill", "buffer"])
def test_arrays_and_scalars_of_numpy_old_and_new_and_as_dill_writes_them(form: str, root: str, tmp_path: Path) -> None:
    def array(values: Any, order: Literal["<", ">"] = "<") -> Called:
        kept = np.asarray(values)
        kind, raw = _kind(kept.dtype.str[1:], order), kept.astype(kept.dtype.newbyteorder(order)).tobytes()
        make, state = Named(f"{root}.multiarray", "_reconstruct"), (1, kept.shape, kind, False, raw)
        arguments = (Named("numpy", "ndarray"), (0,), b"b")
        if form == "dill":
            return Called(Named("dill._dill", "_create_array"), (make, arguments, state, None))
        if form == "buffer":
            return Called(Named(f"{root}.numeric", "_frombuffer"), (raw, kind, kept.shape, "C"))
        return Called(make, arguments, state=state)

    scalar = Called(Named(f"{root}.multiarray", "scalar"), (_kind("f8"), np.float64(1.5).tobytes()))
    attributes = {"": {"size": array([36, 37]), "padding": array([[1.5, 2], [3, 4]], ">"), "bandwidth": scalar}}
    whole = pickled.module({"a": torch.zeros(1)}, attributes=attributes)
    found = read_pickle(pickled.network_file(tmp_path / "a.pkl", whole))
    assert found.config == {"size": (36, 37), "padding": ((1.5, 2.0), (3.0, 4.0)), "bandwidth": 1.5}


def test_sets_as_dill_writes_them(tmp_path: Path) -> None:
    by_type = Called(Called(Named("dill._dill", "_load_type"), ("set",)), (["hidden"],))
    for skipped in (by_type, Called(Named("__builtin__", "set"), (["hidden"],)), {"hidden"}):
        attributes = {"": {"_non_persistent_buffers_set": skipped}}
        whole = pickled.module({"a": torch.zeros(1), "hidden": torch.ones(1)}, attributes=attributes)
        found = read_pickle(pickled.network_file(tmp_path / "a.pkl", whole, protocol=3))
        assert set(found.state) == {"a"}


def test_what_stands_beside_the_generator_is_not_looked_at(tmp_path: Path) -> None:
    """A discriminator of classes that nobody has, with everything that instances can be given."""
    hook = Called(Named("pg_modules.discriminator", "Hook"), ({"a": 1}, [2]), state={"x": Named("torch.nn", "ReLU")})
    strange = Fresh(
        Named("timm.models", "Net"), (), state=({"a": [hook, hook]}, {"slot": 2}), pairs=[(hook, hook), (1, 2)]
    )
    name = Called(Named("logging", "getLogger"), ("timm",))
    place = Called(Named("pathlib", "PosixPath"), ("a", "b"))
    part = Called(Named("functools", "partial"), (Named("torch.nn.functional", "gelu"),), state=({}, name, place))
    bound = Called(Called(Named("builtins", "getattr"), (strange, "forward")), (strange,))
    whole = pickled.module(tensors())
    path = pickled.network_file(tmp_path / "a.pkl", whole, D=strange, augment_pipe=[bound, {3, 4}, strange, part])
    check_equal(read_pickle(path).state, tensors())


def test_the_average_is_read_unless_the_other_is_asked_for(tmp_path: Path) -> None:
    other = pickled.module({"a": torch.ones(2)})
    path = pickled.network_file(tmp_path / "a.pkl", pickled.module({"a": torch.zeros(2)}), G=other)
    assert float(read_pickle(path).state["a"].sum()) == 0
    assert float(read_pickle(path, "G").state["a"].sum()) == 2
    with pytest.raises(ModelError, match="its D looks like"):
        read_pickle(path, "D")


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


def test_a_module_that_a_file_names_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "named_by_a_file.py").write_text("raise SystemExit('it was imported')")
    path = pickled.network_file(tmp_path / "a.pkl", pickled.module(tensors()), D=Named("named_by_a_file", "thing"))
    check_equal(read_pickle(path).state, tensors())
    assert "named_by_a_file" not in sys.modules


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


BYTES: dict[str, tuple[bytes, str]] = {
    "memory at a huge number": (b"\x80\x04Nr\xff\xff\xff\xff.", "it looks like NoneType"),
    "claims 2 GB of bytes": (b"\x80\x04B\xff\xff\xff\x7f.", "cut short"),
    "claims 8 EB of bytes": (b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.", "cut short"),
    "claims 8 EB of text": (b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.", "cut short"),
    "a frame of 8 EB": (b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7fN.", "NoneType"),
    "deep tuples": (b"\x80\x04)" + b"\x85" * 100_000 + b".", "a tuple of length 1"),
    "deep tuple as a key": (b"\x80\x04})" + b"\x85" * 100_000 + b"Ns.", "no text"),
    "deep lists": (b"\x80\x04" + b"]" * 100_000 + b"a" * 99_999 + b".", "a list of length 1"),
    "deep calls": (b"\x80\x04N" + b")R" * 100_000 + b".", "an object made by"),
    "a huge number": (b"\x80\x04\x8b\x00\x00\x01\x00" + b"\x7f" * 65_536 + b".", "whole number of"),
    "a huge number in digits": (b"I" + b"9" * 10_000 + b"\n.", "cut short"),
    "marks alone": (b"\x80\x04" + b"(" * 100_000, "cut short"),
    "no value": (b"\x80\x04.", "one value"),
    "two values": (b"\x80\x04NN.", "one value"),
    "an open mark": (b"\x80\x04N(N.", "one value"),
    "pop of nothing": (b"\x80\x040.", "a mark where there is none"),
    "append to nothing": (b"\x80\x04Na.", "a value where there is none"),
    "append to None": (b"\x80\x04NNa.", "appends to NoneType"),
    "items without a value": (b"\x80\x04}(Nu.", "a key without a value"),
    "state of a list": (b"\x80\x04]Nb.", "items or state of list"),
    "recall of nothing": (b"\x80\x04h\x05.", "never stored"),
    "a name that is no text": (b"\x80\x04NN\x93.", "no name"),
    "an extension": (b"\x80\x04\x82\x01.", "EXT1"),
    "a buffer from elsewhere": (b"\x80\x05\x97.", "NEXT_BUFFER"),
    "an instance of old": (b"(iposix\nsystem\n.", "the step INST"),
    "a later protocol": (b"\x80\x09N.", "protocol 9"),
    "noise": (bytes(range(255, 160, -1)), "no sound pickle"),
    "a surrogate": (b"\x80\x04}X\x03\x00\x00\x00\xed\xa0\x80Ns.", r"has no G_ema, but '\ud800'"),
    "text that is no UTF-8": (b"\x80\x04X\x01\x00\x00\x00\xff.", "no sound pickle"),
}


@pytest.mark.parametrize("name", BYTES)
def test_programs_that_no_pickler_writes(name: str, tmp_path: Path) -> None:
    data, words = BYTES[name]
    path = tmp_path / "a.pkl"
    path.write_bytes(data)
    assert words in refused(path)


def test_a_program_may_have_so_many_steps() -> None:
    assert walk(io.BytesIO(b"N0" * 49 + b"N."), 100) is None
    with pytest.raises(ModelError, match="more than 99 steps"):
        walk(io.BytesIO(b"N0" * 49 + b"N."), 99)


class _Asked(io.BytesIO):
    """A file that remembers how much was asked of it at once."""

    most = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.most = max(self.most, size or 0)
        return super().read(size)


@pytest.mark.parametrize("name", [name for name in BYTES if name.startswith("claims")])
def test_no_more_is_asked_of_a_file_than_it_has(name: str) -> None:
    """A claimed length would be taken from memory before it is known that the file is shorter."""
    data = BYTES[name][0]
    file = _Asked(data)
    with pytest.raises(ModelError):
        walk(_Bounded(file, len(data)))
    assert 0 < file.most <= len(data)


def test_other_pickles_are_named_for_what_they_are(tmp_path: Path) -> None:
    legacy = Fresh(Named("dnnlib.tflib.network", "Network"), (), state={"version": 4})
    whole = pickled.module({"a": torch.zeros(1)})
    cases: list[tuple[Any, str]] = [
        ((legacy, legacy, legacy), "networks of the TensorFlow programs"),
        (whole, "a single network of class Generator"),
        (pickled.module({"a": torch.zeros(1)}, name="Discriminator"), "a single network of class Discriminator"),
        ({"G_ema": pickled.module({}, name="Discriminator")}, "its G_ema looks like a network of class Discriminator"),
        ({"G": whole, "D": None}, "has no G_ema, but 'G', 'D'"),
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


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04 and so on", "PyTorch weights: name it .pt"),
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


@pytest.mark.parametrize("kind", ["stylegan2", "stylegan_xl"])
def test_a_file_of_the_trainers_opens_as_a_model(kind: str, tmp_path: Path) -> None:
    state = state_2(classes=4) if kind == "stylegan2" else state_xl(Stem())
    name = "Generator" if kind == "stylegan2" else "SuperresGenerator"
    options = {"synthesis_kwargs": {"conv_clamp": 256}}
    for protocol in (3, 4):
        path = pickled.network_file(
            tmp_path / "net.pkl", pickled.module(state, name=name, options=options), protocol=protocol
        )
        card = load_model(str(path), device="cpu", options={"class": 1}).card
        assert (card.facts["architecture"], card.facts["decoder"]) == (kind, digest(state))
        assert card.facts["clamp"] in (256.0, (256.0,))


def test_generators_of_other_kinds_are_named(tmp_path: Path) -> None:
    cases = [
        ({"b32.fromrgb.weight": torch.zeros(4, 3, 1, 1)}, "looks like a discriminator of StyleGAN2"),
        ({"synthesis.input.freqs": torch.zeros(4, 2), "mapping.w_avg": torch.zeros(4)}, "a StyleGAN3 generator"),
        ({"layers.x.weight": torch.zeros(4, 2)}, "a generator that is not known (layers.x.weight ...)"),
    ]
    for state, words in cases:
        path = pickled.network_file(tmp_path / "net.pkl", pickled.module(state))
        with pytest.raises(ModelError) as caught:
            load_model(str(path), device="cpu")
        assert words in str(caught.value)
