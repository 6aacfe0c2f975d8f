"""A manifest of a million rows: when does a run start, how much memory does it take, and what does kill -9 lose?

    python -m benchmarks.manifest --rows 1000000 --seconds 300
    python -m benchmarks.manifest --rows 1000000 --seconds 120 --engine ray

Two runs of `wherefrom score` on a manifest whose rows share few images: the first is killed after so many seconds and
started again for half as long. Then all rows go through the same run with a task that asks nothing, so that listing,
ledger and files are measured for every one of them. Memory is the process's resident set once a second, over the
seconds of a processor that it used, since other programs run beside it. With Ray that process is the driver, and two
workers of a cluster on this machine ask. Writes benchmarks/results/manifest.json and docs/assets/memory-of-a-run.svg,
with Ray manifest-ray.json and memory-of-a-run-ray.svg. Linux alone.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import typer
from PIL import Image

from benchmarks.places import RESULTS
from wherefrom import __version__
from wherefrom.engines.base import Engine
from wherefrom.engines.columns import SCORES, schema_of
from wherefrom.engines.local import Local
from wherefrom.engines.ray import Ray, cluster
from wherefrom.engines.running import run_job
from wherefrom.engines.tasks import Advance, OpenedTask, Row
from wherefrom.images.files import Source
from wherefrom.images.sources import stream_images

ASSETS: Final = Path(__file__).parents[1] / "docs" / "assets"
WORKERS: Final = 2
IMAGES: Final = 200
SIDE: Final = 64
POINTS: Final = 120
"""Of a curve that are kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Nothing:
    """A task that asks nothing: a row says the image's name."""

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"what": "nothing"}

    @property
    def schema(self) -> Any:
        return schema_of(SCORES)

    @property
    def digest(self) -> str:
        return "0" * 64

    def open(self, device: str | None = None) -> OpenedTask:
        del device
        return self

    def rows(self, images: Sequence[Source], advance: Advance) -> Iterator[Sequence[Row]]:
        for image in images:
            yield [{"name": image.name, "path": image.address}]
        advance(len(images), 0)


@dataclass(frozen=True, slots=True)
class Seen:
    """A look at a process: seconds since its start, those of a processor that it used, MiB, and parts on the disk."""

    seconds: float
    processor: float
    memory: float
    parts: int


@dataclass(kw_only=True, slots=True)
class Watched:
    """A process that runs, and what was seen of it.

    Attributes:
        process: as it was started.
        rows: the folder whose parts are counted.
        start: when it was started, in seconds.
        seen: once a second.
    """

    process: subprocess.Popen[bytes]
    rows: Path
    start: float = field(default_factory=time.monotonic)
    seen: list[Seen] = field(default_factory=list)

    def watch(self, seconds: float) -> None:
        """Look at it until it ends, or for so long."""
        while time.monotonic() - self.start < seconds and self.process.poll() is None:
            status = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
            resident = [line for line in status if line.startswith("VmRSS")]
            ticks = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
            if resident:
                parts = len(list(self.rows.glob("*/[!.]*.parquet")))
                used = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
                self.seen.append(Seen(time.monotonic() - self.start, used, int(resident[0].split()[1]) / 1024, parts))
            time.sleep(1.0)

    def kill(self) -> None:
        """End it at once, as the system does when memory runs out."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def first_part(self) -> dict[str, float] | None:
        """When there was a part more than at the start: seconds, and the processor's seconds of this process."""
        new = (one for one in self.seen if one.parts > self.seen[0].parts)
        one = next(new, None)
        return None if one is None else {"seconds": round(one.seconds, 1), "of a processor": round(one.processor, 1)}

    def curve(self) -> list[tuple[float, float]]:
        """Seconds of a processor and MiB, thinned."""
        step = max(1, len(self.seen) // POINTS)
        return [(round(one.processor, 1), round(one.memory, 1)) for one in self.seen[::step]]

    def memory_after(self, share: float) -> list[int]:
        """The least and the most MiB once this share of the processor's seconds was used."""
        start = share * self.seen[-1].processor
        sizes = [round(one.memory) for one in self.seen if one.processor >= start]
        return [min(sizes), max(sizes)]


def make_manifest(folder: Path, rows: int) -> Path:
    """A manifest of so many rows that share a few images."""
    (folder / "images").mkdir()
    random = np.random.default_rng(0)
    for number in range(IMAGES):
        pixels = random.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"{number:03}.png")
    names = [f"upload-{number:07}" for number in range(rows)]
    paths = [f"images/{number % IMAGES:03}.png" for number in range(rows)]
    pq.write_table(pa.table({"path": paths, "name": names}), folder / "manifest.parquet")
    return folder / "manifest.parquet"


def started(command: Sequence[str], out: Path) -> Watched:
    """A program of this environment, started."""
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL, env=dict(os.environ))
    return Watched(process=process, rows=out / "rows")


def scored(manifest: Path, out: Path, engine: str) -> Watched:
    """`wherefrom score`, started."""
    asked = ("--model", "toy", "--method", "reconstruction", "--device", "cpu", "--quiet", "--engine", engine)
    workers = ("--engine-option", f"workers={WORKERS}") if engine == "ray" else ()
    return started(("-m", "wherefrom", "score", str(manifest), *asked, *workers, "--out", str(out)), out)


def names_in(out: Path) -> list[str]:
    """All names in the rows of a folder."""
    names: list[str] = ds.dataset(out / "rows", partitioning="hive").to_table(columns=["name"])["name"].to_pylist()
    return names


def killed_and_started_again(manifest: Path, out: Path, seconds: float, engine: str) -> dict[str, Any]:
    """What a run does before and after a kill."""
    first = scored(manifest, out, engine)
    first.watch(seconds)
    first.kill()
    before = names_in(out)
    second = scored(manifest, out, engine)
    second.watch(seconds / 2)
    second.kill()
    after = names_in(out)
    kept = set(before) <= set(after)
    return {
        "first rows after": first.first_part(),
        "first rows after the kill": second.first_part(),
        "rows before the kill": len(before),
        "rows in the end": len(after),
        "rows lost": 0 if kept else len(set(before) - set(after)),
        "rows twice": len(after) - len(set(after)),
        "images a second of a processor": round(len(before) / first.seen[-1].processor, 1),
        "MiB in the last half, least and most": first.memory_after(0.5),
        "memory": first.curve(),
    }


def all_rows(manifest: Path, out: Path, rows: int, engine: str) -> dict[str, Any]:
    """Every row through a task that asks nothing."""
    this = ("-m", "benchmarks.manifest", "--nothing", str(manifest), "--out", str(out), "--engine", engine)
    run = started(this, out)
    run.watch(float("inf"))
    names = names_in(out)
    return {
        "seconds of a processor": round(run.seen[-1].processor, 1),
        "rows": len(names),
        "rows twice": len(names) - len(set(names)),
        "all there": len(set(names)) == rows and run.process.returncode == 0,
        "first rows after": run.first_part(),
        "MiB after the first tenth, least and most": run.memory_after(0.1),
        "memory": run.curve(),
    }


def draw(found: Mapping[str, Any], path: Path) -> None:
    """The curves of memory."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "wherefrom", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(6.4, 2.6), layout="constrained")
        axes = figure.add_subplot()
        for label, colour in (("scoring", "#0b6e99"), ("all rows, nothing asked", "#b35900")):
            seconds, size = zip(*found[label]["memory"], strict=True)
            axes.plot(seconds, size, label=label, color=colour)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("seconds of a processor")
        axes.set_ylabel("resident memory, MiB")
        axes.legend(frameon=False)
        figure.savefig(path, format="svg", metadata={"Date": None})


def main(
    rows: Annotated[int, typer.Option(min=1000)] = 1_000_000,
    seconds: Annotated[float, typer.Option(min=10, help="after which the run is killed")] = 300.0,
    engine: Annotated[str, typer.Option(help="local or ray")] = "local",
    nothing: Annotated[Path | None, typer.Option(hidden=True)] = None,
    out: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Measure, or be the process that is measured."""
    if nothing is not None and out is not None:
        own: Engine = Ray(workers=WORKERS) if engine == "ray" else Local()
        run_job(Nothing(), stream_images(nothing), folder=out, engine=own)
        return
    with tempfile.TemporaryDirectory() as made, cluster(None) if engine == "ray" else nullcontext() as ray:
        if ray is not None:  # a cluster that a killed driver does not take with it
            os.environ["RAY_ADDRESS"] = ray.get_runtime_context().gcs_address
        manifest = make_manifest(Path(made), rows)
        command = f"python -m benchmarks.manifest --rows {rows} --seconds {seconds:g}"
        found: dict[str, Any] = {
            "made": datetime.now(UTC).date().isoformat(),
            "version": __version__,
            "command": command + (" --engine ray" if engine == "ray" else ""),
            "load": round(os.getloadavg()[0], 1),
            "scoring": killed_and_started_again(manifest, Path(made) / "scored", seconds, engine),
            "all rows, nothing asked": all_rows(manifest, Path(made) / "nothing", rows, engine),
        }
    suffix = "-ray" if engine == "ray" else ""
    (RESULTS / f"manifest{suffix}.json").write_text(json.dumps(found, indent=1) + "\n")
    draw(found, ASSETS / f"memory-of-a-run{suffix}.svg")
    for label in ("scoring", "all rows, nothing asked"):
        typer.echo(f"{label}: {json.dumps({key: value for key, value in found[label].items() if key != 'memory'})}")


if __name__ == "__main__":
    typer.run(main)
