"""What the container promises can be read from its files: nobody's rights, nothing written, nothing unpinned."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
STEPS = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8")).splitlines()


def said(instruction: str) -> list[str]:
    """What stands behind an instruction, each time that it is there."""
    return [line.removeprefix(instruction).strip() for line in STEPS if line.startswith(f"{instruction} ")]


def test_every_stage_stands_on_one_image_that_is_pinned_by_its_digest() -> None:
    assert re.search(r"^ARG PYTHON=python:3\.\d+-slim-\w+@sha256:[0-9a-f]{64}$", "\n".join(STEPS), re.MULTILINE)
    assert [image.split()[0] for image in said("FROM")] == ["${PYTHON}", "${PYTHON}"]


def test_what_runs_is_nobody_and_is_looked_after() -> None:
    user, *_ = said("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    assert STEPS.index(f"USER {user}") < STEPS.index(f"ENTRYPOINT {said('ENTRYPOINT')[0]}")
    assert "/healthz" in said("HEALTHCHECK")[0]
    assert "--without-keys" not in said("CMD")[0]


def test_nothing_travels_into_the_build_but_what_it_copies() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line[1:] for line in lines if line.startswith("!")}
    copied = {name for given in said("COPY") if not given.startswith("--from") for name in given.split()[:-1]}
    assert "*" in lines
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)
    assert all("-c constraints.txt" in step for step in said("RUN") if "pip install" in step)


def test_the_composed_service_writes_nothing_and_is_reached_from_this_machine_alone() -> None:
    service = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["wherefrom"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert [place.partition(":")[0] for place in service["tmpfs"]] == ["/tmp"]
    assert "privileged" not in service
