"""What is kept is used again only by a program that would compute the same, whoever forgot to raise a number."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from tests.unit.scoring.standins import Halver, Loss, write_images
from wherefrom.core import computing
from wherefrom.core.computing import COMPUTING, codec_releases, computing_digest, computing_files
from wherefrom.scoring import store as stores
from wherefrom.scoring.run import score
from wherefrom.scoring.store import Question, Store

PACKAGE = Path(computing.__file__).parents[1]
OTHERS = frozenset(
    {
        *(
            "core.caches",
            "core.card",
            "core.computing",
            "core.errors",
            "core.described",
            "core.extras",
            "core.given",
            "core.facts",
            "core.memory",
            "core.options",
            "core.plugins",
            "core.cells",
            "core.files",
            "core.flat",
            "core.plain",
            "core.suggestions",
            "core.tables",
            "core.version",
            "core.visible",
        ),
        *("images.ending", "images.files", "images.labels", "images.manifest", "images.write"),
    }
)
"""What computing modules import that computes no number: names, messages, lists and files."""


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Digests are taken anew, and of what the test has changed for its own time alone."""
    for cached in (computing_digest, codec_releases):
        cached.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    for cached in (computing_digest, codec_releases):
        cached.cache_clear()


def test_another_line_or_another_release_is_another_digest(fresh: pytest.MonkeyPatch) -> None:
    seen = {computing_digest()}
    usual, release = list(computing_files()), computing.release_of
    computing_digest.cache_clear()
    assert computing_digest() in seen
    for change in (
        [*usual[:-1], (usual[-1][0], usual[-1][1] + b"# other\n")],
        [*usual[:-1], (usual[-1][0] + "x", usual[-1][1])],
        usual[1:],
    ):
        computing_digest.cache_clear()
        fresh.setattr(computing, "computing_files", lambda change=change: iter(change))
        seen.add(computing_digest())
    fresh.setattr(computing, "computing_files", lambda: iter(usual))
    for name in computing.RELEASES:
        computing_digest.cache_clear()
        fresh.setattr(computing, "release_of", lambda of, name=name: "99.9" if of == name else release(of))
        seen.add(computing_digest())
    fresh.setattr(computing, "release_of", release)
    fresh.setattr(computing, "codec_releases", lambda: "libjpeg_turbo 99")
    computing_digest.cache_clear()
    seen.add(computing_digest())
    assert len(seen) == 1 + 3 + len(computing.RELEASES) + 1


def test_a_copy_elsewhere_with_other_line_ends_is_the_same(tmp_path: Path) -> None:
    copy = tmp_path / "site-packages" / "wherefrom"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("zoo", "__pycache__"))
    for path in copy.rglob("*.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert list(computing_files(copy)) == list(computing_files())


def test_a_build_of_a_release_is_that_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda _: "2.9.0+cu128")
    assert computing.release_of("torch") == "2.9.0"
    assert "turbo" in codec_releases()


def test_without_its_source_the_release_counts(fresh: pytest.MonkeyPatch) -> None:
    def absent(_: Path = PACKAGE) -> Iterator[tuple[str, bytes]]:
        raise FileNotFoundError

    with_source = computing_digest()
    computing_digest.cache_clear()
    fresh.setattr(computing, "computing_files", absent)
    assert computing_digest() != with_source


def _imports(path: Path) -> Iterator[str]:
    """Modules of this package's lower floors that a file imports, without the package's own name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            own = name.removeprefix("wherefrom.")
            if own != name and (PACKAGE / f"{own.replace('.', '/')}.py").is_file():
                yield own


def test_all_that_computing_modules_import_computes_or_is_known_not_to() -> None:
    ours = {name.removesuffix(".py").replace("/", ".") for name, _ in computing_files()}
    assert all((PACKAGE / part).exists() for part in COMPUTING)
    imported = {found for name, _ in computing_files() for found in _imports(PACKAGE / name)}
    assert {name for name in imported - ours if not name.startswith("scoring.")} <= OTHERS
    assert not ours & OTHERS


def test_rows_of_another_version_are_asked_again_and_stay_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write_images(tmp_path / "images", 3)
    asked = []
    for version in ("old", "old", "new", "old"):
        with monkeypatch.context() as patched:
            patched.setattr(stores, "computing_digest", lambda version=version: version)
            model = Halver()
            table = score(paths, model=model, method=Loss(), store=tmp_path / "s.db")
            asked.append(len(model.asked))
            assert np.isfinite(table.scores["mse"]).all()
    assert asked == [3, 0, 3, 0]
    with Store(tmp_path / "s.db") as store:
        assert store.count() == 6


def test_the_key_of_a_question_names_what_computes() -> None:
    question = Question(model="m", measure="q", seed=0)
    assert question.computed == computing_digest()
    assert computing_digest() in question.key[1]
    assert question.key != Question(model="m", measure="q", seed=0, computed="other").key


def test_it_is_light() -> None:
    program = (
        "import sys, time, wherefrom.core.computing as c\n"
        "start = time.process_time(); c.computing_digest(); took = time.process_time() - start\n"
        "sys.exit(f'{took} s' if took > 1 or 'torch' in sys.modules else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
