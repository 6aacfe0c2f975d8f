"""One edit and one decoder, for several methods: rows with a profile of untouched images and with one edited alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wherefrom.bench._latent import decoders, images
from wherefrom.images import edits

if TYPE_CHECKING:
    from wherefrom.bench._lab import Lab, Paths
    from wherefrom.bench.base import Row
    from wherefrom.core.arrays import Scores, Seeds, Vector
    from wherefrom.core.card import Card
    from wherefrom.core.tensors import Images
    from wherefrom.methods.base import Fit, Method

__all__ = ["Among", "compared", "stored_quality"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Among:
    """A method that finds its columns among those of another one, so that the model is asked once for both.

    Attributes:
        method: whose statistic it is.
        asked: what the model is asked.
    """

    method: Method[Any]
    asked: Method[Any]

    @property
    def card(self) -> Card:
        """The method's."""
        return self.method.card

    @property
    def measure(self) -> Card:
        """What the model is asked."""
        return self.asked.measure

    @property
    def learns(self) -> bool:
        """As the method."""
        return self.method.learns

    def scores(self, model: Any, images: Images, seeds: Seeds) -> Scores:
        """All that is asked."""
        return self.asked.scores(model, images, seeds)

    def fit(self, belonging: Scores) -> Fit:
        """What the method learns."""
        return self.method.fit(belonging)

    def statistic(self, scores: Scores, fit: Fit) -> Vector:
        """The method's."""
        return self.method.statistic(scores, fit)


def stored_quality(edit: str) -> int | None:
    """The quality of the JPEG that an edit ends with; None where it ends otherwise."""
    last = edits.load(edit).steps[-1]
    return int(last.values[0]) if last.kind == "jpeg" else None


def compared(
    lab: Lab,
    name: str,
    edit: str,
    methods: Mapping[str, Method[Any]],
    *,
    rules_of: Sequence[str],
    also: Method[Any] | None = None,
) -> Iterator[Row]:
    """Rows of every method; the others are photos and as many images of all other decoders together, edited alike.

    Args:
        lab: of the images.
        name: the decoder that is asked.
        edit: that the images to judge went through.
        methods: with a profile of untouched images, unless the setting has `alike`, and with one that went through
            the edit.
        rules_of: whose cuts to take.
        also: with the second of these profiles alone; what it asks of edited images has the other methods' columns.
    """
    known, own = images(lab, name)
    photos = lab.photos(lab.setting.size)
    foreign = [other for other in decoders(lab) if other != name]
    shares = [lab.passed(other, photos[place :: len(foreign)]) for place, other in enumerate(foreign)]
    others = [*photos, *(path for share in shares for path in share)]
    touched, beside = lab.edited(own, edit), {"photos and others": lab.edited(others, edit)}
    ways = methods if also is None else {how: Among(method=method, asked=also) for how, method in methods.items()}

    def rows(how: str, way: Method[Any], profile: str, images_of: Paths, profiled: Method[Any]) -> list[Row]:
        said = f"{edit}: {how}, profile {profile}"
        return lab.compare(
            name, way, known=images_of, own=touched, others=beside, how=said, rules_of=rules_of, profiled=profiled
        )

    for how, method in methods.items() if edit == "none" or not lab.setting.alike else ():
        yield from rows(how, ways[how], "untouched", known, method)
    if edit == "none":
        return
    alike = lab.edited(known, edit)
    for how, way in {**ways, **({} if also is None else {also.card.name: also})}.items():
        yield from rows(how, way, "alike", alike, way)
