"""The decision of a bundle taken again: profiles and scores in, verdicts as rows out. No torch."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from wherefrom import rules
from wherefrom.attribution import Candidate, attribute, steady_attributions, steady_verdicts
from wherefrom.bundle.statement import Question
from wherefrom.core.card import Card
from wherefrom.core.plain import plain
from wherefrom.records.rows import attribution_row, verdict_row
from wherefrom.records.stability import Stability
from wherefrom.records.verdict import Attribution, Verdict

__all__ = ["CLOSE", "WORDS", "decided", "differences", "row_of"]

CLOSE: Final = 1e-9
"""How far numbers may lie apart, relative to the larger: other releases and processors round the last digits."""
_ZERO: Final = 1e-12
WORDS: Final = ("reason", "warnings")
"""What a verdict says in words, which another version may say in others."""
_DECIDED: Final = (
    "name",
    "error",
    "alpha",
    "beta",
    "decoder",
    "profile",
    "method",
    "method_options",
    "rule",
    "rule_options",
    "seed",
    "answer",
    "supported",
    "outcome",
    "statistic",
    "threshold",
    "p_belonging",
    "p_foreign",
    "conditions",
)
"""What is compared of a verdict, or of what is said of an image under several candidates; not when it was said."""
_OF_IMAGES: Final = ("file_digest", "pixel_digest", "scored_digest")


def decided(
    candidates: Sequence[Candidate],
    question: Question,
    when: datetime | None = None,
    stabilities: Sequence[Stability] = (),
) -> list[dict[str, Any]]:
    """What can be said of the images, as rows of JSON.

    Args:
        candidates: with profiles and scores.
        question: what is to be bounded, and by which rule.
        when: the time that the rows say.
        stabilities: what was said of each image after harmless changes, of which the answers are only those that are
            left; empty where no image was changed.

    Raises:
        ProfileError: as `wherefrom.attribution.attribute`.
        UsageError: as it, or when the method or the rule is not known here.
    """
    options: Any = question.rule_options
    rule = rules.from_card(Card(kind="rule", name=question.rule, facts=options))
    alpha, beta, edit = question.alpha, question.beta, question.edit
    if len(candidates) == 1:
        (only,) = candidates
        found = attribute(
            only.tables, profile=only.profile, alpha=alpha, beta=beta, rule=rule, edit=edit, when=when, file=None
        )
        left = steady_verdicts(found, stabilities, candidate=only.name) if stabilities else found
        return [row_of(verdict) for verdict in left]
    several = attribute(candidates, alpha=alpha, beta=beta, rule=rule, edit=edit, when=when)
    several = steady_attributions(several, stabilities) if stabilities else several
    return [row_of(item) for item in several]


def row_of(said: Verdict | Attribution) -> dict[str, Any]:
    """What is said of one image, as JSON has it: texts that are no UTF-8 are escaped.

    Args:
        said: of one image.
    """
    row = verdict_row(said) if isinstance(said, Verdict) else attribution_row(said, said.candidates)
    found: dict[str, Any] = json.loads(json.dumps(plain(_readable(row)), allow_nan=False))
    return found


def _readable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if isinstance(value, Mapping):
        return {_readable(key): _readable(item) for key, item in value.items()}
    return [_readable(item) for item in value] if isinstance(value, list | tuple) else value


def differences(
    said: Mapping[str, Any], again: Mapping[str, Any], fields: Sequence[str] = _DECIDED, *, close: float = CLOSE
) -> Iterator[str]:
    """Where a row is not what it is when the decision is taken again, each as a sentence's end with got and expected.

    Args:
        said: the row of the bundle.
        again: the row as it is found now.
        fields: that are compared, in rows and in the verdicts of their candidates.
        close: how far numbers may lie apart, relative to the larger.
    """
    for name in fields:
        if not _same(said.get(name), again.get(name), close):
            yield f"{name} {_shown(said.get(name))}, expected {_shown(again.get(name))}"
    image, expected = (_mapping(row.get("image")) for row in (said, again))
    for name in _OF_IMAGES if fields is _DECIDED else ():
        if image.get(name) != expected.get(name):
            yield f"{name} {_shown(image.get(name))}, expected {_shown(expected.get(name))}"
    verdicts, others = (_mapping(row.get("verdicts")) for row in (said, again))
    if list(verdicts) != list(others):
        yield f"verdicts of {_shown(list(verdicts))}, expected {_shown(list(others))}"
        return
    for name, verdict in verdicts.items():
        for difference in differences(_mapping(verdict), others[name], fields, close=close):
            yield f"of candidate {name!r}: {difference}"


def _same(this: Any, other: Any, close: float) -> bool:
    """Whether two values of JSON are the same, numbers nearly so."""
    if isinstance(this, bool) or isinstance(other, bool):
        return this is other
    if isinstance(this, float) or isinstance(other, float):
        both = isinstance(this, int | float) and isinstance(other, int | float)
        return both and math.isclose(this, other, rel_tol=close, abs_tol=_ZERO)
    if isinstance(this, dict) and isinstance(other, dict):
        return this.keys() == other.keys() and all(_same(this[key], other[key], close) for key in this)
    if isinstance(this, list) and isinstance(other, list):
        return len(this) == len(other) and all(_same(a, b, close) for a, b in zip(this, other, strict=True))
    return bool(this == other)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:120] + "…"
