"""A result as a C2PA assertion: one JSON object with a label, for whoever signs a manifest."""

from __future__ import annotations

import re
from typing import Any, Final

from wherefrom.core.errors import UsageError
from wherefrom.exporting.reported import Reported, ReportedCandidate

__all__ = ["LABEL", "attribution_of", "c2pa_assertion"]

LABEL: Final = "wherefrom.attribution"
"""The label unless another is given; C2PA wants one that begins with a domain of the signer, as `com.example.`."""
_SCHEMA: Final = 1
_LABEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9][A-Za-z0-9_-]*)+")
_LIMITS: Final = (
    "The answer is about a decoder, which several generators can share, and about no person. It cannot exclude a round"
    " trip through the decoder, image to image, painting in, or an edit outside of what was measured. The error rates"
    " are averages over many comparisons, and not the chance that this answer is wrong."
)


def c2pa_assertion(result: Reported, *, label: str = LABEL) -> dict[str, Any]:
    """A result as an item of the list `assertions` in a manifest definition, as the C2PA libraries take it.

    Args:
        result: of a report.
        label: of the assertion: words of letters, digits, hyphens and underscores, with dots between them.

    Raises:
        UsageError: when the label is none, or one that C2PA keeps for itself.
    """
    if not _LABEL.fullmatch(label):
        raise UsageError(f"{label!r} is no label: write words with dots between them, as com.example.attribution")
    if label.startswith(("c2pa.", "cawg.")):
        raise UsageError(
            f"labels that begin with {label.partition('.')[0]}. have meanings of their own: begin with yours"
        )
    return {"label": label, "data": attribution_of(result)}


def attribution_of(result: Reported) -> dict[str, Any]:
    """What a result says, as plain values.

    Args:
        result: of a report.
    """
    return {
        "schema": _SCHEMA,
        "question": result.question,
        "answer": result.answer,
        "kind": result.kind,
        "image": {"file_sha256": result.image.file_digest, "pixels_sha256": result.image.pixel_digest},
        "candidates": [_candidate(each) for each in result.candidates],
        "limits": _LIMITS,
        "decided": result.time,
        "program": {"name": "wherefrom", "version": result.version},
    }


def _candidate(each: ReportedCandidate) -> dict[str, Any]:
    return {
        "model": each.model,
        "decoder_sha256": each.decoder,
        "outcome": each.outcome,
        "answer": each.answer,
        "reason": each.reason,
        "statistic": each.statistic,
        "p_as_an_own_image": each.p_belonging,
        "p_as_another_image": dict(each.p_foreign),
        "promised_rate_of_misses": each.alpha,
        "promised_rate_of_false_claims": each.beta,
        "warnings": list(each.warnings),
        "method": each.method,
        "rule": each.rule,
        "profile_sha256": each.profile,
    }
