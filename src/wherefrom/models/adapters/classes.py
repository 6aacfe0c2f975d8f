"""Latents that carry their class, where it is searched: the numbers of the latent in one row, then the class's own.

A search moves the latent; the class gets no gradient and stays what it was. So which class fits is decided between the
starts of an image, which are spread over the classes.
"""

from __future__ import annotations

import torch

from wherefrom.core.errors import ModelError
from wherefrom.core.seeds import seed_of
from wherefrom.core.tensors import Latents, generator

__all__ = ["append_class", "split_class", "stratified_classes"]


def append_class(latent: torch.Tensor, label: int) -> torch.Tensor:
    """A latent of any shape and its class as one row, float32.

    Args:
        latent: of any shape.
        label: its class, from 0.
    """
    return torch.cat([latent.flatten(), latent.new_tensor([float(label)])])


def split_class(latents: Latents, shape: tuple[int, ...], classes: int) -> tuple[Latents, torch.Tensor]:
    """Rows as `append_class` makes them to latents `(n, *shape)` and labels `(n,)` int64.

    Args:
        latents: `(n, numbers + 1)`.
        shape: of one latent without its class.
        classes: how many there are.

    Raises:
        ModelError: when a row carries no whole number from 0 below `classes`.
    """
    carried = latents[:, -1].detach()
    wrong = (carried != carried.round()) | (carried < 0) | (carried >= classes) | carried.isnan()
    if wrong.any():
        raise ModelError(
            f"a latent carries the class {float(carried[wrong][0]):g} in its last place, need a whole number from 0"
            f" below {classes}"
        )
    return latents[:, :-1].reshape(len(latents), *shape), carried.long()


def stratified_classes(count: int, classes: int, seed: int) -> list[int]:
    """Classes of `count` starts in an order that a seed draws: every class once before any comes again.

    Args:
        count: how many starts.
        classes: how many there are.
        seed: of the order.
    """
    order = torch.randperm(
        classes, generator=generator(seed_of(seed, "classes")), dtype=torch.int64, device="cpu"
    ).tolist()
    return [order[start % classes] for start in range(count)]
