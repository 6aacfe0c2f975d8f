"""From scores to verdicts, without torch: `calibrate` makes a profile of known images, `judge` asks it about others."""

from __future__ import annotations

import warnings

from wherefrom.judging._aligning import aligned
from wherefrom.judging._calibrating import calibrate, statistic_of
from wherefrom.judging._deciding import judge
from wherefrom.judging._early import check_cut, decided_below, early
from wherefrom.judging._profile_judge import Outside, decoder_of
from wherefrom.judging.ranks import count_below_pools

__all__ = [
    "Outside",
    "aligned",
    "calibrate",
    "check_cut",
    "count_below_pools",
    "decided_below",
    "decoder_of",
    "early",
    "judge",
    "statistic_of",
]


def __getattr__(name: str) -> object:
    if name != "found":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    text = f"{__name__}.found is now called count_below_pools: use that"
    warnings.warn(text, DeprecationWarning, stacklevel=2)
    return count_below_pools
