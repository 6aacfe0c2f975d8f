"""What a profile holds and which error rates it can bound, for a person and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wherefrom.cli._output import emit, emit_table, note
from wherefrom.cli._work import named, through_of

if TYPE_CHECKING:
    from wherefrom.core.arrays import Vector
    from wherefrom.records.profile import Profile

__all__ = ["show_profile", "summaries", "warn"]

_ALPHA: Final = 0.05
_BETA: Final = 0.01
_MOST: Final = 5  # omitted images that are named one by one


def warn(profile: Profile) -> None:
    """What a person should know before the profile is used, on stderr: never kept quiet."""
    for warning in profile.warnings:
        note(f"warning: {warning}")
    for edit, condition in profile.conditions.items():
        _warn(condition, f"condition {edit}: " if profile.further else "")
    if not profile.foreign:
        note("warning: no pool of non-belongings: without one, no image can be SUPPORTED; add --pool NAME=DIR")


def _warn(profile: Profile, start: str) -> None:
    """What a person should know of one condition."""
    for name, values in profile.foreign_statistic.items():
        count, undefined, needed = len(values), _undefined(values), _fewest(_BETA)
        if undefined:
            note(
                f"note: {start}{undefined} of {count} images of pool {name!r} have no statistic, and count as never"
                " claimed"
            )
        if count < needed:
            note(
                f"warning: {start}pool {name!r} has {count} images, beta={_BETA:g} needs {needed}:"
                " without, none is SUPPORTED"
            )
    for omission in profile.omitted[:_MOST]:
        place = "belongings" if omission.pool is None else f"pool {omission.pool!r}"
        note(f"warning: {start}left out of {place}: {omission.name}: {omission.reason}")
    if len(profile.omitted) > _MOST:
        note(f"warning: {start}and {len(profile.omitted) - _MOST} more, each with its reason in the profile")


def _undefined(values: Vector) -> int:
    """How many of a pool's images have no statistic."""
    return sum(value == inf for value in values.tolist())


def _fewest(share: float) -> int:
    from wherefrom.core.shares import fewest

    return fewest(share)


def summaries(profile: Profile, out: Path) -> list[dict[str, Any]]:
    """What the profile holds, in numbers: a dictionary a condition.

    Args:
        profile: the profile.
        out: its file.
    """
    return [{**_summary(condition, out), "digest": profile.digest} for condition in profile.conditions.values()]


def _summary(profile: Profile, out: Path) -> dict[str, Any]:
    """What one condition holds, in numbers."""
    from wherefrom.core.shares import rounded_up
    from wherefrom.evaluation import auc
    from wherefrom.records.warnings import reversed_pools

    omitted = Counter(omission.pool for omission in profile.omitted)
    ranked = len(profile.ranked)
    low = reversed_pools(profile)
    pools = []
    for name, values in profile.foreign_statistic.items():
        findings = [finding for finding in profile.audit.findings if finding.pool == name]
        pool: dict[str, Any] = {
            "name": name,
            "images": len(profile.foreign[name]),
            "ranked": len(values),
            "undefined": _undefined(values),
            "omitted": omitted[name],
            "least_beta": rounded_up(1 / (len(values) + 1)),
            "auc": None,
            "tpr": None,
            "findings": [finding.message for finding in findings if finding.decides],
            "also_differs": [finding.message for finding in findings if not finding.decides],
            "reversed": name in low,
        }
        if _undefined(values) < len(values):
            pool["auc"] = auc(profile.statistic, values).value
            pool |= _supported(profile, [name])
        pools.append(pool)
    return {
        "profile": out,
        "digest": profile.digest,
        "model": profile.model.name,
        "through": through_of(profile.model),
        "edit": profile.edit,
        "method": profile.method.name,
        "options": profile.method.facts,
        "belonging": {
            "images": len(profile.belonging),
            "ranked": ranked,
            "learned": len(profile.belonging) - ranked - omitted[None] if profile.fit else 0,
            "omitted": omitted[None],
            "least_alpha": rounded_up(1 / (ranked + 1)),
        },
        "beta": _BETA,
        "pools": pools,
        "supported": _supported(profile, list(profile.foreign_statistic), alpha=_ALPHA) if pools else None,
        "warnings": profile.warnings,
    }


def _supported(profile: Profile, pools: Sequence[str], *, alpha: float | None = None) -> dict[str, Any]:
    """The share of belongings below all of these pools, with its interval."""
    from wherefrom.evaluation import clopper_pearson
    from wherefrom.judging import count_below_pools

    count, total = count_below_pools(profile, beta=_BETA, pools=pools, alpha=alpha)
    return {"found": count, "of": total, "tpr": count / total, "tpr_interval": clopper_pearson(count, total)}


def _shown(about: Mapping[str, Any]) -> str | None:
    """A share with its interval."""
    if about["tpr"] is None:
        return None
    low, high = about["tpr_interval"]
    return f"{about['tpr']:.3f} ({low:.3f} to {high:.3f})"


def show_profile(profile: Profile, out: Path) -> None:
    """Print what a profile holds and which error rates it can bound, a table a condition.

    Args:
        profile: the profile.
        out: its file.
    """
    from wherefrom.records.profile import UNEDITED

    plain = profile.edit == UNEDITED and not profile.further
    for condition in profile.conditions.values():
        _show(condition, out, title="" if plain else f"condition {condition.edit}: ")
    emit(
        "AUC: how often a belonging scores lower than an image of the pool. Found: the share of belongings, of those"
        f" without a rank too, that rank below the pool at beta={_BETA:g}, on these same images, with a 95 % interval."
    )
    emit(f"profile {profile.digest[:12]} in {out}")


def _show(profile: Profile, out: Path, *, title: str) -> None:
    """Print the table of one condition."""
    about = _summary(profile, out)
    ours = about["belonging"]
    rows: list[tuple[object, ...]] = [
        (
            "belongings",
            ours["images"],
            ours["learned"],
            ours["ranked"],
            f"alpha >= {ours['least_alpha']:g}",
            None,
            None,
            None,
        )
    ]
    for pool in about["pools"]:
        few = pool["ranked"] < _fewest(_BETA)
        state = "files differ" if pool["findings"] else "swapped?" if pool["reversed"] else "too few" if few else "ok"
        rows.append(
            (
                f"pool {pool['name']}",
                pool["images"],
                0,
                pool["ranked"],
                f"beta >= {pool['least_beta']:g}",
                pool["auc"],
                _shown(pool),
                state,
            )
        )
    emit_table(
        ("images", "given", "learned from", "ranked", "supports", "AUC", f"found at beta={_BETA:g}", "fit to bound"),
        rows,
        title=f"{title}{named(profile.model)} by {profile.method.name}",
    )
    if about["supported"] is not None:
        emit(
            f"Below all pools, and among the belongings at alpha={_ALPHA:g}: {about['supported']['found']} of"
            f" {about['supported']['of']} belongings, {_shown(about['supported'])}."
        )
