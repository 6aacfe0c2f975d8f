"""What a report of an image can show beside its verdict, each where it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wherefrom.records.reconstruction import Reconstruction
from wherefrom.report.numbers import MapNumbers, StabilityRow

__all__ = ["Further", "MapShown"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MapShown:
    """A map over an image, as a picture and as numbers.

    Attributes:
        picture: a PNG.
        numbers: what it says.
    """

    picture: bytes
    numbers: MapNumbers


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Further:
    """What is shown of one image beside its verdict.

    Attributes:
        reconstructions: by candidate, what its decoder makes of the image.
        maps: where in the image the evidence lies, one a candidate.
        without_map: why there is no map, by the candidates that have none although maps were asked for.
        stability: what is said of the image after harmless changes.
    """

    reconstructions: Mapping[str, Reconstruction] = field(default_factory=dict)
    maps: tuple[MapShown, ...] = ()
    without_map: Mapping[str, str] = field(default_factory=dict)
    stability: tuple[StabilityRow, ...] = ()
