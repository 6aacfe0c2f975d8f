"""StyleGAN-XL generators, from the `.pkl` files of the authors' program or from `wherefrom models convert`.

    z ─ mapping ─ w ─ truncation ─ waves turned and shifted ─ convolutions free of aliasing ─ image [0, 1], not clamped

Stems and super-resolution networks alike. Sauer et al., StyleGAN-XL: Scaling StyleGAN to Large Diverse Datasets,
arXiv:2202.00273; its layers are those of Alias-Free Generative Adversarial Networks, arXiv:2106.12423.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch

from wherefrom.core.card import Fact
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.architectures import check_kind
from wherefrom.models.architectures.base import Architecture, Built, Config, Shapes, State
from wherefrom.models.architectures.base.stylegan.latents import OPTIONS, WholeGenerator, choices, drawn
from wherefrom.models.architectures.base.stylegan.mapping import MappingPlan, MappingXL
from wherefrom.models.architectures.base.stylegan.reading import agrees, number, widths
from wherefrom.models.architectures.base.stylegan.resample import Resampling
from wherefrom.models.architectures.stylegan_xl.plan import input_plan, layer_plans
from wherefrom.models.architectures.stylegan_xl.synthesis import InputPlan, LayerPlan, SynthesisXL
from wherefrom.models.checkpoints.build import empty, fitted, side
from wherefrom.models.checkpoints.digest import digest

__all__ = ["ARCHITECTURE"]

_COLOURS: Final = (1, 3)
_SCALE: Final = 0.25


def _recognise(shapes: Shapes) -> bool:
    return "synthesis.input.freqs" in shapes and len(shapes.get("mapping.embed.weight", ())) == 2 and _has_table(shapes)


def _has_table(shapes: Shapes) -> bool:
    """Whether the embedding is a table of classes beside the mapping; StyleGAN3's is one of its layers, with a bias."""
    return "mapping.embed.bias" not in shapes


def _build(state: State, config: Config) -> Built:
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    check_kind(shapes, ARCHITECTURE)
    mapping, first, layers = _mapping(shapes, config), input_plan(shapes, config), layer_plans(shapes, config)
    size, colours, centres = layers[-1].size, layers[-1].outputs, shapes.get("mapping.w_avg", ())
    if colours not in _COLOURS:
        raise ModelError(f"it makes images of {colours} channels, need 3, or 1 for grey")
    if centres not in ((mapping.widths[-1],), (mapping.classes, mapping.widths[-1])):
        raise ModelError(f"mapping.w_avg has shape {centres}, need one mean of w, or one for each class")
    agrees(config, {"z_dim": mapping.z_width, "img_resolution": size, "img_channels": colours})
    chosen = choices(_labelled(config, mapping), classes=mapping.classes, layers=len(layers) + 1)
    centroids = _centroids(config, mapping.widths[-1], psi=chosen.psi)
    scale = number(config, ("synthesis.output_scale", "output_scale"), _SCALE)
    rows = side(shapes, "mapping.embed.weight", 0)

    def made() -> WholeGenerator:
        synthesis = SynthesisXL(first, layers, w_width=mapping.widths[-1], scale=scale or _SCALE)
        return WholeGenerator(MappingXL(mapping, rows=rows, centres=centres), synthesis, chosen, centroids)

    network = fitted(empty(made), state, title=f"a StyleGAN-XL generator of {size} px")
    latent_shape, draw = drawn(network, chosen, mapping.z_width)
    facts: dict[str, Fact] = {
        **_facts(first, layers),
        "scale": scale or _SCALE,
        "mapping_rate": mapping.rate,
        **chosen.facts(),
    }
    facts["centroids"] = None if centroids is None else digest({"centroids": centroids})
    return Built(
        network=network,
        latent_shape=latent_shape,
        size=(size, size),
        draw=lambda source: draw(source, chosen.label.number),
        classes=chosen.label.searched,
        draw_of=None if chosen.label.searched is None else draw,
        facts=facts,
        width=1,
    )


def _mapping(shapes: Shapes, config: Config) -> MappingPlan:
    """The mapping network, from its weights, and its learning rate, which those do not show."""
    rate = number(config, ("mapping.fc0.bias_gain", "mapping_kwargs.lr_multiplier"), 0.01)
    labelled = "mapping.embed_proj.weight" in shapes
    return MappingPlan(
        z_width=side(shapes, "mapping.embed_proj.weight" if labelled else "mapping.fc0.weight", 0 if labelled else 1),
        classes=_classes(shapes, config) if labelled else 0,
        embedded=side(shapes, "mapping.embed.weight", 1),
        widths=widths(shapes),
        rate=0.01 if rate is None else rate,
    )


def _labelled(config: Config, mapping: MappingPlan) -> Config:
    """The configuration, with class 0 where none is chosen: that is what the label of zeros is to this network."""
    return {**config, "class": 0} if mapping.classes and config.get("class") is None else config


def _classes(shapes: Shapes, config: Config) -> int:
    """How many classes: as many as means of w where each has its own, else as stated, else as the table has rows."""
    rows, stated = side(shapes, "mapping.embed.weight", 0), config.get("c_dim")
    if len(shapes.get("mapping.w_avg", ())) == 2:
        return side(shapes, "mapping.w_avg", 0)
    return stated if isinstance(stated, int) and 0 < stated <= rows else rows


def _centroids(config: Config, width: int, *, psi: float) -> torch.Tensor | None:
    """The means of w in the file that the option `centroids` names, `(k, width)`; None where it names none.

    Raises:
        ModelError: when it cannot be read, or holds something else.
        UsageError: when there is no truncation to use them in.
    """
    name = config.get("centroids")
    if name is None:
        return None
    if psi == 1:
        raise UsageError(f"centroids={name!r}, but psi=1 is no truncation: give psi as well")
    try:
        centroids = torch.from_numpy(np.array(np.load(str(name), allow_pickle=False), dtype=np.float32))
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(f"{name} cannot be read as an array of numbers: {error}") from error
    if centroids.ndim != 2 or centroids.shape[1] != width or not len(centroids) or not centroids.isfinite().all():
        raise ModelError(f"{name} holds an array of shape {tuple(centroids.shape)}, need (k, {width}) finite numbers")
    return centroids


def _facts(first: InputPlan, layers: tuple[LayerPlan, ...]) -> dict[str, Fact]:
    """What neither the weights nor their names say."""
    padding = tuple((*_ends(plan.across[0]), *_ends(plan.along[0])) for plan in layers)
    factors = tuple((plan.across[0].up, plan.across[1].down) for plan in layers)
    clamps = tuple(dict.fromkeys(plan.clamp for plan in layers))
    return {"input": (first.size, first.rate, first.band), "padding": padding, "factors": factors, "clamp": clamps}


def _ends(axis: Resampling) -> tuple[int, int]:
    return axis.before, axis.after


ARCHITECTURE: Final = Architecture(
    name="stylegan_xl",
    title="StyleGAN-XL",
    paper="arXiv:2202.00273",
    files=(".pkl", ".safetensors"),
    latent="z (64,) standard normal; w (512,) or w+ (layers + 1, 512) by the option latent",
    sizes="16 to 1024",
    methods=("ronan",),
    options={
        **OPTIONS,
        "class": "number of the class, from 0, or search where it is not known; default 0",
        "centroids": "a .npy file of means of w, towards the nearest of which psi draws; default the class's own mean",
    },
    recognise=_recognise,
    build=_build,
)
"""Generators that the authors' program saves, stems and super-resolution networks."""
