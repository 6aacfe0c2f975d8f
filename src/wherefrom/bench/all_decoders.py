"""False claims when an image is tried against every decoder at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from wherefrom.bench.base import ALPHA, Row, Table
from wherefrom.bench.shared.latent import RULES, decoders, images, learning
from wherefrom.bench.shared.setting import label
from wherefrom.evaluation import share
from wherefrom.judging import judge

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Paths, Workspace
    from wherefrom.methods.base import Method
    from wherefrom.records.profile import Profile
    from wherefrom.records.table import ScoreTable

__all__ = ["TABLE"]

PHOTOS: Final = "photos"


def _rows(workspace: Workspace) -> Iterator[Row]:
    names = decoders(workspace)
    sources: dict[str, Paths] = {name: images(workspace, name)[1] for name in names}
    sources[PHOTOS] = workspace.photos(workspace.setting.size)
    for way, method in learning(workspace).items():
        profiles = {name: workspace.profile(name, method, images(workspace, name)[0]) for name in names}
        for source, paths in sources.items():
            tables = {name: workspace.table(name, method, paths) for name in names}
            yield _claims(source, profiles, tables, way, method)


def _claims(
    source: str, profiles: Mapping[str, Profile], tables: Mapping[str, ScoreTable], way: str, method: Method[Any]
) -> Row:
    """Of one source's images: how many its own decoder claims, and how many any other one does."""
    counts = {}
    for rule in RULES:
        claimed = {name: _claimed(tables[name], profile, rule, method) for name, profile in profiles.items()}
        wrong = np.sum([hits for name, hits in claimed.items() if name != source], axis=0)
        total, fp = len(wrong), int(np.count_nonzero(wrong))
        tp = int(np.count_nonzero(claimed[source])) if source in claimed else 0
        fn = total - tp if source in claimed else 0
        right = share(tp + total - fp, tp + fn + total)
        counts[rule] = {"tp": tp, "fp": fp, "fn": fn, "tn": total - fp, "accuracy": right.value}
        counts[rule] |= {"low": right.low, "high": right.high, "wrong claims an image": float(np.mean(wrong))}
    return Row(
        model=f"images: {source if source == PHOTOS else label(source)}",
        against=f"all {len(profiles)} decoders at once",
        how=way,
        profiled=min(len(profile.statistic) for profile in profiles.values()),
        rules=counts,
        auc=None,
        tpr={"0.01": None},
        undefined=0,
    )


def _claimed(table: ScoreTable, profile: Profile, rule: str, method: Method[Any]) -> npt.NDArray[np.bool_]:
    """Which images rank as a belonging of one decoder."""
    verdicts = judge(table, profile=profile, rule=rule, alpha=ALPHA, outside="judge", method=method)
    return np.array([verdict.belonging is True for verdict in verdicts])


TABLE: Final = Table(
    title="An image against all decoders at once: TP, its own decoder claims it; FP, another one does",
    rules=RULES,
    rows=_rows,
)
