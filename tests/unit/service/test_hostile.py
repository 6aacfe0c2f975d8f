"""Two hundred requests that nobody should send: each is refused with a reason, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.unit.service.hostile import KINDS, Hostile, form, part
from tests.unit.service.making import LIMITS, app_of, noise
from wherefrom.service.answers import Problem


@pytest.fixture(scope="module")
def strict(profiles: Path, tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """A client of a service that takes feedback, whose worker does not run."""
    file = tmp_path_factory.mktemp("feedback") / "said.jsonl"
    return TestClient(app_of(profiles, feedback=file), raise_server_exceptions=False)


def test_there_are_two_hundred() -> None:
    assert sum(len(make()) for make in KINDS.values()) >= 200


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_refused_with_a_reason_and_leaves_nothing_behind(
    kind: str, strict: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    state: Any = strict.app.state.service  # type: ignore[attr-defined]
    wrong = {}
    with caplog.at_level(logging.WARNING):
        for name, request in KINDS[kind]().items():
            said = _what_is_wrong(strict, request)
            if said is not None:
                wrong[name] = said
    assert wrong == {}
    assert list(tmp_path.iterdir()) == []
    assert (state.budget.held, state.waiting.images) == (0, 0)
    assert [record.getMessage() for record in caplog.records if record.name.startswith("wherefrom")] == []
    assert state.settings.feedback is not None
    assert not state.settings.feedback.exists()


def _what_is_wrong(client: TestClient, sent: Hostile) -> str | None:
    """How an answer is not a refusal with a reason; None where it is."""
    answer = client.request(sent.method, sent.path, content=sent.body, headers=sent.headers)
    if not 400 <= answer.status_code < 500:
        return f"{answer.status_code}: {answer.text[:200]}"
    if answer.headers["content-type"] != "application/problem+json":
        return f"{answer.status_code} as {answer.headers['content-type']}"
    problem = Problem.model_validate_json(answer.text)
    if problem.status != answer.status_code or not problem.detail.isprintable() or "Traceback" in problem.detail:
        return problem.detail
    return None


def test_a_body_that_comes_too_slowly_is_given_up(profiles: Path) -> None:
    app = app_of(profiles, limits=replace(LIMITS, upload_seconds=0.02))
    sent: list[Any] = []

    async def trickle() -> dict[str, Any]:
        await asyncio.sleep(0.005)
        return {"type": "http.request", "body": b"", "more_body": True}

    asyncio.run(_asked(app, trickle, sent))
    assert sent[0]["status"] == 408
    assert dict(sent[0]["headers"])[b"connection"] == b"close"
    assert app.state.service.budget.held == 0


def test_a_body_without_end_is_cut_off_at_the_limit(profiles: Path) -> None:
    app = app_of(profiles)
    sent: list[Any] = []
    came = 0

    async def endless() -> dict[str, Any]:
        nonlocal came
        came += 2**16
        return {"type": "http.request", "body": bytes(2**16), "more_body": True}

    asyncio.run(_asked(app, endless, sent))
    assert sent[0]["status"] in (413, 422)
    assert came <= LIMITS.max_request_bytes + 2**16
    assert app.state.service.budget.held == 0


def test_a_client_that_leaves_while_it_sends_is_no_error(profiles: Path, caplog: pytest.LogCaptureFixture) -> None:
    app = app_of(profiles)
    sent: list[Any] = []

    async def leaves() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    asyncio.run(_asked(app, leaves, sent))
    assert sent == []
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_client_that_leaves_while_it_waits_has_its_question_cancelled(profiles: Path) -> None:
    app = app_of(profiles)
    sent: list[Any] = []
    messages: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": form(part(noise(1))), "more_body": False}, {"type": "http.disconnect"}]
    )

    async def receive() -> dict[str, Any]:
        return next(messages)

    asyncio.run(_asked(app, receive, sent))
    assert app.state.service.waiting.images == 0
    assert app.state.service.budget.held == 0


async def _asked(app: Any, receive: Any, sent: list[Any]) -> None:
    """One request for attributions, message by message."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/v1/attributions",
        "raw_path": b"/v1/attributions",
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [(b"content-type", b"multipart/form-data; boundary=limit")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
