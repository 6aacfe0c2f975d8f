"""Network pickles are read as data: every form that the trainers write, and nothing that a file would run."""

from __future__ import annotations

import pickle
import sys
import types
from collections import OrderedDict
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch

from tests.unit.models.architectures.stylegan_by_hand import state_2
from tests.unit.models.architectures.stylegan_xl_by_hand import Stem, state_xl
from tests.unit.models.checkpoints import pickled
from tests.unit.models.checkpoints.pickled import Called, Fresh, Named
from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.digest import digest
from wherefrom.models.checkpoints.stylegan_pickle import read_pickle
from wherefrom.models.load import load_model

OPTIONS = {"z_dim": 7, "synthesis_kwargs": {"conv_clamp": 256, "resample_filter": [1, 3, 3, 1]}, "flag": None}


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


def test_a_module_that_a_file_names_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "named_by_a_file.py").write_text("raise SystemExit('it was imported')")
    path = pickled.network_file(tmp_path / "a.pkl", pickled.module(tensors()), D=Named("named_by_a_file", "thing"))
    check_equal(read_pickle(path).state, tensors())
    assert "named_by_a_file" not in sys.modules


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
