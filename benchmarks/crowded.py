"""What waiting threads cost where other programs run: seconds of the same work with torch's own way and with ours.

    python -m benchmarks.crowded [--rounds 3] [--busy N]

AEDR on 8 tiles of photos with an embedded autoencoder, one after the other, each time in a process of its own: once
with the threads spinning while they wait, as torch's OpenMP does, once with `wherefrom.share_processors()`, as
the command line does. First with nothing else running that this program knows of, then beside as many busy processes
as there are processors. The time is the best of the rounds where nothing else runs, and their median beside busy
processes, whose turns are the kernel's. Writes benchmarks/results/crowded.json.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from benchmarks.places import RESULTS
from wherefrom.core.processors import usable
from wherefrom.images.embedded import TEST_PHOTOS, save_tiles

COUNT: Final = 8
SIZE: Final = 192
WORK: Final = (
    "import sys, time; import wherefrom as wf\n"
    "if sys.argv[1] == 'sleeping': wf.share_processors()\n"
    "model, images = wf.load_model('zoo:kl-f8-a'), wf.load_images(sys.argv[2])\n"
    "method = wf.methods.load('aedr'); wf.score(images[:1], model=model, method=method)\n"
    "start = time.perf_counter(); wf.score(images, model=model, method=method)\n"
    "print(time.perf_counter() - start)"
)
WAYS: Final = ("spinning", "sleeping")


def seconds(way: str, images: Path) -> float:
    """Wall-clock seconds of the work in a new process, without its start."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_"))}
    command = [sys.executable, "-c", WORK, way, str(images)]
    return float(subprocess.run(command, env=clean, check=True, capture_output=True, text=True).stdout)


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that compute all the time."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def show(results: dict[str, Any]) -> str:
    """The table in Markdown."""
    lines = ["| threads that wait | " + " | ".join(WAYS) + " |", "| --- " * (1 + len(WAYS)) + "|"]
    for title, times in results["seconds"].items():
        lines.append(f"| {title} | " + " | ".join(f"{times[way]:.1f}" for way in WAYS) + " |")
    return "\n".join(lines)


def main(
    rounds: Annotated[int, typer.Option(min=1, help="of each way, by turns")] = 3,
    processes: Annotated[int | None, typer.Option("--busy", min=1, help="as many as processors")] = None,
    out: Annotated[Path, typer.Option(help="JSON of the result")] = RESULTS / "crowded.json",
) -> None:
    """Measure, print and write."""
    others = processes or usable()
    with tempfile.TemporaryDirectory() as folder:
        save_tiles(TEST_PHOTOS, Path(folder), size=SIZE, count=COUNT)
        quiet = [{way: seconds(way, Path(folder)) for way in WAYS} for _ in range(rounds)]
        with busy(others):
            crowded = [{way: seconds(way, Path(folder)) for way in WAYS} for _ in range(rounds)]
    found = {
        "command": f"python -m benchmarks.crowded --rounds {rounds} --busy {others}",
        "machine": f"{platform.machine()}, {usable()} processors",
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": {
            "nothing else runs": {way: round(min(times[way] for times in quiet), 2) for way in WAYS},
            f"beside {others} busy processes": {
                way: round(statistics.median(x[way] for x in crowded), 2) for way in WAYS
            },
        },
    }
    out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(show(found))


if __name__ == "__main__":
    typer.run(main)
