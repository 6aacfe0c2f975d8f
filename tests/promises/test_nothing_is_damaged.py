"""Promise: no command damages a file that it was given, nor one that it did not make itself in that form.

Random commands run one after another over a folder of files in many forms, copies set read-only, links of both kinds,
equal names and names in other cases, with outputs that may be any of these, or lie inside a folder that is read. After
each, every file that was there before is there with the same content, but for one of this program's own of the form
that the command writes, named as its output and not as anything it reads.
"""

from __future__ import annotations

import glob
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from wherefrom.cli import _forms as forms
from wherefrom.cli import run

IMAGES = ("a.png", "b.png", "in/a.png", "in/A.PNG", "in/deep/b.png")
FILES = (*IMAGES, "mx.csv", "mx.jsonl", "own.json", "own.csv", "own.svg")
OURS = ("p.json", "s.csv", "s.jsonl", "s.parquet", "v.csv", "v.json", "f.png", "store.db", "in/f.svg")
LINKS = ("link.json", "hard.json", "link.png", "in/hard.png", "in/loop", "lost.json", "lost.png", "hard.csv", "to-in")
KEPT = ("kept.json", "kept.png", "kept.csv")
NEW = ("P.JSON", "new.csv", "new.json", "in/new.png", "in/v.csv", "new/v.json", "in")
TWINS: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("p.json", "link.json", "hard.json"), ("p.json", "link.json", "hard.json")
)
TWINS |= {"s.csv": ("hard.csv",), "hard.csv": ("s.csv",), "in/a.png": ("in", "to-in"), "in/hard.png": ("in", "in/*")}
EVERY = (*FILES, *OURS, *LINKS, *KEPT, *NEW)


def named(names: Iterable[str]) -> st.SearchStrategy[str]:
    """One of these names, in one of its spellings."""
    return st.sampled_from([f"{way}{name}" for name in names for way in ("", "./", "in/../", "to-in/../")])


def places(form: forms.Form, reads: Iterable[str]) -> st.SearchStrategy[str]:
    """Where a file of a form may be written to: any name, mostly one that ends like it, often one that is read."""
    fit = [name for name in EVERY if Path(name).suffix.lower() in form.suffixes]
    read = [name for name in fit if {name, *TWINS.get(name, ())} & {*reads}]
    return named(read or fit) | named(fit) | named(EVERY)


PLACES = named(EVERY)
READ = ("a.png", "in", "to-in", "in/*", "mx.csv", "mx.jsonl", "s.csv", "v.csv", "link.png")
TOY = ("--model", "toy", "--method", "reconstruction")
FOLDERS = st.sampled_from(["out", "in", "in/out", "to-in/out", ".", "in/deep"])
PROFILES = st.sampled_from(["p.json", "link.json", "hard.json", "kept.json"])


def _pixels(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that every example starts from."""
    place = tmp_path_factory.mktemp("world")
    for seed, name in enumerate(IMAGES):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(_pixels(seed)).save(place / name, "PNG")
    (place / "mx.csv").write_text("path,label\na.png,x\nin/a.png,y\n")
    (place / "mx.jsonl").write_text('{"path": "b.png", "id": 1}\n')
    (place / "own.json").write_text('{"wherefrom": "none of yours"}')
    (place / "own.csv").write_text("a,wherefrom\n1,mine\n")
    (place / "own.svg").write_text("<svg/>")
    with chdir(place):
        known = ["profile", *TOY, "--belonging", "drawn", "--out", "p.json", "-q"]
        judged = ["attribute", "a.png", "--profile", "p.json", "--alpha", "0.3", "-q"]
        calls = [["generate", "--model", "toy", "--size", "16", "--count", "4", "--out-dir", "drawn", "-q"], known]
        calls += [["score", "a.png", *TOY, "-q", "--out", f"s.{x}"] for x in ("csv", "jsonl", "parquet")]
        calls += [[*judged, "--out", f"v.{suffix}"] for suffix in ("csv", "json")]
        calls += [[*judged, "--figure", name] for name in ("f.png", "in/f.svg")]
        calls += [["score", "a.png", *TOY, "--store", "store.db", "-q"]]
        for typed in calls:
            assert run(typed) == 0, typed
    for source, name in (("p.json", "kept.json"), ("f.png", "kept.png"), ("s.csv", "kept.csv")):
        shutil.copy(place / source, place / name)
        (place / name).chmod(0o444)
    for name, to in (("link.json", "p.json"), ("link.png", "a.png"), ("in/loop", "."), ("to-in", "in")):
        (place / name).symlink_to(to)
    for name in ("lost.json", "lost.png"):
        (place / name).symlink_to(f"nowhere-{name}")
    for source, name in (("p.json", "hard.json"), ("in/a.png", "in/hard.png"), ("s.csv", "hard.csv")):
        os.link(place / source, place / name)
    return place


@dataclass(frozen=True)
class Typed:
    """A command, what it names as files to write with their form, and what it names to read."""

    words: tuple[str, ...]
    writes: tuple[tuple[str, forms.Form], ...]
    reads: tuple[str, ...]


@st.composite
def commands(draw: st.DrawFn) -> Typed:
    """Any command that writes, on any of the folder's names."""
    kind = draw(st.sampled_from([*("score", "attribute", "profile") * 2, "edit", "generate", "from", "convert"]))
    images, force = (
        draw(st.lists(st.sampled_from(READ), min_size=1, max_size=2)),
        ["--force"] if draw(st.booleans()) else [],
    )
    store = draw(st.none() | st.just("store.db") | PLACES)
    stored = [] if store is None else ["--store", store]
    reads = (*images, *([] if store is None else [store]))
    if kind == "score":
        out = draw(places(forms.SCORES, reads))
        words = ["score", *images, *TOY, "--out", out, *stored, *force]
        return Typed(tuple(words), ((out, forms.SCORES),), reads)
    if kind == "attribute":
        profile = draw(PROFILES)
        out = draw(places(forms.VERDICTS, (*reads, profile)))
        figure = draw(st.none() | places(forms.FIGURE, reads))
        words = ["attribute", *images, "--profile", profile, "--alpha", "0.3", "--out", out, *stored, *force]
        drawn = [] if figure is None else [(figure, forms.FIGURE)]
        words += ["--figure", drawn[0][0]] if drawn else []
        return Typed(tuple(words), ((out, forms.VERDICTS), *drawn), (*reads, profile))
    if kind == "profile":
        out = draw(places(forms.PROFILE, reads))
        known = [word for path in images for word in ("--belonging", path)]
        words = ["profile", *TOY, *known, "--leave-out-duplicates"]
        return Typed((*words, "--out", out, *stored, *force), ((out, forms.PROFILE),), reads)
    if kind == "convert":
        source, out = draw(PLACES), draw(PLACES)
        return Typed(("models", "convert", source, out, *force), ((out, forms.CHECKPOINT),), (source,))
    folder = draw(FOLDERS)
    if kind == "edit":
        edit = draw(st.sampled_from(["jpeg:75", "noise:0.05"]))
        return Typed(("edit", *images, "--edit", edit, "--out-dir", folder), (), reads)
    drawn_by = ["--count", "1", "--size", "16"] if kind == "generate" else ["--from", images[0]]
    return Typed(("generate", "--model", "toy", *drawn_by, "--out-dir", folder), (), reads)


@dataclass(frozen=True)
class Found:
    """A name in the folder: what it holds, where it points, and what may be done with it."""

    content: bytes | str
    mode: int


def _found(place: Path) -> dict[str, Found]:
    every: dict[str, Found] = {}
    for here, folders, files in os.walk(place):
        for name in (*files, *(name for name in folders if Path(here, name).is_symlink())):
            path = Path(here, name)
            content = str(path.readlink()) if path.is_symlink() else path.read_bytes()
            every[str(path.relative_to(place))] = Found(content, stat.S_IMODE(path.lstat().st_mode))
    return every


@contextmanager
def _copied(world: Path) -> Iterator[Path]:
    """The folder again, links of both kinds as they are there."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name, "here")
        shutil.copytree(world, place, symlinks=True)
        for source, other in (("p.json", "hard.json"), ("in/a.png", "in/hard.png"), ("s.csv", "hard.csv")):
            (place / other).unlink()
            os.link(place / source, place / other)
        with chdir(place):
            yield place


def _may_change(typed: Typed, place: Path) -> dict[str, forms.Form | None]:
    """Names that a command may change, each with the form it has to have; None for a store, which only grows."""
    allowed: dict[str, forms.Form | None] = {}
    named_ones = [Path(path) for text in typed.reads for path in (text, *glob.glob(text))]  # noqa: PTH207  (as it is typed)
    inside = [path for folder in named_ones if folder.is_dir() for path in folder.rglob("*")]
    read = {(path.stat().st_dev, path.stat().st_ino) for path in (*named_ones, *inside) if path.is_file()}
    for out, form in typed.writes:
        there = Path(out).stat() if Path(out).exists() else None
        if there is None or (there.st_dev, there.st_ino) not in read:
            allowed[os.path.relpath(Path(out).parent.resolve() / Path(out).name, place.resolve())] = form
    if "--store" in typed.words:
        store = os.path.realpath(typed.words[typed.words.index("--store") + 1])
        allowed[os.path.relpath(store, place.resolve())] = None
    return allowed


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(calls=st.lists(commands(), min_size=1, max_size=3))
def test_no_command_damages_a_file(calls: list[Typed], world: Path) -> None:
    with _copied(world) as place:
        for typed in calls:
            before = _found(place)
            allowed = _may_change(typed, place)
            ours = {name: form is None or form.is_ours(place / name) for name, form in allowed.items()}
            code = run([*typed.words, *(["-q"] if typed.words[0] != "models" else [])])
            after = _found(place)
            for name, held in before.items():
                if after.get(name) == held:
                    continue
                assert name in allowed, f"{typed.words} changed {name} (code {code})"
                if allowed[name] is None:
                    assert isinstance(held.content, bytes)
                    assert held.content.startswith(b"SQLite format 3"), f"{typed.words} made a store of {name}"
                    continue
                assert ours[name] or "--force" in typed.words, f"{typed.words} replaced {name}, which was not its own"
                assert held.mode & 0o200 or "--force" in typed.words, f"{typed.words} replaced {name}, set read-only"
                form = allowed[name]
                assert form is not None
                assert form.is_ours(place / name), f"{typed.words} left {name} in no form of its own"
            for path in place.rglob("*"):
                assert not path.name.endswith((".partial", ".part")), f"{typed.words} left {path.name} behind"
                assert ".partial" not in path.name


def test_the_examples_reach_a_replacement_and_refusals(world: Path) -> None:
    """The test above could pass if every command failed: these do what they should, in the same folder."""
    with _copied(world):
        judged = ["attribute", "a.png", "--profile", "p.json", "--alpha", "0.3", "-q"]
        assert run([*judged, "--out", "v.csv", "--figure", "f.png"]) == 0
        assert run([*judged, "--out", "own.csv", "--force"]) == 0
        assert run([*judged, "--out", "own.json"]) == 2
        assert run([*judged, "--out", "p.json", "--force"]) == 2
        assert run([*judged, "--out", "kept.csv"]) == 2
