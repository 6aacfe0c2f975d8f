"""Uncompressed tar archives, as webdataset's: each image by its offset, with what its sample says of it."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final

from wherefrom.core.errors import UsageError
from wherefrom.images.collections.cells import cells
from wherefrom.images.collections.names import Passed, is_image
from wherefrom.images.collections.places import Listing, Place
from wherefrom.images.files import Cell, Source, printable

__all__ = ["list_tar"]

_TEXTS: Final = (".txt", ".cls")
_SAID: Final = (*_TEXTS, ".json")
_LONGEST: Final = 65_536  # bytes of what is said of an image


def list_tar(place: Place, listing: Listing) -> Iterator[Source]:
    """Members named like images, each by its offset; members of one name are told apart by `#2`, `#3` and so on.

    Members that stand together and have one name up to its first dot are a sample, as webdataset has it: its `.json`
    (an object), `.txt` and `.cls` are said of its images, in columns of the object's keys, `txt` and `cls`.

    Args:
        place: of the archive.
        listing: who is told what was left out.

    Raises:
        UsageError: when a member is stored sparse.
        OSError: when the archive cannot be read.
        tarfile.TarError: when it is none.
    """
    passed = Passed()
    with place.open() as file, tarfile.open(fileobj=file, mode="r:") as archive:
        for sample in _samples(archive):
            said = _said(sample, file)
            for member, count in sample:
                if said and member.name.endswith(_SAID) and not _is_hidden(member.name):
                    continue
                if not passed.take(PurePosixPath(member.name).name):
                    continue
                if member.issparse():
                    raise UsageError(f"{place}: {member.name} is stored sparse: repack without --sparse")
                label = printable(member.name if count == 1 else f"{member.name}#{count}")
                span = (member.offset_data, member.size)
                yield place.source(name=f"{place}/{label}", span=span, member=label, columns=said)
        left = file.seek(0, os.SEEK_END) - archive.offset
        if 0 < left < tarfile.BLOCKSIZE:  # of a header, at which the library ends as it does at the archive's end
            raise tarfile.ReadError(f"unexpected end of data: {left} bytes of a member's header")
    if passed.words():
        listing.on_message(f"left out of {place}: {passed.words()}")


def _samples(archive: tarfile.TarFile) -> Iterator[list[tuple[Any, int]]]:
    """Files that stand together and are one sample, each with how often its name occurred."""
    counts: dict[str, int] = {}
    sample: list[tuple[Any, int]] = []
    for member in archive:
        archive.members.clear()  # type: ignore[attr-defined]  # which else keeps every header of a long archive
        if not member.isfile():
            continue
        if is_image(member.name):
            counts[member.name] = counts.get(member.name, 0) + 1
        if sample and _key(member.name) != _key(sample[0][0].name):
            yield sample
            sample = []
        sample.append((member, counts.get(member.name, 1)))
    if sample:
        yield sample


def _key(name: str) -> str:
    """What members of one sample share: the name up to the first dot after its folder."""
    folder, slash, base = name.rpartition("/")
    return folder + slash + base.partition(".")[0]


def _is_hidden(name: str) -> bool:
    return PurePosixPath(name).name.startswith(".")


def _said(sample: list[tuple[Any, int]], file: BinaryIO) -> dict[str, Cell]:
    """What a sample says of its images; nothing where it has none, or says nothing that can be read."""
    if not any(is_image(member.name) for member, _ in sample):
        return {}
    said: dict[str, Cell] = {}
    for member, _ in sample:
        suffix = PurePosixPath(member.name).suffix.lower()
        if suffix in _SAID and not _is_hidden(member.name) and member.size <= _LONGEST and not member.issparse():
            back = file.tell()
            file.seek(member.offset_data)
            said |= _cells_of(suffix, file.read(member.size))
            file.seek(back)
    return said


def _cells_of(suffix: str, data: bytes) -> dict[str, Cell]:
    try:
        text = data.decode()
        if suffix in _TEXTS:
            return {suffix.removeprefix("."): text.strip()}
        value = json.loads(text)
    except (ValueError, RecursionError):  # what is said beside an image is no reason to leave it out
        return {}
    return dict(cells(value)) if isinstance(value, dict) else {}
