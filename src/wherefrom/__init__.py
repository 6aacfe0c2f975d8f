"""Did this generative model make this image? Attribution by inversion, with bounded error rates.

Every name below is loaded on first use, so that `import wherefrom` needs no torch and takes a blink.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Attribution": "wherefrom.records.verdict",
    "Card": "wherefrom.core.card",
    "ImageError": "wherefrom.core.errors",
    "ImageFacts": "wherefrom.core.facts",
    "MissingExtra": "wherefrom.core.errors",
    "ModelError": "wherefrom.core.errors",
    "Outcome": "wherefrom.records.verdict",
    "Profile": "wherefrom.records.profile",
    "ProfileError": "wherefrom.core.errors",
    "ScoreTable": "wherefrom.records.table",
    "Scores": "wherefrom.core.arrays",
    "StoreError": "wherefrom.core.errors",
    "UsageError": "wherefrom.core.errors",
    "Verdict": "wherefrom.records.verdict",
    "WherefromError": "wherefrom.core.errors",
    "attribute": "wherefrom.attribution",
    "calibrate": "wherefrom.judging",
    "early": "wherefrom.judging",
    "judge": "wherefrom.judging",
    "keep_freed_memory": "wherefrom.core.memory",
    "load_images": "wherefrom.images.sources",
    "load_model": "wherefrom.models.locate",
    "load_profile": "wherefrom.records.files",
    "load_table": "wherefrom.records.files",
    "save_profile": "wherefrom.records.files",
    "save_table": "wherefrom.records.files",
    "score": "wherefrom.scoring.run",
}
_MODULES = ("evaluation", "methods", "rules")

__all__ = [
    "Attribution",
    "Card",
    "ImageError",
    "ImageFacts",
    "MissingExtra",
    "ModelError",
    "Outcome",
    "Profile",
    "ProfileError",
    "ScoreTable",
    "Scores",
    "StoreError",
    "UsageError",
    "Verdict",
    "WherefromError",
    "__version__",
    "attribute",
    "calibrate",
    "early",
    "evaluation",
    "judge",
    "keep_freed_memory",
    "load_images",
    "load_model",
    "load_profile",
    "load_table",
    "methods",
    "rules",
    "save_profile",
    "save_table",
    "score",
]

if TYPE_CHECKING:
    from wherefrom import evaluation, methods, rules
    from wherefrom.attribution import attribute
    from wherefrom.core.arrays import Scores
    from wherefrom.core.card import Card
    from wherefrom.core.errors import (
        ImageError,
        MissingExtra,
        ModelError,
        ProfileError,
        StoreError,
        UsageError,
        WherefromError,
    )
    from wherefrom.core.facts import ImageFacts
    from wherefrom.core.memory import keep_freed_memory
    from wherefrom.images.sources import load_images
    from wherefrom.judging import calibrate, early, judge
    from wherefrom.models.locate import load_model
    from wherefrom.records.files import (
        load_profile,
        load_table,
        save_profile,
        save_table,
    )
    from wherefrom.records.profile import Profile
    from wherefrom.records.table import ScoreTable
    from wherefrom.records.verdict import Attribution, Outcome, Verdict
    from wherefrom.scoring.run import score


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
