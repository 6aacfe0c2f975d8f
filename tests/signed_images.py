"""Images with C2PA manifests, signed by certificates of the tests' own."""

from __future__ import annotations

import datetime as dt
import functools
import io
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

MADE_BY_A_MODEL: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_SINCE: Final = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
_USAGES: Final = (
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True)
class Signer:
    authority: bytes
    certificates: bytes
    key: bytes


@functools.cache
def signer() -> Signer:
    """A key with its certificate, and that of the authority which vouches for it."""
    root, leaf = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    above = _certificate("Authority", root, root, authority=True)
    own = _certificate("Signer", leaf, root, authority=False)
    private = leaf.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Signer(authority=above, certificates=own + above, key=private)


def _name(common: str) -> x509.Name:
    parts = ((NameOID.COUNTRY_NAME, "XX"), (NameOID.ORGANIZATION_NAME, "Tests"), (NameOID.COMMON_NAME, common))
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts])


def _certificate(common: str, key: Ed25519PrivateKey, by: Ed25519PrivateKey, *, authority: bool) -> bytes:
    """A certificate as C2PA wants it of signers (C2PA 2.2, 14.5.1)."""
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=authority, crl_sign=authority, **dict.fromkeys(_USAGES, False)
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(common))
        .issuer_name(_name("Authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_SINCE)
        .not_valid_after(_SINCE + dt.timedelta(days=36_500))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )
    if not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    return builder.sign(by, None).public_bytes(serialization.Encoding.PEM)


def image_bytes(kind: str = "PNG", **options: Any) -> bytes:
    """A small image of noise as a file."""
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file, kind, **options)
    return file.getvalue()


def signed_image(kind: str = "PNG", *, elsewhere: str | None = None, program: str = "Some generator") -> bytes:
    """An image whose manifest says that a model made it.

    Args:
        kind: Pillow's name of the format.
        elsewhere: an address that the file names in place of the manifest; None puts the manifest into the file.
        program: that the manifest says made it.
    """
    import c2pa

    action = {"action": "c2pa.created", "digitalSourceType": MADE_BY_A_MODEL}
    definition = {
        "claim_generator_info": [{"name": program, "version": "1.0"}],
        "assertions": [{"label": "c2pa.actions", "data": {"actions": [action]}}],
    }
    settings = {"builder": {"thumbnail": {"enabled": False}}, "verify": {"remote_manifest_fetch": False}}
    builder = c2pa.Builder(definition, context=c2pa.Context.from_dict(settings))
    if elsewhere is not None:
        builder.set_no_embed()
        builder.set_remote_url(elsewhere)
    who, out = signer(), io.BytesIO()
    info = c2pa.C2paSignerInfo(b"ed25519", who.certificates, who.key, None)
    builder.sign(c2pa.Signer.from_info(info), f"image/{kind.lower()}", io.BytesIO(image_bytes(kind)), out)
    return out.getvalue()
