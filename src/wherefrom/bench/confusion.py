"""Which decoder each image is attributed to, where every decoder is a candidate for every image.

Scores become profiles and profiles answers by the functions that a user calls, all candidates together, so that false
claims are bounded over all of them. The halves of the photos change places against the tables of edits: the profiles
are made of the images that `edits-known` judges, whose scores can then be used again, pools included, and the images in
question are made of the other half. Every other photo of that half is asked about, since each image in question is
asked of every candidate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from wherefrom.attribution import Candidate, attribute
from wherefrom.bench.base import ALPHA, Table
from wherefrom.bench.shared.latent import KNOWN, KNOWN_ASKED, USUAL, asked, decoders, images, photos_and_others
from wherefrom.bench.shared.rows import share_of
from wherefrom.bench.shared.scored import profile_of, read_as
from wherefrom.bench.shared.setting import label
from wherefrom.core.errors import NoTrace
from wherefrom.core.shares import fewest
from wherefrom.methods.spectral import Spectral
from wherefrom.records.verdict import Outcome

if TYPE_CHECKING:
    from wherefrom.bench.shared.workspace import Paths, Workspace
    from wherefrom.methods.base import Method
    from wherefrom.records.profile import Profile
    from wherefrom.records.table import ScoreTable
    from wherefrom.records.verdict import Attribution

__all__ = ["TABLE", "ConfusionRow", "counted", "markdown"]

BETA: Final = 0.05
"""The bound on a false claim for any candidate, in profiles of as many images as the other tables have."""
PHOTOS: Final = "photos"
_EDITS: Final = ("none", "jpeg:90", "jpeg:75")
_ONE_IN: Final = 2
_ONE_IN_QUICK: Final = 4
WAYS: Final[Mapping[str, Sequence[Method[Any]]]] = {
    USUAL: (KNOWN[USUAL], Spectral()),
    "spectral": (Spectral(),),
}
"""The methods that are tried for each candidate, in their order: the first that finds a trace in its belongings."""
_TIE, _NONE, _COMPATIBLE, _UNDECIDED = "several", "none of these", "compatible", "undecided"
_OTHER_ANSWERS: Final = (_TIE, _NONE, _COMPATIBLE, _UNDECIDED)


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfusionRow:
    """What is said of the images of one origin.

    Attributes:
        size: pixels a side.
        edit: that all images went through, those of the profiles too.
        how: what the candidates were asked by.
        made_by: the decoder that made them, or `photos`.
        images: how many.
        answers: how many have each answer: a candidate by name alone, several candidates, none of these, compatible
            with some, undecided.
        found: the share for which the decoder that made them is SUPPORTED; None where it is no candidate.
        missed: the share for which it is EXCLUDED; None likewise.
        false_claims: the share for which any other candidate is SUPPORTED.
    """

    size: int
    edit: str
    how: str
    made_by: str
    images: int
    answers: Mapping[str, int]
    found: Mapping[str, float] | None
    missed: Mapping[str, float] | None
    false_claims: Mapping[str, float]


def _rows(workspace: Workspace) -> Iterator[ConfusionRow]:
    names = asked(workspace)
    _say_what_bounds(workspace, len(names))
    questions = _questions(workspace)
    for edit in workspace.setting.edits or _EDITS:
        ways = {way: {name: _profiled(workspace, name, edit, tried) for name in names} for way, tried in WAYS.items()}
        for made_by, paths in questions.items():
            tables = {name: _table(workspace, name, edit, paths) for name in names}
            for way, profiled in ways.items():
                candidates = [_candidate(name, *profiled[name], table) for name, table in tables.items()]
                attributions = attribute(candidates, alpha=ALPHA, beta=BETA, edit=edit)
                yield counted(attributions, made_by, size=workspace.setting.size, edit=edit, how=way)


def _say_what_bounds(workspace: Workspace, candidates: int) -> None:
    """Say where there are too few images for any claim."""
    needed, count = fewest(BETA / candidates), workspace.setting.count
    if count < needed:
        workspace.skip(
            f"claims: {candidates} candidates at beta={BETA:g} together need pools of {needed} images,"
            f" --count is {count}"
        )


def _questions(workspace: Workspace) -> dict[str, Paths]:
    """The images in question, by the decoder that made them; photos last."""
    one_in = _ONE_IN_QUICK if workspace.setting.quick else _ONE_IN
    own = {name: images(workspace, name)[0][::one_in] for name in decoders(workspace)}
    return {**own, PHOTOS: workspace.photos(workspace.setting.size, profiled=True)[::one_in]}


def _table(workspace: Workspace, name: str, edit: str, paths: Paths) -> ScoreTable:
    """Images after an edit, under a candidate that is asked through what the edit moved."""
    return workspace.table(name, KNOWN_ASKED, workspace.edited(paths, edit), through=edit)


def _profiled(
    workspace: Workspace, name: str, edit: str, methods: Sequence[Method[Any]]
) -> tuple[Profile, Method[Any]]:
    """A decoder's profile, of the first of the methods that finds a trace, and that method.

    Raises:
        NoTrace: when none does.
    """
    method, *further = methods
    known = read_as(_table(workspace, name, edit, images(workspace, name)[1]), method)
    others = photos_and_others(workspace, name)
    pools = {pool: read_as(_table(workspace, name, edit, paths), method) for pool, paths in others.items()}
    try:
        return replace(profile_of(method, known, pools), edit=edit), method
    except NoTrace:
        if not further:
            raise
        tried, instead = method.card.name, further[0].card.name
        workspace.skip(f"{tried} of {label(name)} after {edit}: it finds no trace there, {instead} is asked instead")
        return _profiled(workspace, name, edit, further)


def _candidate(name: str, profile: Profile, method: Method[Any], table: ScoreTable) -> Candidate:
    """A decoder as a candidate for the images in question."""
    return Candidate(name=name, profile=profile, method=method, tables={profile.edit: read_as(table, method)})


def counted(attributions: Sequence[Attribution], made_by: str, *, size: int, edit: str, how: str) -> ConfusionRow:
    """Answers on images of one origin, counted.

    Args:
        attributions: one an image, among candidates by the names of models.
        made_by: the model that made all of these, or `photos`.
        size: pixels a side.
        edit: that they went through.
        how: what the candidates were asked by.
    """
    outcomes = [
        dict(zip(item.candidates, (verdict.outcome for verdict in item.verdicts), strict=True)) for item in attributions
    ]
    supported = [
        [name for name, outcome in by_candidate.items() if outcome is Outcome.SUPPORTED] for by_candidate in outcomes
    ]
    answers = Counter(_answer(names, item.answer) for names, item in zip(supported, attributions, strict=True))
    own = [by_candidate[made_by] for by_candidate in outcomes if made_by in by_candidate]
    return ConfusionRow(
        size=size,
        edit=edit,
        how=how,
        made_by=label(made_by),
        images=len(attributions),
        answers={name: answers[name] for name in (*map(label, attributions[0].candidates), *_OTHER_ANSWERS)},
        found=share_of(own.count(Outcome.SUPPORTED), len(own)) if own else None,
        missed=share_of(own.count(Outcome.EXCLUDED), len(own)) if own else None,
        false_claims=share_of(sum(bool({*names} - {made_by}) for names in supported), len(attributions)),
    )


def _answer(supported: Sequence[str], answer_given: str) -> str:
    """The column that an answer is counted in."""
    if supported:
        return label(supported[0]) if len(supported) == 1 else _TIE
    return next((answer for answer in _OTHER_ANSWERS if answer_given.startswith(answer)), _UNDECIDED)


def markdown(document: Mapping[str, Any]) -> str:
    """The table in Markdown, one for each edit and way of asking, from its document."""
    parts: dict[tuple[int, str, str], list[Mapping[str, Any]]] = {}
    for row in document["rows"]:
        parts.setdefault((row["size"], row["edit"], row["how"]), []).append(row)
    lines = [f"Bounds: misses of each candidate {document['alpha']:g}, a false claim {document['beta']:g}.", ""]
    for (size, edit, way), rows in parts.items():
        answers = list(rows[0]["answers"])
        head = ["made by", "images", *answers, "found, 95 % interval", "excluded", "falsely claimed"]
        lines += [f"{size} px, edit {edit}, asked by {way}:", ""]
        lines += [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
        for row in rows:
            counts = [str(row["answers"][answer]) for answer in answers]
            shares = [_shown(row[name]) for name in ("found", "missed", "false_claims")]
            lines.append(f"| {' | '.join([row['made_by'], str(row['images']), *counts, *shares])} |")
        lines += ["", _sum_of(rows), ""]
    return "\n".join(lines[:-1])


def _sum_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """All rows of one edit and way together."""
    total = sum(row["images"] for row in rows)
    wrong = share_of(sum(row["false_claims"]["count"] for row in rows), total)
    own = [row for row in rows if row["found"] is not None]
    sentence = f"- all {total} images: falsely claimed {_shown(wrong)}"
    if not own:
        return sentence
    asked_about = sum(row["images"] for row in own)
    supported = share_of(sum(row["found"]["count"] for row in own), asked_about)
    missed = share_of(sum(row["missed"]["count"] for row in own), asked_about)
    return f"{sentence}; {asked_about} of candidates: found {_shown(supported)}, excluded {_shown(missed)}"


def _shown(share: Mapping[str, float] | None) -> str:
    if share is None:
        return "-"
    return f"{share['share']:.3f} ({share['low']:.3f} to {share['high']:.3f})"


TABLE: Final = Table(
    title="Which decoder each image is attributed to, where every decoder is a candidate for every image",
    rules=(),
    rows=_rows,
    markdown=markdown,
    facts={"alpha": ALPHA, "beta": BETA},
)
