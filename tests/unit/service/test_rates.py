"""Requests a minute, and bytes in memory: what is refused, and when it is free again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.unit.service.making import LIMITS, app_of, files, noise
from wherefrom.service.problems import Refused
from wherefrom.service.rates import Budget, Rates


def refused_after(rates: Rates, client: str) -> int:
    """How many requests pass until one is refused."""
    count = 0
    try:
        while count < 1000:
            rates.count(client)
            count += 1
    except Refused:
        return count
    return count


def test_a_client_has_so_many_requests_and_then_an_even_share() -> None:
    now = 0.0
    rates = Rates(a_minute=6, clock=lambda: now)
    assert refused_after(rates, "one") == 6
    assert refused_after(rates, "two") == 6
    now = 10.0
    assert refused_after(rates, "one") == 1
    now = 1000.0
    assert refused_after(rates, "one") == 6


def test_a_refusal_says_when_the_next_is_free() -> None:
    now = 0.0
    rates = Rates(a_minute=2, clock=lambda: now)
    refused_after(rates, "one")
    now = 12.0
    with pytest.raises(Refused) as refused:
        rates.count("one")
    assert refused.value.status_code == 429
    assert refused.value.headers == {"Retry-After": "18"}


def test_without_a_limit_all_pass() -> None:
    assert refused_after(Rates(a_minute=None), "one") == 1000


def test_clients_are_not_remembered_without_end() -> None:
    rates = Rates(a_minute=1)
    for number in range(11_000):
        rates.count(str(number))
    assert len(rates._left) == 10_000


def test_a_budget_is_never_overdrawn() -> None:
    budget = Budget(10)
    budget.hold(6)
    with pytest.raises(Refused, match="429"):
        budget.hold(5)
    assert budget.held == 6
    budget.free(6)
    budget.hold(10)


def test_a_service_counts_requests(profiles: Path) -> None:
    client = TestClient(app_of(profiles, limits=replace(LIMITS, requests_a_minute=2)))
    assert [client.get("/v1/models").status_code for _ in range(3)] == [200, 200, 429]
    assert client.get("/healthz").status_code == 200


def test_memory_is_bounded_over_all_requests_and_free_again(profiles: Path) -> None:
    client = TestClient(app_of(profiles, limits=replace(LIMITS, max_memory=10_000)))
    state = client.app.state.service  # type: ignore[attr-defined]
    first = client.post("/v1/jobs", files=files(noise(1)))
    assert first.status_code == 202
    assert state.budget.held == 32 * 32 * 3  # the pixels; the body is gone
    full = client.post("/v1/jobs", files=files(noise(1), noise(2)))
    assert (full.status_code, full.json()["type"].rpartition(":")[2]) == (429, "memory-full")
    assert int(full.headers["retry-after"]) >= 1
    assert state.budget.held == 32 * 32 * 3
    client.delete(first.headers["location"])
    assert state.budget.held == 0
