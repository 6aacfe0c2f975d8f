"""ComfyUI: the graph of nodes that was run (`prompt`) and the one that was drawn (`workflow`), as JSON."""

from __future__ import annotations

from typing import Any, Final

from wherefrom.side_evidence.programs.base import Facts, Program, Texts, json_object, values_of
from wherefrom.side_evidence.shortened import listed, shortened

__all__ = ["PROGRAM"]

_KEYS: Final = {
    "ckpt_name": "Checkpoint",
    "unet_name": "Checkpoint",
    "model_name": "Further models",
    "lora_name": "LoRA",
    "vae_name": "Decoder (VAE)",
    "seed": "Seed",
    "noise_seed": "Seed",
    "steps": "Steps",
    "cfg": "Guidance",
    "sampler_name": "Sampler",
    "scheduler": "Scheduler",
    "denoise": "Share of noise",
}
_PLACES: Final = {"prompt": ("prompt", "EXIF Model"), "workflow": ("workflow", "EXIF Make")}
"""Keywords of a PNG; tags of a WebP, whose values begin with the keyword and a colon."""


def _read(texts: Texts) -> Facts | None:
    """A graph is told by nodes that have a class, a drawing by its nodes and links."""
    graph, drawn = _held(texts, "prompt"), _held(texts, "workflow")
    nodes = [node for node in (graph or {}).values() if isinstance(node, dict) and "class_type" in node]
    is_drawing = drawn is not None and isinstance(drawn.get("nodes"), list)
    if not nodes and not is_drawing:
        return None
    inputs = [node.get("inputs") for node in nodes]
    words = [held.get("text") for held in inputs if isinstance(held, dict)]
    prompts = [shortened(word) for word in words if isinstance(word, str) and word.strip()]
    return {
        **values_of(inputs, _KEYS),
        **({"Prompts": listed(prompts)} if prompts else {}),
        **({"Nodes": listed(sorted({str(node["class_type"]) for node in nodes}))} if nodes else {}),
        **({"Workflow": "in the file"} if is_drawing else {}),
    }


def _held(texts: Texts, what: str) -> dict[str, Any] | None:
    keyword, tag = _PLACES[what]
    found = json_object(texts.get(keyword))
    return json_object(texts.get(tag, "").removeprefix(f"{what}:")) if found is None else found


PROGRAM: Final = Program(title="ComfyUI", read=_read)
