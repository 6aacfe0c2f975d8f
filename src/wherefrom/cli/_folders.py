"""`--out DIR`: images of any number, whose rows go to a folder as they are known, by an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Final

import typer

from wherefrom.cli._output import emit, emit_json, finish, note
from wherefrom.cli._outputs import typed_path
from wherefrom.cli._progress import shown
from wherefrom.core.errors import UsageError

if TYPE_CHECKING:
    from wherefrom.engines.base import Task
    from wherefrom.engines.running import JobResult

__all__ = ["NO_FOLDER", "Folder", "devices_of"]

_TABLES: Final = frozenset({".parquet", ".csv", ".json", ".jsonl"})


@dataclass(frozen=True, slots=True)
class Folder:
    """Where rows go, a file, a folder or an address, which is always that of a folder, and who fills a folder."""

    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="a row an image, with all its columns: .csv, .parquet, .json or .jsonl; or, for many images, a folder"
            " or an address, as s3://bucket/rows",
        ),
    ] = None
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine", metavar="NAME", help="who asks, with --out DIR: local (this machine, the default there) or ray"
        ),
    ] = None
    engine_option: Annotated[
        list[str] | None,
        typer.Option("--engine-option", metavar="NAME=VALUE", help="an option of the engine, as workers=8; repeatable"),
    ] = None
    images_a_file: Annotated[
        int | None,
        typer.Option(
            "--images-a-file", metavar="N", min=1, help="with --out DIR, images whose rows are written together"
        ),
    ] = None
    keep_failed: Annotated[
        bool, typer.Option("--keep-failed", help="with --out DIR, do not ask again about images that failed before")
    ] = False
    follow: Annotated[
        list[str] | None,
        typer.Option(
            "--follow", metavar="SCHEME", help="read addresses of this kind that a manifest names, as s3; repeatable"
        ),
    ] = None
    image_column: Annotated[
        str | None,
        typer.Option("--image-column", metavar="NAME", help="the column of a table that holds images, where not told"),
    ] = None

    @property
    def file(self) -> Path | None:
        """The file or folder of this machine; None where there is none.

        Raises:
            UsageError: when what was typed is empty.
        """
        return None if self.out is None or self._at_address else typed_path(self.out)

    @property
    def wanted(self) -> bool:
        """Whether rows go to a folder, and not to one file."""
        if self.engine is not None or self._at_address:
            return True
        return self.file is not None and (not self.file.suffix or self.file.is_dir())

    @property
    def _at_address(self) -> bool:
        from wherefrom.images.collections.addresses import scheme_of

        return self.out is not None and scheme_of(self.out) is not None

    def check(self, beside: Mapping[str, object]) -> None:
        """Refuse options that have no effect with a folder, or have one only there.

        Args:
            beside: options that go with single files alone, by their flags.

        Raises:
            UsageError: when one was given, or an address that looks like that of a file.
        """
        suffix = PurePosixPath(self.out or "").suffix
        if self._at_address and suffix.lower() in _TABLES:
            folder = f"{str(self.out).removesuffix(suffix)}/"
            raise UsageError(f"--out {self.out}: only folders of rows are written to addresses, as {folder}")
        if self.wanted and self.out is None:
            raise UsageError(f"--engine {self.engine} leaves rows in a folder: name it by --out DIR")
        only = {
            "--engine-option": self.engine_option,
            "--images-a-file": self.images_a_file,
            "--keep-failed": self.keep_failed,
        }
        odd = [flag for flag, value in (beside if self.wanted else only).items() if value not in (None, False)]
        if odd and self.wanted:
            raise UsageError(f"{odd[0]} does not go with a folder of rows, --out {self.out}: leave one of them out")
        if odd:
            raise UsageError(f"{odd[0]} is for a folder of rows: name it by --out DIR, or leave this out")

    def run(
        self, task: Task, paths: Sequence[str], *, device: str | None, what: str, as_json: bool, quiet: bool
    ) -> None:
        """Ask about all images that are not done, and say how the folder stands.

        Args:
            task: what is asked.
            paths: of images, as they were typed.
            device: as it was typed; several are told apart by commas.
            what: is asked, for a person who waits.
            as_json: whether what is said is JSON.
            quiet: whether nothing is said on the way.

        Raises:
            WherefromError: as `wherefrom.engines.running.run_job`.
            typer.Exit: with code 3 when some images failed.
        """
        from wherefrom.cli._work import options_of
        from wherefrom.engines.choose import load_engine
        from wherefrom.engines.running import IMAGES_A_FILE, run_job
        from wherefrom.images.sources import stream_images

        assert self.out is not None
        several = devices_of(device)
        options = options_of(self.engine_option, "--engine-option", "workers=2")
        engine = load_engine(self.engine or "local", options, devices=several)
        images = stream_images(
            *paths,
            on_message=lambda text: note(f"note: {text}", quiet=quiet),
            follow=self.follow or (),
            column=self.image_column,
        )
        with shown(what, quiet=quiet) as report:
            done = run_job(
                task,
                images,
                folder=self.out if self._at_address else typed_path(self.out),
                engine=engine,
                images_a_file=self.images_a_file or IMAGES_A_FILE,
                retry=not self.keep_failed,
                progress=report,
            )
        _tell(done, as_json=as_json)
        finish(done.failed_now, done.asked, quiet=quiet)


NO_FOLDER: Final = Folder()
"""Rows that go to no folder."""


def _tell(done: JobResult, *, as_json: bool) -> None:
    if as_json:
        emit_json(done)
        return
    emit(
        f"{done.asked} images asked, of which {done.failed_now} failed; {done.rows} has {done.scored} without an error"
        f" and {done.failed} with one"
    )


def devices_of(device: str | None) -> tuple[str, ...]:
    """Devices that were named together, as `cuda:0,cuda:1`; none where it is one, which the task knows.

    Args:
        device: as it was typed.

    Raises:
        UsageError: when one of several has no name.
    """
    several = tuple(part.strip() for part in (device or "").split(","))
    if len(several) < 2:
        return ()
    if not all(several):
        raise UsageError(f"--device {device} names no device between commas: give them as cuda:0,cuda:1")
    return several
