"""From a network to a model that can be asked: ranges, latents, arithmetic, groups of rows."""

from __future__ import annotations
