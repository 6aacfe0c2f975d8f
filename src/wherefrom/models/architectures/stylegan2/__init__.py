"""StyleGAN2 generators, from the `.pkl` files of the PyTorch programs of StyleGAN2-ADA, from rosinality's `.pt` files.

    z ─ mapping ─ w ─ truncation ─ one w a layer ─ modulated convolutions from 4 px on ─ image [0, 1], not clamped

Karras et al., Training Generative Adversarial Networks with Limited Data, arXiv:2006.06676; the network is that of
Analyzing and Improving the Image Quality of StyleGAN, arXiv:1912.04958.
"""

from __future__ import annotations

import re
from typing import Final

from wherefrom.core.card import Fact
from wherefrom.core.errors import ModelError, UsageError
from wherefrom.models.architectures import check_kind
from wherefrom.models.architectures.base import Architecture, Built, Config, Shapes, State
from wherefrom.models.architectures.base.options import choice, whole
from wherefrom.models.architectures.base.stylegan.latents import OPTIONS, WholeGenerator, choices, drawn
from wherefrom.models.architectures.base.stylegan.mapping import Mapping, MappingPlan
from wherefrom.models.architectures.base.stylegan.reading import agrees, first, number, taps_of, widths
from wherefrom.models.architectures.stylegan2.rosinality import is_rosinality, renamed
from wherefrom.models.architectures.stylegan2.synthesis import Plan, Synthesis
from wherefrom.models.checkpoints.build import empty, fitted, side

__all__ = ["ARCHITECTURE"]

_LEVEL: Final = re.compile(r"synthesis\.b(\d+)\.conv1\.weight")
_NOISE: Final = ("none", "const", "seeded")
_MOST_LEVELS: Final = 10
_COLOURS: Final = (1, 3)
_VECTOR: Final = 16
_SMALL: Final = 4  # sizes from 4 px on, up to 32


def _recognise(shapes: Shapes) -> bool:
    return is_rosinality(shapes) or (len(shapes.get("synthesis.b4.const", ())) == 3 and "mapping.w_avg" in shapes)


def _build(state: State, config: Config) -> Built:
    if is_rosinality({name: tuple(tensor.shape) for name, tensor in state.items()}):
        state = renamed(state)
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    check_kind(shapes, ARCHITECTURE)
    mapping, plan = _mapping(shapes, config), _plan(shapes, config)
    size = 4 << (len(plan.channels) - 1)
    stated = {"w_dim": plan.w_width, "img_resolution": size, "img_channels": plan.colours}
    agrees(config, {"z_dim": mapping.z_width, "c_dim": mapping.classes, **stated})
    chosen = choices(config, classes=mapping.classes, layers=2 * len(plan.channels))
    if chosen.psi != 1 and bool(state["mapping.w_avg"].isnan().any()):
        raise UsageError(f"psi={chosen.psi:g} draws towards the mean of w, which this file lacks: leave psi out")
    noise = _noise(config, noisy=plan.noisy)
    synthesis = empty(lambda: Synthesis(plan))
    network = empty(lambda: WholeGenerator(Mapping(mapping), synthesis, chosen))
    fitted(network, state, title=f"a StyleGAN2 generator of {size} px")
    synthesis.add_noise(str(noise["noise"]), int(str(noise.get("noise_seed", 0))))
    latent_shape, draw = drawn(network, chosen, mapping.z_width)
    own_facts: dict[str, Fact] = {
        "clamp": plan.clamp,
        "activations": (mapping.act, plan.act),
        "mapping_rate": mapping.rate,
    }
    return Built(
        network=network,
        latent_shape=latent_shape,
        size=(size, size),
        draw=lambda source: draw(source, chosen.label.number),
        classes=chosen.label.searched,
        draw_of=None if chosen.label.searched is None else draw,
        facts={**own_facts, **noise, **chosen.facts()},
        width=_together(mapping, plan),
    )


def _mapping(shapes: Shapes, config: Config) -> MappingPlan:
    """The mapping network, from its weights, and its learning rate and activation, which those do not show."""
    classes = side(shapes, "mapping.embed.weight", 1) if "mapping.embed.weight" in shapes else 0
    embedded = side(shapes, "mapping.embed.weight", 0) if classes else 0
    rate = number(config, ("mapping.fc0.bias_gain", "mapping_kwargs.lr_multiplier"), 0.01)
    return MappingPlan(
        z_width=side(shapes, "mapping.fc0.weight", 1) - embedded,
        classes=classes,
        embedded=embedded,
        widths=widths(shapes),
        rate=0.01 if rate is None else rate,
        act=str(first(config, ("mapping.fc0.activation", "mapping_kwargs.activation"), "lrelu")),
    )


def _plan(shapes: Shapes, config: Config) -> Plan:
    """The synthesis network, from its weights, and its clamp and activation, which those do not show.

    Raises:
        ModelError: when the sizes of its blocks are not 4, 8, 16 and so on.
    """
    sizes = sorted(int(match[1]) for name in shapes if (match := _LEVEL.fullmatch(name)))
    if not 0 < len(sizes) <= _MOST_LEVELS or sizes != [4 << level for level in range(len(sizes))]:
        raise ModelError(f"the blocks have the sizes {sizes[:12]}, need 4, 8, 16 to 2048 at most without a gap")
    colours = side(shapes, f"synthesis.b{sizes[-1]}.torgb.weight", 0)
    if colours not in _COLOURS:
        raise ModelError(f"it makes images of {colours} channels, need 3, or 1 for grey")
    taps = shapes.get("synthesis.b4.resample_filter")
    if taps is None:
        raise ModelError("synthesis.b4.resample_filter is missing: save the weights with their buffers")
    taps_of(taps)
    residual = any(f"synthesis.b{size}.skip.weight" in shapes for size in sizes)
    adding = len(sizes) == 1 or "synthesis.b4.torgb.weight" in shapes
    return Plan(
        w_width=side(shapes, "mapping.w_avg", 0),
        channels=tuple(side(shapes, f"synthesis.b{size}.conv1.weight", 0) for size in sizes),
        colours=colours,
        structure="resnet" if residual else "skip" if adding else "orig",
        taps=taps,
        unused_taps=shapes.get("synthesis.b4.conv1.resample_filter", taps),
        noisy="synthesis.b4.conv1.noise_const" in shapes,
        clamp=number(config, ("synthesis.b4.conv1.conv_clamp", "synthesis_kwargs.conv_clamp"), None),
        act=str(first(config, ("synthesis.b4.conv1.activation", "synthesis_kwargs.activation"), "lrelu")),
    )


def _together(mapping: MappingPlan, plan: Plan) -> int:
    """How many latents are computed together on a processor.

    On one core four images of CIFAR-10's generator take 0.7 times as long each as one alone, sixteen no less; at 128 px
    there is nothing to gain. Where a width does not fill the processor's vectors, an image's last bits depend on its
    place among others, so that it is computed alone.
    """
    even = all(width % _VECTOR == 0 for width in (mapping.z_width + mapping.embedded, *mapping.widths, *plan.channels))
    return 4 if even and len(plan.channels) <= _SMALL else 1


def _noise(config: Config, *, noisy: bool) -> dict[str, Fact]:
    """What the layers' noise is.

    Raises:
        UsageError: when there is no such noise, or a seed without noise that takes one.
    """
    mode = choice(config, "noise", _NOISE) or "const"
    seed = whole(config, "noise_seed")
    if seed is not None and mode != "seeded":
        raise UsageError(f"noise_seed={seed}, but noise={mode}: a seed needs noise=seeded")
    if not noisy:
        return {"noise": "none"}
    return {"noise": mode, "noise_seed": seed or 0} if mode == "seeded" else {"noise": mode}


ARCHITECTURE: Final = Architecture(
    name="stylegan2",
    title="StyleGAN2-ADA",
    paper="arXiv:2006.06676",
    files=(".pkl", ".pt", ".safetensors"),
    latent="z (512,) standard normal; w (512,) or w+ (layers, 512) by the option latent",
    sizes="32 (CIFAR-10), 256 to 1024; any power of two",
    methods=("ronan",),
    options={
        **OPTIONS,
        "noise": "const (default), the file's own, as the official program; none, as RONAN's; or seeded",
        "noise_seed": "what seeded noise is drawn from; default 0",
    },
    recognise=_recognise,
    build=_build,
)
"""Generators that NVIDIA's PyTorch programs for StyleGAN2 and StyleGAN2-ADA save, and rosinality's for StyleGAN2."""
