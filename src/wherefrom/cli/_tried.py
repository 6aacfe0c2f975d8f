"""An evaluation on images of known origin as tables for a person."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from wherefrom.cli._output import emit_table
from wherefrom.records.verdict import Outcome

if TYPE_CHECKING:
    from wherefrom.evaluation import AUC, CandidateRates, KindRates, Sensitivity, Share, Trial

__all__ = ["show_trial"]


def show_trial(trial: Trial) -> None:
    """Print a table a candidate and edit: a row a kind, and what was not counted or not decided.

    Args:
        trial: what is printed.
    """
    for rates in trial.rates:
        after = "as they are" if rates.edit == "none" else f"after {rates.edit}"
        headers = ("kind", "images", "SUPPORTED", "EXCLUDED", "UNDECIDED", "AUC", f"found at {trial.fpr:g} FPR")
        emit_table(
            headers,
            [_row(kind) for kind in rates.kinds.values()],
            title=f"Candidate {rates.candidate}, images {after}",
            folded="kind",
        )
        emit_table(("of all kinds", f"share, {trial.confidence:.0%} interval"), _together(rates, trial), folded=None)
        reasons = [("UNDECIDED", count, why) for why, count in rates.abstentions.items()]
        reasons += [("not counted", count, why) for why, count in rates.left_out.items()]
        if reasons:
            emit_table(("", "images", "reason"), reasons, folded="reason")
    for edit, kinds in trial.answers.items():
        after = "as they are" if edit == "none" else f"after {edit}"
        columns = list(dict.fromkeys(answer for answers in kinds.values() for answer in answers))
        rows = [(kind, *(_counted(answers.get(answer)) or 0 for answer in columns)) for kind, answers in kinds.items()]
        emit_table(("kind", *columns), rows, title=f"Answers among all candidates, images {after}", folded="kind")


def _row(kind: KindRates) -> tuple[object, ...]:
    outcomes = kind.outcomes
    return (
        f"{kind.kind} (belongings)" if kind.belongs else kind.kind,
        kind.images,
        *(_counted(outcomes.get(outcome)) for outcome in (Outcome.SUPPORTED, Outcome.EXCLUDED, Outcome.UNDECIDED)),
        _number(kind.auc),
        _number(kind.tpr),
    )


def _together(rates: CandidateRates, trial: Trial) -> list[tuple[str, str]]:
    shares = {
        f"belongings missed, alpha={trial.alpha:g}": rates.missed,
        "belongings found": rates.found,
        f"false claims, beta={trial.beta:g}": rates.false_claims,
        "decided images decided rightly": rates.accuracy,
        "all images treated rightly": rates.right,
        "images of which something is said": rates.coverage,
    }
    rows = [(name, _counted(share) or "no image") for name, share in shares.items()]
    rows.append(("AUC", _number(rates.auc) or "undefined"))
    few = f"too few foreign images: needs {math.ceil(1 / trial.fpr)}"
    rows.append((f"found at {trial.fpr:g} FPR", _number(rates.tpr) or few))
    if rates.cllr is not None:
        rows.append(("cost of likelihood ratios, bits", f"{rates.cllr.value:.3f}, at best {rates.cllr.minimum:.3f}"))
    return rows


def _counted(share: Share | None) -> str | None:
    """A share as a count, in per cent, and with its interval."""
    if share is None:
        return None
    ends = f"{100 * share.low:.1f} to {100 * share.high:.1f} %"
    return f"{share.count} of {share.total} ({100 * share.value:.3g} %, {ends})"


def _number(figure: AUC | Sensitivity | None) -> str | None:
    return None if figure is None else f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"
