"""Bundles that were tampered with, one for each way in which that can be done, made of one that is intact.

Each is a function from the files of an intact bundle to the bytes of a broken one, and stands in `BROKEN` under its
name with the check that must refuse it and words of the reason.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import toy_bundles
from wherefrom.bundle.names import ENVELOPE, VERDICTS
from wherefrom.records.files import profile_to_bytes, table_to_bytes

Files = dict[str, bytes]


def files_of(bundle: Path) -> Files:
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: Mapping[str, bytes], **others: Any) -> bytes:
    """An archive of these files, and of others by entries with options of their own."""
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, data in files.items():
            archive.writestr(name, data)
        for entry, data in others.get("entries", ()):
            archive.writestr(entry, data)
    return made.getvalue()


def statement_of(files: Files) -> Any:
    return json.loads(base64.b64decode(json.loads(files[ENVELOPE])["payload"]))


def stated(files: Files, statement: Any, *, unsigned: bool = True, indent: int | None = 1) -> Files:
    """The files with another statement, in which their digests are right."""
    envelope = json.loads(files[ENVELOPE])
    payload = json.dumps(statement, indent=indent).encode()
    envelope["payload"] = base64.b64encode(payload).decode()
    if unsigned:
        envelope["signatures"] = []
    return {**files, ENVELOPE: json.dumps(envelope).encode()}


def rehashed(files: Files, statement: Any | None = None) -> Files:
    """The files with every digest of the statement redone, as somebody who knows the form would."""
    said = statement_of(files) if statement is None else statement
    said["predicate"]["files"] = [
        {"name": name, "digest": {"sha256": hashlib.sha256(data).hexdigest()}}
        for name, data in sorted(files.items())
        if name != ENVELOPE
    ]
    return stated(files, said)


def profile_name(files: Files) -> str:
    return next(name for name in files if name.startswith("profiles/"))


def scores_name(files: Files) -> str:
    return next(name for name in files if name.startswith("scores/"))


def missing_file(files: Files) -> bytes:
    return zipped({name: data for name, data in files.items() if name != "report/index.html"})


def extra_file(files: Files) -> bytes:
    return zipped({**files, "report/more.html": b"<p>more"})


def no_statement(files: Files) -> bytes:
    return zipped({name: data for name, data in files.items() if name != ENVELOPE})


def changed_verdict(files: Files) -> bytes:
    said = statement_of(files)
    said["predicate"]["verdicts"][1]["outcome"] = "SUPPORTED"
    rows = json.dumps(said["predicate"]["verdicts"]).encode()
    return zipped(rehashed({**files, VERDICTS: rows}, said))


def changed_p_value(files: Files) -> bytes:
    said = statement_of(files)
    said["predicate"]["verdicts"][0]["p_foreign"]["photos"] = 0.01
    return zipped(rehashed({**files, VERDICTS: json.dumps(said["predicate"]["verdicts"]).encode()}, said))


def changed_words(files: Files) -> bytes:
    said = statement_of(files)
    said["predicate"]["verdicts"][0]["reason"] = "this proves it"
    return zipped(rehashed({**files, VERDICTS: json.dumps(said["predicate"]["verdicts"]).encode()}, said))


def changed_verdict_file(files: Files) -> bytes:
    rows = json.loads(files[VERDICTS])
    rows[1]["outcome"] = "SUPPORTED"
    return zipped(rehashed({**files, VERDICTS: json.dumps(rows).encode()}))


def changed_bound(files: Files) -> bytes:
    said = statement_of(files)
    said["predicate"]["question"]["alpha"] = 0.5
    return zipped(stated(files, said))


def changed_scores(files: Files) -> bytes:
    (candidate,) = toy_bundles.ONE
    table = toy_bundles.table(candidate.profile.model, (0.0015, 0.0012), candidate.tables["none"].images)
    return zipped(rehashed({**files, scores_name(files): table_to_bytes(table)}))


def other_profile(files: Files) -> bytes:
    return zipped(rehashed({**files, profile_name(files): profile_to_bytes(toy_bundles.profile("a", 0.002))}))


def other_model(files: Files) -> bytes:
    """Another candidate's profile, and the statement that names its digest and decoder."""
    said = statement_of(files)
    other = toy_bundles.profile("b")
    entry = said["predicate"]["candidates"][0]
    entry["profile"]["digest"], entry["decoder"] = other.digest, other.decoder
    return zipped(rehashed({**files, profile_name(files): profile_to_bytes(other)}, said))


def damaged_profile(files: Files) -> bytes:
    """A profile whose own digest no longer holds."""
    changed = json.loads(files[profile_name(files)])
    changed["statistic"][0] *= 2
    return zipped(rehashed({**files, profile_name(files): json.dumps(changed).encode()}))


def other_image(files: Files) -> bytes:
    said = statement_of(files)
    said["subject"][0]["digest"]["sha256"] = "0" * 64
    return zipped(stated(files, said))


def other_image_listed(files: Files) -> bytes:
    said = statement_of(files)
    said["subject"][0]["digest"]["sha256"] = said["predicate"]["images"][0]["file_digest"] = "0" * 64
    return zipped(stated(files, said))


def image_that_is_not_there(files: Files) -> bytes:
    said = statement_of(files)
    said["predicate"]["images"][0]["file"] = "images/none.png"
    return zipped(stated(files, said))


def image_of_another(files: Files) -> bytes:
    """The file in the bundle is not the image that it stands for."""
    return zipped(rehashed({**files, "images/0-suspect.png": b"another"}))


def image_without_scores(files: Files) -> bytes:
    said = statement_of(files)
    said["predicate"]["images"].append(said["predicate"]["images"][0])
    return zipped(stated(files, said))


def profile_that_is_not_there(files: Files) -> bytes:
    said = statement_of(files)
    said["predicate"]["candidates"][0]["profile"]["file"] = "profiles/none.json"
    return zipped(stated(files, said))


def odd_rule(files: Files) -> bytes:
    said = statement_of(files)
    said["predicate"]["question"]["rule_options"] = {"cut": [{"a": None}]}
    return zipped(stated(files, said))


def fewer_verdicts(files: Files) -> bytes:
    said = statement_of(files)
    said["predicate"]["verdicts"].pop()
    return zipped(stated(files, said))


def field_of_its_own(files: Files) -> bytes:
    said = statement_of(files)
    said["predicate"]["note"] = "trust me"
    return zipped(stated(files, said))


def newer_schema(files: Files) -> bytes:
    said = statement_of(files)
    said["predicateType"] = said["predicateType"].removesuffix("1") + "2"
    said["predicate"] |= {"schema": 2, "version": "9.1.0", "more": []}
    return zipped(stated(files, said))


def other_predicate(files: Files) -> bytes:
    return zipped(stated(files, {**statement_of(files), "predicateType": "https://slsa.dev/provenance/v1"}))


def other_payload(files: Files) -> bytes:
    envelope = json.loads(files[ENVELOPE]) | {"payloadType": "application/json"}
    return zipped({**files, ENVELOPE: json.dumps(envelope).encode()})


def a_key_twice(files: Files) -> bytes:
    """Readers may take either of two values under one name."""
    text = json.dumps(statement_of(files))
    doubled = text.replace('"subject":', '"subject": [], "subject":', 1)
    envelope = {**json.loads(files[ENVELOPE]), "payload": base64.b64encode(doubled.encode()).decode()}
    return zipped({**files, ENVELOPE: json.dumps(envelope).encode()})


def rewritten_payload(files: Files) -> bytes:
    """The same statement in other bytes, with the signature of the first ones."""
    return zipped(stated(files, statement_of(files), unsigned=False, indent=None))


def unsigned(files: Files) -> bytes:
    return zipped(stated(files, statement_of(files)))


def zip_slip(files: Files) -> bytes:
    return zipped(files, entries=[("../../outside.txt", b"x")])


def absolute_name(files: Files) -> bytes:
    return zipped(files, entries=[("/etc/passwd", b"x")])


def windows_name(files: Files) -> bytes:
    return zipped(files, entries=[("report\\..\\..\\outside.txt", b"x")])


def escape_in_name(files: Files) -> bytes:
    return zipped(files, entries=[("report/\x1b[31m<script>.html", b"x")])


def duplicate_name(files: Files) -> bytes:
    return zipped(files, entries=[(VERDICTS, b"[]")])


def duplicate_but_for_case(files: Files) -> bytes:
    return zipped(files, entries=[(VERDICTS.upper(), b"[]")])


def zip_bomb(files: Files) -> bytes:
    return zipped(files, entries=[("report/zeros.bin", bytes(17 * 1024 * 1024))])


def lying_size(files: Files) -> bytes:
    """The list says that a file has fewer bytes than are packed in it."""
    data = bytearray(zipped(files))
    place = data.rindex(b"PK\x01\x02", 0, data.rindex(VERDICTS.encode()))
    struct.pack_into("<I", data, place + 24, 10)
    return bytes(data)


def symbolic_link(files: Files) -> bytes:
    entry = zipfile.ZipInfo("report/link")
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return zipped(files, entries=[(entry, b"/etc/passwd")])


def encrypted(files: Files) -> bytes:
    data = bytearray(zipped(files))
    place = data.index(b"PK\x01\x02")
    data[place + 8] |= 1
    return bytes(data)


def odd_method(files: Files) -> bytes:
    entry = zipfile.ZipInfo("report/packed.bin")
    entry.compress_type = zipfile.ZIP_BZIP2
    return zipped(files, entries=[(entry, b"x")])


def folder_entry(files: Files) -> bytes:
    return zipped(files, entries=[("report/folder/", b"")])


def cut_off(files: Files) -> bytes:
    return zipped(files)[:-40]


def no_zip(files: Files) -> bytes:
    del files
    return b"GIF89a and no archive"


def empty(files: Files) -> bytes:
    del files
    return b""


@dataclass(frozen=True)
class Broken:
    """One way to tamper with a bundle.

    Attributes:
        make: the broken bundle of the intact one's files.
        check: that must refuse it.
        reason: words of its reason.
        with_key: whether the public key of the intact one's signature is given.
    """

    make: Callable[[Files], bytes]
    check: str
    reason: str
    with_key: bool = False


BROKEN = (
    Broken(missing_file, "files", "missing: 'report/index.html'"),
    Broken(extra_file, "files", "does not name: 'report/more.html'"),
    Broken(no_statement, "envelope", "no file 'statement.dsse.json'"),
    Broken(changed_verdict, "decision", "outcome 'SUPPORTED', expected 'EXCLUDED'"),
    Broken(changed_p_value, "decision", "p_foreign {'photos': 0.01}, expected {'photos': 0.04}"),
    Broken(changed_words, "words", "reason 'this proves it', expected 'ranks as a belonging"),
    Broken(changed_verdict_file, "decision", "'verdicts.json' holds other verdicts than the statement"),
    Broken(changed_bound, "decision", "alpha 0.1, expected 0.5"),
    Broken(changed_scores, "decision", "outcome 'EXCLUDED', expected 'SUPPORTED'"),
    Broken(other_profile, "profiles", "it is another profile"),
    Broken(other_model, "decision", "were not scored in the same way"),
    Broken(damaged_profile, "profiles", "it was changed"),
    Broken(other_image, "images", "subjects are not the images that it lists"),
    Broken(other_image_listed, "images", "with other digests than the scores are of"),
    Broken(
        newer_schema, "statement", "schema '2' (its predicate says '2'), this version reads 1: use wherefrom '9.1.0'"
    ),
    Broken(image_that_is_not_there, "images", "speaks of the file 'images/none.png', which the archive lacks"),
    Broken(image_of_another, "images", "is not the file of image 'suspect.png'"),
    Broken(image_without_scores, "images", "lists 3 images, expected the 2 that have scores"),
    Broken(profile_that_is_not_there, "profiles", "'profiles/none.json', which the archive lacks"),
    Broken(odd_rule, "decision", "cannot be"),
    Broken(fewer_verdicts, "decision", "verdicts on 1 images, expected 2"),
    Broken(field_of_its_own, "statement", "at predicate.note"),
    Broken(other_predicate, "statement", "predicate is of type 'https://slsa.dev/provenance/v1'"),
    Broken(other_payload, "envelope", "payload is of type 'application/json'"),
    Broken(a_key_twice, "statement", "the key 'subject' stands there twice"),
    Broken(rewritten_payload, "signature", "is not its signature of this statement", with_key=True),
    Broken(unsigned, "signature", "unsigned, expected a signature by key", with_key=True),
    Broken(zip_slip, "archive", "it leads out of the archive by '..'"),
    Broken(absolute_name, "archive", "it is absolute"),
    Broken(windows_name, "archive", "it holds '\\\\'"),
    Broken(escape_in_name, "archive", "it holds a character that shows nothing"),
    Broken(duplicate_name, "archive", "'verdicts.json' is there twice"),
    Broken(duplicate_but_for_case, "archive", "are one file name"),
    Broken(zip_bomb, "archive", "made to fill a disk or memory"),
    Broken(lying_size, "digests", "damaged at 'verdicts.json'"),
    Broken(symbolic_link, "archive", "is a symbolic link"),
    Broken(encrypted, "archive", "is encrypted"),
    Broken(odd_method, "archive", "packed by method 12"),
    Broken(folder_entry, "archive", "it is a folder"),
    Broken(cut_off, "archive", "a zip archive that is cut off or damaged"),
    Broken(no_zip, "archive", "no zip archive, expected a whole zip archive"),
    Broken(empty, "archive", "no zip archive, expected a whole zip archive"),
)
