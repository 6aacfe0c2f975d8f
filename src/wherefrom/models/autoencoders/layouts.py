"""Weights without a config: the class and its config are read off the names and shapes of the tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import torch

from wherefrom.core.errors import ModelError
from wherefrom.models.autoencoders.canonical import canonical, canonical_name
from wherefrom.models.autoencoders.halves import half_of, mirrored
from wherefrom.models.autoencoders.inferred import config_of, packaged_config
from wherefrom.models.autoencoders.latent_diffusion import from_ldm
from wherefrom.models.autoencoders.prefixes import USUAL, own_names
from wherefrom.models.autoencoders.tokenisers.layouts import conversion_of
from wherefrom.models.checkpoints.base import Shapes
from wherefrom.models.checkpoints.recognise import looks_like_part

__all__ = ["Layout", "raw_tiny", "recognise"]

State = dict[str, torch.Tensor]

_PARTS: Final = ("encoder.", "decoder.", "quant_conv.", "post_quant_conv.", "quantize.", "bn.")
_LDM: Final = "decoder.mid.block_1.conv1.weight"
_WAN: Final = "decoder.middle.0.residual.0.gamma"
_DC: Final = "decoder.project_in.conv.weight"
_RAW: Final = "decoder.1.weight"
_ALONE: Final = {
    "encoder": "holds an encoder without its decoder, and only decoders leave a trace in images, so that no method can"
    " ask it: fetch the decoder, or the file that holds both",
    "decoder": "holds a decoder without its encoder, and is of a kind that is opened only with both: fetch the encoder,"
    " or the file that holds both",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """What a file of weights was found to be.

    Attributes:
        kind: the class of autoencoder.
        config: its config, complete enough to build it.
        names: the file's tensors that belong to the autoencoder.
        convert: turns those tensors into diffusers' names and shapes.
        half: `decoder` where the file holds no encoder; None where it holds both.
    """

    kind: str
    config: Mapping[str, Any]
    names: tuple[str, ...]
    convert: Callable[[State], State]
    half: str | None = None


def recognise(shapes: Shapes, source: str, part: str | None = None) -> Layout:
    """What a file of weights is, from the names and shapes of its tensors alone.

    Args:
        shapes: by name, of every tensor in the file.
        source: what to call the file in an error.
        part: the prefix that is meant where several hold an autoencoder, without its last dot; None is the only one.

    Raises:
        ModelError: when it is no autoencoder that is known; the message says what it looks like. When it holds several.
    """
    try:
        layout = _found(shapes, part, None) or _found(shapes, part, "decoder")
    except ModelError as error:
        raise ModelError(f"{source}: {error}") from error
    if layout is not None:
        return layout
    half = next((half for _, names in own_names(shapes, part) if (half := half_of(names)) is not None), None)
    if half is not None:
        raise ModelError(f"{source} {_ALONE[half]}")
    looks = looks_like_part(shapes) or "something else"
    few = ", ".join(sorted(shapes)[:3]) or "no tensors"
    raise ModelError(
        f"{source} looks like {looks} ({len(shapes)} tensors: {few} ...), need an autoencoder in diffusers', the "
        "original latent-diffusion, the raw TAESD or a tokeniser's layout"
    )


def _found(shapes: Shapes, part: str | None, half: str | None) -> Layout | None:
    """The autoencoder under the first of the usual prefixes that has one, else under the only other one.

    Raises:
        ModelError: when it could be several.
    """
    layouts: dict[str, Layout] = {}
    for prefix, names in own_names(shapes, part):
        if half_of(names) != half:
            continue
        layout = _renamed(names, shapes, half)
        if layout is not None and (prefix in USUAL or part is not None):
            return layout
        if layout is not None:
            layouts[prefix] = layout
    if len(layouts) > 1:
        listed = ", ".join(prefix.removesuffix(".") for prefix in layouts)
        raise ModelError(f"it holds several autoencoders, {listed}: say which one by the option part")
    return next(iter(layouts.values()), None)


def _renamed(file_names: Mapping[str, str], shapes: Shapes, half: str | None) -> Layout | None:
    """The autoencoder whose tensors have these names, in the file's own.

    Args:
        file_names: the file's names by the names behind a prefix.
        shapes: by the file's names.
        half: `decoder` where that is alone.
    """
    named = {name: shapes[file_name] for name, file_name in file_names.items()}
    layout = _layout(named, half, force_upcast=_states_upcast(shapes))
    if layout is None:
        return None

    def convert(state: State) -> State:
        return _converted(layout.convert, {name: state[file_names[name]] for name in layout.names})

    return replace(layout, names=tuple(file_names[name] for name in layout.names), convert=convert, half=half)


def _states_upcast(shapes: Shapes) -> bool:
    """Whether 16 bit may overflow: unknown, unless the checkpoint around it is Stable Diffusion 1 or 2."""
    return not any(name.startswith("cond_stage_model.") for name in shapes)


def _layout(shapes: Shapes, half: str | None, *, force_upcast: bool) -> Layout | None:
    """The layout that tensors without a prefix are in; `half` says that the decoder is alone."""
    whole = mirrored if half else dict[str, tuple[int, ...]]
    own = tuple(name for name in shapes if name.startswith(_PARTS))  # without losses and moving averages
    conversion = conversion_of(shapes) or next(
        ((own, convert) for mark, convert in ((_LDM, from_ldm), (_RAW, _from_raw)) if mark in shapes), None
    )
    if conversion is not None:
        names, convert = conversion
        built_as = config_of(whole(_shapes_after(convert, names, shapes)), force_upcast=force_upcast)
        return built_as and Layout(kind=built_as[0], config=built_as[1], names=names, convert=convert)
    for mark, kind, convert in ((_WAN, "AutoencoderKLQwenImage", _from_wan), (_DC, "AutoencoderDC", _from_dc)):
        if mark in shapes and not half:
            config = packaged_config(kind, _shapes_after(convert, shapes, shapes))
            return Layout(kind=kind, config=config, names=tuple(shapes), convert=convert)
    ours = {name: shape for name, shape in shapes.items() if name.startswith(_PARTS)}
    fixed = {canonical_name(name): shape for name, shape in ours.items()}
    built_as = config_of(whole(fixed), force_upcast=force_upcast)
    return built_as and Layout(kind=built_as[0], config=built_as[1], names=tuple(ours), convert=canonical)


def _shapes_after(convert: Callable[[State], State], names: Any, shapes: Shapes) -> dict[str, tuple[int, ...]]:
    """The shapes that a conversion leads to, by converting tensors without storage."""
    state = {name: torch.empty(shapes[name], device="meta", dtype=torch.float32) for name in names}
    return {name: tuple(tensor.shape) for name, tensor in _converted(convert, state).items()}


def _converted(convert: Callable[[State], State], state: State) -> State:
    """Tensors after a conversion, most of which are diffusers' own and trust what they are given.

    Raises:
        ModelError: when they are not those of the layout.
    """
    try:
        return convert(state)
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise ModelError(
            f"its tensors have the names of an autoencoder, but are not all of one, so that they cannot be converted"
            f" ({type(error).__name__}: {error}): is the file complete?"
        ) from error


def raw_tiny(encoder: Mapping[str, torch.Tensor], decoder: Mapping[str, torch.Tensor]) -> State:
    """A raw TAESD pair in diffusers' names: the decoder's layer 0 is its clamp, which holds no tensor.

    Args:
        encoder: tensors of its file by name.
        decoder: tensors of its file by name.

    Raises:
        ModelError: when a tensor has a name that no raw decoder has.
    """
    state = {f"encoder.layers.{name}": tensor for name, tensor in encoder.items()}
    for name, tensor in decoder.items():
        number, _, rest = name.partition(".")
        if not number.isdecimal() or int(number) < 1:
            raise ModelError(f"tensor {name!r} is none of a raw TAESD decoder, whose names start at '1.'")
        state[f"decoder.layers.{int(number) - 1}.{rest}"] = tensor
    return state


def _from_raw(state: State) -> State:
    """Both halves of a raw TAESD in one file."""
    halves: dict[str, State] = {"encoder": {}, "decoder": {}}
    for name, tensor in state.items():
        half, _, rest = name.partition(".")
        halves.get(half, {})[rest] = tensor
    return raw_tiny(halves["encoder"], halves["decoder"])


def _from_wan(state: State) -> State:
    from diffusers.loaders.single_file_utils import convert_wan_vae_to_diffusers

    convert: Callable[[State], State] = convert_wan_vae_to_diffusers
    return convert(dict(state))


def _from_dc(state: State) -> State:
    from diffusers.loaders.single_file_utils import convert_autoencoder_dc_checkpoint_to_diffusers

    convert: Callable[[State], State] = convert_autoencoder_dc_checkpoint_to_diffusers
    return convert(dict(state))
