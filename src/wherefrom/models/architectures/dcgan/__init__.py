"""Stacks of transposed convolutions with batch norm, as DCGAN has them: Radford et al. 2016.

Sizes are read from the weights. Strides, paddings, activations and the prior are in no file of weights; they are found
by the running statistics of batch norm, which only the right ones give again (`_evidence`), or said by options.

    z, [label] -> transposed convolution -> batch norm -> activation -> ... -> transposed convolution -> tanh -> [0, 1]
"""

from __future__ import annotations

from typing import Final

import torch
from torch import nn

from wherefrom.core.card import Fact
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.core.tensors import generator
from wherefrom.models.architectures.base import Architecture, Built, Config, Shapes, State
from wherefrom.models.architectures.base.options import PRIORS, choice, drawing, numbers
from wherefrom.models.architectures.dcgan.evidence import whitened
from wherefrom.models.architectures.dcgan.join import Join, join_of
from wherefrom.models.architectures.dcgan.layout import Layout, Start, find_layout
from wherefrom.models.architectures.dcgan.network import ACTIVATIONS, OUTPUTS, Stack, layer_module
from wherefrom.models.architectures.dcgan.parts import Parts, parts_of
from wherefrom.models.architectures.dcgan.steps import SIZES, StatedLayout

__all__ = ["ARCHITECTURE"]

_DRAWS: Final = 512


def _recognise(shapes: Shapes) -> bool:
    parts = parts_of(shapes)
    return parts is not None and any(layer.norm is not None for layer in parts.layers)


def _build(state: State, config: Config) -> Built:
    parts = parts_of({name: tuple(tensor.shape) for name, tensor in state.items()})
    if parts is None:
        few = ", ".join(f"{name} {tuple(tensor.shape)}" for name, tensor in list(state.items())[:3])
        raise ModelError(
            f"these weights ({few}, ...) are no stack of transposed convolutions in which each layer takes what the one"
            " before it gives, from a latent to 1 or 3 channels"
        )
    join = join_of(parts, config)
    prior = choice(config, "prior", PRIORS)
    starts = [(name, order) for name in ((prior,) if prior else PRIORS) for order in join.orders]
    with torch.no_grad():
        layout = find_layout(
            parts, state, wanted=_wanted(config), starts=starts, drawn=lambda start: _drawn(start, join, state)
        )
    output = choice(config, "output", tuple(OUTPUTS)) or "tanh"
    network = _network(parts, state, layout, join, output)
    return Built(
        network=network,
        latent_shape=(join.latent,),
        size=(layout.size, layout.size),
        draw=drawing(layout.start[0], (join.latent,)),
        classes=join.label.searched,
        facts=_facts(layout, output, join),
        notes=_notes(layout),
    )


def _wanted(config: Config) -> StatedLayout:
    """What options say of the layout.

    Raises:
        UsageError: when an activation is none that is known.
    """
    stated = config.get("activation")
    names = (
        None if stated is None else tuple(stated.split(",") if isinstance(stated, str) else map(str, _listed(stated)))
    )
    for name in names or ():
        if name not in ACTIVATIONS:
            raise UsageError(f"activation={name!r}, need one of {', '.join(ACTIVATIONS)}")
    return StatedLayout(
        stride=numbers(config, "stride"),
        padding=numbers(config, "padding"),
        extra=numbers(config, "output_padding"),
        activation=names,
    )


def _listed(value: Fact) -> tuple[Fact, ...]:
    return value if isinstance(value, tuple) else (value,)


def _drawn(start: Start, join: Join, state: State) -> torch.Tensor:
    """Many inputs of the first layer, as training saw them: latents of the prior, labels of every class."""
    source = generator(0)
    draw = drawing(start[0], (_DRAWS, join.latent))
    return join.mixed(whitened(draw(source)), state, start[1], source)


def _network(parts: Parts, state: State, layout: Layout, join: Join, output: str) -> nn.Module:
    steps = [layer_module(layer, step, state) for layer, step in zip(parts.layers, layout.steps, strict=True)]
    network = Stack(steps, layout.activations, output, join.module(state, layout.start[1]))
    return network.eval().requires_grad_(False)


def _facts(layout: Layout, output: str, join: Join) -> dict[str, Fact]:
    """Everything that changes the images and is not in the weights."""
    convolutions = [step for step in layout.steps if step.kind != "linear"]
    facts: dict[str, Fact] = {
        "stride": tuple(step.stride for step in convolutions),
        "padding": tuple(step.padding for step in convolutions),
        "output_padding": tuple(step.extra for step in convolutions),
        "activation": layout.activations,
        "output": output,
        "prior": layout.start[0],
    }
    return facts | ({"label": join.label.fact, "label_order": layout.start[1]} if join.classes else {})


def _notes(layout: Layout) -> dict[str, Fact]:
    if layout.worst is None:
        return {}
    next_best = "" if layout.margin is None else f", the next candidate at least {layout.margin:.1f} times as much"
    return {"layout": f"found by batch norm's statistics: off by at most {layout.worst:.3f}{next_best}"}


ARCHITECTURE: Final = Architecture(
    name="dcgan",
    title="DCGAN and other stacks of transposed convolutions with batch norm",
    paper="arXiv:1511.06434",
    files=(".pt", ".pth", ".bin", ".safetensors"),
    latent="z, of any length, normal or uniform on [-1, 1]",
    sizes=", ".join(f"{size}x{size}" for size in SIZES),
    methods=("ronan",),
    options={
        "stride": "one number a convolution, as 1,2,2,2; by default found by batch norm's statistics",
        "padding": "one number a convolution, as 0,1,1,1; by default found as stride",
        "output_padding": "one number a convolution; by default found as stride",
        "activation": "behind the hidden layers, one or one each; by default found as stride: "
        f"{', '.join(ACTIVATIONS)}",
        "output": f"behind the last layer: {', '.join(OUTPUTS)}; by default tanh",
        "prior": "of the latents, normal or uniform on [-1, 1]; by default found as stride",
        "classes": "how many labels, where the label is one-hot beside the latent; by default none",
        "label": "the class whose images are made, from 0, or search; needed where the generator has classes",
        "label_order": "where the label stands beside the latent, first or last; by default found as stride",
    },
    recognise=_recognise,
    build=_build,
)
