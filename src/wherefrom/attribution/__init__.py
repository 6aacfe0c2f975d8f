"""One image, several candidate decoders: false claims are bounded over all of them together. No torch."""

from __future__ import annotations

from wherefrom.attribution.answering import attribute
from wherefrom.attribution.candidate import Candidate
from wherefrom.attribution.steadying import steady_attributions, steady_verdicts

__all__ = ["Candidate", "attribute", "steady_attributions", "steady_verdicts"]
