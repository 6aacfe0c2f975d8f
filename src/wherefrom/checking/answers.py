"""Check images against models without any profile."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wherefrom.checking.measuring import TILES, measured_null
from wherefrom.checking.null import METHOD, Null, asked_of
from wherefrom.core.arrays import Vector
from wherefrom.core.errors import UsageError
from wherefrom.core.facts import ImageFacts
from wherefrom.core.multiplicity import holm
from wherefrom.core.shares import check_share, fewest
from wherefrom.images.sources import Source, load_images
from wherefrom.methods.arithmetic.columns import APART
from wherefrom.methods.blind import Blind
from wherefrom.records.table import ScoreTable
from wherefrom.records.verdict import Outcome
from wherefrom.scoring.run import score

if TYPE_CHECKING:
    from wherefrom.models.base import Autoencoder
    from wherefrom.scoring.progress import Progress

__all__ = ["Check", "check"]

_PARTS: Final = APART[2]
_MOST: Final = 999
"""Tiles that are certainly there, of the larger number that a null may be measured with."""
_ONLY: Final = (
    "this decoder, or one that was fine-tuned from it, drew the pixels; a profile bounds both errors, make one where"
    " consequences hang on it"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """What is said of one image under one model without a profile.

    Attributes:
        image: the file's facts.
        model: the model's name.
        decoder: digest of the decoder's weights, to which alone the answer speaks.
        outcome: `COMPATIBLE` where the image's own copies are reconstructed so much worse that the p-value is small;
            else `UNDECIDED`. Never `SUPPORTED` or `EXCLUDED`: those need a profile.
        statistic: the upper end of s of `Symmetry`, three standard errors above it; above 0 for nearly all images of
            other origin, and below 0 for a belonging; None where undefined.
        p_value: of "this decoder did not draw it": the image's rank among known photos, or among other decoders'
            images with a margin, whichever is larger (`Null.p_value`); None where the statistic is.
        reason: why, in one sentence.
    """

    image: ImageFacts
    model: str
    decoder: str
    outcome: Outcome
    statistic: float | None
    p_value: float | None
    reason: str


def check(
    images: str | Path | Iterable[str | Path | Source],
    *,
    model: str | Path | Autoencoder | Sequence[str | Path | Autoencoder],
    beta: float = 0.01,
    find: str = "",
    cache: Path | None = None,
    store: str | Path | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> tuple[Check, ...]:
    """Whether a decoder drew the pixels of images, without a profile: a p-value from the image's own copies.

    Each image is reconstructed beside its turned and mirrored copies (`Symmetry`), and the upper end of the difference,
    three standard errors above it, is ranked among those of tiles of known photos under the same decoder, and among
    these photos as the embedded decoders draw them. What those decoders draw counts as twice as low as it is, since
    other decoders may resemble this one more. The larger of the ranks counts. With several models the p-values of an
    image are tested together by Holm's procedure.

    Assumption: the image is as symmetric, on average over its content, as the photos are. The photos come with
    scikit-image and scikit-learn; what other kinds of images score was measured, see the documentation. A small p-value
    is no proof, and a large one excludes nothing: an edit that moved the image off the decoder's grid hides the trace.

    Args:
        images: a path, a folder, a glob, or several of what `load_images` takes.
        model: a model, or what `load_model` takes for it; one or several.
        beta: the largest p-value that counts, in (0, 1).
        find: what may have moved the images off the decoder's grid, `crop`, `crop+turns`, `crop+scale` or all three:
            each is searched for that and put back, or asked through the change of size, first (`Blind`), and so were
            the images that it is ranked among. Empty asks it as it is.
        cache: folder in which nulls that are measured are kept; see `measured_null`.
        store: where scores are kept; see `score`.
        progress: told how far a run is.

    Returns:
        One answer an image and model: the images in order, for each the models in order.

    Raises:
        ModelError: when a model cannot be loaded or has no encoder.
        UsageError: when beta is out of range or needs more tiles of photos than there are, no image is named, or there
            is nothing of that name to find.
    """
    check_share("beta", beta)
    method = asked_of(find)
    models = [_opened(one) for one in ([model] if isinstance(model, str) or not isinstance(model, Sequence) else model)]
    if not models:
        raise UsageError("no model to check against: name one, as zoo:kl-f8-a")
    paths = (images,) if isinstance(images, str | Path) else tuple(images)
    sources = load_images(*paths)
    needed = _needed(beta, len(models))  # before a null is measured, which takes long
    answers = []
    for one in models:
        null = _null(one, needed, find, cache, progress)
        table = score(sources, model=one, method=method, store=store, progress=progress)
        answers.append(_Answers(null=null, table=table, statistic=_upper(null, table)))
    p = np.array([[one.p_value(row) for one in answers] for row in range(len(sources))])
    claimed = holm(p, beta)
    return tuple(
        one.said(row, p=float(p[row, place]), claimed=bool(claimed[row, place]), beta=beta)
        for row in range(len(sources))
        for place, one in enumerate(answers)
    )


def _upper(null: Null, table: ScoreTable) -> Vector:
    """The upper end of s of each image; NaN where it is undefined."""
    mean, error, _ = (table.scores[name] for name in APART)
    return np.where(np.isfinite(asked_of(null.find).statistic(table.scores, {})), null.upper(mean, error), np.nan)


def _needed(beta: float, models: int) -> int:
    """How many known images a bound needs.

    Raises:
        UsageError: when they are more than there are.
    """
    needed = fewest(beta / models)
    if needed > _MOST:
        asked = "1 model" if models == 1 else f"{models} models"
        raise UsageError(
            f"beta={beta:g} with {asked} needs {needed} tiles of known photos, and a check has {_MOST}: take a larger"
            " beta, or a profile"
        )
    return needed


def _null(
    model: Autoencoder,
    needed: int,
    find: str,
    cache: Path | None,
    progress: Callable[[Progress], None] | None,
) -> Null:
    """The smallest null that is large enough.

    Raises:
        UsageError: when too many tiles of the largest have no statistic under this model.
    """
    null = None
    for tiles in (tiles for tiles in TILES if tiles >= needed):
        null = measured_null(model, find=find, tiles=tiles, cache=cache, progress=progress)
        if null.count >= needed:
            return null
    count = 0 if null is None else null.count
    raise UsageError(
        f"the bound needs {needed} tiles of known photos, and only {count} have a statistic under {model.card.name}:"
        " take a larger beta, or a profile"
    )


def _opened(model: str | Path | Autoencoder) -> Any:
    if not isinstance(model, str | Path):
        return model
    from wherefrom.models.load import load_model

    return load_model(model)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Answers:
    """What one model was asked about all images."""

    null: Null
    table: ScoreTable
    statistic: Vector

    def p_value(self, row: int) -> float:
        """NaN where the image has no statistic, or is smaller than the tiles of the null."""
        if self._hindrance(row) is not None:
            return math.nan
        return self.null.p_value(float(self.statistic[row]))

    def _found(self, row: int) -> str:
        """How the image lies, where that was searched for."""
        method = asked_of(self.null.find)
        if not isinstance(method, Blind):
            return ""
        (found,) = method.in_words(self.table.scores.take(np.array([row])))
        return f"{found}; "

    def said(self, row: int, *, p: float, claimed: bool, beta: float) -> Check:
        """One answer."""
        facts, hindrance = self.table.images[row], self._hindrance(row)
        count, value = self.null.count, float(self.statistic[row]) if hindrance is None else math.nan
        if hindrance is not None:
            outcome, reason = Outcome.UNDECIDED, hindrance
        elif claimed:
            outcome = Outcome.COMPATIBLE
            reason = (
                f"{self._found(row)}its turned and mirrored copies are reconstructed worse, nearly everywhere (s is at"
                f" most {value:.3f}), as happens to a share of at most {p:.3g} of {count} tiles of known photos, and of"
                f" other decoders' images with a margin: {_ONLY}"
            )
        else:
            outcome = Outcome.UNDECIDED
            reason = (
                f"{self._found(row)}its turned and mirrored copies are reconstructed about as well (s is at most"
                f" {value:.3f}, p = {p:.3g} among {count} tiles of known images, beta={beta:g}): no sign of this"
                " decoder, which excludes nothing"
            )
        return Check(
            image=facts,
            model=self.table.model.name,
            decoder=str(self.table.model.facts.get("decoder") or self.table.model.digest),
            outcome=outcome,
            statistic=None if math.isnan(value) else value,
            p_value=None if math.isnan(p) else p,
            reason=reason,
        )

    def _hindrance(self, row: int) -> str | None:
        """Why an image has no answer."""
        facts, size = self.table.images[row], self.table.sizes[row]
        if facts.error is not None or size is None:
            return f"not scored: {facts.error}"
        if min(size) < self.null.side:
            return f"{size[1]} x {size[0]} pixels are fewer than the {self.null.side} a side of the known photos' tiles"
        if not math.isnan(float(self.statistic[row])):
            return None
        parts = float(self.table.scores[_PARTS][row])
        if parts < METHOD.fewest:
            return (
                f"too little of it has texture, as much as {parts:.1f} parts of {METHOD.part} x {METHOD.part} pixels,"
                f" and {METHOD.fewest:g} are needed"
            )
        return "the statistic is undefined: the image is flat, or the same as its copies"
