"""A result in the words of other systems: a C2PA assertion, and trust indicators of JPEG Trust."""

from __future__ import annotations

from wherefrom.exporting.assertion import LABEL, c2pa_assertion
from wherefrom.exporting.indicators import trust_indicators
from wherefrom.exporting.reported import Reported, read_report
from wherefrom.exporting.signing import Credentials, with_manifest

__all__ = [
    "LABEL",
    "Credentials",
    "Reported",
    "c2pa_assertion",
    "read_report",
    "trust_indicators",
    "with_manifest",
]
