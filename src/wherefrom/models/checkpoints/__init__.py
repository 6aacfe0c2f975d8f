"""Files of weights: reading them without running anything in them, telling them apart, filling networks."""

from __future__ import annotations
