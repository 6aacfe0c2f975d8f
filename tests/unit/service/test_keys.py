"""Keys: how they are written, that all are compared in constant time, that none is ever shown, and what they open."""

from __future__ import annotations

import hashlib
import hmac
import logging
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.unit.service.making import app_of, files, noise
from wherefrom.core.errors import UsageError
from wherefrom.service.keys import keys_of_environment, keys_of_file, keys_of_lines

KEY = "0123456789abcdef-one"
DIGEST = hashlib.sha256(b"another-key-of-enough-length").hexdigest()


def test_keys_are_read_from_lines(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"# ours\n\n one:{KEY} \ntwo:sha256={DIGEST.upper()}\n")
    keys = keys_of_file(path)
    assert keys.owner(KEY) == "one"
    assert keys.owner("another-key-of-enough-length") == "two"
    assert keys.owner(DIGEST) is None
    assert keys.owner("") is None
    assert KEY not in repr(keys)


def test_keys_are_read_from_the_environment() -> None:
    keys = keys_of_environment({"WHEREFROM_API_KEYS": f"one:{KEY}, two:sha256={DIGEST}"})
    assert keys.owner(KEY) == "one"
    assert not keys_of_environment({})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (KEY, "need NAME:KEY"),
        (f"a b:{KEY}", "need NAME:KEY"),
        ("one:secretshort", "at least 16"),
        ("one:secret with spaces in it", "at least 16"),
        ("one:sha256=secret", "64 hexadecimal"),
        (f"one:{KEY}\none:{KEY}", "there twice"),
    ],
)
def test_what_is_no_key_is_refused_and_not_shown(line: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as error:
        keys_of_lines(line.split("\n"), where="keys")
    assert "secret" not in str(error.value)
    assert KEY not in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        keys_of_file(tmp_path / "none")


def test_every_key_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = keys_of_lines([f"{name}:{name * 20}" for name in "abc"], where="here")
    compared: list[tuple[bytes, bytes]] = []
    constant = hmac.compare_digest

    def noted(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return constant(one, other)

    monkeypatch.setattr(hmac, "compare_digest", noted)
    assert keys.owner("a" * 20) == "a"
    assert len(compared) == 3
    assert {len(one) for pair in compared for one in pair} == {32}


@pytest.fixture
def locked(profiles: Path) -> TestClient:
    """A client of a service that asks for a key, and whose worker does not run."""
    return TestClient(app_of(profiles, keys=keys_of_lines([f"one:{KEY}"], where="here")))


@pytest.mark.parametrize(
    ("method", "place"),
    [
        ("POST", "/v1/attributions"),
        ("POST", "/v1/jobs"),
        ("GET", "/v1/jobs/x"),
        ("DELETE", "/v1/jobs/x"),
        ("GET", "/v1/jobs/x/report"),
        ("GET", "/v1/jobs/x/map?profile=a"),
        ("GET", "/v1/jobs/x/bundle"),
        ("GET", "/v1/profiles"),
        ("GET", "/v1/models"),
        ("GET", "/metrics"),
    ],
)
def test_nothing_is_told_without_a_key(locked: TestClient, method: str, place: str) -> None:
    for sent, name in (
        ({}, "key-missing"),
        ({"Authorization": f"Basic {KEY}"}, "key-missing"),
        ({"Authorization": "Bearer "}, "key-missing"),
        ({"Authorization": f"Bearer {KEY}x"}, "key-unknown"),
        ({"Authorization": "Bearer é".encode()}, "key-unknown"),
    ):
        answer = locked.request(method, place, headers=sent)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (401, name)
        assert answer.headers["www-authenticate"] == "Bearer"


def test_the_key_opens_and_the_log_has_its_name_alone(locked: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("wherefrom.service.middleware").propagate = True
    with caplog.at_level(logging.INFO, logger="wherefrom.service"):
        sent = {"Authorization": f"bearer {KEY}"}
        assert locked.get("/v1/profiles", headers=sent).status_code == 200
        assert locked.get(f"/v1/profiles?key={KEY}").status_code == 401
        name = files((f"{KEY}.png", noise(1)))
        assert locked.post("/v1/jobs", files=name, headers=sent).status_code == 202
    assert "key one" in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize("place", ["/healthz", "/v1/service", "/openapi.json"])
def test_what_needs_no_key(locked: TestClient, place: str) -> None:
    assert locked.get(place).status_code == 200


def test_openapi_says_where_a_key_is_needed(locked: TestClient, stopped: TestClient) -> None:
    paths = locked.get("/openapi.json").json()["paths"]
    assert paths["/v1/attributions"]["post"]["security"] == [{"HTTPBearer": []}]
    assert "security" not in paths["/healthz"]["get"]
    assert "security" not in stopped.get("/openapi.json").json()["paths"]["/v1/attributions"]["post"]
