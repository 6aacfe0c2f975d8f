"""Where in an image the pixels are consistent with a decoder, from the image's own control copies. With torch."""

from __future__ import annotations

from wherefrom.mapping.evidence import METHOD, evidence_map

__all__ = ["METHOD", "evidence_map"]
