"""Whatever a file holds, reading it and building a model of it ends in a model or in an error of ours.

Two kinds of files: good ones with bytes and spans changed, and programs put together out of steps and of the names that
matter. More cases than in the suite: `WHEREFROM_FUZZ=100000 pytest tests/unit/models/checkpoints/test_pickles_fuzz.py`.
"""

from __future__ import annotations

import functools
import os
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.models.architectures.stylegan_by_hand import state_2
from tests.unit.models.architectures.stylegan_xl_by_hand import Stem, levels, state_xl
from tests.unit.models.checkpoints import pickled
from tests.unit.models.checkpoints.pickled import Called, Named, Writer
from wherefrom.core.errors import WherefromError
from wherefrom.models.architectures import load
from wherefrom.models.checkpoints.stylegan_pickle import read_pickle
from wherefrom.models.checkpoints.unwrap import Checkpoint

EXAMPLES: Final = int(os.environ.get("WHEREFROM_FUZZ", "100"))
NAMES: Final[tuple[tuple[str, str], ...]] = (
    ("torch_utils.persistence", "_reconstruct_persistent_obj"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch.storage", "_load_from_bytes"),
    ("torch", "FloatStorage"),
    ("collections", "OrderedDict"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy", "dtype"),
    ("dill._dill", "_create_array"),
    ("dill._dill", "_load_type"),
    ("_codecs", "encode"),
    ("builtins", "set"),
    ("torch.nn.modules.sparse", "Embedding"),
    ("dnnlib.util", "EasyDict"),
    ("posix", "system"),
    ("nobody.has.it", "f"),
)
WORDS: Final = (
    *("G_ema", "class_name", "Generator", "state", "_parameters", "_buffers", "_modules", "_init_kwargs", "a", "size"),
    *("_non_persistent_buffers_set", "conv_clamp", "padding", "layer_names", "latin1", "f8", "set", "storage", "cpu"),
)
FOLDER: Final = Path(tempfile.mkdtemp(prefix="fuzz"))


def check(data: bytes) -> None:
    """Read a file with this content, and build what it holds."""
    path = FOLDER / "a.pkl"
    path.write_bytes(data)
    try:
        found = _read(path)
        shapes = {name: tuple(tensor.shape) for name, tensor in found.state.items()}
        for kind in (load("stylegan2"), load("stylegan_xl")):
            if kind.recognise(shapes):
                built = kind.build(found.state, found.config)
                built.network.eval()(torch.stack([built.draw(torch.Generator())]))
    except WherefromError:
        return  # anything else is a fault


def _read(path: Path) -> Checkpoint:
    before = set(sys.modules)
    try:
        return read_pickle(path)
    finally:
        assert {name for name in set(sys.modules) - before if not name.startswith("encodings.")} == set()


@functools.cache
def good(number: int) -> bytes:
    """One of several good files, small."""
    stem = Stem(channel_max=2, classes=2, w_width=3, margin=2, layers=3)
    shapes = {"": {"layer_names": [level.name for level in levels(stem)], "output_scale": 0.25}}
    geometry = {
        f"synthesis.{level.name}": {
            "up_factor": level.up,
            "down_factor": level.down,
            "padding": list(level.padding),
            "out_size": [level.size] * 2,
            "conv_clamp": 256,
        }
        for level in levels(stem)
    }
    geometry["synthesis"] = shapes[""]
    geometry["synthesis.input"] = {"sampling_rate": 16.0, "bandwidth": 2.0}
    two = state_2(channels=(2, 2), classes=2, widths=(3, 3), embedded=2)
    kinds = (
        pickled.module(two, options={"z_dim": 7, "synthesis_kwargs": {"conv_clamp": 256, "activation": "lrelu"}}),
        pickled.module(state_xl(stem), name="SuperresGenerator", options={"c_dim": 2}, attributes=geometry, old=True),
    )
    return Writer(2 + number % 4).whole({"D": None, "G_ema": kinds[number % 2]})


EDITS: Final = st.lists(
    st.tuples(st.integers(0, 4), st.floats(0, 1), st.integers(0, 40), st.binary(min_size=1, max_size=8)),
    min_size=1,
    max_size=6,
)


def damaged(data: bytes, edits: list[tuple[int, float, int, bytes]]) -> bytes:
    """A file with bytes changed, spans cut out, put in and repeated."""
    changed = bytearray(data)
    for kind, share, length, raw in edits:
        place = int(share * len(changed))
        match kind:
            case 0:
                changed[place : place + 1] = raw[:1]
            case 1:
                del changed[place : place + length]
            case 2:
                changed[place:place] = raw
            case 3:
                changed[length:length] = changed[place : place + length]
            case _:
                changed[place : place + len(raw)] = raw
    return bytes(changed)


def _text(word: str) -> bytes:
    return b"X" + struct.pack("<I", len(word)) + word.encode()


STEPS: Final = st.one_of(
    st.sampled_from([bytes([code]) for code in b"N0201()]}aeubsRtdl\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94Q"]),
    st.sampled_from(WORDS).map(_text),
    st.sampled_from(NAMES).map(lambda name: f"c{name[0]}\n{name[1]}\n".encode()),
    st.integers(0, 30).map(lambda number: b"h" + bytes([number])),
    st.integers(0, 30).map(lambda number: b"q" + bytes([number])),
    st.integers(-(2**31), 2**31 - 1).map(lambda number: b"J" + struct.pack("<i", number)),
    st.floats(width=64).map(lambda number: b"G" + struct.pack(">d", number)),
    st.binary(max_size=20).map(lambda raw: b"C" + bytes([len(raw)]) + raw),
)


@st.composite
def programs(draw: st.DrawFn) -> bytes:
    """A pickle out of steps in any order, as often as not inside what a network looks like."""
    steps = b"".join(draw(st.lists(STEPS, max_size=40)))
    head = b"\x80" + bytes([draw(st.integers(0, 5))])
    return head + (b"}" + _text("G_ema") + steps + b"s." if draw(st.booleans()) else steps + b".")


LEAVES: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**65), 2**65),
    st.floats(),
    st.sampled_from(WORDS),
    st.binary(max_size=30),
    st.sampled_from([Named(*name) for name in NAMES if name[0] != "posix"]),
    st.builds(lambda count: pickled.parameter(torch.zeros(count)), st.integers(0, 4)),
    st.builds(lambda count: pickled.storage(torch.zeros(3), count=count), st.integers(-1, 5)),
)


def _inside(child: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from([Named(*name) for name in NAMES if name[0] != "posix"])
    return st.one_of(
        st.lists(child, max_size=4),
        st.lists(child, max_size=4).map(tuple),
        st.dictionaries(st.sampled_from(WORDS), child, max_size=4),
        st.builds(Called, names, st.lists(child, max_size=6).map(tuple), st.none() | child),
        st.builds(pickled.strided, child, st.integers(-2, 9), st.just((2,)) | child, st.just((1,)) | child),
    )


TREES: Final = st.recursive(LEAVES, _inside, max_leaves=20)


@settings(max_examples=EXAMPLES)
@given(st.integers(0, 7), EDITS)
def test_damaged_files(number: int, edits: list[tuple[int, float, int, bytes]]) -> None:
    check(damaged(good(number), edits))


@settings(max_examples=EXAMPLES)
@given(programs())
def test_programs(data: bytes) -> None:
    check(data)


@settings(max_examples=EXAMPLES)
@given(st.dictionaries(st.sampled_from(WORDS), TREES, max_size=6), TREES, st.integers(3, 5))
def test_networks_of_anything(state: dict[str, Any], option: Any, protocol: int) -> None:
    usual = {"_parameters": {}, "_buffers": {}, "_modules": {}, "_init_kwargs": {"a": option}}
    check(Writer(protocol).whole({"G_ema": pickled.network("Generator", usual | state)}))


def test_the_good_files_are_good() -> None:
    for number in range(8):
        (FOLDER / "good.pkl").write_bytes(good(number))
        found = read_pickle(FOLDER / "good.pkl")
        shapes = {name: tuple(tensor.shape) for name, tensor in found.state.items()}
        kind = load(("stylegan2", "stylegan_xl")[number % 2])
        assert kind.recognise(shapes)
        assert kind.build(found.state, found.config).size == ((8, 8), (16, 16))[number % 2]
