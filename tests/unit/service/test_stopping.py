"""The start and the stop: not ready before the models are, and at the stop all is finished or handed back."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.unit.service.making import LIMITS, app_of, files, noise
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.methods.aedr import AEDR
from wherefrom.service import RequestLimits, Settings, create_app
from wherefrom.service.answers import JobState


def test_a_service_is_alive_before_it_is_ready(profiles: Path) -> None:
    app = app_of(profiles)
    client = TestClient(app)
    assert client.get("/healthz").json() == {"status": "alive"}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (503, "not-ready")
    assert client.get("/v1/service").json()["ready"] is False
    with TestClient(app) as started:
        assert app.state.service.worker.ready.wait(60)
        assert started.get("/readyz").json() == {"status": "ready"}
        assert started.get("/v1/profiles").json()["profiles"][0]["slow"] is False


def test_models_that_cannot_be_opened_are_said(profiles: Path) -> None:
    app = app_of(profiles, models={"b": "toy:0.7"})
    told: list[str] = []
    failed = threading.Event()

    def fail(error: str) -> None:
        told.append(error)
        failed.set()

    app.state.service.worker.failed = fail
    with TestClient(app) as client:
        assert failed.wait(60)
        assert "is of another model" in told[0]
        assert "cannot be opened" in client.get("/readyz").json()["detail"]
        answer = client.post("/v1/attributions", files=files(noise(1)))
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (422, "cannot-be-answered")


def test_what_runs_is_finished_and_what_waits_is_handed_back(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, go_on = threading.Event(), threading.Event()
    whole = AEDR.scores

    def held(self: Any, *arguments: Any) -> Any:
        asked.set()
        assert go_on.wait(60)
        return whole(self, *arguments)

    monkeypatch.setattr(AEDR, "scores", held)
    app = app_of(profiles)
    state = app.state.service
    with TestClient(app) as client:
        places = [client.post("/v1/jobs?profile=a", files=files(noise(n))).headers["location"] for n in range(2)]
        runs, waits = (state.jobs.find(place.rpartition("/")[2], "anyone") for place in places)
        assert asked.wait(60)
        state.worker.hand_back()  # as a signal does
        refused = client.post("/v1/attributions", files=files(noise(5)))
        assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (503, "stopping")
        assert int(refused.headers["retry-after"]) >= 1
        go_on.set()
    assert (runs.state, waits.state) == (JobState.DONE, JobState.CANCELLED)
    assert "send the request again" in str(waits.reason)
    assert state.budget.held == 0


def test_what_does_not_finish_in_time_is_handed_back(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def stuck(*_: Any) -> Any:
        asked.set()
        go_on.wait(60)
        raise AssertionError("nobody waits for this")

    monkeypatch.setattr(AEDR, "scores", stuck)
    app = app_of(profiles, limits=replace(LIMITS, stop_seconds=0.05))
    with TestClient(app) as client:
        place = client.post("/v1/jobs?profile=a", files=files(noise(1))).headers["location"]
        job = app.state.service.jobs.find(place.rpartition("/")[2], "anyone")
        assert asked.wait(60)
    assert job.state is JobState.CANCELLED
    go_on.set()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"alpha": 1.0}, "alpha"),
        ({"alpha": 0.001}, "alpha"),
        ({"rule": "none"}, "none"),
        ({"profiles": Path("nowhere")}, "no folder"),
        ({"feedback": Path("nowhere/said.jsonl")}, "feedback"),
    ],
)
def test_settings_that_cannot_be_are_refused_at_once(profiles: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises((UsageError, ProfileError), match=said):
        create_app(Settings(**{"profiles": profiles, **changes}))


def test_a_folder_without_profiles_or_with_a_damaged_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no profile"):
        create_app(Settings(profiles=tmp_path))
    (tmp_path / "broken.json").write_text("{}")
    with pytest.raises(ProfileError, match="broken"):
        create_app(Settings(profiles=tmp_path))


def test_limits_that_let_nothing_through_are_refused() -> None:
    with pytest.raises(UsageError, match="max_images=0"):
        RequestLimits(max_images=0)
    with pytest.raises(UsageError, match="max_waiting"):
        RequestLimits(max_waiting=1, max_images=2)


def test_feedback_is_taken_down_line_by_line(profiles: Path, tmp_path: Path) -> None:
    path = tmp_path / "said.jsonl"
    client = TestClient(app_of(profiles, feedback=path))
    for message in ("it was mine\n{}", "é\u2028"):
        assert client.post("/v1/feedback", json={"message": message, "profile": "a"}).status_code == 201
    rows = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [row["message"] for row in rows] == ["it was mine\n{}", "é\u2028"]
    assert set(rows[0]) == {"received", "message", "profile"}
    assert path.stat().st_mode & 0o077 == 0


def test_numbers_are_there_for_prometheus(client: TestClient) -> None:
    client.post("/v1/attributions", files=files(noise(1)))
    client.get("/nowhere/secret")
    text = client.get("/metrics").text
    assert 'wherefrom_requests_total{method="POST",route="/v1/attributions",status="200"}' in text
    assert 'wherefrom_images_total{kind="does not support"}' in text
    assert 'route="unmatched"' in text
    assert "secret" not in text


def test_every_answer_protects_itself(client: TestClient) -> None:
    for place in ("/healthz", "/nowhere", "/v1/models", "/openapi.json"):
        headers = client.get(place).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert len(headers["x-request-id"]) == 36
