"""`attribute --early`: methods that leave an image's search once its verdict is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wherefrom.attribution import Candidate
    from wherefrom.rules.base import Rule

__all__ = ["left_early"]


def left_early(candidates: Sequence[Candidate], *, alpha: float, beta: float, rule: Rule) -> tuple[Candidate, ...]:
    """The candidates with methods that leave an image's search once its verdict is known.

    Args:
        candidates: that are asked.
        alpha: as for `attribute`.
        beta: as for `attribute`.
        rule: as for `attribute`.

    Raises:
        UsageError: when a method does not search.
    """
    from wherefrom import methods
    from wherefrom.judging import decoder_of, early

    count = len({decoder_of(each.profile) for each in candidates})
    return tuple(
        replace(
            each,
            method=early(
                methods.from_card(each.profile.method),
                each.profile,
                alpha=alpha,
                beta=beta,
                rule=rule,
                candidates=count,
            ),
        )
        for each in candidates
    )
