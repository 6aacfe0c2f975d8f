"""Jobs: progress, cancel, who may ask, what comes of them, and what is forgotten."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import wherefrom as wf
from tests.unit.service.making import app_of, belongings, files, noise
from wherefrom.core.errors import ImageError
from wherefrom.mapping import evidence
from wherefrom.methods import aedr
from wherefrom.service.answers import JobState
from wherefrom.service.jobs import Job, Jobs, Question


@pytest.fixture(scope="module")
def done(client: TestClient) -> Iterator[str]:
    """The address of a finished job about two images, with maps."""
    images = files(("own <b>.png", belongings("a", 1, 3000)[0]), ("other.png", noise(71)))
    begun = client.post("/v1/jobs?map=true", files=images)
    assert begun.status_code == 202
    assert begun.headers["location"] == f"/v1/jobs/{begun.json()['id']}"
    place = begun.headers["location"]
    assert client.get(f"{place}?wait=30").json()["state"] == "done"
    yield place
    client.delete(place)


def test_a_finished_job_has_its_answer(client: TestClient, done: str) -> None:
    job = client.get(done).json()
    assert (job["done"], job["total"], job["reason"]) == (2, 2, None)
    assert job["expires"].endswith("+00:00")
    assert [one["name"] for one in job["results"]["images"]] == ["own <b>.png", "other.png"]


def test_a_report_is_one_page_an_image_that_runs_nothing(client: TestClient, done: str) -> None:
    page = client.get(f"{done}/report?image=0")
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "script-src" not in page.headers["content-security-policy"]
    assert "own &lt;b&gt;.png" in page.text
    assert "<b>.png" not in page.text
    assert "data:image" in page.text
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"{done}/report").content))
    assert archive.namelist() == ["001-own-b.html", "002-other.html"]
    assert archive.read("001-own-b.html") == page.content


def test_without_pictures_a_report_shows_none(client: TestClient) -> None:
    place = client.post("/v1/jobs?pictures=false&profile=a", files=files(noise(72))).headers["location"]
    client.get(f"{place}?wait=30")
    assert "data:image" not in client.get(f"{place}/report").text
    assert client.get(f"{place}/map?profile=a").status_code == 404


def test_a_report_tells_what_the_file_says_and_no_verdict_depends_on_it(client: TestClient) -> None:
    told = _with_texts(
        noise(73), {"parameters": "a fox <script>\nSteps: 20, Seed: 42, VAE: vae-ft-mse", "Artist": "A. Person"}
    )
    reports, answers = [], []
    for query in ("profile=a", "profile=a&metadata=false"):
        place = client.post(f"/v1/jobs?{query}", files=files(told)).headers["location"]
        answers.append(client.get(f"{place}?wait=30").json()["results"]["images"][0]["candidates"])
        reports.append(client.get(f"{place}/report").text)
        client.delete(place)
    assert "What the file says of itself" in reports[0]
    assert "vae-ft-mse" in reports[0]
    assert "a fox &lt;script&gt;" in reports[0]
    assert "A. Person" not in reports[0]
    assert "TrustMark" not in reports[0]
    assert "What the file says of itself" not in reports[1]
    assert "vae-ft-mse" not in reports[1]
    assert answers[0] == answers[1]


def _with_texts(data: bytes, texts: dict[str, str]) -> bytes:
    """The same pixels in a PNG with texts."""
    chunks, file = PngInfo(), io.BytesIO()
    for keyword, text in texts.items():
        chunks.add_text(keyword, text)
    with Image.open(io.BytesIO(data)) as image:
        image.save(file, "PNG", pnginfo=chunks)
    return file.getvalue()


def test_of_a_file_that_is_read_the_bytes_are_let_go_before_its_job_waits(stopped: TestClient) -> None:
    marker = "a sentence of the file"
    begun = stopped.post(
        "/v1/jobs", files=files(_with_texts(noise(74), {"parameters": f"{marker}\nSteps: 20, Seed: 42, Model: v1-5"}))
    )
    service = cast("FastAPI", stopped.app).state.service
    job = service.jobs.find(begun.json()["id"], "anyone")
    assert all(image.data is None for image in job.images)
    assert any(marker in said for each in job.side_evidence[0] for said in each.facts.values())
    job.cancel("enough")
    assert (job.images, job.side_evidence) == ((), ())


def test_a_map_is_a_picture(client: TestClient, done: str) -> None:
    found = client.get(f"{done}/map?image=1&profile=a")
    assert (found.headers["content-type"], found.content[:4]) == ("image/png", b"\x89PNG")


def test_a_report_says_why_a_candidate_has_no_map(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise ImageError("48x48 pixels, this decoder takes 64x64")

    monkeypatch.setattr(evidence, "map_of_record", refused)
    place = client.post("/v1/jobs?map=true&profile=a", files=files(noise(73))).headers["location"]
    assert client.get(f"{place}?wait=30").json()["state"] == "done"
    assert "48x48 pixels, this decoder takes 64x64" in client.get(f"{place}/report").text
    assert client.get(f"{place}/map?profile=a").status_code == 404


def test_a_bundle_verifies_and_holds_no_image(client: TestClient, done: str, tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(client.get(f"{done}/bundle").content)
    assert wf.verify(path).verified
    assert not [name for name in zipfile.ZipFile(path).namelist() if name.startswith("images/")]


@pytest.mark.parametrize("part", ["", "/report", "/map?profile=a", "/bundle"])
def test_no_job_is_told_from_somebody_elses(profiles: Path, part: str) -> None:
    from wherefrom.service.keys import keys_of_lines

    keys = keys_of_lines(["one:aaaaaaaaaaaaaaaaaaaa", "two:bbbbbbbbbbbbbbbbbbbb"], where="here")
    client = TestClient(app_of(profiles, keys=keys))
    one, two = ({"Authorization": f"Bearer {letter * 20}"} for letter in "ab")
    place = client.post("/v1/jobs", files=files(noise(1)), headers=one).headers["location"]
    answers = [client.get(f"{address}{part}", headers=two) for address in (place, "/v1/jobs/none")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["detail"] == answers[1].json()["detail"]
    assert client.get(f"{place}", headers=one).status_code == 200
    assert client.delete(place, headers=two).status_code == 404


def test_what_is_not_done_yet_has_no_report(stopped: TestClient) -> None:
    place = stopped.post("/v1/jobs", files=files(noise(1))).headers["location"]
    assert stopped.get(place).json()["state"] == "queued"
    for part in ("report", "bundle", "map?profile=a"):
        answer = stopped.get(f"{place}/{part}")
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (409, "job-not-done")


def test_a_job_that_waits_is_cancelled_at_once_and_its_room_is_free(stopped: TestClient) -> None:
    state: Any = stopped.app.state.service  # type: ignore[attr-defined]
    place = stopped.post("/v1/jobs", files=files(noise(1), noise(2))).headers["location"]
    assert (state.waiting.images, state.budget.held) == (2, 2 * 32 * 32 * 3)
    assert stopped.delete(place).status_code == 204
    assert (state.waiting.images, state.budget.held) == (0, 0)
    assert stopped.get(place).status_code == 404


def test_a_job_that_runs_is_cancelled_between_images(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of eight images that are asked about one by one, the rest is not asked once the job is cancelled."""
    asked, go_on = threading.Semaphore(0), threading.Semaphore(0)
    count = 0
    whole = aedr.AEDR.scores

    def slowly(self: Any, *arguments: Any) -> Any:
        nonlocal count
        count += 1
        asked.release()
        assert go_on.acquire(timeout=30)
        return whole(self, *arguments)

    monkeypatch.setattr(aedr.AEDR, "scores", slowly)
    monkeypatch.setattr("wherefrom.scoring.progress._EVERY", 0.0)
    with TestClient(app_of(profiles, batch=1)) as client:
        place = client.post("/v1/jobs?profile=a", files=files(*[noise(n) for n in range(8)])).headers["location"]
        assert asked.acquire(timeout=60)
        running = client.get(place).json()
        assert (running["state"], running["stage"], running["total"]) == ("running", "waits for its turn", 8)
        go_on.release()
        assert asked.acquire(timeout=30)  # the second image is asked about: the first was told of
        running = client.get(place).json()
        assert (running["done"], running["stage"]) == (1, "scoring under a")
        job = client.app.state.service.jobs._jobs[running["id"]]  # type: ignore[attr-defined]
        client.delete(place)
        go_on.release(8)
        job.finished.result(timeout=30)
        assert (job.state, count) == (JobState.CANCELLED, 2)


def job(**changes: Any) -> Job:
    return Job(**{"owner": "one", "question": Question(profiles=("a",)), "images": (), **changes})


def test_finished_jobs_are_forgotten_after_their_time_and_the_oldest_first() -> None:
    jobs = Jobs(seconds=100.0, most_bytes=3 * 2**16, clock=lambda: now)
    now = 0.0
    kept = [job() for _ in range(3)]
    for number, one in enumerate(kept):
        jobs.add(one)
        one.end(JobState.DONE)
        one.ended = float(number)
        one.decided = _decided(2**16)
    assert [jobs.find(one.id, "one") is one for one in kept] == [True, True, True]
    kept[2].decided = _decided(2 * 2**16)
    assert [jobs.find(one.id, "one") is one for one in kept] == [False, True, True]
    now = 101.5
    assert [jobs.find(one.id, "one") is one for one in kept] == [False, False, True]


def _decided(size: int) -> Any:
    """What came of a job, of this many bytes."""

    class Sized:
        kept = size

    return Sized()


def test_a_job_ends_once() -> None:
    freed: list[int] = []
    one = job(released=lambda: freed.append(1))
    assert one.start()
    assert one.end(JobState.DONE)
    assert not one.end(JobState.FAILED, reason="late")
    one.cancel("later")
    assert (one.state, one.reason, freed) == (JobState.DONE, None, [1])


def test_a_failed_run_says_why_and_the_worker_goes_on(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with TestClient(app_of(profiles)) as client:
        with monkeypatch.context() as broken:
            broken.setattr(aedr.AEDR, "statistic", lambda *_: 1 / 0)
            answer = client.post("/v1/attributions?profile=a", files=files(noise(1)))
        assert (answer.status_code, answer.json()["detail"]) == (500, "the service failed, and its log says how")
        assert client.post("/v1/attributions?profile=a", files=files(noise(1))).status_code == 200
