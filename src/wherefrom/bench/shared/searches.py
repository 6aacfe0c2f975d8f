"""Which generators RONAN's tables ask, and how they are searched."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from wherefrom.methods.relative import Relative
from wherefrom.methods.ronan import RONAN
from wherefrom.models.sources.zoo import names

if TYPE_CHECKING:
    from wherefrom.bench.base import Row
    from wherefrom.bench.shared.workspace import Workspace
    from wherefrom.methods.base import Method

__all__ = [
    "QUICK",
    "REFERENCE",
    "SIZE",
    "against_unseen",
    "asked",
    "generators",
    "over_reference",
    "overlapping",
    "ronan",
]

SIZE: Final = 32
"""Pixels a side of the images that the zoo's generators make."""
QUICK: Final[dict[str, Any]] = {"restarts": 8, "race": 8, "keep": 2, "steps": 90, "plateau": 15}
"""A search of less than a third of the default's cost."""
REFERENCE: Final = "zoo:kl-f8-a"
"""A decoder that was trained on photos; at 32 px 128 numbers that it makes an image of in one step."""
_SHORT: Final[dict[str, Any]] = {"start": "encoder", "restarts": 1, "race": None, "steps": 30}
"""The reference's own search starts at its encoder, so it is over soon."""
_DATA: Final = "-cifar10"
_SLOW: Final = f"zoo:stylegan2{_DATA}"
"""Takes several times as long as the others, since its class is searched too."""


def ronan(workspace: Workspace, **options: Any) -> RONAN:
    """The search: the default, or a shorter one in a quick run."""
    return RONAN(**(QUICK if workspace.setting.quick else {}), **options)


def over_reference(workspace: Workspace) -> Relative:
    """The search's loss over that of the reference model (eq. 2 of the paper).

    Args:
        workspace: says whether the run is a quick one.
    """
    options = QUICK if workspace.setting.quick else {}
    return Relative(method="ronan", options=options, reference=REFERENCE, reference_options=_SHORT)


def generators(workspace: Workspace) -> list[str]:
    """The zoo's generators of CIFAR-10's size, one of each architecture, and what was given beside them."""
    return [f"zoo:{name}" for name in names() if name.endswith(_DATA)] + list(workspace.setting.generators)


def asked(workspace: Workspace) -> list[str]:
    """Those of them that are searched."""
    every = generators(workspace)
    if workspace.setting.asked or not workspace.setting.quick:
        return workspace.chosen(every)
    workspace.skip(f"searches of {_SLOW}, in a quick run")
    return [name for name in every if name != _SLOW]


def against_unseen(workspace: Workspace, name: str, method: Method[Any], *, how: str, paper: float) -> list[Row]:
    """A generator's draws against real images that none was trained on.

    Args:
        workspace: where images and scores are kept.
        name: of the generator.
        method: that searches.
        how: its name in the table.
        paper: the paper's figure, in per cent.
    """
    others = workspace.unseen(SIZE)
    return workspace.compare(
        name, method, known=workspace.known(name), own=workspace.own(name), others=others, how=how, paper=paper
    )


def overlapping() -> dict[int, str]:
    """Generators that were trained on a share of CIFAR-10, by the share in per cent."""
    matches = (re.fullmatch(rf"(.*{_DATA})-(\d+)", name) for name in names())
    return {int(match[2]): f"zoo:{match[0]}" for match in matches if match}
