"""Requests that nobody should send, by kind and name: each must be refused with a reason."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from PIL import Image

from tests.bad_files import good_pixels
from tests.unit.service.making import png

__all__ = ["KINDS", "Hostile", "form", "part"]

BOUNDARY: Final = "limit"
FORM: Final = f"multipart/form-data; boundary={BOUNDARY}"
FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")


@dataclass(frozen=True)
class Hostile:
    """A request.

    Attributes:
        body: its bytes.
        path: and query.
        method: of HTTP.
        headers: beside what every client sends.
    """

    body: bytes
    path: str = "/v1/attributions"
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": FORM})


def part(data: bytes, head: str = 'name="images"; filename="a.png"', more: str = "") -> bytes:
    """A part of a form."""
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n{more}\r\n".encode() + data + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def saved(kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(good_pixels(3, (32, 32))).save(file, kind, **options)
    return file.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def announced(width: int, height: int, depth: int = 8, colour: int = 2, data: bytes = b"") -> bytes:
    """A PNG with this head and these pixel data."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def bombs() -> dict[str, bytes]:
    """Files that are small and announce, or unpack to, what is not."""
    whole = Image.new("RGB", (1200, 1200))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(2**20))
    jpeg = bytearray(saved("JPEG"))
    size = jpeg.index(b"\xff\xc0") + 5
    jpeg[size : size + 4] = b"\xff\xff\xff\xff"
    gif = bytearray(saved("GIF"))
    gif[6:10] = b"\xff\xff\xff\xff"
    bitmap = bytearray(saved("BMP"))
    bitmap[18:26] = struct.pack("<ii", 2**30, 2**30)
    flat = io.BytesIO()
    whole.save(flat, "PNG")
    webp = io.BytesIO()
    whole.save(webp, "WEBP")
    return {
        "png of 60,000 squared": announced(60_000, 60_000),
        "png of 2^31 - 1": announced(2**31 - 1, 2**31 - 1),
        "png of 2^32 - 1": announced(2**32 - 1, 1),
        "png of nothing": announced(0, 7),
        "png of nothing high": announced(7, 0),
        "png that unpacks to less": announced(64, 64, data=b"\0\0"),
        "png of 3 bits": announced(8, 8, depth=3),
        "png of colour 9": announced(8, 8, colour=9),
        "flat png over the limit": flat.getvalue(),
        "webp over the limit": webp.getvalue(),
        "jpeg of 65,535 squared": bytes(jpeg),
        "gif of 65,535 squared": bytes(gif),
        "bmp of 2^30 squared": bytes(bitmap),
        "zip": packed.getvalue(),
        "gzip of a png": gzip.compress(saved("PNG")),
        "text chunk that unpacks to a lot": saved("PNG")[:33]
        + chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(2**24)))
        + saved("PNG")[33:60],
    }


def disguised() -> dict[str, bytes]:
    """Files of another kind than they look like."""
    image = saved("PNG")
    return {
        "html before an image": b"<html><script>alert(1)</script>" + image,
        "program before an image": b"#!/bin/sh\nrm -rf /\n" + image,
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        "xml with an entity": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\n",
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(r) file\n",
        "elf": b"\x7fELF" + bytes(64),
        "pickle": b"\x80\x04cposix\nsystem\n(S'id'\ntR.",
        "safetensors": struct.pack("<Q", 2) + b"{}",
        "psd": b"8BPS\0\1" + bytes(40),
        "jxl": b"\xff\x0a" + bytes(40),
        "ico": b"\0\0\1\0\1\0" + bytes(40),
        "fits": b"SIMPLE  =                    T" + b" " * 2850,
        "zero bytes": b"",
        "one byte": b"\x89",
        "a magic number alone": b"\x89PNG\r\n\x1a\n",
        "another": b"\xff\xd8\xff",
        "riff": b"RIFF\xff\xff\xff\xffWEBPVP8 ",
        "zeros": bytes(4096),
        "ones": b"\xff" * 4096,
        "line ends": b"\r\n" * 100,
        "boundaries": b"\r\n--lim" * 20,
        "utf-16": "no image".encode("utf-16"),
        "float tiff": _mode("F"),
        "lab tiff": _mode("LAB"),
    }


def _mode(mode: str) -> bytes:
    file = io.BytesIO()
    Image.new(mode, (16, 16)).save(file, "TIFF")
    return file.getvalue()


def cut() -> Iterator[tuple[str, bytes]]:
    """Files that end too early, and PNGs of which a byte is another."""
    for kind in FORMATS:
        whole = saved(kind)
        for share in (0.02, 0.1, 0.5, 0.9):
            yield f"{share:.0%} of a {kind}", whole[: int(len(whole) * share)]
    whole = saved("PNG")
    for place in range(0, len(whole) - 16, len(whole) // 24):
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        yield f"PNG with another byte {place}", bytes(broken)


def images() -> dict[str, Hostile]:
    """Forms that are well made, and hold one file that is no image."""
    found = {**bombs(), **disguised(), **dict(cut())}
    return {name: Hostile(form(part(data))) for name, data in found.items()}


def names() -> dict[str, Hostile]:
    """Files under names that lead elsewhere; no image either, so that the name is said in the reason."""
    hostile = [
        "../../../../tmp/x",
        "/etc/passwd",
        "C:\\\\windows\\\\x",
        "..",
        "a\\0b.png",
        "x" * 5000,
        "%2e%2e%2fx",
        "CON",
        "<script>alert(1)</script>.png",
        "\u202egnp.exe",
        "\x1b[31mred.png",
        "file:///etc/passwd",
        "'; DROP TABLE images; --",
    ]
    found = {f"name {name[:20]!r}": Hostile(form(part(b"x", f'name="images"; filename="{name}"'))) for name in hostile}
    found["encoded name"] = Hostile(form(part(b"x", "name=\"images\"; filename*=utf-8''..%2f..%2fx")))
    return found


def forms() -> dict[str, Hostile]:
    """Bodies that are no form, or a broken one."""
    good = part(png(good_pixels(1, (32, 32))))
    bodies = {
        "nothing": b"",
        "no parts": f"--{BOUNDARY}--\r\n".encode(),
        "garbage": bytes(range(256)) * 4,
        "another boundary": form(good).replace(b"--limit", b"--other"),
        "no end": good,
        "cut in a part": form(good)[:200],
        "cut in a head": form(good)[:40],
        "lines of LF": form(good).replace(b"\r\n", b"\n"),
        "no disposition": f"--{BOUNDARY}\r\nX: y\r\n\r\nz\r\n".encode() + form(),
        "no head": f"--{BOUNDARY}\r\n\r\nz\r\n".encode() + form(),
        "no name": form(part(b"x", 'filename="a.png"')),
        "head without a colon": form(part(b"x", more="nonsense\r\n")),
        "head with a NUL": form(part(b"x", more="X\0: y\r\n")),
        "another field": form(part(b"x", 'name="image"; filename="a.png"')),
        "a field of text": form(part(b"x", 'name="images"')),
        "an image and another field": form(good, part(b"1", 'name="alpha"')),
        "urls where these are off": form(part(b"http://169.254.169.254/", 'name="urls"')),
        "too many images": form(*[good] * 9),
        "a thousand images": form(*[part(b"x")] * 1000),
        "a thousand fields": form(*[part(b"x", 'name="profile"')] * 1000),
        "a large field": form(part(b"x" * 2**20 * 2, 'name="profile"')),
        "a large head": form(part(b"x", more="X: " + "y" * 2**17 + "\r\n")),
        "a large name": form(part(b"x", f'name="{"n" * 2**16}"; filename="a"')),
        "a form in a form": form(part(form(good), more=f"Content-Type: {FORM}\r\n")),
        "base64": form(part(b"aGVsbG8=", more="Content-Transfer-Encoding: base64\r\n")),
        "a large image": form(part(bytes(2**20 + 1))),
        "a large body": bytes(2**22 + 1),
    }
    found = {name: Hostile(body) for name, body in bodies.items()}
    kinds = {
        "no boundary": "multipart/form-data",
        "an empty boundary": "multipart/form-data; boundary=",
        "a boundary with spaces": "multipart/form-data; boundary=a b",
        "a long boundary": f"multipart/form-data; boundary={'b' * 3000}",
        "a charset that is none": f"{FORM}; charset=none",
        "json": "application/json",
        "text": "text/plain",
        "urlencoded": "application/x-www-form-urlencoded",
        "bytes": "application/octet-stream",
        "an image itself": "image/png",
        "mixed": f"multipart/mixed; boundary={BOUNDARY}",
        "nonsense": "}{",
        "empty": "",
    }
    body = form(part(b"no image"))
    return found | {f"type {name}": Hostile(body, headers={"Content-Type": kind}) for name, kind in kinds.items()}


def queries() -> dict[str, Hostile]:
    """Queries and addresses of another kind than those there are."""
    good = form(part(png(good_pixels(1, (32, 32)))))
    wrong = [
        "profile=",
        "profile=../a",
        "profile=a.json",
        "profile=A",
        "profile=%00",
        "profil=a",
        "edit=",
        "edit=none%00",
    ]
    wrong += ["edit=jpeg:75", "alpha=1", "profile[]=a", "Profile=a", "&".join(["profile=x"] * 200), "edit=" + "x" * 999]
    found = {f"query {query[:20]}": Hostile(good, f"/v1/attributions?{query}") for query in wrong}
    for query in ("pictures=maybe", "map=2", "map=", "metadata=0.5", "report=1"):
        found[f"job {query}"] = Hostile(good, f"/v1/jobs?{query}")
    addresses = ["/v1/jobs/x", "/v1/jobs/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/v1/jobs/%00", "/v1/jobs/x/report?image=-1"]
    addresses += ["/v1/jobs/x/report?image=1e9", "/v1/jobs/x/map", "/v1/jobs/x/map?profile=a&image=99999", "/v1/jobs/"]
    addresses += ["/v1/jobs/x?wait=-1", "/v1/jobs/x?wait=nan", "/v1/jobs/x?wait=1e400", "/v1/jobs/" + "x" * 500]
    addresses += ["/v1", "/v1/attributions/", "/.git/config", "/docs", "/redoc", "/v1/feedback", "/v1/attributions"]
    found |= {f"GET {address[:30]}": Hostile(b"", address, "GET", {}) for address in addresses}
    for name, value in (("X", "y" * 2**15), ("Authorization", f"Bearer {'k' * 2**15}"), ("Cookie", "a=b; " * 2**12)):
        found[f"a large {name}"] = Hostile(b"", "/v1/models", "GET", {name: value})
    found["many headers"] = Hostile(b"", "/healthz", "GET", {f"X-{number}": "y" * 50 for number in range(1000)})
    found["a large address"] = Hostile(b"", "/healthz?" + "x" * 2**15, "GET", {})
    for method in ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"):
        found[method] = Hostile(good, method=method)
    return found


def feedback() -> dict[str, Hostile]:
    """Feedback that is none."""
    bodies: dict[str, bytes] = {
        "nothing": b"",
        "no json": b"{",
        "null": b"null",
        "a list": b"[]",
        "a text": b'"a"',
        "a number": b"1e999",
        "deep": b"[" * 100_000,
        "deep objects": b'{"a":' * 50_000,
        "bytes": b"\xff\xfe\xfd",
        "a large number": b'{"message": ' + b"9" * 100_000 + b"}",
    }
    values: dict[str, object] = {
        "no message": {},
        "an empty message": {"message": ""},
        "a long message": {"message": "x" * 4001},
        "a number as message": {"message": 1},
        "another key": {"message": "a", "user": "b"},
        "a digest that is none": {"message": "a", "file_digest": "../x"},
        "a profile that is none": {"message": "a", "profile": ["a"]},
        "a long contact": {"message": "a", "contact": "x" * 201},
    }
    bodies |= {name: json.dumps(value).encode() for name, value in values.items()}
    json_type = {"Content-Type": "application/json"}
    found = {name: Hostile(body, "/v1/feedback", headers=json_type) for name, body in bodies.items()}
    found["as a form"] = Hostile(form(part(b"a", 'name="message"')), "/v1/feedback")
    return found


KINDS: Final = {"images": images, "names": names, "forms": forms, "queries": queries, "feedback": feedback}
"""What makes the requests of each kind."""
