"""Which methods can ask a model."""

from __future__ import annotations

from wherefrom import methods
from wherefrom.core import plugins
from wherefrom.models.base import Autoencoder, Decoder, Model

__all__ = ["applicable"]


def applicable(model: Model) -> tuple[str, ...]:
    """The methods that can ask a model: those whose `scores` is annotated with something that it is.

    Args:
        model: that was opened.
    """
    lacks = {need for need, kind in (("Autoencoder", Autoencoder), ("Decoder", Decoder)) if not isinstance(model, kind)}
    kinds = {name: plugins.load(methods.__name__, name, "METHOD") for name in methods.names()}
    return tuple(name for name, kind in kinds.items() if kind.scores.__annotations__.get("model") not in lacks)
