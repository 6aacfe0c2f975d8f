"""Score tables with known numbers, and toy methods that read them: what judging can be tried on without a model."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wherefrom.core.arrays import Scores, Seeds, Vector
from wherefrom.core.card import Card
from wherefrom.core.errors import ProfileError
from wherefrom.core.facts import ImageFacts
from wherefrom.methods.base import Fit
from wherefrom.records.table import ScoreTable

MODEL = Card(
    kind="model",
    name="toy",
    facts={"architecture": "Toy", "decoder": "d" * 64, "dtype": "float32", "device": "cpu"},
    notes={"licence": "none"},
)
MEASURE = Card(kind="measure", name="toy-measure", facts={"passes": 2})


@dataclass(frozen=True, kw_only=True, slots=True)
class Plain:
    """The column `value` as it is."""

    @property
    def card(self) -> Card:
        return Card(kind="method", name="toy-plain")

    @property
    def measure(self) -> Card:
        return MEASURE

    @property
    def learns(self) -> bool:
        return False

    def scores(self, model: object, images: Any, seeds: Seeds) -> Scores:
        raise NotImplementedError

    def fit(self, belonging: Scores) -> Fit:
        return {}

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        return scores["value"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Residual:
    """What a straight line in the column `detail`, fitted on belongings, leaves of the column `value`."""

    @property
    def card(self) -> Card:
        return Card(kind="method", name="toy-residual")

    @property
    def measure(self) -> Card:
        return MEASURE

    @property
    def learns(self) -> bool:
        return True

    def scores(self, model: object, images: Any, seeds: Seeds) -> Scores:
        raise NotImplementedError

    def fit(self, belonging: Scores) -> Fit:
        if len(belonging) < 2:
            raise ProfileError(f"a line needs 2 belongings, got {len(belonging)}: add images")
        design = np.stack([np.ones(len(belonging)), belonging["detail"]], axis=1)
        return {"line": np.asarray(np.linalg.lstsq(design, belonging["value"], rcond=None)[0], dtype=np.float64)}

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        line = fit["line"]
        return np.asarray(scores["value"] - line[0] - line[1] * scores["detail"])


PLAIN = Plain()
RESIDUAL = Residual()


def facts(label: str, **changes: Any) -> ImageFacts:
    """A PNG of 64 x 64, other than all PNGs of another name."""
    return replace(_png(label), **changes) if changes else _png(label)


@functools.cache
def _png(label: str) -> ImageFacts:
    return ImageFacts(
        name=f"{label}.png",
        file_digest=hashlib.sha256(f"file {label}".encode()).hexdigest(),
        pixel_digest=hashlib.sha256(label.encode()).hexdigest(),
        bytes=4096,
        format="PNG",
        width=64,
        height=64,
        lossy=False,
    )


def jpeg(label: str, quality: float = 90.0, **changes: Any) -> ImageFacts:
    """A JPEG of 64 x 64."""
    tables = ((max(1, round(100 - quality)),) * 64,)
    stored = {"format": "JPEG", "lossy": True, "jpeg_quality": quality, "jpeg_tables": tables}
    return facts(label, **{**stored, **changes})


def table(
    values: Sequence[float] | Vector,
    prefix: str = "a",
    *,
    detail: Vector | None = None,
    images: Sequence[ImageFacts] | None = None,
    size: tuple[int, int] = (64, 64),
    method: Card = PLAIN.card,
    model: Card = MODEL,
) -> ScoreTable:
    """A table of these statistics; images are named after the prefix."""
    n = len(values)
    named = tuple(images) if images is not None else tuple(facts(f"{prefix}-{i}") for i in range(n))
    scored = np.array([image.error is None for image in named], dtype=np.bool_)
    value: Vector = np.array(values, dtype=np.float64)
    other: Vector = np.zeros(n) if detail is None else np.array(detail, dtype=np.float64)
    value[~scored] = np.nan
    other[~scored] = np.nan
    return ScoreTable(
        images=named,
        sizes=tuple(size if ok else None for ok in scored),
        scores=Scores(
            {
                "value": value,
                "detail": other,
            }
        ),
        model=model,
        method=method,
        measure=MEASURE,
    )
