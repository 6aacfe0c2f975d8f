"""Blind: find how an image lies on the decoder's grid, put it back, and ask another method then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from wherefrom import methods
from wherefrom.core.arrays import Scores, Seeds, Vector
from wherefrom.core.card import Card, Fact, without_unset
from wherefrom.core.errors import UsageError
from wherefrom.core.options import check_types
from wherefrom.methods.arithmetic.columns import TURNS
from wherefrom.methods.arithmetic.searches import gathered
from wherefrom.methods.arithmetic.wrapping import option_pairs
from wherefrom.methods.base import Fit, Method, Settled

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images
    from wherefrom.inversion.results import Report
    from wherefrom.models.base import Autoencoder

__all__ = ["METHOD", "Blind"]

_FIND: Final = ("crop", "turns")
_POSE: Final = ("found_searched", "found_top", "found_left", "found_turn", "found_scale")
_WRAPPING: Final = ("blind", "relative")
_MOST: Final = 64
_ANY: Final = "any"
_WEIGHTED: Final = "weighted"
_SEARCH: Final = 3
"""The search's version: raised when images are found to lie otherwise, since ranks hold among images that were searched
alike."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Blind:
    """Another method, asked of the image as the decoder made it, where nobody knows what happened to it since.

    A crop that drops a few rows and columns loses nothing: the image only starts off the decoder's grid. Nor does a
    quarter turn or a mirror. So the image is first searched for how it lies: by patterns within the decoder's cells,
    which are learned once for the decoder and kept, and where these leave several places open, by how well the decoder
    reconstructs a part of the image in each. Then rows and columns are dropped so that the image starts on the
    grid, turns are undone, and the method is asked. Nothing is resampled. Belongings, pools and questions are all
    searched alike, so that ranks need no correction for the number of places tried.

    An image smaller than three cells a side is asked as it is, and so is every image of a model that makes one size
    alone or has no grid.

    Attributes:
        method: the name of the method that asks.
        options: its options that differ from their defaults, by name; kept as pairs in order.
        find: names joined by `+`, of crop and turns: whether the grid may start anywhere, and whether the image may
            have been turned by quarters or mirrored.
        scales: by which the whole image may have been resized since, apart from 1: numbers joined by `+`, as
            `0.5+0.75`, or `any` for all from 0.4 to 2.5 with which each side was whole cells before; empty for none.
            Which it was is searched for, and the method is asked through `resize` then. An image that was resized is
            taken to be upright and not cropped.
        reconstructions: how much the decoder is asked while searching, from 1 to 64; for more it is asked about larger
            parts of the image. At 2, questions about all 64 places of a grid cost less than AEDR, which is two
            reconstructions, for an image of 512 pixels a side, and about 14 reconstructions for one of 192 pixels.
            Questions about places cost at most eight times this number, but for images of less than five cells a side.
            Those about scales cost at most sixteen times, and end as soon as one scale is far ahead.

    Raises:
        UsageError: when an option is none of these.
    """

    method: str = "joint"
    options: tuple[tuple[str, Fact], ...] | Mapping[str, Fact] = ()
    find: str = "crop"
    scales: str = ""
    reconstructions: float = 2.0
    _inner: Method[Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the method that asks."""
        check_types(self)
        if self.method in _WRAPPING:
            raise UsageError(f"method={self.method!r} inside blind: name a method that asks one model, as joint")
        object.__setattr__(self, "options", option_pairs(self.options, of="blind"))
        if "cut" in dict(self.options):
            raise UsageError("option cut inside blind: a verdict could not tell which searches were left early")
        object.__setattr__(self, "_inner", methods.load(self.method, dict(self.options)))
        if self._inner.card.facts.get(
            _WEIGHTED
        ):  # said by the card, since earlier versions' did not and meant that it is off
            object.__setattr__(self, "options", option_pairs({**dict(self.options), _WEIGHTED: True}, of="blind"))
        names = self.find.split("+")
        if unknown := [name for name in names if name not in _FIND]:
            raise UsageError(f"find={self.find!r}: {unknown[0]!r} is none of {', '.join(_FIND)}")
        if len(set(names)) < len(names):
            raise UsageError(f"find={self.find!r} names one twice: name each once")
        if not 1 <= self.reconstructions <= _MOST:
            raise UsageError(f"reconstructions={self.reconstructions:g} is not from 1 to {_MOST}: give a number, as 2")
        self._check_scales()

    @property
    def card(self) -> Card:
        """Name and options."""
        facts: dict[str, Fact] = {
            "method": self.method,
            "options": option_pairs(without_unset(dict(self.options), _WEIGHTED), of="blind"),
            "find": self.find,
            "scales": self.scales,
            "reconstructions": self.reconstructions,
        }
        return Card(kind="method", name="blind", facts=facts)

    @property
    def measure(self) -> Card:
        """What is searched for, and what the method asks."""
        asked = self._inner.measure
        searched: dict[str, Fact] = {
            "find": tuple(sorted(self.find.split("+"))),
            "scales": _ANY if self.named_scales is None else self.named_scales,
            "reconstructions": self.reconstructions,
            "search": _SEARCH,
        }
        return Card(kind="measure", name=f"blind {asked.name}", facts={**asked.facts, **searched})

    @property
    def learns(self) -> bool:
        """As the method."""
        return self._inner.learns

    @property
    def takes_whole_images(self) -> bool:
        """Where scales are searched for: the size of the whole image tells which can have been."""
        return bool(self.scales)

    @property
    def named_scales(self) -> tuple[float, ...] | None:
        """The scales, one by one, in order; None for any."""
        if self.scales == _ANY:
            return None
        return tuple(sorted(float(scale) for scale in self.scales.split("+") if scale))

    def scores(self, model: Autoencoder, images: Images, seeds: Seeds) -> Scores:
        """The method's columns of the image put back, and what was found.

        `found_top` and `found_left` are the rows and columns before the first whole cell of the grid, after turning
        back; `found_turn` is 0 for an upright image, else the number, from 1, of the turn among
        `wherefrom.methods.arithmetic.columns.TURNS`; `found_scale` is the scale. Evidence: `found_lattice`, of the
        pixels, in standard deviations of pictures that no decoder made, and for a scale of the decoder, in those of
        wrong scales; `found_lead`, by how much the most evident place or scale is ahead of the next; `found_margin`, by
        how much the error's mean log energy is less than in the other places that the decoder was asked about, 0 where
        it was not; `found_searched`, 1 where the image was searched and 0 where it was asked as it is.

        Args:
            model: an autoencoder.
            images: `(n, 3, h, w)` in [0, 1], of any size.
            seeds: one an image.

        Raises:
            ImageError: when an image cannot be asked; `settle` goes on with the others.
            ModelError: when the model has no encoder.
        """
        return gathered(self.settle(model, images, seeds), len(images))

    def settle(
        self, model: Autoencoder, images: Images, seeds: Seeds, *, report: Report | None = None
    ) -> Iterator[Settled]:
        """The same, an image at a time: all are searched first, then asked.

        Args:
            model: an autoencoder.
            images: `(n, 3, h, w)` in [0, 1].
            seeds: one an image.
            report: told how far it is.
        """
        from wherefrom.methods.arithmetic.put_back import Search, put_back_and_ask

        parts = self.find.split("+")
        search = Search(
            crop="crop" in parts,
            turns="turns" in parts,
            scales=self.named_scales,
            reconstructions=self.reconstructions,
        )
        yield from put_back_and_ask(self._inner, search, model, images, seeds, report)

    def fit(self, belonging: Scores) -> Fit:
        """What the method learns.

        Raises:
            ProfileError: as the method.
        """
        return self._inner.fit(belonging)

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        """The method's.

        Args:
            scores: of `scores`.
            fit: what the method learned.
        """
        return self._inner.statistic(scores, fit)

    def in_words(self, scores: Scores) -> tuple[str, ...]:
        """What was found of each image, as `the decoder's grid starts 5 px from the top and 3 px from the left`."""
        poses = scores.matrix(_POSE)
        return tuple(_sentence(*map(float, row)) for row in poses)

    def _check_scales(self) -> None:
        """Refuse scales that are no numbers, or 1."""
        try:
            scales = self.named_scales or ()
        except ValueError as error:
            raise UsageError(f"scales={self.scales!r}: {error}, as 0.5+0.75, or any") from error
        if any(not 0.1 <= scale <= 4 or scale == 1 for scale in scales) or len(set(scales)) < len(scales):
            raise UsageError(f"scales={self.scales!r}: each once, from 0.1 to 4, and not 1, which is always tried")


def _sentence(searched: float, top: float, left: float, turn: float, scale: float) -> str:
    """How one image lies."""
    if not searched:
        return "asked as it is: too small to search, or the model has no grid to be found"
    start = f"the decoder's grid starts {top:g} px from the top and {left:g} px from the left"
    if scale != 1:
        return f"resized by {scale:.4g}"
    return f"{start} after undoing {tuple(TURNS)[int(turn) - 1]}" if turn else start


METHOD: Final = Blind
