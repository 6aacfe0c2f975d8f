"""Images by URL: what is fetched, and that nothing inside the network is ever connected. No network is used."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpcore
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.service.making import app_of, noise
from wherefrom.service.addresses import Address, checked_url, is_public
from wherefrom.service.fetching import Fetcher, Guard
from wherefrom.service.problems import Refused

PUBLIC = ipaddress.ip_address("93.184.215.14")
INSIDE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "2001:0:7f00:1::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("text", INSIDE)
def test_what_lies_inside_is_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "64:ff9b::101:101"])
def test_what_lies_outside_is(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@given(st.ip_addresses(v=4))
def test_an_address_is_as_public_in_whatever_way_it_is_written(address: ipaddress.IPv4Address) -> None:
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")
    sixtofour = ipaddress.IPv6Address((0x2002 << 112) | (int(address) << 80))
    for written in (mapped, sixtofour):
        assert not is_public(written) or is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a.png",
        "file:///etc/passwd",
        "ftp://example.org/a.png",
        "gopher://example.org/",
        "//example.org/a.png",
        "https://user:word@example.org/a.png",
        "https://example.org:22/a.png",
        "https://example.org:99999/",
        "https:///a.png",
        "https://exa mple.org/",
        "https://example.org/\r\nHost: inside",
        "https://[::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://example.org\\@inside/",
        "https://ex\u00e4mple.org/",
        "https://" + "a" * 9000,
        "",
        "data:image/png;base64,AAAA",
    ],
)
def test_a_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(Refused) as refused:
        checked_url(url, plain_http=False)
    assert (refused.value.status_code, refused.value.name) == (422, "url-refused")


@dataclass
class Network:
    """A network without one: what is connected, and what it answers, one answer a connection."""

    answers: Sequence[bytes]
    names: dict[str, list[str]] = field(default_factory=dict)
    connected: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def connect_tcp(self, host: str, port: int, **_: Any) -> Any:
        self.connected.append(f"{host}:{port}")
        return httpcore.AsyncMockStream([self.answers[len(self.connected) - 1]])

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        del port
        self.asked.append(host)
        found = self.names.get(host, [str(PUBLIC)])
        now = found.pop(0) if len(found) > 1 else found[0]
        return [ipaddress.ip_address(one) for one in now.split()]

    def fetch(self, url: str, **changes: Any) -> Any:
        fetcher = Fetcher(**{"backend": Guard(self, self.resolve), "max_bytes": 10_000, **changes})
        return asyncio.run(fetcher.fetch(url))


def answer(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    named = {"Content-Length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


def moved(to: str) -> bytes:
    return answer(b"", "302 Found", Location=to)


def test_an_image_is_fetched_from_the_address_that_was_checked() -> None:
    network = Network([answer(b"image")])
    found = network.fetch("https://example.org/a/b%20c.png?size=1")
    assert (found.name, found.data) == ("b c.png", b"image")
    assert (network.asked, network.connected) == (["example.org"], [f"{PUBLIC}:443"])


@pytest.mark.parametrize("inside", [*INSIDE, f"{PUBLIC} 10.0.0.1", ""])
def test_a_host_inside_is_never_connected(inside: str) -> None:
    network = Network([answer(b"secret")], {"inside.example": [inside]})
    with pytest.raises(Refused) as refused:
        network.fetch("https://inside.example/")
    assert refused.value.status_code == 422
    assert network.connected == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "2130706433", "0x7f.1", "[::ffff:7f00:1]"])
def test_nor_is_one_that_is_written_as_an_address(host: str) -> None:
    """With the system's own look-up, which the tests allow for no name: it is refused by the guard or not made."""
    network = Network([answer(b"secret")])

    async def system(name: str, port: int) -> Sequence[Address]:
        del port
        import socket

        try:
            return [ipaddress.ip_address(name)]
        except ValueError:
            return [ipaddress.ip_address(socket.inet_ntoa(socket.inet_aton(name)))] if name != "localhost" else []

    fetcher = Fetcher(backend=Guard(network, system), max_bytes=100)
    with pytest.raises(Refused):
        asyncio.run(fetcher.fetch(f"https://{host}/"))
    assert network.connected == []


def test_a_redirect_inside_is_not_followed() -> None:
    network = Network([moved("https://inside.example/"), answer(b"secret")], {"inside.example": ["169.254.169.254"]})
    with pytest.raises(Refused):
        network.fetch("https://example.org/")
    assert network.connected == [f"{PUBLIC}:443"]


def test_a_name_that_changes_its_address_gains_nothing() -> None:
    """What was looked up and checked is what is connected; the next look-up is checked again."""
    network = Network([moved("/b.png"), answer(b"secret")], {"turns.example": [str(PUBLIC), "127.0.0.1"]})
    with pytest.raises(Refused):
        network.fetch("https://turns.example/a.png")
    assert network.connected == [f"{PUBLIC}:443"]


@pytest.mark.parametrize("to", ["http://example.org/", "file:///etc/passwd", "https://example.org:8443/", "//a:b@c/"])
def test_a_redirect_to_another_kind_of_url_is_not_followed(to: str) -> None:
    network = Network([moved(to), answer(b"secret")])
    with pytest.raises(Refused):
        network.fetch("https://example.org/")
    assert len(network.connected) == 1


def test_a_redirect_to_another_public_host_is_followed_but_not_for_ever() -> None:
    network = Network([moved("https://b.example/x.png"), answer(b"image")])
    assert network.fetch("https://a.example/").data == b"image"
    assert network.asked == ["a.example", "b.example"]
    endless = Network([moved("/again")] * 10)
    with pytest.raises(Refused, match="422"):
        endless.fetch("https://a.example/")
    assert len(endless.connected) == 4


CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + 2 * (b"1388\r\n" + b"x" * 5000 + b"\r\n")
    + (b"1\r\nx\r\n0\r\n\r\n")
)
"""An answer that does not say how long it is."""


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (answer(b"x" * 10_001), "10,000 bytes"),
        (CHUNKED, "10,000 bytes"),
        (answer(b"no", "404 Not Found"), "answers 404"),
        (answer(b"no", Content_Encoding="gzip"), "compressed"),
        (answer(b"", "302 Found"), "without saying where to"),
        (b"nonsense\r\n\r\n", "the connection failed"),
        (b"", "the connection failed"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_said(sent: bytes, said: str) -> None:
    with pytest.raises(Refused) as refused:
        Network([sent]).fetch("https://example.org/")
    assert said in refused.value.detail
    assert refused.value.status_code in (413, 422)


def test_a_host_that_never_answers_is_left() -> None:
    class Silent(Network):
        async def connect_tcp(self, host: str, port: int, **_: Any) -> Any:
            await asyncio.sleep(60)

    with pytest.raises(Refused, match="422"):
        Silent([]).fetch("https://example.org/", seconds=0.01)


def test_no_socket_of_this_machine_is_connected() -> None:
    with pytest.raises(Refused):
        asyncio.run(Guard(Network([])).connect_unix_socket("/run/docker.sock"))


def test_a_service_without_urls_fetches_none(stopped: TestClient) -> None:
    answered = stopped.post("/v1/attributions", files={"urls": (None, "https://example.org/a.png")})
    assert (answered.status_code, answered.json()["type"].rpartition(":")[2]) == (403, "urls-off")
    body = stopped.get("/openapi.json").json()["paths"]["/v1/attributions"]["post"]["requestBody"]
    assert "urls" not in body["content"]["multipart/form-data"]["schema"]["properties"]


def test_a_service_with_urls_fetches_one(profiles: Path) -> None:
    client = TestClient(app_of(profiles, urls=True))
    state: Any = client.app.state.service  # type: ignore[attr-defined]
    network = Network([answer(noise(1))])
    object.__setattr__(state, "fetcher", Fetcher(backend=Guard(network, network.resolve), max_bytes=10_000))
    answered = client.post("/v1/jobs", files={"urls": (None, "https://example.org/a.png")})
    assert answered.status_code == 202
    assert state.waiting.images == 1
    body = client.get("/openapi.json").json()["paths"]["/v1/jobs"]["post"]["requestBody"]
    assert "urls" in body["content"]["multipart/form-data"]["schema"]["properties"]
