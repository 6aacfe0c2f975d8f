"""Labelled images put to profiles, on the same way as images in question: edited, scored, judged, counted.

images with labels -> each edit, in memory -> scored under each candidate -> verdicts -> rates: a `Trial`
"""

from __future__ import annotations

from wherefrom.evaluating.trying import evaluate

__all__ = ["evaluate"]
