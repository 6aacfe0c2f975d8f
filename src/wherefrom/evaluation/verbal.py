"""Words for likelihood ratios, from a table that a laboratory chooses; none is used unless it is asked for."""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wherefrom.core.errors import UsageError
from wherefrom.core.suggestions import did_you_mean

__all__ = ["VerbalScale", "verbal_scale"]

_FOLDER: Final = Path(__file__).parent / "scales"


@dataclass(frozen=True, kw_only=True, slots=True)
class VerbalScale:
    """Words by the size of a likelihood ratio.

    Attributes:
        name: of the scale.
        source: where its limits come from.
        limits: the ratio from which each step holds, ascending, the first 1.
        steps: words of each step.
    """

    name: str
    source: str
    limits: tuple[float, ...]
    steps: tuple[str, ...]

    def words(self, log10: float) -> str:
        """The step of a ratio, and for which side: that this decoder made the image, or that something else did.

        Args:
            log10: of the ratio; of one below 1 the step of its inverse holds, for the other side.
        """
        place = bisect_right(self.limits, max(10.0 ** abs(log10), 1.0) * (1.0 + 1e-12)) - 1
        if place == 0:
            return self.steps[0]
        return f"{self.steps[place]} for {'this decoder' if log10 > 0 else 'another origin'}"


def verbal_scale(name: str | Path) -> VerbalScale:
    """A scale of this package, as `enfsi-2015`, or one of your own from a JSON file.

    A file has `source`, a text, and `steps`: a list of objects with `from`, the ratio from which the step holds, and
    `words`. The first step is from 1.

    Args:
        name: of the scale, or path of a file that ends in `.json`.

    Raises:
        UsageError: when there is no such scale, or the file is none.

    Example:
        >>> verbal_scale("enfsi-2015").words(1.5)
        'moderate support for this decoder'
    """
    own = str(name).endswith(".json")
    path = Path(name) if own else _FOLDER / f"{name}.json"
    known = sorted(each.stem for each in _FOLDER.glob("*.json"))
    if not own and str(name) not in known:
        raise UsageError(
            f"no verbal scale {str(name)!r}, only {', '.join(known)}{did_you_mean(str(name), known)}: name one, or a"
            " file of your own that ends in .json"
        )
    try:
        scale = json.loads(path.read_text(encoding="utf-8"))
        limits = tuple(float(step["from"]) for step in scale["steps"])
        steps = tuple(str(step["words"]) for step in scale["steps"])
        source = str(scale["source"])
    except OSError as error:
        raise UsageError(f"cannot read the verbal scale {path}: {error.strerror or error}") from error
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError(f"{path} is no verbal scale: it needs a source, and steps with from and words") from error
    if not limits or limits[0] != 1.0 or sorted(set(limits)) != list(limits):
        raise UsageError(f"{path}: steps are from {limits}: let the first be from 1, and each from more than the last")
    return VerbalScale(name=path.stem, source=source, limits=limits, steps=steps)
