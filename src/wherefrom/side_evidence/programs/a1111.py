"""Stable Diffusion web UI of AUTOMATIC1111 and its descendants: a prompt, and below it a line of settings."""

from __future__ import annotations

import re
from typing import Final

from wherefrom.side_evidence.programs.base import Facts, Program, Texts
from wherefrom.side_evidence.shortened import shortened

__all__ = ["PROGRAM"]

_KEYWORDS: Final = ("parameters", "EXIF UserComment", "comment")
_SETTINGS: Final = re.compile(r"(?:^|\n)(Steps: \d+, [^\n]*)")
_SETTING: Final = re.compile(r'\s*([A-Za-z0-9][\w \-/]{0,40}):\s*("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)')
_NEGATIVE: Final = "\nNegative prompt: "
_SHOWN: Final = {
    "Model": "Checkpoint",
    "Model hash": "Hash of the checkpoint",
    "VAE": "Decoder (VAE)",
    "VAE hash": "Hash of the decoder",
    "Lora hashes": "LoRA",
    "Seed": "Seed",
    "Steps": "Steps",
    "CFG scale": "Guidance",
    "Sampler": "Sampler",
    "Schedule type": "Scheduler",
    "Denoising strength": "Share of noise",
    "Size": "Size",
    "Version": "Version",
}


def _read(texts: Texts) -> Facts | None:
    """The settings are told by a line that begins with the number of steps."""
    for keyword in _KEYWORDS:
        text = texts.get(keyword, "")
        found = _SETTINGS.search(text)
        if found is None or text.lstrip().startswith("{"):
            continue
        settings = {name: value.strip().strip('"') for name, value in _SETTING.findall(found.group(1))}
        prompt, _, negative = text[: found.start()].partition(_NEGATIVE)
        return {
            **{word: shortened(settings[name]) for name, word in _SHOWN.items() if settings.get(name)},
            **({"Prompts": shortened(prompt)} if prompt.strip() else {}),
            **({"Negative prompt": shortened(negative)} if negative.strip() else {}),
        }
    return None


PROGRAM: Final = Program(title="Stable Diffusion web UI (AUTOMATIC1111 or a descendant)", read=_read)
