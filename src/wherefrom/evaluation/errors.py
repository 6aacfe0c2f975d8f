"""What verdicts on images of known origin got right and wrong.

A true positive is a belonging that is claimed, a false positive a foreign image that is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from wherefrom.evaluation.shares import Share, share
from wherefrom.records.verdict import Outcome, Verdict

__all__ = ["Confusion", "confusion"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Confusion:
    """What was said of images whose origin is known, by the papers' yes or no (`Verdict.belonging`).

    Attributes:
        tp: belongings that rank as one.
        fp: foreign images that do.
        fn: belongings that were excluded.
        tn: foreign images that were.
        undecided_belonging: belongings of which nothing was said.
        undecided_foreign: foreign images of which nothing was said.
        supported_belonging: belongings that were SUPPORTED; part of `tp`.
        supported_foreign: foreign images that were, the false claims that beta bounds; part of `fp`.
    """

    tp: int
    fp: int
    fn: int
    tn: int
    undecided_belonging: int = 0
    undecided_foreign: int = 0
    supported_belonging: int = 0
    supported_foreign: int = 0

    @property
    def undecided(self) -> int:
        """Images of either kind of which nothing was said."""
        return self.undecided_belonging + self.undecided_foreign

    @property
    def accuracy(self) -> float:
        """The share of decided images that were decided rightly; NaN when none was decided."""
        decided = self.tp + self.fp + self.fn + self.tn
        return (self.tp + self.tn) / decided if decided else math.nan

    @property
    def coverage(self) -> Share:
        """The share of all images that something was said of.

        Raises:
            UsageError: when there is no image.
        """
        decided = self.tp + self.fp + self.fn + self.tn
        return share(decided, decided + self.undecided)

    @property
    def right(self) -> Share:
        """The share of all images that are treated rightly: belongings claimed and foreign images not claimed.

        An image of which nothing was said is not claimed: a mistake of a belonging, and right of a foreign image.

        Raises:
            UsageError: when there is no image.
        """
        counted = self.undecided_as_unclaimed()
        return share(counted.tp + counted.tn, counted.tp + counted.fp + counted.fn + counted.tn)

    def undecided_as_unclaimed(self) -> Confusion:
        """The same counts where an image of which nothing was said counts as not claimed."""
        return replace(
            self,
            fn=self.fn + self.undecided_belonging,
            tn=self.tn + self.undecided_foreign,
            undecided_belonging=0,
            undecided_foreign=0,
        )


def confusion(belonging: Iterable[Verdict], foreign: Iterable[Verdict]) -> Confusion:
    """Counts of what was said of known belongings and of known foreign images.

    Args:
        belonging: verdicts of images that the model made.
        foreign: verdicts of images that it did not make.
    """
    ours, theirs = list(belonging), list(foreign)
    return Confusion(
        tp=sum(verdict.belonging is True for verdict in ours),
        fp=sum(verdict.belonging is True for verdict in theirs),
        fn=sum(verdict.belonging is False for verdict in ours),
        tn=sum(verdict.belonging is False for verdict in theirs),
        undecided_belonging=sum(verdict.belonging is None for verdict in ours),
        undecided_foreign=sum(verdict.belonging is None for verdict in theirs),
        supported_belonging=sum(verdict.outcome is Outcome.SUPPORTED for verdict in ours),
        supported_foreign=sum(verdict.outcome is Outcome.SUPPORTED for verdict in theirs),
    )
