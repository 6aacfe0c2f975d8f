"""The service against its own description: generated requests, right and wrong, are answered as OpenAPI says."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from fastapi.testclient import TestClient
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks

from tests.unit.service.making import LIMITS, app_of
from wherefrom.service.keys import keys_of_lines

KEY = "k" * 20
FEW = 6
"""Requests of each operation and mode in the check: some 150 in all."""
MANY = 480
"""The same in the weekly run: some 10,000 in all."""


class WithoutLifespan:
    """An application whose worker is never started, so that a request costs milliseconds."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass requests on, and do nothing at start and stop."""
        if scope["type"] == "http":
            await self.app(scope, receive, send)
            return
        for said in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{said}.complete"})


def checks() -> list[Any]:
    """All checks but that what fits the schema is accepted: bytes that are no image fit it."""
    load_all_checks()
    named = schemathesis.checks.CHECKS.get_all()
    return [check for check in named if check.__name__ not in ("positive_data_acceptance", "max_response_time")]


def ran(profiles: Path, folder: Path, count: int) -> int:
    """Send generated requests for every operation; how many were sent."""
    limits = replace(LIMITS, wait_seconds=0.001, max_waiting=8, max_head_bytes=2**20)
    keys = keys_of_lines([f"one:{KEY}"], where="here")
    app = app_of(profiles, limits=limits, feedback=folder / "feedback.jsonl", keys=keys, urls=False)
    app.state.service.worker.ready.set()  # so that none of its answers is an error of its own
    schema = schemathesis.openapi.from_asgi("/openapi.json", WithoutLifespan(app))
    sent = 0
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # a schema that is wrong has none
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
            @hypothesis.settings(
                max_examples=count,
                phases=[hypothesis.Phase.generate],
                suppress_health_check=list(hypothesis.HealthCheck),
            )
            def send(case: Any) -> None:
                nonlocal sent
                sent += 1
                case.call_and_validate(headers={"Authorization": f"Bearer {KEY}"}, checks=checks())

            if mode is GenerationMode.POSITIVE:
                send()
            else:
                with suppress(hypothesis.errors.Unsatisfiable):  # where nothing that is sent could be wrong
                    send()
    return sent


def test_generated_requests_are_answered_as_described(profiles: Path, tmp_path: Path) -> None:
    assert ran(profiles, tmp_path, FEW) >= 100


@pytest.mark.weekly
def test_many_generated_requests_are(profiles: Path, tmp_path: Path) -> None:
    assert ran(profiles, tmp_path, MANY) >= 10_000


def test_every_operation_has_a_name_a_summary_and_its_problems(stopped: TestClient) -> None:
    schema = stopped.get("/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert operation["operationId"], (path, method)
            assert operation["summary"]
            refusals = {status for status in operation["responses"] if status >= "400"}
            for status in refusals:
                assert list(operation["responses"][status]["content"]) == ["application/problem+json"]
    assert "HTTPValidationError" not in schema["components"]["schemas"]


def test_examples_are_answers(stopped: TestClient) -> None:
    """They were validated when they were made; here: OpenAPI has them, and a reader sees numbers that agree."""
    schema = stopped.get("/openapi.json").json()
    answers = schema["paths"]["/v1/attributions"]["post"]["responses"]
    example = answers["200"]["content"]["application/json"]["example"]
    (image,) = example["images"]
    (candidate,) = image["candidates"]
    assert (candidate["answer"], image["supported"]) == (image["kind"], [candidate["name"]])
    for group in candidate["groups"]:
        assert sum(group["counts"]) == group["images"] == group["alike"]["total"]
        assert len(group["counts"]) == len(candidate["standing"]["edges"]) - 1
        assert group["alike"]["count"] / group["alike"]["total"] == group["alike"]["value"]
    assert answers["202"]["content"]["application/json"]["example"]["state"] == "running"
    assert schema["components"]["schemas"]["Problem"]["examples"][0]["status"] == 429
