"""Which upscaler a table of weights is, told from names and shapes, under any of the names that are in use.

RRDBNet's weights go by three sets of names: those of BasicSR and Real-ESRGAN (`body.0.rdb1.conv1.weight`), those of
ESRGAN's own program (`RRDB_trunk.0.RDB1.conv1.weight`), and the numbers of ESRGAN's first files
(`model.1.sub.0.RDB1.conv1.0.weight`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from torch import nn

from wherefrom.core.errors import ModelError
from wherefrom.models.checkpoints.base import Shapes, State
from wherefrom.models.checkpoints.build import empty, fitted, side
from wherefrom.models.checkpoints.digest import digest
from wherefrom.models.upscalers.networks import RRDBNet, SRVGGNetCompact

__all__ = ["Built", "Layout", "built", "recognise"]

_OLD: Final = (
    (re.compile(r"^RRDB_trunk\.(\d+)\.RDB(\d)\.conv(\d)\."), r"body.\1.rdb\2.conv\3."),
    (re.compile(r"^model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\."), r"body.\1.rdb\2.conv\3."),
    (re.compile(r"^trunk_conv\."), "conv_body."),
    (re.compile(r"^model\.1\.sub\.\d+\.(?=weight$|bias$)"), "conv_body."),
    (re.compile(r"^upconv(\d)\."), r"conv_up\1."),
    (re.compile(r"^HRconv\."), "conv_hr."),
)
_NUMBERED: Final = re.compile(r"^model\.(\d+)\.(weight|bias)$")
_STACK: Final = re.compile(r"^body\.(\d+)\.(weight|bias)$")
_RGB: Final = 3
_TITLES: Final = {"rrdbnet": "an RRDBNet (ESRGAN, Real-ESRGAN)", "srvgg": "an SRVGGNetCompact (Real-ESRGAN)"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """An upscaler with its weights, before it is moved to a device.

    Attributes:
        architecture: for the card.
        network: small images `(n, 3, h, w)` in [0, 1] to images `(n, 3, s h, s w)`, differentiable.
        scale: how many times larger the sides become.
        multiple: the sides of a small image are multiples of this.
        least: no side of a small image is smaller.
        decoder: digest of the weights as the file has them, under today's names.
    """

    architecture: str
    network: nn.Module
    scale: int
    multiple: int
    decoder: str
    least: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """What a table of weights turned out to be.

    Attributes:
        architecture: `rrdbnet` or `srvgg`.
        scale: how many times larger the sides become.
        multiple: the sides of a small image are multiples of this.
        make: the network, without its weights.
        names: the network's names of weights, by those of the file.
    """

    architecture: str
    scale: int
    multiple: int
    make: Callable[[], nn.Module]
    names: Mapping[str, str]


def recognise(shapes: Shapes) -> Layout | None:
    """The upscaler that weights belong to; None where they are of none that is known.

    Args:
        shapes: of the weights, by the file's names, without prefixes of wrappers.

    Raises:
        ModelError: when it is certainly one, but of images that are not RGB or of a size that no such network has.
    """
    names = _present(shapes)
    renamed = {new: shapes[old] for old, new in names.items()}
    if {"conv_first.weight", "conv_body.weight", "body.0.rdb1.conv1.weight"} <= renamed.keys():
        return _rrdb(renamed, names)
    if renamed and all(_STACK.match(name) for name in renamed) and "body.0.weight" in renamed:
        return _compact(renamed, names)
    return None


def built(state: State) -> Built | None:
    """The upscaler with its weights, floating point as float32; None where they are of none that is known.

    Args:
        state: the weights by the file's names.

    Raises:
        ModelError: as `recognise`, and when a weight is missing, unexpected or of another shape.
    """
    layout = recognise({name: tuple(tensor.shape) for name, tensor in state.items()})
    if layout is None:
        return None
    renamed = {layout.names[name]: tensor for name, tensor in state.items()}
    title = f"{_TITLES[layout.architecture]} that enlarges by {layout.scale}"
    return Built(
        architecture=layout.architecture,
        network=fitted(empty(layout.make), renamed, title=title),
        scale=layout.scale,
        multiple=layout.multiple,
        decoder=digest(renamed),
    )


def _present(shapes: Shapes) -> dict[str, str]:
    """Today's name of every weight, by the file's."""
    names = {name: name for name in shapes}
    for pattern, new in _OLD:
        names = {old: pattern.sub(new, name) for old, name in names.items()}
    numbers = sorted({int(match[1]) for name in names.values() if (match := _NUMBERED.match(name))})
    if len(numbers) < _RGB or numbers[0] != 0:
        return names
    # ESRGAN's first files number the layers: the first convolution, one for each doubling, and two at the end.
    doublings = {number: f"conv_up{place}" for place, number in enumerate(numbers[1:-2], start=1)}
    layers = {numbers[0]: "conv_first", **doublings, numbers[-2]: "conv_hr", numbers[-1]: "conv_last"}
    return {
        old: f"{layers[int(match[1])]}.{match[2]}" if (match := _NUMBERED.match(name)) else name
        for old, name in names.items()
    }


def _rrdb(shapes: Shapes, names: Mapping[str, str]) -> Layout:
    """RRDBNet's sizes.

    Raises:
        ModelError: when it does not take and make RGB.
    """
    width, taken = side(shapes, "conv_first.weight", 0), side(shapes, "conv_first.weight", 1)
    growth = side(shapes, "body.0.rdb1.conv1.weight", 0)
    blocks = len({match[1] for name in shapes if (match := re.match(r"body\.(\d+)\.rdb1\.", name))})
    doublings = len({match[1] for name in shapes if (match := re.match(r"conv_up(\d+)\.weight$", name))})
    folded = math.isqrt(taken // _RGB)
    if _RGB * folded**2 != taken or side(shapes, "conv_last.weight", 0) != _RGB:
        out_channels = side(shapes, "conv_last.weight", 0)
        raise ModelError(
            f"this RRDBNet takes {taken} channels and makes {out_channels}: only upscalers of RGB can be asked"
        )
    if 2**doublings % folded or 2**doublings <= folded:
        raise ModelError(
            f"this RRDBNet doubles the sides {doublings} times after folding {folded} x {folded} pixels, so it does"
            " not enlarge: only upscalers can be asked"
        )
    return Layout(
        architecture="rrdbnet",
        scale=2**doublings // folded,
        multiple=folded,
        make=lambda: RRDBNet(width=width, growth=growth, blocks=blocks, doublings=doublings, folded=folded),
        names=names,
    )


def _compact(shapes: Shapes, names: Mapping[str, str]) -> Layout | None:
    """SRVGGNetCompact's sizes; None where a stack of another kind is named alike.

    Raises:
        ModelError: when it does not take RGB, or does not make whole squares of RGB pixels.
    """
    if any(len(shape) not in (1, 4) for shape in shapes.values()):
        return None
    last = max(int(match[1]) for name in shapes if (match := _STACK.match(name)))
    width, out_channels = side(shapes, "body.0.weight", 0), side(shapes, f"body.{last}.weight", 0)
    scale = math.isqrt(out_channels // _RGB)
    if side(shapes, "body.0.weight", 1) != _RGB or _RGB * scale**2 != out_channels or scale < 2 or last % 2:
        return None
    prelu = len(shapes.get("body.1.weight", (0, 0))) == 1
    return Layout(
        architecture="srvgg",
        scale=scale,
        multiple=1,
        make=lambda: SRVGGNetCompact(width=width, layers=last // 2 - 1, scale=scale, prelu=prelu),
        names=names,
    )
