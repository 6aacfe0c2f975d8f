"""Above making and scoring: an answer without a profile, from turned copies and photos that the package knows."""

from __future__ import annotations

from wherefrom.checking.answers import Check, check
from wherefrom.checking.measuring import measured_null
from wherefrom.checking.null import Null

__all__ = ["Check", "Null", "check", "measured_null"]
