"""A statement in a DSSE envelope: the payload's bytes as they are, their type, and signatures of both."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field, TypeAdapter

from wherefrom.bundle.parsing import parsed
from wherefrom.bundle.results import Refused
from wherefrom.core.files import json_bytes

__all__ = ["PAYLOAD_TYPE", "Envelope", "packed", "unpacked"]

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
"""How DSSE names the type of an in-toto statement."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Signature:
    sig: str
    keyid: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _EnvelopeFile:
    """An envelope as its JSON is; whatever else stands there is ignored, as DSSE asks."""

    payload: str
    payload_type: Annotated[str, Field(alias="payloadType")]
    signatures: tuple[_Signature, ...]


_FILE: Final = TypeAdapter(_EnvelopeFile)


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """What an envelope holds.

    Attributes:
        payload: the signed bytes, never written anew.
        signatures: each as identifier of the key, which is only a hint, and signature.
    """

    payload: bytes
    signatures: tuple[tuple[str, bytes], ...] = ()


def packed(envelope: Envelope) -> bytes:
    """An envelope as the bytes of its file.

    Args:
        envelope: with its signatures; without, it is unsigned.
    """
    signatures = [{"keyid": keyid, "sig": _text(signature)} for keyid, signature in envelope.signatures]
    return json_bytes({"payload": _text(envelope.payload), "payloadType": PAYLOAD_TYPE, "signatures": signatures})


def unpacked(data: bytes) -> Envelope:
    """An envelope of the bytes of its file.

    Args:
        data: of the file.

    Raises:
        Refused: when it is no envelope, or one of something else than a statement.
    """
    file = parsed(_FILE, data, "the envelope")
    if file.payload_type != PAYLOAD_TYPE:
        raise Refused(f"the envelope's payload is of type {file.payload_type!r}, expected {PAYLOAD_TYPE!r}")
    signatures = tuple((each.keyid, _bytes(each.sig, "a signature")) for each in file.signatures)
    return Envelope(payload=_bytes(file.payload, "the payload"), signatures=signatures)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str, what: str) -> bytes:
    """Base64 in the one form that its bytes have.

    Raises:
        Refused: when it is none.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(f"{what} in the envelope is not base64, expected base64: {error}") from error
    if _text(data) != text:
        raise Refused(f"{what} in the envelope is not in the one form that base64 has for its bytes")
    return data
