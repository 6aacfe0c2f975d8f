"""From scores to verdicts, without torch: `calibrate` makes a profile of known images, `judge` asks it about others."""

from __future__ import annotations

from wherefrom.judging._calibrating import calibrate, statistic_of
from wherefrom.judging._deciding import Outside, decoder_of, judge
from wherefrom.judging._early import check_cut, decided_below, early
from wherefrom.judging._ranks import found

__all__ = [
    "Outside",
    "calibrate",
    "check_cut",
    "decided_below",
    "decoder_of",
    "early",
    "found",
    "judge",
    "statistic_of",
]
