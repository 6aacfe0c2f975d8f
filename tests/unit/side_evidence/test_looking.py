"""One file and all sources: what stops one source stops no other, and is never an absence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.signed_images import image_bytes
from wherefrom.core.errors import UsageError
from wherefrom.side_evidence import State, side_evidence_of, sources
from wherefrom.side_evidence.image_file import ImageFile
from wherefrom.side_evidence.sources.exif import Exif
from wherefrom.side_evidence.sources.xmp import Xmp


def test_every_source_answers_for_every_file(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "empty.png").touch()
    for name in ("text.png", "empty.png", "absent.png"):
        found = side_evidence_of(tmp_path / name)
        assert [finding.source for finding in found.findings] == list(sources.names())
        assert {finding.state for finding in found.findings} == {State.NOT_LOOKED}
        assert all(finding.summary for finding in found.findings)


def test_a_source_that_breaks_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(self: Exif, file: ImageFile) -> None:
        raise ZeroDivisionError("division\nby zero\x1b[31m")

    monkeypatch.setattr(Exif, "look", breaks)
    found = side_evidence_of(image_bytes(), sources=["exif", "xmp"])
    assert found["exif"].state is State.NOT_LOOKED
    assert found["exif"].summary == r"ZeroDivisionError: division by zero\x1b[31m"
    assert found["xmp"].state is State.ABSENT


def test_a_source_is_asked_by_its_name_or_with_options() -> None:
    assert len(side_evidence_of(image_bytes(), sources=[Xmp(), "exif"]).findings) == 2
    with pytest.raises(UsageError, match=r"no source 'exiff' among .* did you mean"):
        side_evidence_of(image_bytes(), sources=["exiff"])
    with pytest.raises(KeyError, match="'xmp' was not asked, only exif"):
        side_evidence_of(image_bytes(), sources=["exif"])["xmp"]


def test_limits_hold() -> None:
    from wherefrom.images.read import Limits

    found = side_evidence_of(image_bytes("JPEG"), sources=["exif"], limits=Limits(max_pixels=100))
    assert "are over the limit of 100 pixels" in found["exif"].summary


def test_it_needs_no_torch() -> None:
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from wherefrom.side_evidence import side_evidence_of\n"
        "print(side_evidence_of('absent.png').error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "no such file\n"
