"""From scores to verdicts, without torch: `calibrate` makes a profile of known images, `judge` asks it about others."""

from __future__ import annotations

from wherefrom.judging._calibrating import calibrate
from wherefrom.judging._deciding import Outside, decoder_of, judge

__all__ = ["Outside", "calibrate", "decoder_of", "judge"]
