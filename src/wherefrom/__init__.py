"""Did this generative model make this image? An answer with known error rates."""

from __future__ import annotations

__version__ = "0.1.0"
