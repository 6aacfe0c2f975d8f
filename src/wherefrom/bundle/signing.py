"""Signatures of envelopes by Ed25519: `cryptography` signs, `securesystemslib` says of what, as DSSE asks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wherefrom.bundle.envelope import PAYLOAD_TYPE, Envelope
from wherefrom.bundle.results import Refused
from wherefrom.core.errors import UsageError
from wherefrom.core.extras import require

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner, SSlibKey

__all__ = ["PASSPHRASE", "check_signature", "public_key", "signed", "signer"]

PASSPHRASE: Final = "WHEREFROM_KEY_PASSPHRASE"  # noqa: S105  (the name of a variable)
"""The environment variable with the passphrase of an encrypted private key."""
_EXTRA: Final = "sign"
_LONGEST: Final = 64 * 1024
"""Bytes of a key's file, at most."""
_MADE_BY: Final = "openssl genpkey -algorithm ed25519 -out key.pem"
_PUBLIC_BY: Final = "openssl pkey -in key.pem -pubout -out key.pub"


def signer(path: Path) -> CryptoSigner:
    """What signs by the private key of a PEM file, in the form PKCS #8, encrypted or not.

    Args:
        path: of the file. Where the key is encrypted, the environment variable `WHEREFROM_KEY_PASSPHRASE` has its
            passphrase.

    Raises:
        UsageError: when there is no such file, it is no private Ed25519 key, or the passphrase is missing or wrong.
        MissingExtra: when what signs is not installed.
    """
    private_keys = require("cryptography.hazmat.primitives.asymmetric.ed25519", _EXTRA)
    serialization = require("cryptography.hazmat.primitives.serialization", _EXTRA)
    signers = require("securesystemslib.signer", _EXTRA)
    passphrase = os.environ.get(PASSPHRASE)
    try:
        key = serialization.load_pem_private_key(_pem(path), passphrase.encode() if passphrase else None)
    except TypeError as error:  # which says whether a passphrase is missing, or was given and is not needed
        raise UsageError(f"{path}: {error}: set the environment variable {PASSPHRASE}, or unset it") from error
    except (ValueError, _unsupported()) as error:
        raise UsageError(
            f"{path} is no private key in PEM, or {PASSPHRASE} is not its passphrase: make one by {_MADE_BY}"
        ) from error
    if not isinstance(key, private_keys.Ed25519PrivateKey):
        raise UsageError(f"{path} is a key of {_kind(key)}, bundles are signed by Ed25519: make one by {_MADE_BY}")
    made: CryptoSigner = signers.CryptoSigner(key)
    return made


def public_key(path: Path) -> SSlibKey:
    """The public key of a PEM file.

    Args:
        path: of the file.

    Raises:
        UsageError: when there is no such file, or it is no public Ed25519 key.
        MissingExtra: when what checks signatures is not installed.
    """
    public_keys = require("cryptography.hazmat.primitives.asymmetric.ed25519", _EXTRA)
    serialization = require("cryptography.hazmat.primitives.serialization", _EXTRA)
    signers = require("securesystemslib.signer", _EXTRA)
    try:
        key = serialization.load_pem_public_key(_pem(path))
    except (ValueError, _unsupported()) as error:
        raise UsageError(f"{path} is no public key in PEM: make it of the private one by {_PUBLIC_BY}") from error
    if not isinstance(key, public_keys.Ed25519PublicKey):
        raise UsageError(f"{path} is a key of {_kind(key)}, bundles are signed by Ed25519: ask for such a key")
    made: SSlibKey = signers.SSlibKey.from_crypto(key)
    return made


def signed(envelope: Envelope, by: CryptoSigner) -> Envelope:
    """An envelope with a signature of its payload and the payload's type.

    Args:
        envelope: to sign.
        by: whose key signs.
    """
    signature = by.sign(_signed_bytes(envelope))
    return Envelope(
        payload=envelope.payload,
        signatures=(*envelope.signatures, (signature.keyid, bytes.fromhex(signature.signature))),
    )


def check_signature(envelope: Envelope, key: SSlibKey) -> None:
    """Refuse an envelope that this key did not sign. The identifier of a signature's key is a hint, and not relied on.

    Args:
        envelope: with its signatures.
        key: public.

    Raises:
        Refused: when none of the signatures is by this key and of this payload.
    """
    unverified = require("securesystemslib.exceptions", _EXTRA).UnverifiedSignatureError
    signature = require("securesystemslib.signer", _EXTRA).Signature
    payload = _signed_bytes(envelope)
    for _, value in envelope.signatures:
        try:
            key.verify_signature(signature(key.keyid, value.hex()), payload)
        except unverified:
            continue
        return
    if not envelope.signatures:
        raise Refused(f"the bundle is unsigned, expected a signature by key {key.keyid}")
    if key.keyid in [keyid for keyid, _ in envelope.signatures]:
        raise Refused(
            f"the signature that names key {key.keyid} is not its signature of this statement: statement or signature"
            " was changed; expected the bytes that were signed"
        )
    others = ", ".join(repr(keyid[:80]) for keyid, _ in envelope.signatures)
    raise Refused(f"signed by {others}, expected a signature by key {key.keyid}")


def _signed_bytes(envelope: Envelope) -> bytes:
    """DSSE's pre-authentication encoding: type and payload, each with its length."""
    made: bytes = require("securesystemslib.dsse", _EXTRA).Envelope(envelope.payload, PAYLOAD_TYPE, {}).pae()
    return made


def _pem(path: Path) -> bytes:
    """The bytes of a key's file.

    Raises:
        UsageError: when it cannot be read, or is no such file by its length.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LONGEST + 1)
    except OSError as error:
        raise UsageError(f"cannot read the key {path}: {error.strerror or error}") from error
    if len(data) > _LONGEST:
        raise UsageError(f"{path} has more than {_LONGEST:,} bytes, which no key has: name the file of the key")
    return data


def _unsupported() -> type[Exception]:
    kind: type[Exception] = require("cryptography.exceptions", _EXTRA).UnsupportedAlgorithm
    return kind


def _kind(key: Any) -> str:
    return type(key).__name__.removesuffix("PrivateKey").removesuffix("PublicKey").lstrip("_")
