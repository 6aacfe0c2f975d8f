"""The queue: in which order jobs are taken, which are taken together, and what is refused."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from wherefrom.images.files import Source
from wherefrom.service.answers import JobState
from wherefrom.service.jobs import Job, Question, Shown
from wherefrom.service.problems import Refused
from wherefrom.service.waiting import Waiting


def job(question: str = "a", images: int = 1, **changes: Any) -> Job:
    some = tuple(Source(name=str(number), data=b"x") for number in range(images))
    return Job(owner="one", question=Question(profiles=(question,)), images=some, **changes)


def queue(*jobs: Job, most: int = 100, together: int = 4) -> Waiting:
    waiting = Waiting(most=most, together=together)
    for one in jobs:
        waiting.put(one)
    return waiting


def test_jobs_of_one_question_are_taken_together_and_others_keep_their_order() -> None:
    jobs = [job("a"), job("b"), job("a", 2), job("c"), job("a", 2), job("a")]
    waiting = queue(*jobs)
    assert waiting.take() == [jobs[0], jobs[2], jobs[5]]
    assert waiting.take() == [jobs[1]]
    assert waiting.take() == [jobs[3]]
    assert waiting.take() == [jobs[4]]
    assert {one.state for one in jobs} == {JobState.RUNNING}


def test_one_job_may_have_more_images_than_are_taken_together() -> None:
    jobs = [job(images=9), job()]
    waiting = queue(*jobs)
    assert waiting.take() == [jobs[0]]


def test_jobs_with_a_report_and_those_that_search_are_taken_by_themselves_searches_last() -> None:
    slow, quick = [job(slow=True), job(slow=True)], [job(shown=Shown()), job(shown=Shown())]
    waiting = queue(*slow, *quick)
    assert [waiting.take() for _ in range(4)] == [[quick[0]], [quick[1]], [slow[0]], [slow[1]]]


def test_what_was_cancelled_meanwhile_is_not_taken() -> None:
    jobs = [job(), job("b")]
    waiting = queue(*jobs)
    jobs[0].cancel("nobody waits")
    assert waiting.images == 1
    assert waiting.take() == [jobs[1]]


def test_what_does_not_fit_is_refused_with_when_it_may() -> None:
    waiting = queue(job(images=3), most=4)
    with pytest.raises(Refused) as refused:
        waiting.put(job(images=2))
    assert (refused.value.status_code, refused.value.headers) == (429, {"Retry-After": "3"})
    waiting.put(job())
    for _ in range(100):
        waiting.timed(2, 20.0)
    with pytest.raises(Refused) as refused:
        waiting.put(job())
    assert refused.value.headers == {"Retry-After": "40"}


def test_a_closed_queue_hands_back_what_waits_and_lets_the_worker_go() -> None:
    waiting, taken = queue(), []
    worker = threading.Thread(target=lambda: taken.append(waiting.take()))
    worker.start()
    assert waiting.close() == []
    worker.join(10)
    assert taken == [[]]
    one = job()
    other = queue(one)
    assert other.close() == [one]
    assert other.take() == []
    with pytest.raises(Refused) as refused:
        other.put(job())
    assert refused.value.status_code == 503
