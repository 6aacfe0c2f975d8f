"""One decoder that may have made the images in question, with all that it takes to say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wherefrom.methods.base import Method
from wherefrom.records.profile import Profile
from wherefrom.records.table import ScoreTable

__all__ = ["Candidate"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Candidate:
    """One decoder that may have made the images in question.

    Attributes:
        name: that is shown; unique among the candidates.
        profile: how its images, and images that it did not make, score.
        tables: the scores of the images in question under each condition of the profile, by its edit.
        model: opened, as the profile was made with it and through no edit of a condition; None where the images are
            scored already.
        method: what is asked, or was; None: what the profile's card says.
        file: that holds the profile, where it is known.
    """

    name: str
    profile: Profile
    tables: Mapping[str, ScoreTable] = field(default_factory=dict, repr=False)
    model: Any = field(default=None, repr=False)
    method: Method[Any] | None = None
    file: Path | None = None
