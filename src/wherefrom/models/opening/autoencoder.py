"""Opening an autoencoder: from a folder, a file, a pair of files, or a module in memory."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from wherefrom.core.card import Fact
from wherefrom.core.errors import ModelError
from wherefrom.core.tensors import building
from wherefrom.models.adapters.decoder_alone import DecoderAlone
from wherefrom.models.adapters.latent_flow import read_flow
from wherefrom.models.adapters.latent_model import DiffusersAutoencoder, adapted
from wherefrom.models.autoencoders.build import module_of, weights_of
from wherefrom.models.autoencoders.kinds import Kind, kind_of, probe
from wherefrom.models.autoencoders.parts import CheckpointParts, read_parts
from wherefrom.models.checkpoints.digest import digest
from wherefrom.models.checkpoints.sound import check_values
from wherefrom.models.opening.choices import checked_options
from wherefrom.models.sources.local import Place, find_place

__all__ = ["open_autoencoder", "open_place", "wrap_autoencoder"]

_ENCODER: Final = ("encoder.", "quant_conv.")
_DECODER: Final = ("decoder.", "post_quant_conv.", "quantize.")
_UNSEEN: Final = (
    "act_fn",
    "attention_head_dim",
    "decoder_act_fns",
    "decoder_conv_act_fn",
    "decoder_in_shortcut",
    "decoder_norm_types",
    "downsample_block_type",
    "encoder_out_shortcut",
    "norm_num_groups",
    "norm_type",
    "upsample_block_type",
    "upsample_fn",
)
"""What of a config changes the numbers but not the names and shapes of the weights."""


def open_autoencoder(
    path: Path,
    *,
    device: str | torch.device = "cpu",
    dtype: str = "float32",
    name: str | None = None,
    notes: Mapping[str, Fact] | None = None,
) -> DiffusersAutoencoder:
    """The autoencoder in a folder or file. Nothing is fetched, and nothing in a file is run.

    Args:
        path: a folder with diffusers' `config.json` and weights (whole, sharded, or a 16-bit variant); a single file in
            diffusers' or the original latent-diffusion layout, alone or inside a full checkpoint; a raw TAESD pair
            `NAME_encoder.safetensors` and `NAME_decoder.safetensors`, by either file or by their folder.
        device: `cpu`, `cuda` or `auto`.
        dtype: `float32`, `bfloat16` or `float16`; float32 is used instead where the config states `force_upcast`.
        name: what to call it; by default the path's own name.
        notes: `source`, `family`, `licence`, `sizes`, for the card; never part of its digest.

    Raises:
        ModelError: when it cannot be read, is none of `SUPPORTED`, or a tensor is missing, unknown or of another shape.
    """
    found = open_place(find_place(Path(path)), device=device, dtype=dtype, name=name, notes=notes or {})
    if isinstance(found, DecoderAlone):
        raise ModelError(f"{path} holds a decoder without its encoder: fetch the file that holds both")
    return found


def open_place(
    place: Place,
    *,
    device: str | torch.device,
    dtype: str,
    name: str | None,
    notes: Mapping[str, Fact],
    options: Mapping[str, Fact] | None = None,
) -> DiffusersAutoencoder | DecoderAlone:
    """The autoencoder whose files were found, or its decoder where they hold no encoder.

    Args:
        place: its folder or file.
        device: as for `open_autoencoder`.
        dtype: as for `open_autoencoder`.
        name: as for `open_autoencoder`.
        notes: as for `open_autoencoder`, over those that lie beside the weights.
        options: of `OPTIONS`, where the files leave them open.

    Raises:
        ModelError: as `open_autoencoder`.
        UsageError: when an option is none of these, or the files say it already.
    """
    given = checked_options(options or {}, str(place.path))
    with building():
        parts = read_parts(place, given.part)
        config = {**parts.config, **given.units(stated=parts.stated, source=str(place.path))}
        kind = kind_of(parts.kind, config)
        module = module_of(replace(parts, config=config))
        shape = probe(module, kind, module.config)
        state = _weights(parts, module)
        check_values(state, str(place.path))
        facts = _facts(parts.kind, kind, module.config, state)
        module.load_state_dict(state, strict=True, assign=True)
        found = adapted(
            module,
            kind=kind,
            shape=shape,
            facts=facts,
            config=config,
            device=device,
            dtype=dtype,
            name=name or parts.name,
            notes={"source": str(place.path), **parts.notes, **given.notes(), **notes},
            stats=parts.stats,
            flow=read_flow(parts.flow, shape[1]) if parts.flow else None,
            stated=parts.stated or bool(given.scaling),
        )
        return DecoderAlone(own=found) if parts.half else found


def _weights(parts: CheckpointParts, module: Any) -> dict[str, torch.Tensor]:
    """The weights, compared with what the module needs; where the decoder is alone the module loses its encoder."""
    if parts.half is None:
        return weights_of(parts, module)
    module.encoder = None
    if getattr(module, "quant_conv", None) is not None:
        module.quant_conv = None
    try:
        return weights_of(parts, module)
    except ModelError as error:
        raise ModelError(
            f"{parts.name} holds a decoder without its encoder: most methods need both, and for those that need the"
            f" decoder alone it does not fit either ({error})"
        ) from error


def wrap_autoencoder(
    module: nn.Module,
    *,
    device: str | torch.device = "cpu",
    dtype: str = "float32",
    name: str | None = None,
    notes: Mapping[str, Fact] | None = None,
) -> DiffusersAutoencoder:
    """The same for a module built in memory, which is copied and left as it is: one more copy of its weights is held.

    Args:
        module: an autoencoder of diffusers, of one of the classes `SUPPORTED`, with its weights in memory.
        device: as for `open_autoencoder`.
        dtype: as for `open_autoencoder`.
        name: what to call it; by default the class.
        notes: as for `open_autoencoder`.

    Raises:
        ModelError: when its class is not supported, or its weights are not in memory.
    """
    kind = type(module).__name__
    config: Mapping[str, Any] = getattr(module, "config", {})
    how = kind_of(kind, config)
    state = {key: tensor.detach() for key, tensor in module.state_dict().items()}
    if any(tensor.is_meta for tensor in state.values()):
        raise ModelError(f"the weights of this {kind} are not in memory: load it without offloading")
    with building():
        shape = probe(module_of(CheckpointParts(kind=kind, config=config, state={}, name=kind)), how, config)
        with torch.no_grad():
            own = copy.deepcopy(module)
        return adapted(
            own,
            kind=how,
            shape=shape,
            facts=_facts(kind, how, config, state),
            config=config,
            device=device,
            dtype=dtype,
            name=name or kind,
            notes={"source": "memory", **(notes or {})},
            stats=None,
            flow=None,
        )


def _facts(name: str, kind: Kind, config: Mapping[str, Any], state: Mapping[str, torch.Tensor]) -> dict[str, Fact]:
    """Every fact of the weights and config that changes the numbers; weights as stored, before any cast."""
    kept = {key: tensor for key, tensor in state.items() if not key.endswith("num_batches_tracked")}
    encoder = {key: tensor for key, tensor in kept.items() if key.startswith(_ENCODER)}
    unseen = tuple(f"{key}={json.dumps(config[key])}" for key in _UNSEEN if key in config)
    return {
        "architecture": name,
        **({"encoder": digest(encoder)} if encoder else {}),
        "decoder": digest({key: tensor for key, tensor in kept.items() if key.startswith(_DECODER)}),
        "config": unseen,
        "latents": kind.latents,
    }
