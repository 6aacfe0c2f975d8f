"""One edit and one decoder, for several methods: rows with a profile of untouched images and with one edited alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wherefrom.bench._latent import decoders, images

if TYPE_CHECKING:
    from wherefrom.bench._lab import Lab
    from wherefrom.bench.base import Row
    from wherefrom.methods.base import Method

__all__ = ["compared"]


def compared(
    lab: Lab, name: str, edit: str, methods: Mapping[str, Method[Any]], *, rules_of: Sequence[str]
) -> Iterator[Row]:
    """Rows of every method; the others are photos and every other decoder's images together, under the same edit."""
    known, own = images(lab, name)
    theirs = [*lab.photos(lab.setting.size)]
    for other in decoders(lab):
        theirs += [] if other == name else images(lab, other)[1]
    profiles = {"profile untouched": known} | ({} if edit == "none" else {"profile alike": lab.edited(known, edit)})
    touched, others = lab.edited(own, edit), {"photos and others": lab.edited(theirs, edit)}
    for how, method in methods.items():
        for profile, images_of in profiles.items():
            way = f"{edit}: {how}, {profile}"
            yield from lab.compare(
                name, method, known=images_of, own=touched, others=others, how=way, rules_of=rules_of
            )
