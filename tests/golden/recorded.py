"""Tensors recorded from the authors' own programs, where they lie, and what every generator is checked for on them."""

from __future__ import annotations

import ast
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import torch
from safetensors import safe_open
from torch import nn

from tests.shared import SHARED
from wherefrom.core.tensors import generator

FOLDER: Final = SHARED.parent / "golden"
"""One file a configuration: `weights/NAME`, `io/NAME`, and the configuration as the text of a dictionary."""
TOLERANCE: Final = 1e-4
"""How far an output may be from the recorded one, as a share of the largest recorded value."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Recorded:
    """One configuration of a generator, and what its authors' program made of some inputs."""

    path: Path
    config: Mapping[str, Any]
    weights: Mapping[str, torch.Tensor]
    io: Mapping[str, torch.Tensor]

    def published(self) -> Path | None:
        """The same weights in the kind of file that the authors publish."""
        found = [self.path.with_suffix(suffix) for suffix in (".pt", ".pth")]
        return next((path for path in found if path.is_file()), None)


def recordings(family: str) -> list[Any]:
    """The files of a family, as parameters of a test; one that is skipped where there are none."""
    found = sorted(FOLDER.glob(f"{family}_*.safetensors"))
    if not found:
        skip = pytest.mark.skip(reason=f"no {family}_*.safetensors in {FOLDER}")
        return [pytest.param(FOLDER / family, id="none", marks=skip)]
    return [pytest.param(path, id=path.stem) for path in found]


@functools.cache
def read(path: Path) -> Recorded:
    """A file's content."""
    with safe_open(path, framework="pt") as file:
        config = ast.literal_eval(file.metadata()["config"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    parts = {
        part: {name.removeprefix(part): tensor for name, tensor in tensors.items() if name.startswith(part)}
        for part in ("weights/", "io/")
    }
    return Recorded(path=path, config=config, weights=parts["weights/"], io=parts["io/"])


def check_close(found: torch.Tensor, recorded: torch.Tensor) -> None:
    """Equal to `TOLERANCE` of the largest recorded value."""
    assert found.shape == recorded.shape
    assert found.isfinite().all()
    worst = float((found.double() - recorded.double()).abs().max() / recorded.double().abs().max())
    assert worst <= TOLERANCE, f"{worst:.3g} of the largest value apart"


def check_gradient(network: nn.Module, latent: torch.Tensor, *, count: int = 4) -> None:
    """The gradient of a weighted sum of pixels is finite, and on some coordinates the quotient of differences.

    Args:
        network: changed to float64, in which differences are sharp.
        latent: `(1, ...)`.
        count: coordinates: that with the largest gradient, and some at random.
    """
    network = network.double().eval()
    start = latent.detach().double().requires_grad_()
    with torch.enable_grad():
        made = network(start)
        weights = torch.randn(made.shape, generator=generator(1), dtype=torch.float64)
        (gradient,) = torch.autograd.grad((made * weights).sum(), start)
    flat = gradient.flatten()
    assert flat.isfinite().all()
    assert float(flat.abs().max()) > 0
    chosen = [int(flat.abs().argmax()), *torch.randint(flat.numel(), (count - 1,), generator=generator(2)).tolist()]
    for place in chosen:
        step = torch.zeros_like(flat)
        step[place] = 1e-5
        step = step.reshape(latent.shape)
        with torch.no_grad():
            ahead, behind = (float((network(start + sign * step) * weights).sum()) for sign in (1, -1))
        assert (ahead - behind) / 2e-5 == pytest.approx(
            float(flat[place]), rel=1e-4, abs=1e-6 * float(flat.abs().max())
        )
