"""All that a report of one image says, as plain values: the page shows them, and the JSON beside it holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from wherefrom.core.card import Fact
from wherefrom.evaluation.shares import Share
from wherefrom.records.profile import Coverage
from wherefrom.records.verdict import Outcome
from wherefrom.side_evidence import Finding

__all__ = [
    "SCHEMA",
    "Answer",
    "CandidateNumbers",
    "Difference",
    "FileFacts",
    "Group",
    "ImageReport",
    "MapNumbers",
    "StabilityRow",
    "Standing",
]

SCHEMA: Final = 1
"""Of the JSON beside a page; another one where a field changes its meaning or is gone."""


class Answer(StrEnum):
    """What a report says of an image, in the words of a person."""

    CONSISTENT = "consistent with"
    NOT_SUPPORTED = "does not support"
    OPEN = "cannot tell"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFacts:
    """The image in question.

    Attributes:
        name: as it was given.
        error: why it could not be read or scored; None where it was.
        bytes: length of the file.
        format: as `PNG`.
        width: columns of pixels.
        height: rows of pixels.
        file_digest: SHA-256 of the file, hexadecimal.
        pixel_digest: SHA-256 of the pixels and their size, hexadecimal.
        jpeg_quality: as estimated from the file's tables.
        changes: what was converted in reading.
        trailing_bytes: how many bytes follow the end of the image in the file; None where there are none, or where the
            format does not say where its image ends.
        changed: whether the file is another one since it was asked about, so that no picture of it is shown.
    """

    name: str
    error: str | None
    bytes: int | None
    format: str | None
    width: int | None
    height: int | None
    file_digest: str | None
    pixel_digest: str | None
    jpeg_quality: float | None
    changes: tuple[str, ...]
    trailing_bytes: int | None = None
    changed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Known images of one kind, with which the image is compared.

    Attributes:
        name: the pool's; of the decoder's own images, the candidate's.
        own: whether they are the decoder's own.
        images: how many there are.
        undefined: how many of these have no statistic.
        alike: of the decoder's own, how many score at least as high as the image; of a pool, how many score at most as
            low. None where the image is not ranked.
        wrong: of the decoder's own, how many would be overlooked; of a pool, how many would be taken for the decoder's.
            Each image is ranked among the others.
        bound: on the share of such mistakes, as promised; None where none is.
        unfit: why a pool bounds nothing; None where it does.
        counts: images in each of the bins of `Standing`.
    """

    name: str
    own: bool
    images: int
    undefined: int
    alike: Share | None
    wrong: Share
    bound: float | None
    unfit: str | None
    counts: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """The axis on which an image stands among known ones: low is near to what the decoder makes.

    Attributes:
        edges: of the bins.
        logarithmic: whether the axis is.
        limit: beyond which an image does not rank as one of the decoder's own; None where there is none.
    """

    edges: tuple[float, ...]
    logarithmic: bool
    limit: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """How far an image is from what a decoder makes of it.

    Attributes:
        width: columns of the part that is shown.
        height: rows.
        left: the column at which it starts.
        top: the row.
        levels: the largest value of a pixel's channel.
        mean: absolute difference of these values, over pixels and channels.
        largest: the largest such difference.
        gain: by how much the picture of the difference is brightened.
    """

    width: int
    height: int
    left: int
    top: int
    levels: int
    mean: float
    largest: int
    gain: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CandidateNumbers:
    """What is said of one decoder that may have made the image.

    Attributes:
        name: of the candidate, as the profile's file is named.
        label: that sentences name it by: the model's name where no other candidate has it, else the candidate's.
        model: the model's name.
        decoder: SHA-256 of the decoder's weights, hexadecimal.
        outcome: as verdicts name it.
        answer: in the words of a person.
        reason: of the verdict.
        statistic: the image's; None where undefined.
        ranked: whether the image has a place among the known ones.
        p_belonging: how often an own image scores at least as high.
        p_foreign: by pool, how often one of its images scores at most as low.
        alpha: the bound on overlooked images.
        beta: the bound on images that are taken for the decoder's, over all candidates together.
        level: what remains of beta for one of several candidates.
        warnings: what speaks against believing it.
        conditions: of the profile that cover the image.
        condition: whose known images are shown.
        groups: the decoder's own images first, then the pools.
        standing: the axis.
        coverage: for which images the error rates hold.
        method: its name.
        method_options: all of them.
        rule: where the limit is.
        rule_options: all of them.
        seed: of the scores.
        profile: SHA-256 of the profile, hexadecimal.
        profile_version: of wherefrom, which made the profile.
        difference: between the image and what the decoder makes of it; None where that was not looked at.
    """

    name: str
    label: str
    model: str
    decoder: str
    outcome: Outcome
    answer: Answer
    reason: str
    statistic: float | None
    ranked: bool
    p_belonging: float | None
    p_foreign: Mapping[str, float]
    alpha: float
    beta: float
    level: float
    warnings: tuple[str, ...]
    conditions: tuple[str, ...]
    condition: str
    groups: tuple[Group, ...]
    standing: Standing
    coverage: Coverage
    method: str
    method_options: Mapping[str, Fact]
    rule: str
    rule_options: Mapping[str, Fact]
    seed: int
    profile: str
    profile_version: str
    difference: Difference | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MapNumbers:
    """Where in the image the evidence for one candidate lies.

    Attributes:
        candidate: its name, as the profile's file is named.
        tile: side of the tiles that were looked at, in pixels.
        judged: share of the area that holds evidence, in [0, 1].
        supports: share of that area which supports the candidate, in [0, 1]; None where none holds evidence.
        note: what is to be said of it in a sentence; empty for nothing.
    """

    candidate: str
    tile: int
    judged: float
    supports: float | None
    note: str = ""


class StabilityRow(Protocol):
    """What is read of an answer after one harmless change: a frozen dataclass, so that JSON has all of its fields."""

    @property
    def words(self) -> str:
        """What was done, as `saved as JPEG of quality 95`."""
        ...

    @property
    def outcomes(self) -> Mapping[str, Outcome]:
        """By the candidate's name."""
        ...

    @property
    def covered(self) -> Mapping[str, bool]:
        """By the candidate's name, whether its profile speaks for images after such a change."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageReport:
    """All that a report of one image says.

    Attributes:
        image: the file.
        question: in one sentence.
        answer: in one sentence.
        kind: of answer.
        reason: of all candidates together; of one alone, its verdict's.
        candidates: in the order in which they were given.
        decoders: how many different decoders these are.
        confidence: of every interval.
        would_change: what could lead to another answer, a sentence each.
        maps: where the evidence lies, where that was asked for.
        without_map: why there is no map, by the names of candidates that have none although that was asked for.
        stability: what becomes of the answer, where that was asked for.
        side_evidence: what the file says of itself, one a source; the answer does not depend on it.
        version: of wherefrom, which decided.
        releases: of packages on the machine that wrote the report.
        time: when it was decided, in UTC.
        command: what was typed; None where the report was made from Python.
    """

    image: FileFacts
    question: str
    answer: str
    kind: Answer
    reason: str
    candidates: tuple[CandidateNumbers, ...]
    decoders: int
    confidence: float
    would_change: tuple[str, ...]
    version: str
    releases: Mapping[str, str]
    time: str
    command: str | None = None
    maps: tuple[MapNumbers, ...] = ()
    without_map: Mapping[str, str] = field(default_factory=dict)
    stability: tuple[StabilityRow, ...] = ()
    side_evidence: tuple[Finding, ...] = ()
