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
from wherefrom.models.adapters.latent_model import DiffusersAutoencoder, adapted
from wherefrom.models.autoencoders.build import ENCODER, filled, module_of, weights_of
from wherefrom.models.autoencoders.parts import read_parts
from wherefrom.models.checkpoints.digest import digest
from wherefrom.models.checkpoints.sound import check_values
from wherefrom.models.opening.choices import checked_options
from wherefrom.models.sources.classes import OPENED, TINY, TOKENISERS
from wherefrom.models.sources.local import Place, find_place, looks_like_autoencoder

__all__ = ["open_autoencoder", "open_place", "wrap_autoencoder"]

_COUNTER: Final = "num_batches_tracked"
_STATISTICS: Final = "bn."  # of the latents, by which generators scale them
_LONG_KNOWN: Final = (
    "AsymmetricAutoencoderKL",
    "AutoencoderDC",
    "AutoencoderKL",
    "AutoencoderKLFlux2",
    "AutoencoderKLQwenImage",
    "AutoencoderTiny",
    "VQModel",
)
"""Classes of whose configs it is known what tensors do not tell; of the others everything is kept."""
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
_OF_GENERATORS: Final = ("force_upcast", "latents_mean", "latents_std", "sample_size", "scaling_factor", "shift_factor")
"""What of a config only generators and programs around the autoencoder use."""


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
        ModelError: when it cannot be read, has no encoder, gives no image back, or a tensor is missing, unknown or of
            another shape.
    """
    model = open_place(find_place(Path(path)), device=device, dtype=dtype, name=name, notes=notes or {})
    if isinstance(model, DecoderAlone):
        raise ModelError(f"{path} is a decoder without its encoder: load_model opens it for methods that only decode")
    return model


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
    checked = checked_options(options or {}, str(place.path))
    with building():
        parts = read_parts(place, checked.part)
        parts = replace(parts, config={**parts.config, **checked.units(stated=parts.stated, source=str(place.path))})
        module = module_of(parts)
        state = weights_of(parts, module)
        check_values(state, str(place.path))
        model = adapted(
            filled(module, state),
            architecture=parts.kind,
            facts=_facts(parts.kind, getattr(module, "config", parts.config), state),
            config=parts.config,
            device=device,
            dtype=dtype,
            name=name or parts.name,
            notes={"source": str(place.path), **parts.notes, **checked.notes(), **notes},
            stats=parts.stats,
            flow=parts.flow,
            stated=parts.stated or bool(checked.scaling),
        )
        return DecoderAlone(own=model) if parts.half else model


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
        module: an autoencoder of diffusers, of a class that a probe can ask, with its weights in memory.
        device: as for `open_autoencoder`.
        dtype: as for `open_autoencoder`.
        name: what to call it; by default the class.
        notes: as for `open_autoencoder`.

    Raises:
        ModelError: when it is no autoencoder or gives no image back, or its weights are not in memory.
    """
    kind = type(module).__name__
    if kind not in OPENED and not looks_like_autoencoder(kind):
        raise ModelError(f"class {kind!r} is not supported: need an autoencoder of diffusers, as {', '.join(OPENED)}")
    config: Mapping[str, Any] = getattr(module, "config", {})
    state = {key: tensor.detach() for key, tensor in module.state_dict().items()}
    if any(tensor.is_meta for tensor in state.values()):
        raise ModelError(f"the weights of this {kind} are not in memory: load it without offloading")
    with building():
        with torch.no_grad():
            copied = copy.deepcopy(module)
        return adapted(
            copied,
            architecture=kind,
            facts=_facts(kind, config, state),
            config=config,
            device=device,
            dtype=dtype,
            name=name or kind,
            notes={"source": "memory", **(notes or {})},
            stats=None,
            flow=None,
        )


def _facts(name: str, config: Mapping[str, Any], state: Mapping[str, torch.Tensor]) -> dict[str, Fact]:
    """Every fact of the weights and config that changes the numbers; weights as stored, before any cast."""
    kept = {key: tensor for key, tensor in state.items() if not key.endswith(_COUNTER)}
    encoder = {key: tensor for key, tensor in kept.items() if key.startswith(ENCODER)}
    others = {key: tensor for key, tensor in kept.items() if key not in encoder and not key.startswith(_STATISTICS)}
    return {
        "architecture": name,
        **({"encoder": digest(encoder)} if encoder else {}),
        "decoder": digest(others),
        "config": tuple(f"{key}={json.dumps(config[key])}" for key in _unseen(name, config)),
    }


def _unseen(name: str, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Keys of what of a config may change the numbers without changing a name or shape of the weights, in order."""
    if name in _LONG_KNOWN or name in TINY or name in TOKENISERS:
        return tuple(key for key in _UNSEEN if key in config)
    return tuple(sorted(key for key in config if not key.startswith("_") and key not in _OF_GENERATORS))
