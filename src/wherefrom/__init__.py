"""Did this generative model make this image? Attribution by inversion, with bounded error rates.

Every name below is loaded on first use, so that `import wherefrom` needs no torch and takes a blink.
"""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING, Any

from wherefrom.core.version import VERSION as __version__  # noqa: N811  (the name that packages have)

_HOMES = {
    "Attribution": "wherefrom.records.verdict",
    "Attributions": "wherefrom.records.verdict",
    "Candidate": "wherefrom.attribution",
    "Card": "wherefrom.core.card",
    "Check": "wherefrom.checking",
    "EvidenceMap": "wherefrom.records.maps",
    "Further": "wherefrom.report.further",
    "ImageError": "wherefrom.core.errors",
    "ImageFacts": "wherefrom.core.facts",
    "Limits": "wherefrom.images.read",
    "Made": "wherefrom.making",
    "MissingExtra": "wherefrom.core.errors",
    "ModelError": "wherefrom.core.errors",
    "Outcome": "wherefrom.records.verdict",
    "Profile": "wherefrom.records.profile",
    "ProfileError": "wherefrom.core.errors",
    "ScoreTable": "wherefrom.records.table",
    "Scores": "wherefrom.core.arrays",
    "SideEvidence": "wherefrom.side_evidence",
    "Stability": "wherefrom.records.stability",
    "StoreError": "wherefrom.core.errors",
    "UsageError": "wherefrom.core.errors",
    "Verdict": "wherefrom.records.verdict",
    "Verdicts": "wherefrom.records.verdict",
    "Verification": "wherefrom.bundle",
    "WherefromError": "wherefrom.core.errors",
    "add_condition": "wherefrom.profiling",
    "attribute": "wherefrom.attribution",
    "check": "wherefrom.checking",
    "early": "wherefrom.judging",
    "edit": "wherefrom.making",
    "evaluate": "wherefrom.evaluating",
    "evidence_map": "wherefrom.mapping",
    "generate": "wherefrom.making",
    "generate_from_prompts": "wherefrom.making",
    "keep_freed_memory": "wherefrom.core.memory",
    "load_images": "wherefrom.images.sources",
    "load_map": "wherefrom.records.maps",
    "load_model": "wherefrom.models.load",
    "load_profile": "wherefrom.records.files",
    "load_table": "wherefrom.records.files",
    "measure_stability": "wherefrom.stability",
    "open_candidates": "wherefrom.candidates",
    "profile": "wherefrom.profiling",
    "reconstructions": "wherefrom.candidates",
    "save_map": "wherefrom.records.maps",
    "save_profile": "wherefrom.records.files",
    "save_table": "wherefrom.records.files",
    "score": "wherefrom.scoring.run",
    "score_candidates": "wherefrom.candidates",
    "share_processors": "wherefrom.core.processors",
    "side_evidence_of": "wherefrom.side_evidence",
    "steady_attributions": "wherefrom.attribution",
    "steady_verdicts": "wherefrom.attribution",
    "through": "wherefrom.models.adapters.through",
    "tiles": "wherefrom.images.tiles",
    "verify": "wherefrom.bundle",
    "write_bundle": "wherefrom.bundle",
    "write_report": "wherefrom.report.writing",
}
_RENAMED = {
    "calibrate": ("wherefrom.judging:calibrate", "profile"),
    "judge": ("wherefrom.judging:judge", "attribute"),
}
"""Names of before, each with its home and the name that took its place: that of the command that does the same."""
_MODULES = ("evaluation", "methods", "rules")

__all__ = [
    "Attribution",
    "Attributions",
    "Candidate",
    "Card",
    "Check",
    "EvidenceMap",
    "Further",
    "ImageError",
    "ImageFacts",
    "Limits",
    "Made",
    "MissingExtra",
    "ModelError",
    "Outcome",
    "Profile",
    "ProfileError",
    "ScoreTable",
    "Scores",
    "SideEvidence",
    "Stability",
    "StoreError",
    "UsageError",
    "Verdict",
    "Verdicts",
    "Verification",
    "WherefromError",
    "__version__",
    "add_condition",
    "attribute",
    "check",
    "early",
    "edit",
    "evaluate",
    "evaluation",
    "evidence_map",
    "generate",
    "generate_from_prompts",
    "keep_freed_memory",
    "load_images",
    "load_map",
    "load_model",
    "load_profile",
    "load_table",
    "measure_stability",
    "methods",
    "open_candidates",
    "profile",
    "reconstructions",
    "rules",
    "save_map",
    "save_profile",
    "save_table",
    "score",
    "score_candidates",
    "share_processors",
    "side_evidence_of",
    "steady_attributions",
    "steady_verdicts",
    "through",
    "tiles",
    "verify",
    "write_bundle",
    "write_report",
]

if TYPE_CHECKING:
    from wherefrom import evaluation, methods, rules
    from wherefrom.attribution import Candidate, attribute, steady_attributions, steady_verdicts
    from wherefrom.bundle import Verification, verify, write_bundle
    from wherefrom.candidates import open_candidates, reconstructions, score_candidates
    from wherefrom.checking import Check, check
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
    from wherefrom.core.processors import share_processors
    from wherefrom.evaluating import evaluate
    from wherefrom.images.read import Limits
    from wherefrom.images.sources import load_images
    from wherefrom.images.tiles import tiles
    from wherefrom.judging import early
    from wherefrom.making import Made, edit, generate, generate_from_prompts
    from wherefrom.mapping import evidence_map
    from wherefrom.models.adapters.through import through
    from wherefrom.models.load import load_model
    from wherefrom.profiling import add_condition, profile
    from wherefrom.records.files import (
        load_profile,
        load_table,
        save_profile,
        save_table,
    )
    from wherefrom.records.maps import EvidenceMap, load_map, save_map
    from wherefrom.records.profile import Profile
    from wherefrom.records.stability import Stability
    from wherefrom.records.table import ScoreTable
    from wherefrom.records.verdict import Attribution, Attributions, Outcome, Verdict, Verdicts
    from wherefrom.report.further import Further
    from wherefrom.report.writing import write_report
    from wherefrom.scoring.run import score
    from wherefrom.side_evidence import SideEvidence, side_evidence_of
    from wherefrom.stability import measure_stability


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOMES:
        value = _found(_HOMES[name], name)
        globals()[name] = value
        return value
    if name in _RENAMED:
        home, instead = _RENAMED[name]
        warnings.warn(f"wherefrom.{name} is now wherefrom.{instead}: use that", DeprecationWarning, stacklevel=2)
        return _found(home, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _found(home: str, name: str) -> Any:
    """What a module holds under a name, or under the one after a colon."""
    module, _, other = home.partition(":")
    return getattr(importlib.import_module(module), other or name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
