"""Every broken bundle is refused by the check that it is meant for, with its own reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import toy_bundles
from tests.unit.bundle.broken import BROKEN, Broken, Files, files_of, statement_of, zipped
from wherefrom.bundle import State, verify
from wherefrom.bundle.names import ENVELOPE


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bundles")


@pytest.fixture(scope="module")
def keys(place: Path) -> toy_bundles.Keys:
    return toy_bundles.keys(place)


@pytest.fixture(scope="module")
def intact(place: Path, keys: toy_bundles.Keys) -> Path:
    (place / "suspect.png").write_bytes(toy_bundles.SUSPECT)
    return toy_bundles.written(
        place, sign=keys.private, report=toy_bundles.report(place), images=[place / "suspect.png"]
    )


@pytest.fixture(scope="module")
def files(intact: Path) -> Files:
    return files_of(intact)


def test_the_intact_one_is_verified(intact: Path, keys: toy_bundles.Keys, place: Path, files: Files) -> None:
    found = verify(intact, key=keys.public, images=[place / "suspect.png"])
    states = {check.name: check.state for check in found.checks}
    assert states.pop("scores again") is State.NOT_LOOKED_AT
    assert set(states.values()) == {State.PASSED}
    assert found.signed_by is not None
    assert [row["outcome"] for row in found.verdicts] == ["SUPPORTED", "EXCLUDED"]
    place.joinpath("again.zip").write_bytes(zipped(files))
    assert verify(place / "again.zip", key=keys.public).verified  # what breaks it is not that it was packed again


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.make.__name__ + "+key" * broken.with_key)
def test_a_broken_one_is_refused(broken: Broken, files: Files, keys: toy_bundles.Keys, tmp_path: Path) -> None:
    path = tmp_path / "broken.zip"
    path.write_bytes(broken.make(dict(files)))
    found = verify(path, key=keys.public if broken.with_key else None)
    (refusal,) = found.refusals
    assert refusal.name == broken.check
    assert broken.reason in refusal.reason
    assert not found.verified
    assert (found.signed_by, found.images, found.verdicts) == (None, {}, ())
    assert [path.name for path in tmp_path.iterdir()] == ["broken.zip"]


def test_a_flipped_byte_in_any_file_is_refused(files: Files, tmp_path: Path) -> None:
    """Packed anew, so that the archive's own checksums hold."""
    for name, data in files.items():
        middle = len(data) // 2
        flipped = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        (tmp_path / "flipped.zip").write_bytes(zipped({**files, name: flipped}))
        found = verify(tmp_path / "flipped.zip")
        if name == ENVELOPE:
            assert not found.verified
        else:
            assert [check.name for check in found.refusals] == ["digests"]
            assert found.refusals[0].reason.startswith(f"{name!r} has SHA-256")


@settings(max_examples=60)
@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_refused_or_changes_nothing(
    share: float, bit: int, intact: Path, keys: toy_bundles.Keys, place: Path, files: Files
) -> None:
    data = bytearray(intact.read_bytes())
    data[int(share * len(data))] ^= 1 << bit
    path = place / "flipped.zip"
    path.write_bytes(data)
    if not verify(path, key=keys.public).verified:
        return
    kept = files_of(path)
    assert statement_of(kept) == statement_of(files)
    assert kept == files


def test_another_key_is_refused(intact: Path, tmp_path: Path) -> None:
    (refusal,) = verify(intact, key=toy_bundles.keys(tmp_path, "other").public).refusals
    assert refusal.name == "signature"
    assert "expected a signature by key" in refusal.reason


def test_another_image_is_refused(intact: Path, tmp_path: Path) -> None:
    (tmp_path / "other.png").write_bytes(b"of no bundle")
    (refusal,) = verify(intact, images=[tmp_path / "other.png"]).refusals
    assert refusal.name == "given image"
    assert "it is another file" in refusal.reason


def test_what_is_not_looked_at_says_why(files: Files, tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(zipped({name: data for name, data in files.items() if name != "report/index.html"}))
    after = {check.name: check for check in verify(path).checks}
    assert after["digests"].state is State.NOT_LOOKED_AT
    assert after["digests"].reason == "not after the check 'files' failed"
    assert "give the signer's public key" in after["signature"].reason
