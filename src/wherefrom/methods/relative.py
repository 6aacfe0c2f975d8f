"""Relative: what a model scores, over what a reference model scores (arXiv:2305.18439, eq. 2)."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wherefrom import methods
from wherefrom.core.arrays import Scores, Seeds, Vector
from wherefrom.core.card import Card, Fact
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.core.options import check_types
from wherefrom.core.units import ROUNDING
from wherefrom.methods.arithmetic.searches import gathered
from wherefrom.methods.arithmetic.wrapping import option_pairs, settled_rows
from wherefrom.methods.base import FindsParts, Fit, Method, Settled

if TYPE_CHECKING:
    from wherefrom.core.tensors import Images
    from wherefrom.inversion.results import Report
    from wherefrom.models.base import Model

__all__ = ["METHOD", "Relative"]

_OWN: Final = "own_"
_REFERENCE: Final = "reference_"


@dataclass(frozen=True, kw_only=True, slots=True)
class Relative:
    """A'(M, x) = A(M, x) / A(Mr, x): a method's statistic over that of a reference model trained on other data (eq. 2).

    What is hard for every model is hard for the reference too, so the ratio tells less of the image and more of the
    model. The reference has to make images of the same size.

    Attributes:
        method: the name of the method that asks both models; one whose statistic is a loss, and that learns nothing.
        options: its options that differ from their defaults, by name; kept as pairs in order.
        reference_options: options that differ for the reference alone, as an encoder's start.
        reference: what `load_model` takes for the reference model, as `zoo:vae-cifar10`. It has no default: what the
            ratio says depends on it. It is opened when it is first asked, on the device of the model that is asked; on
            a CPU where only its digest is needed.
        decoder: digest of the reference's decoder, which every reference that is opened has to have; None: whichever
            the reference has, which a card then names. Does not count where two values are compared.
        floor: the reference's statistic at or below which the ratio is undefined (NaN), an MSE on [0, 1]; default 8-bit
            rounding.

    Raises:
        UsageError: when an option is none of these, or the method learns.
        ModelError: of `card`, `measure` and what asks: when the reference cannot be loaded, or has another digest.
    """

    method: str = "ronan"
    options: tuple[tuple[str, Fact], ...] | Mapping[str, Fact] = ()
    reference: str
    reference_options: tuple[tuple[str, Fact], ...] | Mapping[str, Fact] = ()
    decoder: str | None = field(default=None, compare=False)
    floor: float = ROUNDING
    _inner: Method[Any] = field(init=False, repr=False, compare=False)
    _outer: Method[Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the method that asks; the reference is not opened yet."""
        check_types(self)
        if self.method == "relative":
            raise UsageError("method='relative' inside relative: name the method that asks both models")
        for name in ("options", "reference_options"):
            object.__setattr__(self, name, option_pairs(getattr(self, name), of="relative"))
        shared, other = dict(self.options), dict(self.reference_options)
        object.__setattr__(self, "_inner", methods.load(self.method, shared))
        object.__setattr__(self, "_outer", methods.load(self.method, shared | other))
        if self._inner.learns:
            raise UsageError(f"method={self.method!r} learns from belongings, of which a reference has none")
        if not self.floor >= 0:
            raise UsageError(f"floor={self.floor} is negative: give a mean squared error on [0, 1]")

    @property
    def card(self) -> Card:
        """Name and options, the digest of the reference's decoder among them."""
        return Card(kind="method", name="relative", facts=self._facts())

    @property
    def measure(self) -> Card:
        """What both models are asked, and which reference."""
        facts: dict[str, Fact] = {"reference": self._named()}
        undefined: list[str] = []
        for side, asked in ((_OWN, self._inner.measure), (_REFERENCE, self._outer.measure)):
            facts |= {f"{side}{name}": value for name, value in asked.facts.items()}
            listed = asked.facts.get("undefined") or ()
            undefined += [f"{side}{name}" for name in listed] if isinstance(listed, tuple) else []
        if undefined:
            facts["undefined"] = tuple(undefined)
        return Card(kind="measure", name=f"relative {self._inner.measure.name}", facts=facts)

    @property
    def learns(self) -> bool:
        """Nothing."""
        return False

    @property
    def takes_whole_images(self) -> bool:
        """Where the method that asks both models does."""
        return isinstance(self._inner, FindsParts) and self._inner.takes_whole_images

    def scores(self, model: Model, images: Images, seeds: Seeds) -> Scores:
        """The method's columns under the model, named `own_...`, and under the reference, `reference_...`.

        Arguments are as for `Method.scores`.

        Raises:
            ModelError: when the model is the reference.
            ImageError: when a search breaks down; `settle` goes on with the other images.
        """
        return gathered(self.settle(model, images, seeds), len(images))

    def settle(self, model: Model, images: Images, seeds: Seeds, *, report: Report | None = None) -> Iterator[Settled]:
        """The same, an image at a time: all under the model first, then each under the reference.

        Arguments are as for `Gradual.settle`.
        """
        from wherefrom.models.adapters.through import through_same_edit

        reference = through_same_edit(model, _opened(self.reference, str(model.device)))
        self.check(model, reference)
        rows = list(settled_rows(self._inner, model, images, seeds, report))
        by_place = {row.row: row for row in rows}
        sound = [row.row for row in rows if row.scores is not None]
        for row in rows:
            if row.scores is None:
                yield row
        if not sound:
            return
        for other in settled_rows(self._outer, reference, images[sound], seeds[sound], report):
            place, mine = sound[other.row], by_place[sound[other.row]].scores
            if other.scores is None or mine is None:
                yield Settled(row=place, error=f"reference {self.reference}: {other.error}")
                continue
            yield Settled(row=place, scores=self.joined(mine, other.scores))

    @property
    def parts(self) -> tuple[Method[Any], Method[Any]]:
        """The method as the model is asked, and as the reference is."""
        return self._inner, self._outer

    def joined(self, own: Scores, reference: Scores) -> Scores:
        """What both were asked apart, in this method's columns: those of the model, then those of the reference.

        Args:
            own: what the model was asked.
            reference: what the reference was asked.
        """
        sides = ((_OWN, own), (_REFERENCE, reference))
        return Scores({f"{side}{name}": scores[name] for side, scores in sides for name in scores.names})

    def fit(self, belonging: Scores) -> Fit:
        """Nothing is learned."""
        return {}

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        """The ratio; NaN where the reference's statistic is at or below the floor.

        Arguments are as for `Method.statistic`.
        """
        own_loss = self._inner.statistic(_part(scores, _OWN), {})
        reference = self._outer.statistic(_part(scores, _REFERENCE), {})
        ratio: Vector = np.divide(own_loss, reference, out=np.full(len(scores), np.nan), where=reference > self.floor)
        return ratio

    def check(self, model: Model, reference: Model) -> None:
        """Refuse a reference that is the model itself, or not the one that was named.

        Args:
            model: that is asked.
            reference: as it was opened.

        Raises:
            ModelError: when it is either.
        """
        decoder = _decoder(reference)
        if self.decoder is not None and decoder != self.decoder:
            raise ModelError(f"{self.reference} has decoder {decoder[:12]}, the reference was {str(self.decoder)[:12]}")
        if _decoder(model) == decoder:
            raise ModelError(f"{self.reference} has the weights of the model itself: name a reference of other data")

    def _facts(self) -> Mapping[str, Fact]:
        return {
            "method": self.method,
            "options": option_pairs(self.options, of="relative"),
            "reference_options": option_pairs(self.reference_options, of="relative"),
            "reference": self.reference,
            "decoder": self._named(),
            "floor": self.floor,
        }

    def _named(self) -> str:
        """The digest of the reference's decoder, as given, else read from the reference."""
        return self.decoder or _decoder(_opened(self.reference, "cpu"))


def _part(scores: Scores, side: str) -> Scores:
    return Scores({name.removeprefix(side): scores[name] for name in scores.names if name.startswith(side)})


def _decoder(model: Model) -> str:
    return str(model.card.facts.get("decoder") or model.card.digest)


@functools.lru_cache(maxsize=4)
def _opened(name: str, device: str) -> Model:
    from wherefrom.models.load import load_model

    return load_model(name, device=device)


METHOD: Final = Relative
