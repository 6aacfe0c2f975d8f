"""Which latent models AEDR's tables ask, and their images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wherefrom.bench.shared.setting import label
from wherefrom.methods.aedr import AEDR
from wherefrom.methods.control import Control
from wherefrom.methods.joint import Joint
from wherefrom.methods.spectral import Spectral
from wherefrom.models.base import Autoencoder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wherefrom.bench.base import Row
    from wherefrom.bench.shared.workspace import Paths, Workspace
    from wherefrom.methods.base import Method

__all__ = [
    "EVERY",
    "METHODS",
    "PAPERS",
    "RULES",
    "ZOO",
    "asked",
    "decoders",
    "images",
    "learning",
    "other_kinds",
    "photos_and_others",
    "rows_of",
    "together",
]

EVERY: Final = "all of these"
"""Images of all other kinds together, in tables that have a row for each kind too."""

ZOO: Final = ("zoo:kl-f8-a", "zoo:kl-f8-b")
PAPERS: Final = "aedr, times homogeneity"
"""The paper's method, with its own cut (KDE)."""
METHODS: Final[Mapping[str, Method[Any]]] = {
    PAPERS: AEDR(adjustment="homogeneity"),
    "aedr, the ratio alone": AEDR(adjustment="none"),
    "aedr, band by band": AEDR(adjustment="bands"),
    "spectral": Spectral(easiest=0.02),
    "spectral, easiest=0": Spectral(easiest=0),
}
"""All need the same two reconstructions, so only the first of them asks the model."""
EXCESS: Final = "control, two copies and the ratio's excess"
USUAL: Final = "joint"
"""What profiles ask by default; four reconstructions, as the one before."""
CONTROLS_ASKED: Final = Control(second=True, refine=True, weighted=True)
CONTROLS: Final[Mapping[str, Method[Any]]] = {
    USUAL: Joint(),
    "control": Control(),
    EXCESS: Control(copies="turn180+mirror", excess=1.0),
    "control, with the second pass": Control(second=True),
    "control, losses alone": Control(form="losses"),
    "control, refined": Control(refine=True),
    "control, refined, one copy": Control(refine=True, copies="turn90"),
    "control, refined, losses alone": Control(refine=True, form="losses"),
    "aedr, the ratio alone": AEDR(),
    "spectral, easiest=0": Spectral(easiest=0),
}
"""All read the columns of one question, of nine reconstructions."""
KNOWN_ASKED: Final = Joint()
KNOWN: Final[Mapping[str, Method[Any]]] = {
    USUAL: Joint(),
    "control, two copies, weighted": Control(copies="turn180+mirror", weighted=True),
    EXCESS: Control(copies="turn180+mirror", excess=1.0),
    "aedr, the ratio alone": AEDR(),
    "spectral, easiest=0": Spectral(easiest=0),
}
"""All read the columns of one question, of four reconstructions."""
UPSCALERS_ASKED: Final = Joint()
UPSCALERS: Final[Mapping[str, Method[Any]]] = {
    USUAL: Joint(),
    EXCESS: Control(copies="turn180+mirror", excess=1.0),
    "aedr, the ratio alone": AEDR(),
    "spectral, easiest=0": Spectral(easiest=0),
}
"""All read the columns of one question, of four reconstructions: an upscaler's are the dearest."""
RULES: Final = ("kde", "conformal")


def decoders(workspace: Workspace) -> list[str]:
    """The zoo's latent models and what was given beside them; all must have an encoder."""
    names = [*ZOO, *workspace.setting.decoders]
    for name in names:
        if not isinstance(workspace.model(name), Autoencoder):
            workspace.skip(f"{label(name)}, which has no encoder")
    return [name for name in names if isinstance(workspace.model(name), Autoencoder)]


def asked(workspace: Workspace) -> list[str]:
    """Those of them that are asked."""
    return workspace.chosen(decoders(workspace))


def images(workspace: Workspace, name: str) -> tuple[Paths, Paths]:
    """Photos passed through a decoder: those that make its cuts, and others to judge. Never the same photo.

    Args:
        workspace: where images and scores are kept.
        name: of the decoder.
    """
    size = workspace.setting.size
    return workspace.passed(name, workspace.photos(size, profiled=True)), workspace.passed(name, workspace.photos(size))


def other_kinds(workspace: Workspace, name: str) -> dict[str, Paths]:
    """Images to judge that a decoder did not make: photos, and the same photos passed through each other one.

    Args:
        workspace: where images and scores are kept.
        name: of the decoder.
    """
    foreign = {label(other): images(workspace, other)[1] for other in decoders(workspace) if other != name}
    return {"photos": workspace.photos(workspace.setting.size), **foreign}


def photos_and_others(workspace: Workspace, name: str) -> dict[str, Paths]:
    """Photos to judge, and as many images of all other decoders together: each passes another share of the photos.

    Args:
        workspace: where images and scores are kept.
        name: of the decoder that made none of them.
    """
    photos = workspace.photos(workspace.setting.size)
    foreign = [other for other in decoders(workspace) if other != name]
    shares = [workspace.passed(other, photos[place :: len(foreign)]) for place, other in enumerate(foreign)]
    return {"photos": photos, "other decoders": [path for share in shares for path in share]}


def together(kinds: Mapping[str, Paths]) -> dict[str, Paths]:
    """The same kinds of images, and all of them as one more kind."""
    return {**kinds, EVERY: [path for paths in kinds.values() for path in paths]}


def learning(workspace: Workspace) -> Mapping[str, Method[Any]]:
    """The methods that can be had from so few: one that learns wants two halves."""
    few = workspace.setting.count < 40
    if few:
        workspace.skip(f"methods that learn, from {workspace.setting.count} images: give --count 40 or more")
    return {way: method for way, method in METHODS.items() if not (few and method.learns)}


def rows_of(workspace: Workspace, name: str, others: dict[str, Paths], *, paper: float) -> Iterator[Row]:
    """Every method's rows for one decoder's round trips against other images; the paper's figure beside its own way.

    Args:
        workspace: where images and scores are kept.
        name: of the decoder.
        others: images of other origin, by their name in the table.
        paper: the paper's figure, in per cent.
    """
    known, own = images(workspace, name)
    for way, method in learning(workspace).items():
        beside = paper if way == PAPERS else None
        yield from workspace.compare(
            name, method, known=known, own=own, others=others, how=way, paper=beside, rules=RULES
        )
