"""The autoencoders of latent diffusion models: their classes in diffusers, and the layouts their files come in."""

from __future__ import annotations
