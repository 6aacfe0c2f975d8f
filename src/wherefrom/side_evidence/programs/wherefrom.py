"""This program's own label on images that it drew, passed through a decoder or edited."""

from __future__ import annotations

from typing import Final

from wherefrom.images.labels import KEY
from wherefrom.side_evidence.programs.base import Facts, Program, Texts, json_object
from wherefrom.side_evidence.shortened import shortened

__all__ = ["PROGRAM"]

_PLACES: Final = ("comment", "EXIF ImageDescription")


def _read(texts: Texts) -> Facts | None:
    """Told by the prefix of its facts, in a PNG's texts or in a comment that is JSON."""
    commented = next((found for place in _PLACES if (found := json_object(texts.get(place)))), {})
    said = {
        key.removeprefix(KEY): shortened(value) for key, value in {**commented, **texts}.items() if key.startswith(KEY)
    }
    return said or None


PROGRAM: Final = Program(title="wherefrom", read=_read)
