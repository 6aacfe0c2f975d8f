"""Whether a command may write where it was told to: never over an input, nor over what this program did not make."""

from __future__ import annotations

import glob
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from wherefrom.cli._forms import Form
from wherefrom.core.errors import UsageError
from wherefrom.core.files import check_folder_takes
from wherefrom.core.visible import visible
from wherefrom.images.sources import SUFFIXES, Source

__all__ = ["Output", "Writing", "check_folder", "typed_path"]


def typed_path(text: str | Path) -> Path:
    """A path that was typed, or an option's default; an empty text is none, and not the folder where one stands.

    Raises:
        UsageError: when it is empty.
    """
    if not str(text).strip():
        raise UsageError(f"{text!r} is no path: name a file or folder, and . for this folder")
    return Path(text)


@dataclass(frozen=True, slots=True)
class Output:
    """A file that a command is to write.

    Attributes:
        flag: the option that named it.
        path: where.
        form: what it will be; only a file of this form is replaced.
    """

    flag: str
    path: Path
    form: Form


@dataclass(frozen=True, kw_only=True, slots=True)
class Writing:
    """What a command writes and what it reads.

    Attributes:
        outputs: the files it writes.
        typed: paths of images as they were typed: files, folders, globs, manifests and archives.
        inputs: other files and folders it reads, as profiles and models.
        store: where scores are kept: read, and added to.
        force: whether a file that this program did not make in this form may be replaced. An input never is.
    """

    outputs: Sequence[Output]
    typed: Sequence[str] = ()
    inputs: Sequence[str | Path] = ()
    store: Path | None = None
    force: bool = False

    def check_names(self) -> None:
        """Refuse names that cannot be written to, before a list of images is read.

        Raises:
            UsageError: when a suffix is another, a folder is named, or two outputs are one file.
        """
        for output in self.outputs:
            _check_name(output)
        seen: dict[str, Output] = {}
        for output in self.outputs:
            other = seen.setdefault(os.path.realpath(output.path), output)
            if other is not output:
                raise UsageError(f"{output.flag} and {other.flag} both name {output.path}: name two files")

    def check(self, images: Iterable[Source] = ()) -> None:
        """Refuse what would damage a file; to be called before anything is asked, and again before anything is written.

        Args:
            images: that will be read.

        Raises:
            UsageError: when an output is an input by any of its names, or would be read as an image of an input
                folder the next time; when two outputs are one file; when a file is there that was not made by this
                command, or may not be written; when the suffix is another, or the folder cannot be made or
                takes no file.
        """
        self.check_names()
        known = {*_files(self._named()), *_files(image.path for image in images if image.path is not None)}
        for output in self.outputs:
            self._check_inputs(output, known)
        if self.store is not None:
            _check_store(self.store, known)
        for output in self.outputs:
            if not self.force:
                _check_there(output)
            _check_folder(output)

    def saved(self, save: Callable[[Path], object], path: Path, *, images: Iterable[Source] = ()) -> None:
        """Save what took long to make; where that fails, in the system's folder for temporary files.

        Args:
            save: writes the file to a path.
            path: where to.
            images: as for `check`, which is called again first: meanwhile other programs have run.

        Raises:
            UsageError: when it could not be written where it was asked for, with where it is instead.
        """
        try:
            self.check(images)
            save(path)
        except UsageError as error:
            try:
                place = Path(tempfile.mkdtemp(prefix="wherefrom-")) / path.name
                save(place)
            except (UsageError, OSError):
                raise error from None
            raise UsageError(f"{error}: what was to be written there is kept in {place}") from error

    def _named(self) -> Iterator[Path]:
        """Every path that was typed, with what a glob matches."""
        for text in map(str, (*self.typed, *self.inputs)):
            yield Path(text)
            if glob.has_magic(text):
                yield from map(Path, glob.glob(text, recursive=True))  # noqa: PTH207  (as the images are listed)

    def _check_inputs(self, output: Output, known: set[tuple[int, int]]) -> None:
        """An output is no input, lies in no model's folder and would be no image of a folder of images."""
        real = os.path.realpath(output.path)
        named = [*self._named(), *([] if self.store is None else [self.store])]
        there = _file(output.path)
        if (there is not None and there in {*known, *_files(named)}) or real in {
            os.path.realpath(path) for path in named
        }:
            raise UsageError(f"{output.flag} {output.path} is a file that this command reads: name another file")
        if output.path.suffix.lower() not in SUFFIXES:
            return
        for folder in (path for path in named if path.is_dir()):
            if Path(real).is_relative_to(os.path.realpath(folder)):
                raise UsageError(
                    f"{output.flag} {output.path} would be read as an image the next time, as {folder} is read whole:"
                    " name a file outside of it"
                )


def check_folder(flag: str, folder: Path, typed: Sequence[str]) -> None:
    """Refuse a folder for images inside one that is read: the next time its images would be read too.

    Args:
        flag: the option that named it.
        folder: where images will go.
        typed: paths of images, as they were typed.

    Raises:
        UsageError: when it lies in one of these folders, or is one.
    """
    for read in Writing(outputs=(), typed=typed)._named():
        if read.is_dir() and Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(read)):
            raise UsageError(
                f"{flag} {folder} lies in {read}, which is read whole: its images would be read as inputs the next"
                " time; name a folder outside of it"
            )


def _check_name(output: Output) -> None:
    suffixes = output.form.suffixes
    if output.path.suffix.lower() not in suffixes:
        suffix = output.path.suffix or "no suffix"
        raise UsageError(f"{output.path} ends in {suffix!r}: use {' or '.join(suffixes)}")
    if output.path.is_dir():
        raise UsageError(f"{output.path} is a folder: name a file")


def _check_store(path: Path, known: set[tuple[int, int]]) -> None:
    """A store is no input, and what is there is a database: whose, it says itself when it is opened."""
    if _file(path) in known:
        raise UsageError(f"--store {path} is a file that this command reads: name another file")
    if path.is_file() and path.stat().st_size and not _head(path).startswith(b"SQLite format 3\0"):
        raise UsageError(f"--store {path} is there and is no store of scores: name another file")


def _check_there(output: Output) -> None:
    """What is there was made by this program, in this form, and was not set read-only."""
    path, form = output.path, output.form
    if not os.path.lexists(path):
        return
    way_out = f"name another file for {output.flag}, or replace it by --force"
    if not path.exists():
        raise UsageError(f"{path} is a link to what is not there: {way_out}")
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise UsageError(f"{path} is no regular file: name another one for {output.flag}")
    if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        raise UsageError(f"{path} is read-only: {way_out}")
    if not form.is_ours(path):
        raise UsageError(f"{path} is there and is no {form.name} that this program made: {way_out}")


def _check_folder(output: Output) -> None:
    """The folder is there, made where it was not, and takes a file."""
    folder = output.path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {visible(folder)}: {error.strerror or error}") from error
    try:
        check_folder_takes(folder)
    except OSError as error:
        raise UsageError(
            f"cannot write {output.path}: {error.strerror or error}: name a file in another folder for {output.flag}"
        ) from error


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(16)


def _files(paths: Iterable[Path]) -> Iterator[tuple[int, int]]:
    """What tells files apart, whatever they are called: of every path that is there."""
    for path in paths:
        number = _file(path)
        if number is not None:
            yield number


def _file(path: Path) -> tuple[int, int] | None:
    """Device and number of a file; the same through every link and in every case of its letters."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return (status.st_dev, status.st_ino)
