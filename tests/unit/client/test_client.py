"""The client sends requests as the service wants them, and makes errors of refusals, with the service's reason."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from wherefrom.client import Client, ServiceProblem
from wherefrom.core.errors import UsageError
from wherefrom.service.answers import Attributions, Job, JobState, Limits, Problem, Service

ADDRESS = "http://127.0.0.1:8000/check/"
Answer = Callable[[httpx2.Request], httpx2.Response]
NOTHING = Attributions(images=[], profiles=["a"], version="1", time="2026-01-31T12:00:00+00:00")


def client(answer: Answer, **options: object) -> Client:
    """A client whose requests a function answers."""
    http = httpx2.Client(base_url=ADDRESS, transport=httpx2.MockTransport(answer))
    return Client(http=http, **options)  # type: ignore[arg-type]


def refusal(status: int, name: str, **headers: str) -> httpx2.Response:
    """A problem as the service writes it."""
    problem = Problem(
        type=f"urn:problem-type:wherefrom:{name}", title=name, status=status, detail="too\x1b[31m many", instance="/1"
    )
    return httpx2.Response(status, text=problem.model_dump_json(), headers=headers)


def job(state: JobState, **more: object) -> Job:
    """A job in some state."""
    known = {"done": 0, "total": 1, "stage": "waits", "seconds_left": None, "reason": None, "expires": None}
    return Job.model_validate({"id": "j1", "state": state, "results": None, **known, **more})


def answered(content: Job | Attributions | Service, status: int = 200) -> httpx2.Response:
    return httpx2.Response(status, text=content.model_dump_json())


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that were waited between requests, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr("wherefrom.client.connection.time.sleep", waited.append)
    return waited


def test_images_are_sent_as_a_form_with_their_names(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"one")
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return answered(NOTHING)

    with client(answer, key="secret") as service:
        service.attribute([tmp_path / "a.png", ("b.png", b"two")], urls=["https://x/c"], profiles=["a", "b"])
    (request,) = asked
    assert str(request.url) == f"{ADDRESS}v1/attributions?profile=a&profile=b"
    assert request.headers["Authorization"] == "Bearer secret"
    body = request.read()
    assert body.count(b'name="images"') == 2
    assert b'filename="b.png"' in body
    assert b'name="urls"\r\n\r\nhttps://x/c\r\n' in body


def test_no_image_at_all_is_noticed_before_anything_is_sent() -> None:
    with client(lambda _: pytest.fail("was sent")) as service, pytest.raises(UsageError, match="no image"):
        service.attribute([])


def test_a_refusal_is_an_error_with_the_reason_and_a_name(waits: list[float]) -> None:
    with (
        client(lambda _: refusal(422, "too-many-images")) as service,
        pytest.raises(ServiceProblem, match="many") as no,
    ):
        service.profiles()
    assert (no.value.name, no.value.status, waits) == ("too-many-images", 422, [])
    assert "\x1b" not in str(no.value)


def test_what_is_no_problem_document_is_an_error_too() -> None:
    with client(lambda _: httpx2.Response(502, text="<html>")) as service, pytest.raises(ServiceProblem, match="502"):
        service.service()


def test_a_service_that_is_not_there_is_an_error_with_its_address() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    with client(answer) as service:
        with pytest.raises(ServiceProblem, match=r"127\.0\.0\.1:8000/check/ does not answer"):
            service.models()
        assert not service.ready()


def test_a_busy_service_is_asked_again_when_it_says(waits: list[float]) -> None:
    answers = [refusal(429, "queue-full", **{"Retry-After": "7"}), refusal(503, "stopping"), answered(NOTHING)]
    with client(lambda _: answers.pop(0)) as service:
        assert service.attribute([("a", b"")]) == NOTHING
    assert waits == [7.0, 1.0]


def test_patience_ends(waits: list[float]) -> None:
    service = client(lambda _: refusal(429, "queue-full", **{"Retry-After": "7"}), patience=5.0)
    with service, pytest.raises(ServiceProblem) as full:
        service.attribute([("a", b"")])
    assert full.value.wait == 7.0
    assert waits == []


def test_an_answer_that_takes_long_is_waited_for_and_forgotten() -> None:
    asked = []
    states = [job(JobState.QUEUED), job(JobState.RUNNING), job(JobState.DONE, results=NOTHING)]

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(f"{request.method} {request.url.path}")
        if request.method == "POST":
            return answered(states[0], 202)
        return httpx2.Response(204) if request.method == "DELETE" else answered(states.pop(0))

    with client(answer) as service:
        assert service.attribute([("a", b"")]) == NOTHING
    assert asked == ["POST /check/v1/attributions", *["GET /check/v1/jobs/j1"] * 3, "DELETE /check/v1/jobs/j1"]


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_a_job_that_ends_without_an_answer_is_an_error(state: JobState) -> None:
    service = client(lambda _: answered(job(state, reason="no memory")))
    with service, pytest.raises(ServiceProblem, match=f"{state}: no memory"):
        service.finish("j1")


def test_many_images_are_asked_about_a_few_at_a_time() -> None:
    limits = Limits(
        max_image_bytes=100, max_request_bytes=100, max_pixels=9, max_images=3, requests_a_minute=None
    ).model_dump()
    about = {"limits": limits, "alpha": 0.05, "beta": 0.01, "job_seconds": 9, "wait_seconds": 9, "version": "1"}
    about |= dict.fromkeys(("ready", "key_needed", "urls", "feedback"), False)
    sent = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("service"):
            return answered(Service.model_validate(about))
        sent.append(request.read().count(b'name="images"'))
        return answered(NOTHING)

    images = [(str(size), b"x" * size) for size in (10, 10, 10, 10, 90, 10, 10)]
    with client(answer) as service:
        assert list(service.attribute_all(images)) == []
    assert sent == [3, 1, 1, 2]


def test_the_client_needs_no_torch() -> None:
    program = "import sys, wherefrom.client; print({'torch', 'numpy', 'fastapi', 'uvicorn', 'PIL'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
