"""`wherefrom export`: a result in the words of other systems."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._output import emit
from wherefrom.cli._outputs import typed_path

if TYPE_CHECKING:
    from wherefrom.exporting import Credentials

__all__ = ["export"]


def export(
    report: Annotated[
        Path, typer.Argument(metavar="REPORT.json", parser=typed_path, help="the numbers beside a page of a report")
    ],
    to: Annotated[Literal["c2pa", "jpeg-trust"], typer.Option("--to", help="the form")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", parser=typed_path, help="what to write")],
    image: Annotated[
        Path | None,
        typer.Option(
            "--image",
            metavar="FILE",
            parser=typed_path,
            help="the file of the report: jpeg-trust tells of its manifests, and c2pa signs a copy of it",
        ),
    ] = None,
    certificates: Annotated[
        Path | None,
        typer.Option(
            "--certificates",
            metavar="CHAIN.pem",
            parser=typed_path,
            help="who signs: write a copy of --image with a manifest that holds the result",
        ),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="KEY.pem", parser=typed_path, help="the signer's private key")
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            "--label", help="of the C2PA assertion; begin it with a domain of yours, as com.example.attribution"
        ),
    ] = None,
    force: options.FORCE = False,
) -> None:
    """Write a result as a C2PA assertion or as trust indicators of JPEG Trust.

    With --to c2pa the file is the JSON of one assertion, for the list `assertions` of a manifest definition; with
    --image, --certificates and --key it is a copy of the image with a signed manifest. Nothing is sent anywhere.
    """
    from wherefrom import exporting
    from wherefrom.core.errors import UsageError
    from wherefrom.core.files import json_bytes, write_bytes

    if (certificates is None) != (key is None) or (certificates is not None and (image is None or to != "c2pa")):
        raise UsageError("a copy is signed by --to c2pa with --image, --certificates and --key: give all of them")
    try:
        result = exporting.read_report(_read(report))
    except UsageError as error:
        raise UsageError(str(error) if str(report) in str(error) else f"{report}: {error}") from error
    file = None if image is None else _read(image)
    if to == "jpeg-trust":
        data = json_bytes(exporting.trust_indicators(result, file=file))
    elif certificates is None or key is None or file is None:
        data = json_bytes(exporting.c2pa_assertion(result, label=label or exporting.LABEL))
    else:
        who: Credentials = exporting.Credentials(certificates=_read(certificates), key=_read(key))
        data = exporting.with_manifest(result, file, who, label=label or exporting.LABEL)
    _check_out(out, [report, image, certificates, key], force=force)
    try:
        write_bytes(out, data)
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror or error}") from error
    emit(f"written: {out}")


def _read(path: Path) -> bytes:
    """A file that was named.

    Raises:
        UsageError: when it cannot be read.
    """
    from wherefrom.core.errors import ImageError, UsageError
    from wherefrom.images.files import file_source

    try:
        return file_source(path).read()
    except ImageError as error:
        raise UsageError(f"{path}: {error}") from error


def _check_out(out: Path, inputs: list[Path | None], *, force: bool) -> None:
    """Refuse a file that is there, unless it may be replaced, and an input always.

    Raises:
        UsageError: when it is there.
    """
    from wherefrom.core.errors import UsageError

    if not out.exists():
        return
    if any(other is not None and out.samefile(other) for other in inputs):
        raise UsageError(f"--out {out} is a file that is read: name another one")
    if not force:
        raise UsageError(f"{out} is there already: name another file, or replace it by --force")
