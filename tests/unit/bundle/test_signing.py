"""Keys by file, signatures as DSSE has them, and what is refused of either."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope as OtherEnvelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from tests import toy_bundles
from tests.unit.bundle.broken import files_of
from wherefrom.bundle import verify
from wherefrom.bundle.envelope import Envelope, packed, unpacked
from wherefrom.bundle.names import ENVELOPE
from wherefrom.bundle.results import Refused
from wherefrom.bundle.signing import PASSPHRASE, check_signature, public_key, signed, signer
from wherefrom.core.errors import MissingExtra, UsageError


def by_others(path: Path) -> SSlibKey:
    return SSlibKey.from_crypto(load_pem_public_key(path.read_bytes()))


def test_others_check_the_signature(tmp_path: Path) -> None:
    keys, other = toy_bundles.keys(tmp_path), toy_bundles.keys(tmp_path, "other")
    bundle = toy_bundles.written(tmp_path, sign=keys.private)
    envelope = OtherEnvelope.from_dict(json.loads(files_of(bundle)[ENVELOPE]))
    accepted = envelope.verify([by_others(keys.public)], threshold=1)
    assert list(accepted) == [verify(bundle, key=keys.public).signed_by]
    with pytest.raises(VerificationError):
        envelope.verify([by_others(other.public)], threshold=1)


def test_we_check_the_signature_of_others(tmp_path: Path) -> None:
    """The identifier of the key is a hint: it may be missing, and a wrong one changes nothing."""
    keys = toy_bundles.keys(tmp_path)
    payload = b'{"_type": "anything"}'
    envelope = OtherEnvelope(payload, "application/vnd.in-toto+json", {})
    envelope.sign(signer(keys.private))
    written = envelope.to_dict()
    for keyid in ("", "a name of their own"):
        written["signatures"][0]["keyid"] = keyid
        ours = unpacked(json.dumps({**written, "more": "is ignored"}).encode())
        assert ours.payload == payload
        check_signature(ours, public_key(keys.public))


def test_several_signatures_of_which_one_is_the_keys(tmp_path: Path) -> None:
    first, second = toy_bundles.keys(tmp_path, "first"), toy_bundles.keys(tmp_path, "second")
    envelope = signed(signed(Envelope(payload=b"x"), signer(first.private)), signer(second.private))
    assert unpacked(packed(envelope)) == envelope
    for keys in (first, second):
        check_signature(envelope, public_key(keys.public))
    with pytest.raises(Refused, match="expected a signature by key"):
        check_signature(envelope, public_key(toy_bundles.keys(tmp_path, "third").public))
    moved = Envelope(payload=b"y", signatures=envelope.signatures)
    with pytest.raises(Refused, match="is not its signature of this statement"):
        check_signature(moved, public_key(first.public))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"payload": "e30"}, "the payload in the envelope is not base64"),
        ({"payload": "e3==" + "\n"}, "the payload in the envelope is not base64"),
        ({"payload": "e31="}, "not in the one form"),
        ({"payload": 3}, "at payload: Input should be a valid string"),
        ({"signatures": [{"sig": "?"}]}, "a signature in the envelope is not base64"),
        ({"signatures": {}}, "at signatures"),
    ],
)
def test_an_envelope_of_another_form_is_refused(change: dict[str, object], said: str) -> None:
    whole = json.loads(packed(Envelope(payload=b"{}")))
    with pytest.raises(Refused, match=said):
        unpacked(json.dumps({**whole, **change}).encode())


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl on this machine")
def test_keys_of_openssl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands of `docs/how-to/verify.md`, and a key with a passphrase."""
    monkeypatch.chdir(tmp_path)
    for command in (
        "openssl genpkey -algorithm ed25519 -out key.pem",
        "openssl pkey -in key.pem -pubout -out key.pub",
        "openssl pkey -in key.pem -aes256 -passout pass:geheim -out locked.pem",
    ):
        subprocess.run(command.split(), check=True, capture_output=True)  # a fixed command
    assert verify(toy_bundles.written(tmp_path, sign="key.pem"), key="key.pub").signed_by
    with pytest.raises(UsageError, match=PASSPHRASE):
        signer(Path("locked.pem"))
    monkeypatch.setenv(PASSPHRASE, "wrong")
    with pytest.raises(UsageError, match="is not its passphrase"):
        signer(Path("locked.pem"))
    monkeypatch.setenv(PASSPHRASE, "geheim")
    assert signer(Path("locked.pem")).public_key == public_key(Path("key.pub"))
    with pytest.raises(UsageError, match="unset it"):
        signer(Path("key.pem"))


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    keys, other = toy_bundles.keys(tmp_path), tmp_path / "other.pem"
    for read, path in ((signer, keys.public), (public_key, keys.private), (signer, tmp_path / "none.pem")):
        with pytest.raises(UsageError, match=r"is no |cannot read the key"):
            read(path)
    other.write_bytes(bytes(65 * 1024))
    with pytest.raises(UsageError, match="which no key has"):
        public_key(other)
    elliptic = ec.generate_private_key(ec.SECP256R1())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    other.write_bytes(elliptic.private_bytes(*form))
    with pytest.raises(UsageError, match="bundles are signed by Ed25519"):
        signer(other)
    form_of_public = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    other.write_bytes(elliptic.public_key().public_bytes(*form_of_public))
    with pytest.raises(UsageError, match="bundles are signed by Ed25519"):
        public_key(other)


def test_without_the_extra_unsigned_bundles_still_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = toy_bundles.keys(tmp_path)

    def absent(module: str, extra: str) -> object:
        raise MissingExtra(f"{module} is not installed: pip install 'wherefrom[{extra}]'")

    monkeypatch.setattr("wherefrom.bundle.signing.require", absent)
    assert verify(toy_bundles.written(tmp_path)).verified
    with pytest.raises(MissingExtra, match=r"wherefrom\[sign\]"):
        toy_bundles.written(tmp_path, sign=keys.private)
    with pytest.raises(MissingExtra, match=r"wherefrom\[sign\]"):
        verify(tmp_path / "bundle.zip", key=keys.public)
