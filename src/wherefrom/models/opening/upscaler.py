"""From a file of weights to an upscaler."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeVar

from wherefrom.core.card import Card, Fact
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.core.suggestions import did_you_mean
from wherefrom.core.tensors import building
from wherefrom.models.adapters.arithmetic import device_of, dtype_of, prepare
from wherefrom.models.adapters.upscaler import Upscaler
from wherefrom.models.base import Autoencoder
from wherefrom.models.checkpoints.base import State
from wherefrom.models.checkpoints.read import is_safetensors, read_checkpoint, shapes_of
from wherefrom.models.upscalers.about import OPTIONS, REDUCTIONS
from wherefrom.models.upscalers.by_spandrel import built_by_spandrel
from wherefrom.models.upscalers.layouts import Built, built, recognise

__all__ = ["open_upscaler", "wrap_upscaler"]

ValueT = TypeVar("ValueT")

_PREFIX: Final = "module."


def open_upscaler(
    path: Path,
    *,
    options: Mapping[str, Fact],
    device: str,
    dtype: str,
    notes: Mapping[str, Fact],
    name: str | None = None,
    further: bool = False,
) -> Autoencoder | None:
    """The upscaler in a file, or None where it holds none that is known. Nothing in the file is run.

    Args:
        path: a `.safetensors` file or a PyTorch file.
        options: of `wherefrom.models.upscalers.about.OPTIONS`.
        device: `cpu`, `cuda` or `auto`.
        dtype: `float32`, `bfloat16` or `float16`.
        notes: for the card.
        name: for the card; by default the file's own.
        further: whether to ask the package spandrel, which has to see the weights themselves, in place of looking for
            the two networks that need none.

    Raises:
        ModelError: when the file cannot be read, or it is one, but the weights do not fit or it enlarges no RGB images.
        UsageError: when an option is none of `OPTIONS`, or there is no such reduction.
    """
    if further and find_spec("spandrel") is None:
        return None
    part = options.get("part")
    if part is not None and is_safetensors(path):  # an autoencoder's, under a prefix
        return None
    with building():
        if not further and part is None and recognise(_bare(shapes_of(path))) is None:
            return None
        state = _bare(read_checkpoint(path, None if part is None else str(part)).state)
        network = built_by_spandrel(state) if further else built(state)
    if network is None:
        return None
    return _adapted(network, name=name or path.stem, options=options, device=device, dtype=dtype, notes=notes)


def _bare(table: Mapping[str, ValueT]) -> dict[str, ValueT]:
    """The entries without DataParallel's prefix."""
    return {name.removeprefix(_PREFIX): value for name, value in table.items()}


def wrap_upscaler(
    state: State,
    *,
    name: str,
    options: Mapping[str, Fact] | None = None,
    device: str = "cpu",
    dtype: str = "float32",
) -> Upscaler:
    """The upscaler that weights in memory belong to.

    Args:
        state: the weights, under any of the names that `wherefrom.models.upscalers.layouts` knows.
        name: for the card.
        options: as for `open_upscaler`.
        device: as for `open_upscaler`.
        dtype: as for `open_upscaler`.

    Raises:
        ModelError: when they are of no upscaler that is known.
        UsageError: as `open_upscaler`.
    """
    with building():
        network = built(state)
    if network is None:
        raise ModelError(f"{name}: these weights are of no upscaler that is known: need RRDBNet or SRVGGNetCompact")
    return _adapted(network, name=name, options=options or {}, device=device, dtype=dtype, notes={"source": "memory"})


def _adapted(
    upscaler: Built, *, name: str, options: Mapping[str, Fact], device: str, dtype: str, notes: Mapping[str, Fact]
) -> Upscaler:
    """The adapter around a network that nobody else holds."""
    reduction, place, used = _reduction(options), device_of(device), dtype_of(dtype)
    facts: dict[str, Fact] = {
        "architecture": upscaler.architecture,
        "decoder": upscaler.decoder,
        "encoder": f"reduction by {reduction}",
        "factor": upscaler.scale,
        "dtype": dtype,
        "device": place.type,
    }
    return Upscaler(
        card=Card(kind="model", name=name, facts=facts, notes=dict(notes)),
        device=place,
        scale=upscaler.scale,
        multiple=upscaler.multiple,
        least=upscaler.least,
        reduction=reduction,
        _dtype=used,
        _module=prepare(upscaler.network, place, used),
    )


def _reduction(options: Mapping[str, Fact]) -> str:
    """The filter that was asked for.

    Raises:
        UsageError: when there is no such option or filter.
    """
    for unknown in sorted(set(options) - set(OPTIONS)):
        hint = did_you_mean(unknown, OPTIONS)
        raise UsageError(f"an upscaler has no option {unknown}: it has {', '.join(OPTIONS)}{hint}")
    wanted = str(options.get("reduction", "area"))
    if wanted not in REDUCTIONS:
        hint = did_you_mean(wanted, REDUCTIONS)
        raise UsageError(f"reduction={wanted!r} is none of {', '.join(REDUCTIONS)}{hint}")
    return wanted
