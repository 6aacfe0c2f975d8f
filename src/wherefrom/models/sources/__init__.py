"""What a written name means, and the files it leads to. No torch."""

from __future__ import annotations
