"""`wherefrom serve` as a process: it answers over a Unix socket, reaches no address, and ends when it is told to."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.cli.calling import save_noise
from tests.cli.conftest import Made
from wherefrom.cli import run

NO_NETWORK = """
import sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        raise RuntimeError(f"reaches out: {event}")

sys.addaudithook(refuse)
from wherefrom.cli import main
main(sys.argv[1:])
"""


@pytest.mark.slow  # a process that imports torch
def test_it_serves_and_stops(made: Made, tmp_path: Path) -> None:
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (profiles / "toy.json").write_bytes(made.profile.read_bytes())
    (image,) = save_noise(tmp_path / "images", range(500, 501)).iterdir()
    place = tmp_path / "s"
    command = [sys.executable, "-c", NO_NETWORK, "serve", "--profiles", str(profiles), "--socket", str(place)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        try:
            _use(process, place, image.read_bytes())
        finally:
            process.kill()
    assert sorted(path.name for path in tmp_path.iterdir() if path != place) == ["images", "profiles"]


def _use(process: subprocess.Popen[str], place: Path, image: bytes) -> None:
    """Ask a service that has just been started, and stop it."""
    assert process.stderr is not None
    assert process.stderr.readline() == f"serving on {place}\n"
    with httpx2.Client(transport=httpx2.HTTPTransport(uds=str(place)), base_url="http://own", timeout=300) as client:
        answer = client.post("/v1/attributions", files={"images": ("a.png", image)})
        results = answer.json()
        while answer.status_code == 202:  # on a machine that is busy
            job = client.get(answer.headers["location"], params={"wait": 30}).json()
            if job["results"]:
                results = job["results"]
                break
        assert results["images"][0]["kind"] == "does not support"
        assert client.get("/readyz").status_code == 200
        assert "server" not in answer.headers
    huge = _raw(place, b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 2**17 + b"\r\n\r\n")
    assert huge.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431"))
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=300)
    assert process.returncode == 0, log
    assert "POST /v1/attributions 20" in log
    assert "Traceback" not in log


def _raw(place: Path, sent: bytes) -> bytes:
    """What is answered to these bytes."""
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(str(place))
        with contextlib.suppress(BrokenPipeError):
            one.sendall(sent)
        return one.recv(4096)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", "0.0.0.0"], "without a key"),
        (["--host", "example.org"], "without a key"),
        (["--model", "toy"], "NAME=MODEL"),
        (["--keys", "none"], "cannot read the keys"),
        (["--max-waiting", "2"], "max_waiting"),
    ],
)
def test_what_cannot_be_served_is_refused(
    made: Made, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", "--profiles", str(made.profile.parent), *options]) == 2
    assert said in capsys.readouterr().err
