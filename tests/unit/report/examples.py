"""Profiles and verdicts of made-up statistics, for reports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.toy_tables import PLAIN, facts, table
from wherefrom.attribution import Candidate, attribute
from wherefrom.core.facts import ImageFacts
from wherefrom.images.read import read_or_explain
from wherefrom.judging import calibrate
from wherefrom.records.profile import Profile
from wherefrom.records.verdict import Attributions, Verdicts

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e\"'&.png"


def profile_of(seed: int = 3, *, pools: int = 120, decoder: str = "d", name: str = "toy", **more: Any) -> Profile:
    """Sixty belongings, and photos that score higher."""
    rng = np.random.default_rng(seed)
    made = calibrate(
        belonging=table(rng.lognormal(0, 0.2, 60), f"ours-{seed}"),
        foreign={"photos": table(rng.lognormal(2, 0.8, pools), f"photos-{seed}")} if pools else {},
        method=PLAIN,
    )
    card = replace(made.model, name=name, facts={**made.model.facts, "decoder": decoder * 64})
    return replace(made, model=card, **more)


def judged(profile: Profile, *values: float, images: Any = None) -> Verdicts:
    """What is said of images with these statistics."""
    scored = table(values, "asked", images=images, model=profile.model)
    return attribute(scored, profile=profile, method=PLAIN)


def among(profiles: dict[str, Profile], *values: float) -> Attributions:
    """What is said of one image, with a statistic under each profile."""
    return attribute(
        [
            Candidate(name=name, profile=one, tables={"none": table([value], "asked", model=one.model)}, method=PLAIN)
            for (name, one), value in zip(profiles.items(), values, strict=True)
        ]
    )


def unread(name: str = "bad.png", error: str = "no image: a text file") -> ImageFacts:
    """An image that could not be read."""
    return facts("bad", name=name, error=error, pixel_digest=None, format=None, width=None, height=None, bytes=12)


def save_image(path: Path, side: int = 64, seed: int = 0) -> ImageFacts:
    """A file of noise, and the facts of it."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    record = read_or_explain(path)
    assert not isinstance(record, ImageFacts)
    return record.facts
