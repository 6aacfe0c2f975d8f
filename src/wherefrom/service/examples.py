"""Examples of answers, as OpenAPI shows them: of one image under one profile."""

from __future__ import annotations

from typing import Any, Final

from wherefrom.service.answers import Attributions, Job, JobState, Problem

__all__ = ["ATTRIBUTIONS", "JOB", "PROBLEM", "shown"]

_SHARE: Final = {"total": 40, "low": 0.0, "confidence": 0.95}
_GROUPS: Final = (
    {
        "name": "our-model",
        "own": True,
        "images": 40,
        "undefined": 0,
        "alike": {**_SHARE, "count": 18, "value": 0.45, "low": 0.293, "high": 0.615},
        "wrong": {**_SHARE, "count": 1, "value": 0.025, "low": 0.0006, "high": 0.132},
        "bound": 0.05,
        "unfit": None,
        "counts": (22, 18, 0),
    },
    {
        "name": "photos",
        "own": False,
        "images": 200,
        "undefined": 0,
        "alike": {**_SHARE, "count": 0, "total": 200, "value": 0.0, "high": 0.018},
        "wrong": {**_SHARE, "count": 0, "total": 200, "value": 0.0, "high": 0.018},
        "bound": 0.01,
        "unfit": None,
        "counts": (0, 0, 200),
    },
)
_CANDIDATE: Final = {
    "name": "our-model",
    "label": "our-model",
    "model": "our-model",
    "decoder": "4f" * 32,
    "outcome": "SUPPORTED",
    "answer": "consistent with",
    "reason": "p = 0.4634 > alpha = 0.05, and p = 0.004975 <= beta = 0.01 in every pool",
    "statistic": 1.08,
    "ranked": True,
    "p_belonging": 0.4634,
    "p_foreign": {"photos": 0.004975},
    "alpha": 0.05,
    "beta": 0.01,
    "level": 0.01,
    "warnings": (),
    "conditions": ("none",),
    "condition": "none",
    "groups": _GROUPS,
    "standing": {"edges": (1.0, 1.1, 1.2, 9.0), "logarithmic": False, "limit": 1.17},
    "coverage": {"pixels": (174763, 393216), "lossless": True},
    "method": "aedr",
    "rule": "conformal",
    "seed": 0,
    "profile": "9a" * 32,
    "profile_version": "0.1.0",
}
ATTRIBUTIONS: Final = Attributions.model_validate(
    {
        "images": [
            {
                "name": "suspect.png",
                "error": None,
                "kind": "consistent with",
                "answer": "This image is consistent with the decoder of our-model, and unlike the images of other"
                " origin that it was compared with (photos).",
                "question": "Did the decoder of our-model make this image?",
                "reason": _CANDIDATE["reason"],
                "supported": ("our-model",),
                "file": {
                    "bytes": 405112,
                    "format": "PNG",
                    "width": 512,
                    "height": 512,
                    "file_digest": "1c" * 32,
                    "pixel_digest": "d3" * 32,
                    "jpeg_quality": None,
                    "changes": (),
                },
                "candidates": (_CANDIDATE,),
                "would_change": ("Evidence that the file was passed through the decoder after it was made.",),
            }
        ],
        "profiles": ["our-model"],
        "version": "0.1.0",
        "time": "2026-01-31T12:00:00+00:00",
    }
)
"""An image that is consistent with the only decoder that was asked about."""
JOB: Final = Job(
    id="pZ3mW0n8Qm6v1s0yq2kXbA",
    state=JobState.RUNNING,
    done=3,
    total=16,
    stage="scoring under our-model",
    seconds_left=12.5,
    reason=None,
    expires=None,
    results=None,
)
"""A job that is under way."""
PROBLEM: Final = Problem(
    type="urn:problem-type:wherefrom:queue-full",
    title="Too much at a time",
    status=429,
    detail="64 images wait, 1 more do not fit below 64: try again later",
    instance="urn:uuid:0d9e4b1c-1f6e-4f5c-9a55-5b2c9f0a7d11",
)
"""A refusal for now."""


def shown(example: Attributions | Job | Problem, *, kind: str = "application/json") -> dict[str, Any]:
    """What OpenAPI says of an answer that is shown by an example.

    Args:
        example: to be shown.
        kind: its media type.
    """
    return {kind: {"example": example.model_dump(mode="json")}}
