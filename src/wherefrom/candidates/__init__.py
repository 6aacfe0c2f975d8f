"""Candidates from profiles to scores: their models opened, and images scored under each condition that may count.

profiles -> models opened, and seen to be the profiled ones -> images scored under each -> `wherefrom.attribution`
"""

from __future__ import annotations

from wherefrom.candidates.looking import Look, look
from wherefrom.candidates.opening import Opening, open_candidates
from wherefrom.candidates.reconstructing import reconstructions
from wherefrom.candidates.scoring import score_candidates

__all__ = ["Look", "Opening", "look", "open_candidates", "reconstructions", "score_candidates"]
