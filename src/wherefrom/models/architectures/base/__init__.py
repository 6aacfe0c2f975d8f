"""What a file in this folder states of its architecture, and what it builds out of weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wherefrom.models.checkpoints.base import Config, Shapes, State

if TYPE_CHECKING:
    import torch
    from torch import nn

__all__ = ["Architecture", "Built", "Config", "Shapes", "State"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """A generator made out of its weights, before it is moved to a device.

    Attributes:
        network: called as `network(latents)`: `(n, *latent_shape)` to images `(n, 3, h, w)`, or `(n, 1, h, w)` where
            they are grey, nominally in [0, 1], not clamped, differentiable; row i depends on latent i alone. Where the
            class is searched, as `network(latents, labels)` with labels `(n,)` int64.
        latent_shape: of one latent.
        size: `(height, width)` in pixels, the only one that it makes.
        draw: one latent `latent_shape`, float32, on the CPU, from the prior that the generator was trained with.
        classes: how many, where the class is searched with the latent; None where it is given, or there are none.
        draw_of: a latent of one class, where the prior of latents depends on it; None where `draw` is of any class.
        encoder: images `(n, 3, h, w)` in [0, 1] to latents, the posterior's mean; None where there is none.
        facts: options that change the numbers but not the weights: class, truncation, prior, activation.
        notes: what a person should know that changes nothing, for the card.
        width: latents that are computed together on the CPU, a fixed number; None takes one by the size of the images.
            A network that needs a second or more for one image should have 1.
    """

    network: nn.Module
    latent_shape: tuple[int, ...]
    size: tuple[int, int]
    draw: Callable[[torch.Generator], torch.Tensor]
    classes: int | None = None
    draw_of: Callable[[torch.Generator, int], torch.Tensor] | None = None
    encoder: nn.Module | None = None
    facts: Config = field(default_factory=dict)
    notes: Config = field(default_factory=dict)
    width: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Architecture:
    """A kind of generator whose published files can be opened.

    Attributes:
        name: the file's name in this folder.
        title: what a person calls it.
        paper: where it is described, as `arXiv:1511.06434`.
        files: kinds of files, as `.pt`.
        latent: what is searched, for a person.
        sizes: of its images, for a person.
        methods: which apply.
        options: what each option does; the default is said in the text.
        recognise: whether a file is one of these, from names and shapes of its tensors.
        build: the generator out of its weights and of what is known beside them: numbers recorded in the checkpoint,
            over those a JSON file of the same name, over those the user's options. It loads strictly, or raises a
            `ModelError` that says what the weights look like and what was expected; it ignores what it does not know in
            the configuration, whose options were checked before.
    """

    name: str
    title: str
    paper: str
    files: tuple[str, ...]
    latent: str
    sizes: str
    methods: tuple[str, ...]
    options: Mapping[str, str]
    recognise: Callable[[Shapes], bool]
    build: Callable[[State, Config], Built]
