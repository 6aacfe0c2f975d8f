"""False claims when an image is tried against every decoder at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wherefrom import evaluation, rules
from wherefrom.bench._lab import label
from wherefrom.bench._latent import RULES, decoders, images, learning
from wherefrom.bench.base import ALPHA, Row, Table

if TYPE_CHECKING:
    from wherefrom.bench._lab import Lab, Paths
    from wherefrom.core.arrays import Vector
    from wherefrom.methods.base import Method

__all__ = ["TABLE"]

PHOTOS: Final = "photos"


def _rows(lab: Lab) -> Iterator[Row]:
    names = decoders(lab)
    sources: dict[str, Paths] = {name: images(lab, name)[1] for name in names}
    sources[PHOTOS] = lab.photos(lab.setting.size)
    for how, method in learning(lab).items():
        asked = {name: _asked(lab, name, method, sources) for name in names}
        for source in sources:
            yield _claims(source, asked, how)


def _asked(lab: Lab, name: str, method: Method[Any], sources: Mapping[str, Paths]) -> dict[str, Vector]:
    """Statistics under one decoder of its known belongings (by an empty name) and of every source."""
    fit, known = lab.learned(name, method, images(lab, name)[0])
    found = {source: method.statistic(lab.scores(name, method, paths), fit) for source, paths in sources.items()}
    return {"": known[np.isfinite(known)], **found}


def _claims(source: str, asked: Mapping[str, Mapping[str, Vector]], how: str) -> Row:
    """Of one source's images: how many its own decoder claims, and how many any other one does."""
    counts = {}
    for rule in RULES:
        claimed = {name: found[source] <= rules.load(rule).threshold(found[""], ALPHA) for name, found in asked.items()}
        wrong = np.sum([hits for name, hits in claimed.items() if name != source], axis=0)
        total, fp = len(wrong), int(np.sum(wrong > 0))
        tp = int(np.sum(claimed[source])) if source in claimed else 0
        fn = total - tp if source in claimed else 0
        right, every = tp + total - fp, tp + fn + total
        low, high = evaluation.clopper_pearson(right, every)
        counts[rule] = {"tp": tp, "fp": fp, "fn": fn, "tn": total - fp, "accuracy": right / every}
        counts[rule] |= {"low": low, "high": high, "wrong claims an image": float(np.mean(wrong))}
    return Row(
        model=f"images: {source if source == PHOTOS else label(source)}",
        against=f"all {len(asked)} decoders at once",
        how=how,
        profiled=min(len(found[""]) for found in asked.values()),
        rules=counts,
        auc=None,
        tpr={"0.01": None},
        undefined=0,
    )


TABLE: Final = Table(
    title="An image against all decoders at once: TP, its own decoder claims it; FP, another one does",
    rules=RULES,
    rows=_rows,
)
