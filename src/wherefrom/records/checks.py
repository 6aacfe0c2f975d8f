"""What must hold of score tables before they are compared: asked alike, no image twice; and halves by hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from wherefrom.core.card import Card, as_asked
from wherefrom.core.errors import ProfileError
from wherefrom.records.table import ScoreTable

__all__ = ["Provenance", "halves", "refuse_duplicates", "refuse_other_provenance"]

Provenance = tuple[Card, Card, int]
"""Model, measure and root seed: how a table's columns came about."""


def refuse_other_provenance(name: str, this: Provenance, other_name: str, other: Provenance) -> None:
    """Refuse to compare scores that came from different models, measures or seeds.

    Args:
        name: of the first scores, for the message.
        this: the cards of their model and measure, and their root seed.
        other_name: of the second scores.
        other: the same of them.

    Raises:
        ProfileError: with every fact that differs, this one first.
    """
    asked, others = ((as_asked(model, measure), measure) for model, measure, _ in (this, other))
    pairs = [(here, there) for here, there in zip(asked, others, strict=True) if here.digest != there.digest]
    changed = [f"{here.kind} {row}" for here, there in pairs for row in _differences(here, there)]
    if this[2] != other[2]:
        changed.append(f"root seed: {this[2]}, {other[2]}")
    if changed:
        raise ProfileError(
            f"{name} and {other_name} were not scored in the same way ({'; '.join(changed)}): "
            "score them again with one model, device, dtype, measure and seed"
        )


def _differences(this: Card, other: Card) -> tuple[str, ...]:
    rows = this.differences(other)
    return rows if rows and this.name == other.name else (f"name: {this.name!r}, {other.name!r}", *rows)


def refuse_duplicates(belonging: ScoreTable, foreign: Mapping[str, ScoreTable]) -> None:
    """Refuse the same pixels twice among belongings, twice in a pool, or on both sides: as stored, or as scored.

    A rank among n images is a rank among n different ones; an image on both sides is known to be neither.

    Args:
        belonging: scores of the belongings.
        foreign: scores of each pool, by its name.

    Raises:
        ProfileError: naming both files of the first pair, and how many pairs there are.
    """
    seen: dict[str, tuple[str, str]] = {}
    pairs = _pairs("the belongings", belonging, seen)
    for name, table in foreign.items():
        pairs += _pairs(f"pool {name!r}", table, dict(seen))
    if pairs:
        more = f" ({len(pairs)} such pairs)" if len(pairs) > 1 else ""
        raise ProfileError(f"{pairs[0]} have the same pixels where they are scored{more}: keep one of them")


def _pairs(place: str, table: ScoreTable, seen: dict[str, tuple[str, str]]) -> list[str]:
    """Pairs of files of equal pixels; adds this table's images to `seen`."""
    pairs = []
    for facts in table.images:
        if facts.error is not None:
            continue
        if facts.pixel_digest is None:
            raise ProfileError(f"{facts.name} in {place} has no digest of its pixels: score it again")
        first = next((seen[digest] for digest in sorted(facts.digests) if digest in seen), None)
        if first is not None:
            pairs.append(f"{first[0]} in {first[1]} and {facts.name} in {place}")
        for digest in facts.digests:
            seen.setdefault(digest, (facts.name, place))
    return pairs


def halves(digests: Sequence[str]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Two halves of a set of different images, by a hash of their pixel digests: the same in whatever order they come.

    Returns:
        Row numbers of the half to learn from and of the half to rank among, ascending; the odd one is ranked.
    """
    keys = [hashlib.sha256(f"half:{digest}".encode()).digest() for digest in digests]
    order = np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.intp)
    cut = len(order) // 2
    return np.sort(order[:cut]), np.sort(order[cut:])
