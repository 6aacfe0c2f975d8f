"""From scores to verdicts, without torch: `calibrate` makes a profile of known images, `judge` asks it about others."""

from __future__ import annotations

from wherefrom.judging._aligning import aligned
from wherefrom.judging._calibrating import calibrate, statistic_of
from wherefrom.judging._deciding import judge
from wherefrom.judging._early import check_cut, decided_below, early
from wherefrom.judging._profile_judge import Outside, decoder_of
from wherefrom.judging.ranks import found

__all__ = [
    "Outside",
    "aligned",
    "calibrate",
    "check_cut",
    "decided_below",
    "decoder_of",
    "early",
    "found",
    "judge",
    "statistic_of",
]
