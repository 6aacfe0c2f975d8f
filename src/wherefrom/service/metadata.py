"""What uploaded files say of themselves, read for a report before their bytes are let go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wherefrom.images.read import Limits
from wherefrom.service.uploads import Upload
from wherefrom.side_evidence import Finding, side_evidence_of, sources

__all__ = ["findings_of"]

_SLOW: Final = frozenset({"invisible_watermark", "trustmark"})
"""Sources that compute on pixels for seconds an image, in a service whose clients share its processors."""


def findings_of(uploads: Sequence[Upload], limits: Limits) -> tuple[tuple[Finding, ...], ...]:
    """What each file says of itself, one finding a source; watermarks, which take seconds, are not looked for.

    Nothing is fetched, and names of persons, serial numbers and places are left out, as `side_evidence_of` does.

    Args:
        uploads: of one request.
        limits: on bytes and pixels of a file.
    """
    asked = [name for name in sources.names() if name not in _SLOW]
    return tuple(side_evidence_of(each.data, sources=asked, limits=limits).findings for each in uploads)
