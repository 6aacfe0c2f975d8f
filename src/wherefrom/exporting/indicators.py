"""A result as a trust indicator set of JPEG Trust (ISO/IEC 21617-1), which a trust profile is evaluated on."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from wherefrom.core.errors import UsageError
from wherefrom.core.plain import plain
from wherefrom.exporting.assertion import attribution_of
from wherefrom.images.read import DEFAULT_LIMITS
from wherefrom.side_evidence.image_file import ImageFile
from wherefrom.side_evidence.sources.c2pa import C2pa

if TYPE_CHECKING:
    from wherefrom.exporting.reported import Reported

__all__ = ["check_same_file", "trust_indicators"]

_VOCABULARY: Final = "https://jpeg.org/jpegtrust"
_OWN: Final = "urn:uuid:edf084e1-bc0f-4986-87a8-b9e65d609be2#wherefrom/"
"""What names of this program's own stand for: a UUID that was drawn once, since no host on the web is needed."""


def trust_indicators(result: Reported, *, file: bytes | None = None) -> dict[str, Any]:
    """A result among the trust indicators of an image.

    The result stands under `content`, what the file says of itself under `metadata`, each by a name of this program's
    own vocabulary. With the file, its C2PA manifests are there too, as crJSON has them, with the state of each check.

    Args:
        result: of a report.
        file: the image's, whose manifests are read; None leaves manifests out, which says nothing of whether there are.

    Raises:
        ImageError: when a manifest cannot be read.
        MissingExtra: when a file is given and `c2pa-python` is not installed.
        UsageError: when the file is another one than the report is on.
    """
    manifests = {} if file is None else _manifests(result, file)
    image = result.image
    size = {"imageWidth": image.width, "imageHeight": image.height, "fileType": (image.format or "").lower() or None}
    return {
        "@context": {**_extras(manifests), "@vocab": _VOCABULARY, "wherefrom": _OWN},
        "asset_info": {"alg": "sha256", "hash": base64.b64encode(bytes.fromhex(str(image.file_digest))).decode()},
        **({} if file is None else {"manifests": manifests.get("manifests", [])}),
        "content": {
            **{key: value for key, value in size.items() if value is not None},
            "wherefrom:attribution": attribution_of(result),
        },
        "metadata": {"wherefrom:sideEvidence": plain(result.side_evidence)},
    }


def check_same_file(result: Reported, file: bytes) -> None:
    """Refuse a file that the report is not on.

    Args:
        result: of a report.
        file: all bytes of it.

    Raises:
        UsageError: with both digests.
    """
    digest = hashlib.sha256(file).hexdigest()
    if digest != result.image.file_digest:
        raise UsageError(
            f"the file has SHA-256 {digest}, the report is on {result.image.file_digest}: give the file of the report"
        )


def _manifests(result: Reported, file: bytes) -> Mapping[str, Any]:
    check_same_file(result, file)
    return C2pa().indicators(ImageFile(name=result.image.name, data=file, limits=DEFAULT_LIMITS))


def _extras(manifests: Mapping[str, Any]) -> dict[str, str]:
    """Prefixes that the manifests use."""
    held = manifests.get("@context")
    return {key: value for key, value in held.items() if isinstance(value, str)} if isinstance(held, dict) else {}
