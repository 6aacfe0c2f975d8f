"""Autoencoders of latent diffusion models, through diffusers, which no other part of this package knows."""

from __future__ import annotations

from wherefrom.models.diffusers._adapter import DiffusersAutoencoder
from wherefrom.models.diffusers._kinds import SUPPORTED
from wherefrom.models.diffusers._opening import open_autoencoder, wrap_autoencoder

__all__ = ["SUPPORTED", "DiffusersAutoencoder", "open_autoencoder", "wrap_autoencoder"]
