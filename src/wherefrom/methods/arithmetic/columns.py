"""Cards of what a model is asked, and names of the columns that come back, shared by several methods. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wherefrom.core.arrays import Scores
from wherefrom.core.card import Card
from wherefrom.core.units import ROUNDING, bands
from wherefrom.images.edits.steps import TURNED

__all__ = [
    "APART",
    "BLOCKS",
    "COPIES",
    "FIRST",
    "LEFT_BLOCK",
    "SEARCHED",
    "SHIFT",
    "STORED",
    "STORED_AGAIN",
    "TURNS",
    "TWIN",
    "TWO_PASSES",
    "copied",
    "energy_columns",
    "log_columns",
    "refined",
    "weighted",
    "with_current_names",
    "within",
]

APART: Final = ("apart", "apart_error", "apart_parts")
"""How far an image's error is apart from its copies', the standard error of that, and how many parts it rests on."""
BLOCKS: Final = (4, 8)
"""Sides of the blocks over which errors are taken apart."""
SEARCHED: Final = "_searched"
"""How `log_columns` names the error that a search left of an image."""
TWIN: Final = "_searched_twin"
"""How it names the error that a search left of the image's own reconstruction."""
STORED: Final = "_stored_first"
"""How `log_columns` names the error of a reconstruction that was stored as the image was, as JPEG."""
STORED_AGAIN: Final = "_stored_second"
"""The same error of that stored reconstruction."""
_FORMERLY: Final[Mapping[str, str]] = {
    "log3_4_": "log_searched_4_",
    "log4_4_": "log_searched_twin_4_",
    "log5_4_": "log_stored_first_4_",
    "log6_4_": "log_stored_second_4_",
}
"""How columns began in tables of earlier versions, and how they begin now."""
TURNS: Final[Mapping[str, tuple[int, bool]]] = {**TURNED, "transpose": (1, True), "antitranspose": (3, True)}
"""Control copies that hold the same pixels, by name: quarter turns against the clock, after mirroring left to right."""
FIRST: Final = ("first", "1")
"""The column of a reconstruction's loss, and how `log_columns` names its error."""
SHIFT: Final = "shift"
"""The control copy that starts half a cell of the decoder's grid further down and to the right."""
COPIES: Final = (*TURNS, SHIFT)
"""All control copies."""
LEFT_BLOCK: Final = 4
"""Side of the blocks over which what a search left is taken apart."""
TWO_PASSES: Final = Card(
    kind="measure", name="two-passes", facts={"version": 1, "blocks": BLOCKS, "log_floor": ROUNDING}
)
"""Two reconstructions, the second of the first: losses, homogeneity, energies by band."""


def energy_columns(number: int) -> tuple[str, ...]:
    """Columns of the mean energy of error 1 or 2 by band of 8 x 8 blocks, as `energy1_grey_00`."""
    return tuple(f"energy{number}_{band}" for band in bands(8))


def log_columns(error: int | str, block: int) -> tuple[str, ...]:
    """Columns of the mean over blocks of an error's log energy by band, as `log1_4_grey_00` for 4 x 4 blocks.

    Args:
        error: 1, 2, `SEARCHED`, `TWIN`, `STORED`, `STORED_AGAIN`, or the second of the names that `copied` and `within`
            give.
        block: side of the blocks.
    """
    return tuple(f"log{error}_{block}_{band}" for band in bands(block))


def with_current_names(scores: Scores) -> Scores:
    """The same columns, those of a table of an earlier version by the names that they have now."""
    if not any(name.startswith(tuple(_FORMERLY)) for name in scores.names):
        return scores
    return Scores({_FORMERLY.get(name[:7], name[:7]) + name[7:]: scores[name] for name in scores.names})


def copied(copy: str) -> tuple[str, str]:
    """The column of a control copy's loss, and how `log_columns` names its error."""
    return f"first_{copy}", f"_{copy}"


def within() -> tuple[str, str]:
    """The same of the image's own error over the part that its shifted copy shows."""
    return "first_within", "_within"


def refined(names: tuple[str, str]) -> tuple[str, str]:
    """The same of the error that is left after the reconstruction was corrected once.

    Args:
        names: of the loss and of the error before, as `copied` and `within` give them; `("first", "1")` of the image.
    """
    loss, which = names
    return f"refined_{loss}", f"_refined{which if which.startswith('_') else ''}"


def weighted(error: str) -> str:
    """How `log_columns` names the same error where blocks count by what the image shows there, as `_weighted_1`.

    Args:
        error: how it is named where they count alike, as `copied`, `within` and `refined` give it; "1" of the image.
    """
    return f"_weighted{error if error.startswith('_') else f'_{error}'}"
