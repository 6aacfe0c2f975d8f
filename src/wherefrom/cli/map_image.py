"""`wherefrom map`: where in images the pixels are consistent with a decoder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from wherefrom.cli import _options as options
from wherefrom.cli._forms import FIGURE, MAP
from wherefrom.cli._output import emit_json, emit_table, finish
from wherefrom.cli._outputs import Output, Writing, check_folder
from wherefrom.cli._work import limits_of, listed
from wherefrom.core.errors import ImageError, UsageError
from wherefrom.core.files import write_bytes

if TYPE_CHECKING:
    from wherefrom.images.sources import Source
    from wherefrom.records.maps import EvidenceMap

__all__ = ["map_images"]

_DIGITS: Final = 12
"""Of the digest of an image's pixels, which tells files of one name apart."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """What became of one image."""

    name: str
    evidence: EvidenceMap | None = None
    files: tuple[str, ...] = ()
    error: str | None = None


def map_images(
    paths: options.PATHS,
    model: options.NEEDED_MODEL,
    out: options.OUT_DIR,
    copies: Annotated[
        str, typer.Option("--copies", help="what the image is compared with; more copies take longer and vary less")
    ] = "turn180+mirror",
    refine: Annotated[
        bool, typer.Option("--refine/--no-refine", help="correct every reconstruction once, which doubles the time")
    ] = True,
    beta: Annotated[
        float, typer.Option("--beta", help="the bound on the chance that another image shows any region")
    ] = 0.01,
    arrays: Annotated[bool, typer.Option("--npz", help="keep each map as NumPy's arrays in place of JSON")] = False,
    force: options.FORCE = False,
    device: options.DEVICE = "auto",
    dtype: options.DTYPE = "float32",
    trust: options.TRUST = False,
    max_pixels: options.MAX_PIXELS = None,
    max_bytes: options.MAX_BYTES = None,
    as_json: options.Json = False,
    quiet: options.QUIET = False,
) -> None:
    """Show where in images the pixels are consistent with a decoder: a picture and a file of numbers for each.

    The share is of the area that can be judged. An image that was resized, or moved off the decoder's grid, shows none.
    """
    check_folder("--out-dir", out, paths)
    images, limits = listed(paths, quiet=quiet), limits_of(max_pixels, max_bytes)
    from wherefrom.core.shares import check_share
    from wherefrom.mapping.evidence import check_method
    from wherefrom.methods.control import Control
    from wherefrom.models.load import load_model

    method = Control(copies=copies, form="losses", refine=refine)
    check_method(method)
    check_share("beta", beta)
    opened = load_model(model, device=device, dtype=dtype, trust=trust)
    writing = _Maps(folder=out, suffix=".npz" if arrays else ".json", typed=paths, model=model, force=force)
    rows = [writing.row(image, opened, method, beta, limits) for image in images]
    _tell(rows, as_json=as_json)
    finish(sum(row.error is not None for row in rows), len(rows), quiet=quiet)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Maps:
    """Where maps go."""

    folder: Path
    suffix: str
    typed: list[str]
    model: str
    force: bool

    def row(self, image: Source, opened: Any, method: Any, beta: float, limits: Any) -> _Row:
        """Map one image and write its files; an image that has no map is a row with the reason."""
        from wherefrom.images.labels import slug
        from wherefrom.images.read import read_image
        from wherefrom.mapping.evidence import map_of_record
        from wherefrom.records.maps import save_map
        from wherefrom.report.overlay import map_picture

        try:
            record = read_image(image, limits)
            stem = f"{slug(Path(image.name).stem)[:80]}-{str(record.facts.pixel_digest)[:_DIGITS]}"
            picture, numbers = self.folder / f"{stem}.png", self.folder / f"{stem}{self.suffix}"
            outputs = [Output("--out-dir", picture, FIGURE), Output("--out-dir", numbers, MAP)]
            Writing(outputs=outputs, typed=self.typed, inputs=[self.model], force=self.force).check()
            evidence = map_of_record(record, model=opened, method=method, beta=beta)
        except ImageError as error:
            return _Row(name=image.name, error=str(error))
        save_map(evidence, numbers)
        try:
            write_bytes(picture, map_picture(record.pixels, evidence))
        except OSError as error:
            raise UsageError(f"cannot write {picture}: {error.strerror or error}") from error
        return _Row(name=image.name, evidence=evidence, files=(picture.name, numbers.name))


def _tell(rows: list[_Row], *, as_json: bool) -> None:
    """A row an image."""
    if not as_json:
        head = ("name", "supports", "masked", "says", "files", "error")
        emit_table(head, [_cells(row) for row in rows], folded="says")
        return
    for row in rows:
        values = None if row.evidence is None else {key: getattr(row.evidence, key) for key in _COLUMNS}
        emit_json({"name": row.name, "error": row.error, "files": row.files, **(values or dict.fromkeys(_COLUMNS))})


_COLUMNS: Final = ("share", "share_masked", "sentence", "model", "decoder", "threshold", "strict", "spread", "chance")


def _cells(row: _Row) -> tuple[object, ...]:
    if row.evidence is None:
        return (row.name, None, None, None, None, row.error)
    return (row.name, row.evidence.share, row.evidence.share_masked, row.evidence.sentence, ", ".join(row.files), None)
