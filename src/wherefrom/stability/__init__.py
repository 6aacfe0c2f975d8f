"""What an answer becomes when the image is saved again, cut by a few pixels, turned or mirrored."""

from __future__ import annotations

from wherefrom.stability.changes import Change, changes_for
from wherefrom.stability.measuring import changes_of, deciding_changes, measure_stability

__all__ = ["Change", "changes_for", "changes_of", "deciding_changes", "measure_stability"]
