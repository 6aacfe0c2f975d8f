"""Networks that enlarge images: what their weights are named like, and the networks themselves.

An image that went through an upscaler was drawn by it, and what a generator left in it before is mostly gone. So an
upscaler is a decoder like any other: its latent is the small image, and its encoder is a reduction.
"""

from __future__ import annotations
