"""The columns of rows, with their Arrow types and what they mean: the schema, and the page that documents it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["SCHEMA_VERSION", "SCORES", "VERDICTS", "Column", "schema_of"]

SCHEMA_VERSION: Final = 1
"""Raised when a column changes its type or its meaning, or goes; new columns may come without that."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        name: of the column.
        type: its Arrow type as text: `string`, `int64`, `double`, `bool`, `binary(16)`, `list<string>`,
            `map<string, double>` or `map<string, string>`.
        meaning: what it holds, and when it is null.
    """

    name: str
    type: str
    meaning: str


_IMAGE: Final = (
    Column("key", "binary(16)", "tells images apart: a digest of name and path. An image has the same in every run"),
    Column("name", "string", "how the image was named: by the manifest's column `name`, else its path or address"),
    Column("path", "string", "where it lies, as it was named; null for an image in memory"),
    Column("error", "string", "why the image has no numbers; null where it has"),
    Column("file_digest", "string", "SHA-256 of the file's bytes, hexadecimal; null where it could not be read"),
    Column("pixel_digest", "string", "SHA-256 of the decoded pixels and their size"),
    Column("scored_digest", "string", "the same of the pixels that were scored, after the crop"),
    Column("bytes", "int64", "length of the file"),
    Column("format", "string", "of the file, as `PNG`"),
    Column("width", "int64", "columns of the stored pixel grid"),
    Column("height", "int64", "rows of the stored pixel grid"),
    Column("orientation", "int64", "the EXIF orientation, 1 to 8, which is not applied"),
    Column("jpeg_quality", "double", "the estimated quality of a JPEG's own tables, 1 to 100; null for other formats"),
    Column("lossy", "bool", "whether the file is stored with loss; null where that is not known"),
    Column("changes", "list<string>", "what had to be converted to get 8-bit RGB"),
    Column("scored_width", "int64", "columns that were scored, after the crop; null where none were"),
    Column("scored_height", "int64", "rows that were scored"),
)
_ASKED: Final = (
    Column("model", "string", "the model's name"),
    Column("decoder", "string", "digest of the decoder's weights, to which alone a row speaks"),
    Column("method", "string", "the method's name"),
    Column("method_options", "string", "the method's options, as JSON"),
    Column("seed", "int64", "the root seed"),
)
_BESIDE: Final = (
    Column("given", "map<string, string>", "what the manifest, table or archive says of the image, each cell as text"),
    Column("version", "string", "of `wherefrom`"),
)
SCORES: Final = (
    *_IMAGE,
    *_ASKED,
    Column("statistic", "double", "the method's number, high is foreign; null where undefined or learned by a profile"),
    Column("scores", "map<string, double>", "the raw columns by name; null where there is an error"),
    *_BESIDE,
)
"""Of scores: a row an image, model and method."""
VERDICTS: Final = (
    *_IMAGE,
    *_ASKED,
    Column("candidate", "string", "the profile's name"),
    Column("profile", "string", "the profile's digest"),
    Column(
        "answer", "string", "the answer for the image among several profiles, the same in each of its rows; else null"
    ),
    Column("outcome", "string", "SUPPORTED, COMPATIBLE, EXCLUDED or UNDECIDED, which it is where there is an error"),
    Column("reason", "string", "why, in one sentence that names the numbers"),
    Column("statistic", "double", "the method's number, high is foreign; null where undefined"),
    Column("threshold", "double", "the rule's cut at alpha; null where there is none"),
    Column("p_belonging", "double", "how often a belonging scores at least as high"),
    Column("p_foreign", "map<string, double>", "by named pool, how often one of its images scores at most as low"),
    Column("alpha", "double", "the bound on missed belongings"),
    Column("beta", "double", "the bound on false claims"),
    Column("rule", "string", "the rule's name"),
    Column("rule_options", "string", "the rule's options, as JSON"),
    Column("conditions", "list<string>", "edits of the profile's conditions that cover the image"),
    Column("warnings", "list<string>", "what a person should know before the verdict is believed"),
    Column("time", "string", "when it was said, in UTC"),
    *_BESIDE,
)
"""Of verdicts: a row an image and candidate."""


def schema_of(columns: Sequence[Column]) -> Any:
    """The `pyarrow.Schema`, with each column's meaning in its metadata.

    Args:
        columns: in order.
    """
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "int64": pa.int64(),
        "double": pa.float64(),
        "bool": pa.bool_(),
        "binary(16)": pa.binary(16),
        "list<string>": pa.list_(pa.string()),
        "map<string, double>": pa.map_(pa.string(), pa.float64()),
        "map<string, string>": pa.map_(pa.string(), pa.string()),
    }
    fields = [pa.field(each.name, types[each.type], metadata={"meaning": each.meaning}) for each in columns]
    return pa.schema(fields, metadata={"wherefrom": f"rows {SCHEMA_VERSION}"})
