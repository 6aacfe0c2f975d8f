"""`POST /v1/attributions` says what the library says, of each image by itself, whoever else asks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

import wherefrom as wf
from tests.unit.service.making import GAINS, LIMITS, app_of, belongings, files, noise
from wherefrom.attribution import Candidate
from wherefrom.images.read import Limits
from wherefrom.methods.aedr import AEDR
from wherefrom.models.toy import Toy
from wherefrom.service.answers import Attributions
from wherefrom.service.deciding import Deciding
from wherefrom.service.jobs import Job, Question
from wherefrom.service.opening import candidates_of
from wherefrom.service.uploads import Upload, decoded


def by_library(profiles: Path, images: list[bytes]) -> list[wf.Attribution]:
    """What the library says of images among both profiles."""
    candidates = []
    for name, gain in GAINS.items():
        profile = wf.load_profile(profiles / f"{name}.json")
        table = wf.score(images, model=Toy(gain=gain), method=AEDR())
        candidates.append(Candidate(name=name, profile=profile, tables={"none": table}))
    return list(wf.attribute(candidates))


def without_time(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "time"}


def test_an_answer_is_the_librarys(client: TestClient, profiles: Path) -> None:
    images = [*belongings("a", 6, 1000), *belongings("b", 6, 1000)[:1], noise(999)]
    answer = client.post("/v1/attributions", files=files(*images))
    assert answer.status_code == 200
    found = Attributions.model_validate_json(answer.text)
    assert found.profiles == ["a", "b"]
    for said, expected in zip(found.images, by_library(profiles, images), strict=True):
        assert said.supported == expected.supported
        assert said.reason == expected.reason
        for candidate, verdict in zip(said.candidates, expected.verdicts, strict=True):
            assert candidate.outcome == verdict.outcome
            assert candidate.statistic == verdict.statistic
            assert candidate.p_foreign == verdict.p_foreign
            assert candidate.p_belonging == verdict.p_belonging
    kinds = [said.kind for said in found.images]
    assert kinds.count("consistent with") >= 5
    assert kinds[-1] == "does not support"
    assert found.images[-2].supported in ((), ("b",))


def test_one_profile_of_several_can_be_asked(client: TestClient) -> None:
    answer = client.post("/v1/attributions?profile=b", files=files(noise(998))).json()
    assert answer["profiles"] == ["b"]
    assert [one["name"] for one in answer["images"][0]["candidates"]] == ["b"]


def test_a_bad_file_spoils_no_other(client: TestClient) -> None:
    bad = ("notes.txt", b"no image at all")
    answer = client.post("/v1/attributions", files=files(noise(1), bad, noise(2))).json()
    first, second, third = answer["images"]
    assert second["kind"] == "cannot tell"
    assert "not an image" in second["error"] or "text" in second["error"]
    assert first["error"] is None
    assert third["error"] is None
    assert third["candidates"][0]["statistic"] is not None


def test_names_are_shown_without_folders_and_each_is_its_own(client: TestClient) -> None:
    names = ["../../etc/passwd", "C:\\a\\x.png", "x.png", "x.png", "\u202egnp.exe", "."]
    answer = client.post("/v1/attributions", files=files(*((name, noise(3)) for name in names))).json()
    said = [one["name"] for one in answer["images"]]
    assert said[:4] == ["passwd", "x.png", "x.png (2)", "x.png (3)"]
    assert len(set(said)) == 6
    assert all(name.isprintable() for name in said)


def test_requests_at_once_are_answered_each_by_itself(client: TestClient) -> None:
    alone = [client.post("/v1/attributions", files=files((f"{n}.png", noise(n)))).json() for n in range(40, 48)]
    with ThreadPoolExecutor(8) as pool:
        together = list(
            pool.map(
                lambda n: client.post("/v1/attributions", files=files((f"{n}.png", noise(n)))).json(), range(40, 48)
            )
        )
    assert [without_time(one) for one in together] == [without_time(one) for one in alone]


def test_jobs_of_one_question_are_scored_together_and_keep_their_names(client: TestClient) -> None:
    """The same two jobs in one run and in two: the same answers, to the last bit."""
    state: Any = client.app.state.service  # type: ignore[attr-defined]
    opened = candidates_of(state.profiles, state.settings)
    deciding = Deciding(
        candidates={one.name: one for one in opened},
        alpha=0.05,
        beta=0.01,
        rule="conformal",
        batch=None,
        limits=Limits(),
    )

    def jobs() -> list[Job]:
        uploads = (
            [Upload(name="a b.png", data=noise(5)), Upload(name="c", data=noise(6))],
            [Upload(name="d", data=b"x"), Upload(name="a b.png", data=noise(7))],
        )
        return [
            Job(owner="x", question=Question(profiles=("a", "b")), images=decoded(some, Limits())) for some in uploads
        ]

    together = [decided.answer for _, decided in deciding.run(jobs())]
    apart = [decided.answer for job in jobs() for _, decided in deciding.run([job])]
    assert [one.images for one in together] == [one.images for one in apart]
    assert [image.name for one in together for image in one.images] == ["a b.png", "c", "d", "a b.png"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("profile=zzz", "no-such-profile"),
        ("edit=jpeg:75", "no-such-condition"),
        ("profil=a", "wrong-request"),
        ("alpha=0.5", "wrong-request"),
        (f"edit={'x' * 300}", "wrong-request"),
    ],
)
def test_what_is_typed_wrong_is_refused(client: TestClient, query: str, name: str) -> None:
    answer = client.post(f"/v1/attributions?{query}", files=files(noise(1)))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith(f":{name}")


def test_more_than_fits_is_told_to_come_back(profiles: Path) -> None:
    limits = replace(LIMITS, max_waiting=8, wait_seconds=0.01)
    client = TestClient(app_of(profiles, limits=limits))  # whose worker does not run
    assert client.post("/v1/attributions", files=files(*[noise(n) for n in range(8)])).status_code == 202
    refused = client.post("/v1/attributions", files=files(noise(9)))
    assert refused.status_code == 429
    assert refused.json()["type"].endswith(":queue-full")
    assert int(refused.headers["retry-after"]) == 8


def test_an_answer_that_takes_long_becomes_a_job(profiles: Path) -> None:
    app = app_of(profiles, limits=replace(LIMITS, wait_seconds=0.01))
    waiting = TestClient(app).post("/v1/attributions", files=files(noise(8)))  # before the worker runs
    assert waiting.status_code == 202
    with TestClient(app) as client:
        job = client.get(f"{waiting.headers['location']}?wait=30").json()
        assert job["state"] == "done"
        assert job["results"]["images"][0]["candidates"][0]["statistic"] is not None
        page = client.get(f"{waiting.headers['location']}/report")
        assert "does not support" in page.text
