"""A copy of an image with a result in a C2PA manifest, signed by whoever vouches for it."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any, Final

from wherefrom.core.errors import UsageError
from wherefrom.core.extras import require
from wherefrom.core.version import VERSION
from wherefrom.exporting.assertion import LABEL, c2pa_assertion
from wherefrom.exporting.indicators import check_same_file
from wherefrom.exporting.reported import Reported
from wherefrom.images.formats import identify
from wherefrom.side_evidence.sources.c2pa import context

__all__ = ["Credentials", "with_manifest"]

_CURVES: Final = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """Who signs.

    Attributes:
        certificates: in PEM, the signer's own first, then those that vouch for it.
        key: the signer's, in PEM, without a password.
    """

    certificates: bytes
    key: bytes = field(repr=False)


def with_manifest(result: Reported, file: bytes, credentials: Credentials, *, label: str = LABEL) -> bytes:
    """The image with a manifest that holds the result, beside the manifests that it had.

    The pixels stay as they are; the file's digest changes, since the manifest is in it, and the assertion names the
    digest of before. No time stamp is asked for, since nothing is sent over the network.

    Args:
        result: of a report on this very file.
        file: all bytes of it.
        credentials: who signs.
        label: of the assertion.

    Raises:
        ImageError: when the file is no image that is read here.
        MissingExtra: when `c2pa-python` is not installed.
        UsageError: when the file is another one, the label is none, or the library refuses key, certificates or file.
    """
    check_same_file(result, file)
    assertion, kind = c2pa_assertion(result, label=label), f"image/{identify(file).lower()}"
    library = require("c2pa", "c2pa")
    definition = {"claim_generator_info": [{"name": "wherefrom", "version": VERSION}], "assertions": [assertion]}
    algorithm, signed = _algorithm(credentials.key), io.BytesIO()
    try:
        builder = library.Builder(definition, context=context())
        builder.set_intent(library.C2paBuilderIntent.EDIT)
        info = library.C2paSignerInfo(algorithm.encode(), credentials.certificates, credentials.key, None)
        builder.sign(library.Signer.from_info(info), kind, io.BytesIO(file), signed)
    except library.C2paError as error:
        raise UsageError(f"the C2PA library does not sign this: {error}") from error
    return signed.getvalue()


def _algorithm(key: bytes) -> str:
    """C2PA's name of the algorithm that a key signs by.

    Raises:
        UsageError: when the key cannot be read, or C2PA has no algorithm for it.
    """
    serialization: Any = require("cryptography.hazmat.primitives.serialization", "c2pa")
    try:
        private = serialization.load_pem_private_key(key, password=None)
    except (ValueError, TypeError) as error:
        raise UsageError(f"the key cannot be read ({error}): give a private key in PEM, without a password") from error
    kind = type(private).__name__
    if kind.startswith("Ed25519"):
        return "ed25519"
    if kind.startswith("RSA"):
        return "ps256"
    curve = getattr(getattr(private, "curve", None), "name", kind)
    if curve not in _CURVES:
        raise UsageError(f"C2PA signs by Ed25519, RSA or the curves {', '.join(_CURVES)}, and not by {curve}")
    return _CURVES[curve]
