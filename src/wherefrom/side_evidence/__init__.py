"""What a file says of itself and which watermarks it carries: read beside the statistic, and never mixed into it."""

from __future__ import annotations

from wherefrom.side_evidence.findings import Finding, SideEvidence, State
from wherefrom.side_evidence.looking import side_evidence_of

__all__ = ["Finding", "SideEvidence", "State", "side_evidence_of"]
