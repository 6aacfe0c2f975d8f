"""Fooocus: settings as JSON, or in the form of AUTOMATIC1111, and beside them the name of the form."""

from __future__ import annotations

from typing import Final

from wherefrom.side_evidence.programs.base import Facts, Program, Texts, json_object, values_of

__all__ = ["PROGRAM"]

_FORMS: Final = ("fooocus_scheme", "EXIF MakerNote")
_NAMES: Final = ("fooocus", "a1111")
_PLACES: Final = ("parameters", "EXIF UserComment")
_KEYS: Final = {
    "base_model": "Checkpoint",
    "base_model_hash": "Hash of the checkpoint",
    "refiner_model": "Further models",
    "vae": "Decoder (VAE)",
    "seed": "Seed",
    "steps": "Steps",
    "guidance_scale": "Guidance",
    "sampler": "Sampler",
    "scheduler": "Scheduler",
    "performance": "Performance",
    "prompt": "Prompts",
    "negative_prompt": "Negative prompt",
    "version": "Version",
}


def _read(texts: Texts) -> Facts | None:
    """Told by the name of the form, by the program's name, or by settings that only it has."""
    settings = next((found for place in _PLACES if (found := json_object(texts.get(place)))), {})
    form = texts.get(_FORMS[0]) or texts.get(_FORMS[1], "")
    by_name = texts.get("EXIF Software", "").startswith("Fooocus")
    by_settings = "base_model" in settings and "performance" in settings
    if not (_FORMS[0] in texts or (form in _NAMES and by_name) or by_settings or by_name):
        return None
    return {**({"Form": form} if form in _NAMES else {}), **values_of(settings, _KEYS)}


PROGRAM: Final = Program(title="Fooocus", read=_read)
