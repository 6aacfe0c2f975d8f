"""InvokeAI: metadata and a graph as JSON; of older versions `sd-metadata`, and before that a line called `Dream`."""

from __future__ import annotations

from typing import Any, Final

from wherefrom.side_evidence.programs.base import Facts, Program, Texts, json_object, values_of
from wherefrom.side_evidence.shortened import shortened

__all__ = ["PROGRAM"]

_JSON: Final = ("invokeai_metadata", "sd-metadata", "invokeai_graph", "invokeai_workflow")
_LINE: Final = "Dream"
_KEYS: Final = {
    "model_weights": "Checkpoint",
    "model_hash": "Hash of the checkpoint",
    "seed": "Seed",
    "steps": "Steps",
    "cfg_scale": "Guidance",
    "scheduler": "Scheduler",
    "sampler": "Sampler",
    "strength": "Share of noise",
    "positive_prompt": "Prompts",
    "negative_prompt": "Negative prompt",
    "app_version": "Version",
}
_MODELS: Final = {"model": "Checkpoint", "vae": "Decoder (VAE)"}


def _read(texts: Texts) -> Facts | None:
    """Told by its keywords, whatever they hold."""
    if not any(keyword in texts for keyword in (*_JSON, _LINE)):
        return None
    metadata = json_object(next((texts[keyword] for keyword in _JSON[:2] if keyword in texts), None)) or {}
    line = {"Prompts": shortened(texts[_LINE])} if _LINE in texts else {}
    return {**_models(metadata), **line, **values_of(metadata, _KEYS)}


def _models(metadata: dict[str, Any]) -> dict[str, str]:
    """Models are named by a text, or by an object that has a name."""
    found = {}
    for key, word in _MODELS.items():
        held = metadata.get(key)
        name = held.get("name", held.get("model_name")) if isinstance(held, dict) else held
        if isinstance(name, str) and name:
            found[word] = shortened(name)
    return found


PROGRAM: Final = Program(title="InvokeAI", read=_read)
