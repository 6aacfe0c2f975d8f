"""A small bundle without any model: one method that reads one column, two candidates, two images that are files."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.toy_tables import MODEL, facts
from wherefrom import methods
from wherefrom.attribution import Candidate
from wherefrom.bundle import write_bundle
from wherefrom.core.arrays import Scores
from wherefrom.core.card import Card
from wherefrom.core.facts import ImageFacts
from wherefrom.judging import calibrate
from wherefrom.records.files import save_profile
from wherefrom.records.profile import Profile
from wherefrom.records.table import ScoreTable

METHOD = methods.load("reconstruction")
BOUNDS: dict[str, Any] = {"alpha": 0.1, "beta": 0.1}
SUSPECT = b"the bytes of a suspect"
OTHER = b"the bytes of another"


def image(name: str, data: bytes) -> ImageFacts:
    """Facts of a file that has these bytes."""
    digest = hashlib.sha256(data).hexdigest()
    return facts(name.removesuffix(".png"), file_digest=digest, bytes=len(data))


def table(model: Card, values: Any, images: tuple[ImageFacts, ...]) -> ScoreTable:
    """Scores with these losses."""
    return ScoreTable(
        images=images,
        sizes=((64, 64),) * len(images),
        scores=Scores({"first": np.asarray(values, dtype=np.float64)}),
        model=model,
        method=METHOD.card,
        measure=METHOD.measure,
    )


@functools.cache
def profile(name: str, low: float = 0.001, *, grid: bool = False) -> Profile:
    """Belongings lose about `low`, photos ten times as much; with `grid` every other photo shows a JPEG's grid."""
    card = model(name)
    own, photos = (
        table(
            card,
            losses,
            tuple(
                facts(f"{kind} {name} {low} {i}", **({"jpeg_grid": kind == "photo" and i % 2 == 0} if grid else {}))
                for i in range(24)
            ),
        )
        for kind, losses in (("own", np.linspace(low, 2 * low, 24)), ("photo", np.linspace(10 * low, 20 * low, 24)))
    )
    return calibrate(belonging=own, foreign={"photos": photos})


def model(name: str) -> Card:
    return replace(MODEL, name=name, facts={**MODEL.facts, "decoder": hashlib.sha256(name.encode()).hexdigest()})


def candidate(name: str, losses: tuple[float, ...], names: tuple[str, ...] = ("suspect.png", "other.png")) -> Candidate:
    """A candidate with scores of as many images as there are losses."""
    images = tuple(image(each, data) for each, data in zip(names, (SUSPECT, OTHER), strict=False))[: len(losses)]
    return Candidate(name=name, profile=profile(name), tables={"none": table(model(name), losses, images)})


ONE = (candidate("a", (0.0015, 0.015)),)
"""The suspect is as a belonging, the other image as a photo."""
SEVERAL = (candidate("a", (0.0015, 0.015)), candidate("b", (0.015, 0.0015)))


@dataclass(frozen=True)
class Keys:
    """Files of a key."""

    private: Path
    public: Path


def keys(folder: Path, name: str = "key") -> Keys:
    """An Ed25519 key as PEM, as `openssl genpkey -algorithm ed25519` writes it."""
    key = Ed25519PrivateKey.generate()
    made = Keys(folder / f"{name}.pem", folder / f"{name}.pub")
    made.private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    made.public.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return made


def report(folder: Path) -> Path:
    """A folder with a page and a file in a folder of its own."""
    (folder / "report" / "data").mkdir(parents=True)
    (folder / "report" / "index.html").write_text("<!doctype html><title>a report</title>")
    (folder / "report" / "data" / "numbers.json").write_text("{}")
    return folder / "report"


def written(folder: Path, candidates: tuple[Candidate, ...] = ONE, **options: Any) -> Path:
    """A bundle of these candidates."""
    path = folder / "bundle.zip"
    write_bundle(path, candidates, **{**BOUNDS, **options})
    return path


def profile_file(folder: Path, name: str) -> Path:
    path = folder / f"{name}.json"
    save_profile(profile(name), path)
    return path
