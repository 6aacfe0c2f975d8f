"""`wherefrom metadata`: what files say of themselves, beside any verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._output import emit_json, emit_table, finish
from wherefrom.cli._outputs import typed_path
from wherefrom.cli._work import limits_of, listed

if TYPE_CHECKING:
    from wherefrom.side_evidence.sources.base import Source

__all__ = ["metadata"]


def metadata(
    paths: options.PATHS,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source", metavar="NAME", help="where to look, as c2pa, exif or xmp; a wrong name lists all; default all"
        ),
    ] = None,
    anchors: Annotated[
        Path | None,
        typer.Option(
            "--anchors",
            metavar="CA.pem",
            parser=typed_path,
            help="authorities whose certificates are trusted for C2PA; none is fetched",
        ),
    ] = None,
    max_pixels: options.MAX_PIXELS = None,
    max_bytes: options.MAX_BYTES = None,
    as_json: options.Json = False,
    quiet: options.QUIET = False,
) -> None:
    """Show what files say of themselves: C2PA manifest, EXIF, XMP, generation metadata, watermarks.

    Each is present, absent, or could not be looked at, with the reason. Anybody can remove or write such things: no
    verdict depends on them. Nothing is fetched from the network, and no model is asked.
    """
    from wherefrom.side_evidence import side_evidence_of

    asked, limits = _asked(source, anchors), limits_of(max_pixels, max_bytes)
    images = listed(paths, quiet=quiet)
    failed, rows = 0, []
    for image in images:
        evidence = side_evidence_of(image, sources=asked, limits=limits)
        failed += evidence.error is not None
        if as_json:
            emit_json(evidence)
            continue
        rows += [(evidence.name, each.title, str(each.state), each.summary) for each in evidence.findings]
    if not as_json:
        emit_table(("image", "looked for", "", "what it says"), rows, folded="what it says")
    finish(failed, len(images), quiet=quiet)


def _asked(names: list[str] | None, anchors: Path | None) -> list[Source]:
    """The sources that were asked for, that of C2PA with its authorities.

    Raises:
        UsageError: when there is no such source, or the certificates cannot be read.
    """
    from wherefrom.core.errors import UsageError
    from wherefrom.side_evidence import sources

    if anchors is None:
        return [sources.load(name) for name in names or sources.names()]
    try:
        trusted = anchors.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the certificates {anchors} cannot be read: {error}") from error
    if "BEGIN CERTIFICATE" not in trusted:
        raise UsageError(f"{anchors} holds no certificate: give certificates in PEM")
    return [
        sources.load(name, anchors=trusted) if name == "c2pa" else sources.load(name)
        for name in names or sources.names()
    ]
