"""The client and the service understand each other: every method once, over the service itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.unit.service.making import LIMITS, belongings, noise
from wherefrom.bundle import verify
from wherefrom.client import Client, Image, ServiceProblem
from wherefrom.service.answers import JobState


@pytest.fixture(scope="module")
def service(client: TestClient) -> Client:
    return Client(http=client)


def test_what_the_service_says_of_itself(service: Client) -> None:
    assert service.service().limits.max_images == LIMITS.max_images
    assert [profile.name for profile in service.profiles()] == ["a", "b"]
    assert {name for model in service.models() for name in model.profiles} == {"a", "b"}


def test_images_are_answered_in_their_order(service: Client, tmp_path: Path) -> None:
    (tmp_path / "own.png").write_bytes(belongings("a", 1, first=50)[0])
    images: list[Image] = [tmp_path / "own.png", ("bad", b"no image"), ("noise", noise(50))]
    found = service.attribute(images, profiles=["a"]).images
    assert [one.error is None for one in found] == [True, False, True]
    assert [[each.name for each in one.candidates] for one in found] == [["a"]] * 3
    assert [one.name for one in service.attribute_all(images)] == [one.name for one in found]


def test_a_job_leaves_what_it_says(service: Client, tmp_path: Path) -> None:
    told: list[JobState] = []
    begun = service.start([("own", belongings("a", 1, first=50)[0])], profiles=["a"])
    job = service.finish(begun, progress=lambda so_far: told.append(so_far.state))
    assert set(told) <= {JobState.QUEUED, JobState.RUNNING}
    assert job.results is not None
    assert job.results.images[0].answer in service.report(job, image=0).decode()
    (tmp_path / "bundle.zip").write_bytes(service.bundle(job))
    assert verify(tmp_path / "bundle.zip").verified
    with pytest.raises(ServiceProblem) as none:
        service.map(job, profile="a")
    assert none.value.name == "no-such-map"
    service.forget(job)
    with pytest.raises(ServiceProblem) as gone:
        service.job(job)
    assert gone.value.name == "no-such-job"


def test_refusals_name_their_reason(service: Client) -> None:
    with pytest.raises(ServiceProblem) as unknown:
        service.attribute([("noise", noise(50))], profiles=["c"])
    assert unknown.value.name == "no-such-profile"
    with pytest.raises(ServiceProblem) as off:
        service.feedback("right")
    assert off.value.name == "feedback-off"
