"""One step of a consistency model, from noise to an image (arXiv:2303.01469, section 3 and appendix C)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import torch
from torch import nn

__all__ = ["DENOISERS", "Denoiser", "OneStep", "Scalings", "karras_start"]

Denoiser = Literal["consistency", "edm"]
DENOISERS: Final = ("consistency", "edm")
"""How the network's output becomes an image: with the boundary condition, or as its EDM teachers without it."""

_RHO: Final = 7.0


def karras_start(sigma_max: float) -> float:
    """The first noise level of OpenAI's schedule: `sigma_max` after its root and power in float32, 79.99998 for 80."""
    return float(torch.tensor(sigma_max ** (1 / _RHO), dtype=torch.float32, device="cpu") ** _RHO)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scalings:
    """How a network F is made a denoiser, `D(x, s) = skip(s) x + out(s) F(in(s) x, 250 ln s)`.

    Attributes:
        denoiser: `consistency` has `D(x, sigma_min) = x`; `edm` is arXiv:2206.00364, table 1.
        sigma_data: of the training images.
        sigma_min: where a consistency model is the identity.
    """

    denoiser: Denoiser = "consistency"
    sigma_data: float = 0.5
    sigma_min: float = 0.002

    def denoised(
        self, network: nn.Module, noisy: torch.Tensor, sigmas: torch.Tensor, labels: torch.Tensor | None
    ) -> torch.Tensor:
        """`D(noisy, sigmas)`, nominally in [-1, 1], not clamped.

        Args:
            network: F, called as `network(images, times, labels)`.
            noisy: `(n, 3, h, w)`.
            sigmas: the noise level of each, `(n,)` float32.
            labels: the class of each, or None.
        """
        skip, out, inner = (part[:, None, None, None].to(noisy.dtype) for part in self._parts(sigmas))
        output: torch.Tensor = network(inner * noisy, 250 * sigmas.log(), labels)
        return skip * noisy + out * output

    def _parts(self, sigmas: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        spread = self.sigma_data**2
        total = sigmas.square() + spread
        above = sigmas - self.sigma_min if self.denoiser == "consistency" else sigmas
        return spread / (above.square() + spread), above * self.sigma_data / total.sqrt(), total.rsqrt()


class OneStep(nn.Module):
    """Standard normal noise `(n, 3, h, w)` to images in [0, 1], not clamped, in one call of the network.

    Its class is one for all, or each image's own where the network is given labels `(n,)`.

    The published samplers clamp to [-1, 1] before they make 8-bit images. Here the clamp is left to whoever measures:
    inside the map it would end the gradient of saturated pixels.
    """

    def __init__(
        self, network: nn.Module, scalings: Scalings, *, sigma_max: float, sigma: float, label: int | None
    ) -> None:
        super().__init__()
        self.network = network
        self.scalings = scalings
        self.sigma_max = sigma_max
        self.sigma = sigma
        self.label = label

    def forward(self, latents: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Latents `(n, 3, h, w)` and labels `(n,)` to images in [0, 1] of the same shape.

        Args:
            latents: `(n, 3, h, w)`, standard normal.
            labels: `(n,)` of the classes that are searched; None where there are none.
        """
        count, device = len(latents), latents.device
        sigmas = torch.full((count,), self.sigma, dtype=torch.float32, device=device)
        if self.label is not None:
            labels = torch.full((count,), self.label, dtype=torch.long, device=device)
        return self.scalings.denoised(self.network, latents * self.sigma_max, sigmas, labels) * 0.5 + 0.5
