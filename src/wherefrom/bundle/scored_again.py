"""Scores of a bundle compared with those that the models give now. What asks the models is handed in: no torch here."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

import numpy as np

from wherefrom.attribution import Candidate
from wherefrom.bundle.content import Content
from wherefrom.bundle.deciding import decided, differences
from wherefrom.bundle.results import NotLookedAt, Refused
from wherefrom.core.errors import ProfileError, WherefromError
from wherefrom.core.units import ROUNDING
from wherefrom.records.stability import Stability
from wherefrom.records.table import ScoreTable

__all__ = ["PASSES", "SEARCHED", "ScoreAgain", "compared", "tolerance_of"]

PASSES: Final = 1e-3
"""How far scores of passes through a model may lie apart, relative, where batch, release or device differ ..."""
SEARCHED: Final = 0.05
"""... and of searches, and of what is stored as JPEG in between, which amplify a rounding."""
_AMPLIFYING: Final = ("search", "stored-passes")
"""What the name of a measure, or of a fact of it, ends in where a rounding is amplified."""
_LOGARITHM: Final = "log"
_DEVICE: Final = "device"
_TILE: Final = re.compile(r"#\d+,\d+$")
_OUTCOMES: Final = ("name", "answer", "supported", "outcome")


class ScoreAgain(Protocol):
    """What asks the models again."""

    def __call__(
        self, candidates: Sequence[Candidate], images: Mapping[str, bytes], *, edit: str | None
    ) -> Sequence[Candidate]:
        """The candidates with new scores of the images.

        Args:
            candidates: with their profiles.
            images: bytes of files, by the images' names.
            edit: the only condition that is asked about; None: all.
        """


def compared(content: Content, given: Iterable[bytes], score_again: ScoreAgain, tolerance: float | None) -> str:
    """Scores and verdicts of a bundle beside those that the models give now, as one sentence.

    Args:
        content: of the bundle.
        given: bytes of images, beside those that the bundle holds.
        score_again: asks the models.
        tolerance: how far scores may lie apart, relative; None: as stated for what was measured.

    Raises:
        Refused: when scores lie further apart, or give another outcome.
        NotLookedAt: when no image of the bundle is at hand.
    """
    images = _at_hand(content, given)
    try:
        again = score_again(content.candidates, images, edit=content.predicate.question.edit)
    except ProfileError as error:
        raise Refused(f"the images cannot be scored again: {error}") from error
    furthest = 0.0
    for candidate, other in zip(content.candidates, again, strict=True):
        for edit, table in candidate.tables.items():
            if edit in other.tables:
                furthest = max(furthest, _furthest(table, other.tables[edit], tolerance))
    rows = _decided_again(again, content)
    for said in content.predicate.verdicts:
        if said["name"] in rows:
            for difference in differences(said, rows[str(said["name"])], _OUTCOMES):
                raise Refused(f"scored again, {said['name']!r} has another outcome: {difference}")
    return (
        f"{len(images)} of {len(content.predicate.images)} images scored again: no outcome is another, no score further"
        f" from its own than {furthest:.2g} of the tolerance"
    )


def _decided_again(again: Sequence[Candidate], content: Content) -> dict[str, Mapping[str, Any]]:
    """What is said of the images by the scores of now, by their names.

    A table takes the profile's device, as the tolerance is what another one is allowed.

    Raises:
        Refused: when nothing can be said.
    """
    question = content.predicate.question
    as_profiled = [
        replace(each, tables={edit: _on_profiled_device(table, each) for edit, table in each.tables.items()})
        for each in again
    ]
    try:
        return {row["name"]: row for row in decided(as_profiled, question, stabilities=_of_images(content, again))}
    except WherefromError as error:
        raise Refused(f"scored again, no verdict can be taken: {error}") from error


def _of_images(content: Content, again: Sequence[Candidate]) -> list[Stability]:
    """What is stated of the images that were scored again after harmless changes, which is not tried again."""
    stated = {each.name: each for each in content.stabilities}
    order = [facts.name for facts in next(iter(again[0].tables.values())).images]
    return [stated[name] for name in order if name in stated]


def _on_profiled_device(table: ScoreTable, candidate: Candidate) -> ScoreTable:
    facts = {**table.model.facts, _DEVICE: candidate.profile.model.facts.get(_DEVICE)}
    return replace(table, model=replace(table.model, facts=facts))


def _at_hand(content: Content, given: Iterable[bytes]) -> dict[str, bytes]:
    """Bytes of the bundle's images, those that are in it and those that were given, by the images' names.

    Raises:
        NotLookedAt: when there are none, or they are tiles.
    """
    digests = {hashlib.sha256(data).hexdigest(): data for data in given}
    found = {}
    for entry in content.predicate.images:
        if _TILE.search(entry.name):
            raise NotLookedAt(f"the bundle speaks of tiles, as {entry.name!r}, which are not scored again")
        if entry.file is not None:
            found[entry.name] = content.read(entry.file)
        elif entry.file_digest in digests:
            found[entry.name] = digests[entry.file_digest]
    if not found:
        raise NotLookedAt("no image of the bundle is at hand: give its file")
    return found


def tolerance_of(table: ScoreTable) -> float:
    """How far scores of one measure may lie apart, relative, when they are computed elsewhere.

    Args:
        table: of the scores.
    """
    names = (table.measure.name, *table.measure.facts)
    return SEARCHED if any(name.endswith(_AMPLIFYING) for name in names) else PASSES


def _furthest(said: ScoreTable, again: ScoreTable, tolerance: float | None) -> float:
    """The largest difference of two tables in tolerances; at most 1.

    Raises:
        Refused: when a score lies further from the other.
    """
    share = tolerance_of(said) if tolerance is None else tolerance
    places = {facts.name: row for row, facts in enumerate(said.images)}
    rows = [places[facts.name] for facts in again.images]
    if said.scores.names != again.scores.names and again.scores.names:
        raise Refused(f"scored again, the columns are {again.scores.names[:3]}, expected {said.scores.names[:3]}")
    furthest = 0.0
    for name in again.scores.names:
        before, now = said.scores[name][rows], again.scores[name]
        allowed = share * np.maximum(np.abs(before), 1.0 if name.startswith(_LOGARITHM) else ROUNDING)
        distance = np.where(np.isnan(before) & np.isnan(now), 0.0, np.abs(before - now) / allowed)
        worst = int(np.argmax(np.where(np.isnan(distance), np.inf, distance)))
        if not distance[worst] <= 1.0:
            raise Refused(
                f"scored again, column {name} of {again.images[worst].name!r} is {now[worst]:.6g}, the bundle says"
                f" {before[worst]:.6g}: further apart than {share:g} relative"
            )
        furthest = max(furthest, float(distance[worst]))
    return furthest
