"""What goes into a bundle, what does not, and what others read of it."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement

from tests import toy_bundles
from tests.toy_bundles import BOUNDS, ONE, SEVERAL, SUSPECT, candidate, profile_file, table, written
from tests.toy_tables import facts
from tests.unit.bundle.broken import files_of, rehashed, statement_of, zipped
from wherefrom.attribution import Candidate, attribute, steady_attributions, steady_verdicts
from wherefrom.bundle import verify, write_bundle
from wherefrom.bundle.envelope import PAYLOAD_TYPE, unpacked
from wherefrom.bundle.names import ENVELOPE, STABILITY
from wherefrom.bundle.statement import PREDICATE_TYPE
from wherefrom.core.errors import ProfileError, UsageError
from wherefrom.records.stability import AfterChange, Stability
from wherefrom.records.verdict import Outcome

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_the_same_content_makes_the_same_bytes(tmp_path: Path) -> None:
    first = written(tmp_path, when=NOON, report=toy_bundles.report(tmp_path)).read_bytes()
    os.utime(tmp_path / "report" / "index.html", (0, 0))
    assert written(tmp_path, when=NOON, report=tmp_path / "report").read_bytes() == first
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["bundle.zip"]


def test_others_read_the_statement(tmp_path: Path) -> None:
    files = files_of(written(tmp_path, SEVERAL, when=NOON))
    payload = unpacked(files[ENVELOPE]).payload
    read = Statement.copy_from_pb(json_format.Parse(payload, statement_pb2.Statement()))
    read.validate()
    assert read.pb.predicate_type == PREDICATE_TYPE
    assert [(each.name, each.digest["sha256"]) for each in read.pb.subject] == [
        (facts.name, facts.file_digest) for facts in SEVERAL[0].tables["none"].images
    ]
    assert json.loads(files[ENVELOPE])["payloadType"] == PAYLOAD_TYPE
    assert read.pb.predicate["made"] == "2026-01-31T12:00:00+00:00"


def test_a_verdict_is_the_one_that_was_told(tmp_path: Path) -> None:
    told = attribute(SEVERAL, **BOUNDS, when=NOON)
    said = {name: [item.verdicts[place] for item in told] for place, name in enumerate(told[0].candidates)}
    rows = verify(written(tmp_path, SEVERAL, when=NOON, said=said)).verdicts
    assert [row["answer"] for row in rows] == [item.answer for item in told] == ["a", "b"]
    assert rows[0]["reason"] == told[0].reason
    changed = {**said, "b": [replace(said["b"][0], p_belonging=0.5), said["b"][1]]}
    with pytest.raises(ProfileError, match=r"does not follow from its scores \(p_belonging 0\.5, expected 0\.04"):
        written(tmp_path, SEVERAL, said=changed)
    with pytest.raises(ProfileError, match="1 verdicts were given for 2 images"):
        written(tmp_path, SEVERAL, said={"a": said["a"][:1]})


def after(outcome: Outcome, *names: str, image: str = "suspect.png") -> Stability:
    """What is said of an image once it is saved again."""
    row = AfterChange(
        change="jpeg:95",
        words="saved again",
        outcomes=dict.fromkeys(names, outcome),
        statistics=dict.fromkeys(names, None),
        covered=dict.fromkeys(names, True),
    )
    return Stability(name=image, rows=(row,))


@pytest.mark.parametrize(("candidates", "names"), [(ONE, "a"), (SEVERAL, "ab")])
def test_what_changed_copies_say_goes_in_and_takes_answers_away(
    candidates: tuple[Candidate, ...], names: str, tmp_path: Path
) -> None:
    changed = (after(Outcome.EXCLUDED, *names), after(Outcome.EXCLUDED, *names, image="other.png"))
    told: Any = attribute(candidates, **BOUNDS, when=NOON) if len(names) > 1 else attribute(
        candidates[0].tables, profile=candidates[0].profile, **BOUNDS, when=NOON
    )  # fmt: skip
    left = steady_attributions(told, changed) if len(names) > 1 else steady_verdicts(told, changed, candidate="a")
    said = {name: [getattr(item, "verdicts", [item])[place] for item in left] for place, name in enumerate(names)}
    bundle = written(tmp_path, candidates, when=NOON, said=said, stabilities=changed)
    found = verify(bundle)
    assert found.verified, found.refusals
    assert "changed copies" in next(check.reason for check in found.checks if check.name == "decision")
    row: Any = found.verdicts[0]
    assert (row["verdicts"]["a"] if "verdicts" in row else row)["outcome"] == "UNDECIDED"
    with pytest.raises(ProfileError, match="does not follow from its scores"):
        written(tmp_path, candidates, when=NOON, said=said)
    with pytest.raises(UsageError, match="1 stabilities were given for 2 images"):
        written(tmp_path, candidates, stabilities=changed[:1])
    files = files_of(bundle)
    steadier = files[STABILITY].replace(b"EXCLUDED", b"SUPPORTED")
    for content, check, reason in (
        (steadier, "decision", "is not what its scores give"),
        (
            files[STABILITY].replace(b"other.png", b"third.png"),
            "decision",
            "speaks of other images than the statement lists, in that order, as of 'third.png'",
        ),
        (files[STABILITY].replace(b'"a"', b'"c"'), "decision", "speaks of ['"),
        (b"[7]", "decision", "not of the expected form"),
    ):
        bundle.write_bytes(zipped(rehashed({**files, STABILITY: content})))
        (refusal,) = verify(bundle).refusals
        assert refusal.name == check
        assert reason in refusal.reason


def test_a_profile_goes_in_as_its_file_is(tmp_path: Path) -> None:
    path = profile_file(tmp_path, "a")
    path.write_bytes(path.read_bytes() + b"\n\n")
    bundle = written(tmp_path, (replace(ONE[0], file=path),))
    assert files_of(bundle)["profiles/0-a.json"] == path.read_bytes()
    profile_file(tmp_path, "b").rename(path)
    with pytest.raises(ProfileError, match="it was changed meanwhile"):
        written(tmp_path, (replace(ONE[0], file=path),))
    path.unlink()
    with pytest.raises(UsageError, match="cannot read the profile"):
        written(tmp_path, (replace(ONE[0], file=path),))


def test_images_go_in_only_by_name_and_only_as_they_were_scored(tmp_path: Path) -> None:
    assert SUSPECT not in files_of(written(tmp_path)).values()
    (tmp_path / "suspect.png").write_bytes(SUSPECT)
    bundle = written(tmp_path, images=[tmp_path / "suspect.png"])
    assert files_of(bundle)["images/0-suspect.png"] == SUSPECT
    entries = statement_of(files_of(bundle))["predicate"]["images"]
    assert [entry["file"] for entry in entries] == ["images/0-suspect.png", None]
    (tmp_path / "suspect.png").write_bytes(SUSPECT + b" ")
    with pytest.raises(UsageError, match="another image, or was changed since"):
        written(tmp_path, images=[tmp_path / "suspect.png"])
    with pytest.raises(UsageError, match="no such file"):
        written(tmp_path, images=[tmp_path / "none.png"])


def test_an_image_that_could_not_be_read_is_no_subject(tmp_path: Path) -> None:
    lost = replace(facts("lost"), error="no such file", file_digest=None, pixel_digest=None)
    (whole,) = ONE[0].tables["none"].images[:1]
    scores = table(ONE[0].profile.model, (0.0015, float("nan")), (whole, lost))
    found = verify(written(tmp_path, (replace(ONE[0], tables={"none": replace(scores, sizes=((64, 64), None))}),)))
    assert found.verified
    assert found.images == {"suspect.png": whole.file_digest, "lost.png": ""}
    assert [row["outcome"] for row in found.verdicts] == ["SUPPORTED", "UNDECIDED"]
    nothing = replace(scores, images=(replace(lost, name="a.png"), lost), sizes=(None, None))
    with pytest.raises(UsageError, match="nothing that a bundle could name"):
        written(tmp_path, (replace(ONE[0], tables={"none": nothing}),))


@pytest.mark.parametrize("name", ["a:b.html", "\x1b[31m.html", "con\\trol.html"])
def test_a_report_with_names_that_some_system_cannot_hold_is_refused(name: str, tmp_path: Path) -> None:
    report = toy_bundles.report(tmp_path)
    (report / name).write_text("x")
    with pytest.raises(UsageError, match="rename the file"):
        written(tmp_path, report=report)
    assert not (tmp_path / "bundle.zip").exists()


def test_a_report_with_a_link_is_refused(tmp_path: Path) -> None:
    report = toy_bundles.report(tmp_path)
    (report / "secret").symlink_to("/etc/hostname")
    with pytest.raises(UsageError, match="is a link"):
        written(tmp_path, report=report)
    with pytest.raises(UsageError, match="no folder"):
        written(tmp_path, report=tmp_path / "none")


def test_hostile_names_of_candidates_and_images(tmp_path: Path) -> None:
    name = "\x1b[31m<script>/../käse.png"
    hostile = replace(candidate("a", (0.0015,), (name,)), name="../../\x1b\udcff")
    bundle = written(tmp_path, (hostile,))
    assert verify(bundle).images == {name: hashlib.sha256(SUSPECT).hexdigest()}
    with zipfile.ZipFile(bundle) as archive:
        assert {each.rpartition("/")[0] for each in archive.namelist()} == {"", "profiles", "scores"}
    assert statement_of(files_of(bundle))["predicate"]["candidates"][0]["name"] == "../../\x1b\\udcff"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"alpha": 0.01}, "needs 99 belonging images"),
        ({"rule": "none"}, "no rule 'none'"),
        ({"edit": "jpeg:75"}, "no condition jpeg:75"),
    ],
)
def test_what_cannot_be_decided_is_not_written(options: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises((UsageError, ProfileError), match=said):
        write_bundle(tmp_path / "b.zip", ONE, **{**BOUNDS, **options})
    with pytest.raises(UsageError, match="no candidate"):
        write_bundle(tmp_path / "b.zip", [])
    with pytest.raises(UsageError, match="cannot write"):
        written(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_other_rules_are_replayed(tmp_path: Path) -> None:
    from wherefrom import rules

    found = verify(written(tmp_path, rule=rules.load("fixed", cut=0.0012)))
    assert found.verified
    assert found.verdicts[0]["rule_options"] == {"cut": 0.0012}
    assert found.verdicts[0]["outcome"] == "EXCLUDED"
