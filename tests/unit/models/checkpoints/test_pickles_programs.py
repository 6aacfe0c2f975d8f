"""Programs that no pickler writes: each ends in an error of ours, soon, with no more memory than the file has."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.stylegan_pickle import read_pickle
from wherefrom.models.checkpoints.stylegan_pickle.reading import Bounded
from wherefrom.models.checkpoints.stylegan_pickle.walk import walk


def refused(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        read_pickle(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


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
        walk(Bounded(file, len(data)))
    assert 0 < file.most <= len(data)
