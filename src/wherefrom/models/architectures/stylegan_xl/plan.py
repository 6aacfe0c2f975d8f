"""The geometry of a StyleGAN-XL generator: out of a pickle's attributes, else out of names and shapes of its weights.

What the weights do not show, the rate and band of the input, has the values of the official training program, and may
be given as `margin_size` and `first_cutoff` of its options.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from wherefrom.core.errors import ModelError
from wherefrom.models.architectures.base import Config, Shapes
from wherefrom.models.architectures.base.stylegan.reading import first, number, taps_of
from wherefrom.models.architectures.base.stylegan.resample import Resampling
from wherefrom.models.architectures.stylegan_xl.synthesis import InputPlan, LayerPlan
from wherefrom.models.checkpoints.build import side

__all__ = ["input_plan", "layer_plans"]

_NAME: Final = re.compile(r"synthesis\.(L(\d+)_(\d+)_(\d+))\.weight")
_TAPS: Final = 6
_MARGIN: Final = 10
_BAND: Final = 2.0
_CLAMP: Final = 256.0
_MOST_LAYERS: Final = 64
_MOST_STEPS: Final = 64
_MOST_PIXELS: Final = 8192


def layer_plans(shapes: Shapes, config: Config) -> tuple[LayerPlan, ...]:
    """The layers, in the order they are run.

    Args:
        shapes: of the weights by name.
        config: what stands beside the weights.

    Raises:
        ModelError: when there are none, or their sizes do not follow from each other.
    """
    names = _names(shapes, config)
    before = _size(config, "synthesis.input.size", _named_size(names[0]))
    plans = []
    for name in names:
        plan, before = _layer(name, before, shapes, config, last=name == names[-1])
        plans.append(plan)
    return tuple(plans)


def _names(shapes: Shapes, config: Config) -> tuple[str, ...]:
    numbered = sorted((int(match[2]), match[1]) for name in shapes if (match := _NAME.fullmatch(name)))
    names = tuple(name for _, name in numbered)
    stated = config.get("synthesis.layer_names")
    if isinstance(stated, tuple) and sorted(map(str, stated)) == sorted(names):
        names = tuple(map(str, stated))
    elif stated is not None:
        raise ModelError(
            f"the configuration lists the layers {stated!r:.80}, the weights are of {', '.join(names[:4])}"
        )
    if not 0 < len(names) <= _MOST_LAYERS:
        raise ModelError(f"the weights are of {len(names)} layers, need 1 to {_MOST_LAYERS}")
    return names


def _named_size(name: str) -> int:
    return int(name.split("_")[1])


def _layer(name: str, before: int, shapes: Shapes, config: Config, *, last: bool) -> tuple[LayerPlan, int]:
    """A layer whose maps come in with a side of `before`, and the side with which they leave."""
    key = f"synthesis.{name}"
    kernel = side(shapes, f"{key}.weight", 3)
    size = _size(config, f"{key}.out_size", _named_size(name))
    if _size(config, f"{key}.in_size", before) != before:
        raise ModelError(f"{name} takes maps of {config[f'{key}.in_size']!r}, the layer before gives {before}")
    filters = shapes.get(f"{key}.up_filter"), shapes.get(f"{key}.down_filter")
    sizes = _Sizes(before + kernel - 1, size, taps_of(filters[0]), taps_of(filters[1]))
    across, along = _axes(key, config, sizes, last=last)
    plan = LayerPlan(
        name=name,
        inputs=side(shapes, f"{key}.weight", 1),
        outputs=side(shapes, f"{key}.weight", 0),
        kernel=kernel,
        size=size,
        across=across,
        along=along,
        filters=filters,
        last=bool(first(config, (f"{key}.is_torgb",), last)),
        clamp=number(config, (f"{key}.conv_clamp", "conv_clamp", "synthesis_kwargs.conv_clamp"), _CLAMP),
    )
    return plan, size


class _Sizes(NamedTuple):
    """Sides of the maps that a layer's convolution and the layer give, and taps of its filters."""

    wide: int
    size: int
    up_taps: int
    down_taps: int


def _axes(
    key: str, config: Config, sizes: _Sizes, *, last: bool
) -> tuple[tuple[Resampling, Resampling], tuple[Resampling, Resampling]]:
    """How rows, and how columns, are upsampled and downsampled.

    Raises:
        ModelError: when that does not lead to the layer's size.
    """
    up = _factor(config, f"{key}.up", sizes.up_taps, last=last)
    down = _factor(config, f"{key}.down", sizes.down_taps, last=last)
    total = (sizes.size - 1) * down + 1 - sizes.wide * up + sizes.up_taps + sizes.down_taps - 2
    half = (total + up) // 2
    left, right, top, bottom = _numbers(config, f"{key}.padding", 4) or (half, total - half) * 2
    pairs = []
    for before, after in ((left, right), (top, bottom)):
        raised = Resampling(size=sizes.wide, up=up, before=before, after=after, gain=up)
        lowered = Resampling(size=raised.length(sizes.up_taps), down=down)
        if lowered.length(sizes.down_taps) != sizes.size:
            actual = lowered.length(sizes.down_taps)
            raise ModelError(
                f"{key} would make maps of {actual}, need {sizes.size}: its geometry is of another network"
            )
        pairs.append((raised, lowered))
    return pairs[0], pairs[1]


def _factor(config: Config, name: str, taps: int, *, last: bool) -> int:
    """A factor of up- or downsampling: as stated, else 2 or more in every layer but the last, six taps for each step.

    Raises:
        ModelError: when it is no such factor.
    """
    stated = _numbers(config, f"{name}_factor", 1)
    factor = stated[0] if stated else 1 if last and taps == 1 else taps // _TAPS if taps % _TAPS == 0 else 0
    if not 0 < factor <= _MOST_STEPS:
        filter_size = "no filter" if taps == 1 else f"a filter of {taps} taps"
        raise ModelError(
            f"{name}_factor is {factor} and there is {filter_size}, need 1 to {_MOST_STEPS} and {name}_filter"
        )
    return factor


def _size(config: Config, name: str, default: int) -> int:
    """A side of square maps, from a number or a pair of equal ones."""
    stated = config.get(name)
    sides = stated if isinstance(stated, tuple) else (default if stated is None else stated,)
    side = sides[0] if len(set(sides)) == 1 else None
    if isinstance(side, bool) or not isinstance(side, int) or not 0 < side <= _MOST_PIXELS:
        raise ModelError(f"{name} is {stated!r}, need one side of square maps up to {_MOST_PIXELS}")
    return side


def _numbers(config: Config, name: str, count: int) -> tuple[int, ...] | None:
    """So many whole numbers, or None where nothing is said.

    Raises:
        ModelError: when it is something else.
    """
    stated = config.get(name)
    if stated is None:
        return None
    values = stated if isinstance(stated, tuple) else (stated,)
    whole = [
        item for item in values if isinstance(item, int) and not isinstance(item, bool) and abs(item) <= _MOST_PIXELS
    ]
    if len(values) != count or len(whole) != count:
        raise ModelError(f"{name} is {stated!r}, need {count} whole numbers: the configuration is of another network")
    return tuple(whole)


def input_plan(shapes: Shapes, config: Config) -> InputPlan:
    """The waves that the network starts from.

    Args:
        shapes: of the weights by name.
        config: what stands beside the weights.

    Raises:
        ModelError: when the rate is not above twice the band.
    """
    size = _size(config, "synthesis.input.size", _named_size(_names(shapes, config)[0]))
    margin = number(config, _said(config, "margin_size"), _MARGIN)
    rate = number(config, ("synthesis.input.sampling_rate",), size - 2 * (margin or 0))
    band = number(config, ("synthesis.input.bandwidth", *_said(config, "first_cutoff")), _BAND)
    if rate is None or band is None or rate <= 2 * band:
        raise ModelError(
            f"the input has rate {rate} and band {band}, need a rate above twice the band: give margin_size"
        )
    return InputPlan(size=size, channels=side(shapes, "synthesis.input.freqs", 0), rate=float(rate), band=float(band))


def _said(config: Config, option: str) -> tuple[str, ...]:
    """Where an option stands, at the top or inside another object."""
    return tuple(name for name in config if name == option or name.endswith(f".{option}"))
