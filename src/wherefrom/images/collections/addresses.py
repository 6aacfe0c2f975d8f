"""Addresses outside of this machine, as `s3://bucket/a.png`: the one module that reaches them, by fsspec.

An address is read because a person named it, or named the kind of addresses that a manifest may hold; nothing is looked
for elsewhere. `wherefrom.engines.folders` writes rows to one that a person named for them. Credentials are those of
fsspec's own configuration and of the provider's usual variables.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final
from urllib.parse import urljoin

from wherefrom.core.errors import ImageError, MissingExtra, UsageError
from wherefrom.core.extras import require
from wherefrom.images.collections.names import Passed
from wherefrom.images.collections.places import Listing
from wherefrom.images.files import Cell, Source, printable, way_to_raise

__all__ = ["Address", "AddressPlace", "address_place", "list_address", "reason_of", "scheme_of", "system_of"]

_ADDRESS: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+)://")


def scheme_of(text: str) -> str | None:
    """The scheme of an address in lower case, as `s3`; None for a path of this machine.

    Args:
        text: a path or an address.
    """
    match = _ADDRESS.match(text)
    return match["scheme"].lower() if match else None


@dataclass(frozen=True, slots=True)
class Address:
    """Where the bytes of an image are.

    Attributes:
        url: the address, as fsspec takes it.
        span: offset and length of an archive's member; None for all of it.
    """

    url: str
    span: tuple[int, int] | None = None

    def __str__(self) -> str:
        """The address."""
        return printable(self.url)

    def read(self, max_bytes: int) -> bytes:
        """All bytes of the image.

        Args:
            max_bytes: the limit, checked before they are fetched where their number is known by then.

        Raises:
            ImageError: when they cannot be had, or are over the limit.
        """
        try:
            system, path = system_of(self.url)
            if self.span is not None:
                return self._member(system, path, max_bytes)
            with system.open(path, "rb") as file:
                size = getattr(file, "size", None)
                if isinstance(size, int) and size > max_bytes:
                    raise ImageError(f"{size:,} bytes are over the limit of {max_bytes:,} bytes: {_raise(size)}")
                return bytes(file.read(max_bytes + 1))
        except (ImageError, MissingExtra):
            raise
        except Exception as error:  # whatever a provider's client raises is the reason why this image has no row
            raise ImageError(f"{self} cannot be read: {reason_of(error)}") from error

    def _member(self, system: Any, path: str, max_bytes: int) -> bytes:
        assert self.span is not None
        offset, length = self.span
        if length > max_bytes:
            raise ImageError(f"{length:,} bytes are over the limit of {max_bytes:,} bytes: {_raise(length)}")
        data = bytes(system.cat_file(path, start=offset, end=offset + length))
        if len(data) > length:
            raise ImageError("its server gives whole files and no parts of them: copy the archive to this machine")
        if len(data) < length:
            raise ImageError(f"the archive ends inside this member: {len(data):,} of {length:,} bytes are there")
        return data


@dataclass(frozen=True, slots=True)
class AddressPlace:
    """A file that lists or holds images, at an address.

    Attributes:
        url: the address.
    """

    url: str

    def __str__(self) -> str:
        """The address."""
        return printable(self.url)

    @property
    def suffix(self) -> str:
        """Of its name, in lower case; what follows a question mark is no part of it."""
        return PurePosixPath(self.url.partition("?")[0]).suffix.lower()

    def open(self) -> AbstractContextManager[BinaryIO]:
        """Its bytes, fetched as they are read.

        Raises:
            OSError: when it cannot be opened.
        """
        try:
            system, path = system_of(self.url)
            opened: AbstractContextManager[BinaryIO] = system.open(path, "rb")
        except (OSError, MissingExtra):
            raise
        except Exception as error:  # clients of providers have errors of their own
            raise OSError(reason_of(error)) from error
        return opened

    def beside(self, text: str) -> AddressPlace:
        """An address relative to the folder of this one, or to the root of its bucket or host; never another host's."""
        head, _, rest = self.url.partition("://")
        path = f"/{text.lstrip('/')}" if text.startswith("/") else text  # two slashes would name another host
        joined = urljoin(f"http://{rest}", path)  # the library joins addresses of schemes that it knows
        return AddressPlace(f"{head}://{joined.removeprefix('http://')}")

    def source(
        self, *, name: str, columns: Mapping[str, Cell], span: tuple[int, int] | None = None, member: str | None = None
    ) -> Source:
        """The image that is this file, or a part of it; arguments as for `Place`."""
        return Source(name=name, locator=Address(self.url, span), member=member, columns=columns)


def address_place(text: str) -> AddressPlace:
    """The place of an address.

    Args:
        text: with its scheme.
    """
    return AddressPlace(text)


def list_address(text: str, listing: Listing) -> Iterator[AddressPlace]:
    """The files that an address stands for: itself, what a pattern with `*` matches, or all images of a folder.

    Args:
        text: with its scheme; of a folder it ends in a slash.
        listing: who is told what a folder holds beside images.

    Raises:
        UsageError: when it cannot be listed, or nothing is there.
        MissingExtra: when the package for its scheme is not installed.
    """
    pattern = glob.has_magic(text.partition("://")[2]) and not text.lower().startswith(("http://", "https://"))
    if not pattern and not text.endswith("/"):
        yield AddressPlace(text)
        return
    system, path = system_of(text)
    try:
        there = system.glob(path) if pattern else system.find(path)
    except Exception as error:  # as above
        raise UsageError(f"{printable(text)} cannot be listed: {reason_of(error)}") from error
    passed, found = Passed(), False
    for each in sorted(there):
        if pattern or passed.take(PurePosixPath(each).name):
            found = True
            yield AddressPlace(system.unstrip_protocol(each))
    said = passed.words()
    if not found:
        raise UsageError(f"no image at {printable(text)}" + (f": left out {said}" if said else ""))
    if said:
        listing.on_message(f"left out of {printable(text)}: {said}")


def system_of(url: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it.

    Args:
        url: the address.

    Raises:
        UsageError: when there is no such scheme.
        MissingExtra: when the package for it is not installed.
    """
    fsspec = require("fsspec", "remote")
    try:
        system, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        scheme = scheme_of(url)
        raise MissingExtra(
            f"addresses of {scheme}:// need a package ({error}): pip install 'wherefrom[remote]'"
        ) from error
    except ValueError as error:
        raise UsageError(f"{printable(url)} is no address that can be read: {error}") from error
    return system, str(path)


def _raise(needed: int) -> str:
    return way_to_raise("max_bytes", needed)


def reason_of(error: Exception) -> str:
    """What went wrong, on one line.

    Args:
        error: of a provider's client.
    """
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}".rstrip(": ")
