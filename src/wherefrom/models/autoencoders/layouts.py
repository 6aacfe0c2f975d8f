"""Weights without a config: the class and its config are read off the names and shapes of the tensors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch

from wherefrom.core.errors import ModelError
from wherefrom.models.autoencoders.inferred import config_of, count, shipped
from wherefrom.models.checkpoints.base import Shapes
from wherefrom.models.checkpoints.recognise import looks_like_part

__all__ = ["Layout", "canonical", "raw_tiny", "recognise"]

State = dict[str, torch.Tensor]

_PARTS: Final = ("encoder.", "decoder.", "quant_conv.", "post_quant_conv.", "quantize.", "bn.")
_PREFIXES: Final = ("", "first_stage_model.", "vae.", "model.first_stage_model.")
_LDM: Final = "decoder.mid.block_1.conv1.weight"
_WAN: Final = "decoder.middle.0.residual.0.gamma"
_DC: Final = "decoder.project_in.conv.weight"


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """What a file of weights was found to be.

    Attributes:
        kind: the class of autoencoder.
        config: its config, complete enough to build it.
        names: the file's tensors that belong to the autoencoder.
        convert: turns those tensors into diffusers' names and shapes.
    """

    kind: str
    config: Mapping[str, Any]
    names: tuple[str, ...]
    convert: Callable[[State], State]


def recognise(shapes: Shapes, source: str) -> Layout:
    """What a file of weights is, from the names and shapes of its tensors alone.

    Args:
        shapes: by name, of every tensor in the file.
        source: what to call the file in an error.

    Raises:
        ModelError: when it is no autoencoder that is known; the message says what it looks like.
    """
    for prefix in _PREFIXES:
        own = {name[len(prefix) :]: shape for name, shape in shapes.items() if name.startswith(prefix)}
        found = _layout(own, prefix, force_upcast=_states_upcast(shapes))
        if found is not None:
            return found
    looks = looks_like_part(shapes) or "something else"
    few = ", ".join(sorted(shapes)[:3]) or "no tensors"
    raise ModelError(
        f"{source} looks like {looks} ({len(shapes)} tensors: {few} ...), need an autoencoder in diffusers', the "
        "original latent-diffusion or the raw TAESD layout"
    )


def _states_upcast(shapes: Shapes) -> bool:
    """Whether 16 bit may overflow: unknown, unless the checkpoint around it is Stable Diffusion 1 or 2."""
    return not any(name.startswith("cond_stage_model.") for name in shapes)


def _layout(own: Shapes, prefix: str, *, force_upcast: bool) -> Layout | None:
    if _LDM in own:
        renamed = _ldm_names(own)
        found = config_of(_shapes_after(_from_ldm, renamed, own), force_upcast=force_upcast)
        if found is None:
            return None
        names = tuple(prefix + name for name in renamed)
        return Layout(kind=found[0], config=found[1], names=names, convert=_after(_from_ldm, prefix))
    for mark, kind, convert in ((_WAN, "AutoencoderKLQwenImage", _from_wan), (_DC, "AutoencoderDC", _from_dc)):
        if mark in own:
            config = shipped(kind, _shapes_after(convert, own, own))
            names = tuple(prefix + name for name in own)
            return Layout(kind=kind, config=config, names=names, convert=_after(convert, prefix))
    ours = {name: shape for name, shape in own.items() if name.startswith(_PARTS)}
    fixed = {canonical_name(name): shape for name, shape in ours.items()}
    found = config_of(fixed, force_upcast=force_upcast)
    if found is None:
        return None
    names = tuple(prefix + name for name in ours)
    return Layout(kind=found[0], config=found[1], names=names, convert=_after(canonical, prefix))


def _strip(state: State, prefix: str) -> State:
    return {name[len(prefix) :]: tensor for name, tensor in state.items()}


def _after(convert: Callable[[State], State], prefix: str) -> Callable[[State], State]:
    return lambda state: convert(_strip(state, prefix))


def _shapes_after(convert: Callable[[State], State], names: Any, own: Shapes) -> dict[str, tuple[int, ...]]:
    """The shapes that a conversion leads to, by converting tensors without storage."""
    state = {name: torch.empty(own[name], device="meta", dtype=torch.float32) for name in names}
    return {name: tuple(tensor.shape) for name, tensor in convert(state).items()}


_OLD_ATTENTION: Final = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}


def canonical_name(name: str) -> str:
    """Diffusers' present name of a tensor; attention had other names before its version 0.15."""
    part = r"(attentions\.\d+)\.(query|key|value|proj_attn)\.(weight|bias)$"
    return re.sub(part, lambda match: f"{match[1]}.{_OLD_ATTENTION[match[2]]}.{match[3]}", name)


def canonical(state: Mapping[str, torch.Tensor]) -> State:
    """The same tensors under diffusers' present names, attention's 1 x 1 convolutions as matrices."""
    found = {canonical_name(name): tensor for name, tensor in state.items()}
    for name, tensor in found.items():
        if (
            re.search(r"attentions\.\d+\.to_(q|k|v|out\.0)\.weight$", name)
            and tensor.ndim == 4
            and tensor.shape[2:] == (1, 1)
        ):
            found[name] = tensor[:, :, 0, 0]
    return found


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
        if not number.isdigit() or int(number) < 1:
            raise ModelError(f"tensor {name!r} is none of a raw TAESD decoder, whose names start at '1.'")
        state[f"decoder.layers.{int(number) - 1}.{rest}"] = tensor
    return state


def _ldm_names(own: Shapes) -> tuple[str, ...]:
    """All but the training loss and moving averages that a checkpoint may hold beside the autoencoder."""
    return tuple(name for name in own if name.startswith(_PARTS))


def _from_ldm(state: State) -> State:
    """The original latent-diffusion layout, by diffusers' own conversion; nothing may be lost on the way."""
    from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint

    state = {re.sub(r"^(encoder\.quant_conv|decoder\.post_quant_conv)\.", _inner, name): t for name, t in state.items()}
    levels = count(state, r"encoder\.down\.(\d+)\.")
    convert: Callable[[State, dict[str, Any]], State] = convert_ldm_vae_checkpoint
    found = convert(state, {"down_block_types": range(levels), "up_block_types": range(levels)})
    found |= {name: tensor for name, tensor in state.items() if name.startswith(("bn.", "quantize."))}
    if len(found) != len(state):
        raise ModelError(
            f"{len(state) - len(found)} of {len(state)} tensors are not known in the original layout: "
            "save it with diffusers"
        )
    return canonical(found)


def _inner(match: re.Match[str]) -> str:
    return match[1].partition(".")[2] + "."


def _from_wan(state: State) -> State:
    from diffusers.loaders.single_file_utils import convert_wan_vae_to_diffusers

    convert: Callable[[State], State] = convert_wan_vae_to_diffusers
    return convert(dict(state))


def _from_dc(state: State) -> State:
    from diffusers.loaders.single_file_utils import convert_autoencoder_dc_checkpoint_to_diffusers

    convert: Callable[[State], State] = convert_autoencoder_dc_checkpoint_to_diffusers
    return convert(dict(state))
