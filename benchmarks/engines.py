"""Do engines give the same rows, how much faster are two workers than one, and what does a kill lose or repeat?

    python -m benchmarks.engines --count 500

Images of noise are asked about by two passes of an embedded autoencoder: in this process, in two processes of one
machine, and by one and two workers of Ray, each with one thread. Then a worker of two is killed in the middle; and a
whole run is, with its driver, and started again. Throughput is that of the second half of the files of rows, for the
start of a cluster is paid once. With `--pause` nothing is asked: an image takes so many seconds of sleep, as one
does for which a worker waits for its GPU, so that the figures say what the engine costs, whatever else runs here.
Writes benchmarks/results/engines.json.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import pyarrow.dataset as ds
import torch
import typer
from PIL import Image

from benchmarks.engine_tasks import FILE, Waiting, run_once
from benchmarks.places import RESULTS
from wherefrom import __version__
from wherefrom.core.processors import usable
from wherefrom.engines.base import Chunk, Engine, Job, Part, Task
from wherefrom.engines.devices import Devices
from wherefrom.engines.local import Local
from wherefrom.engines.ray import Ray, cluster
from wherefrom.engines.running import run_job
from wherefrom.engines.scores import ScoreTask
from wherefrom.images.files import Source, file_source
from wherefrom.methods.aedr import AEDR

MODEL: Final = "zoo:kl-f8-a"


@dataclass(frozen=True, kw_only=True, slots=True)
class Noted:
    """An engine whose parts are noted with their time."""

    engine: Engine
    times: list[tuple[float, int]] = field(default_factory=list)
    after: Callable[[int], None] = lambda _: None

    def parts(self, job: Job, chunks: Iterable[Chunk]) -> Generator[Part, None, None]:
        for part in self.engine.parts(job, chunks):
            self.times.append((time.perf_counter(), len(part.scored) + len(part.failed)))
            self.after(len(self.times))
            yield part

    def rate(self) -> float:
        """Images a second in the second half of the parts, when every worker has opened its model."""
        half = self.times[len(self.times) // 2 :]
        return sum(count for _, count in half[1:]) / (half[-1][0] - half[0][0])


def written(folder: Path, count: int, size: int) -> list[Source]:
    """Images of smooth noise, and one that is none."""
    rng, found = np.random.default_rng(0), []
    for number in range(count - 1):
        coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((size, size))
        coarse.save(folder / f"{number:05}.png")
        found.append(file_source(folder / f"{number:05}.png"))
    (folder / "none.png").write_bytes(b"none")
    return [*found, file_source(folder / "none.png")]


def rows_in(folder: Path) -> dict[str, Any]:
    """Scores by image, None for one that failed; an image that is there twice ends the program."""
    table = ds.dataset(folder / "rows", format="parquet", partitioning="hive").to_table()
    rows: dict[str, Any] = {}
    for row in table.select(["name", "error", "scores"]).to_pylist():
        assert row["name"] not in rows, f"{row['name']} is there twice"
        rows[row["name"]] = None if row["error"] else dict(row["scores"])
    return rows


def largest_difference(first: Mapping[str, Any], second: Mapping[str, Any]) -> float:
    """Between two runs, relative, over all images and columns; infinite where one has a row that the other has not."""
    if set(first) != set(second) or any((first[name] is None) != (second[name] is None) for name in first):
        return float("inf")
    pairs: list[tuple[float, float]] = [
        (a[column], second[name][column]) for name, a in first.items() if a for column in a
    ]
    return max(abs(one - other) / max(abs(one), 1e-12) for one, other in pairs)


def workers() -> list[int]:
    """Processes of Ray's workers on this machine."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                command = (place / "cmdline").read_bytes()
            except OSError:
                continue
            if command.startswith(b"ray::_Worker"):
                found.append(int(place.name))
    return found


def kill_worker(parts: int) -> None:
    """End one worker, a little after the third part."""
    if parts == 3:
        threading.Timer(0.3, lambda: os.kill(workers()[0], signal.SIGKILL)).start()


def kill_driver(task: Task, images: Sequence[Source], folder: Path, address: str) -> int:
    """Start a run, and end its process once three files of rows are there; how many images those have."""
    process = multiprocessing.get_context("spawn").Process(target=run_once, args=(task, images, folder, address))
    process.start()
    scored = folder / "rows" / "status=scored"
    while not scored.is_dir() or len(list(scored.glob("*.parquet"))) < 3:
        time.sleep(0.05)
        assert process.is_alive()
    process.kill()
    process.join()
    return len(rows_in(folder))


def measured(task: Task, images: Sequence[Source], folder: Path, address: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each engine, and each kill, beside the rows of this process."""
    local = Noted(engine=Local(device="cpu"))
    run_job(task, images, folder=folder / "local", engine=local, images_a_file=FILE)
    reference = rows_in(folder / "local")
    yield "local", {"images_a_second": local.rate(), "rows": len(reference)}
    ways: dict[str, tuple[Engine, Callable[[int], None]]] = {
        "devices cpu,cpu": (Devices(devices=("cpu", "cpu")), lambda _: None),
        "ray, 1 worker": (Ray(workers=1), lambda _: None),
        "ray, 2 workers": (Ray(workers=2), lambda _: None),
        "ray, a worker killed": (Ray(workers=2), kill_worker),
    }
    for name, (engine, after) in ways.items():
        noted, place = Noted(engine=engine, after=after), folder / name
        result = run_job(task, images, folder=place, engine=noted, images_a_file=FILE)
        rows = rows_in(place)
        yield (
            name,
            {
                "images_a_second": noted.rate(),
                "rows": len(rows),
                "asked": result.asked,
                "difference": largest_difference(reference, rows),
            },
        )
    place = folder / "driver"
    there = kill_driver(task, images, place, address)
    result = run_job(task, images, folder=place, engine=Ray(workers=2), images_a_file=FILE, retry=False)
    rows = rows_in(place)
    yield (
        "ray, the driver killed",
        {
            "there at the kill": there,
            "asked after": result.asked,
            "rows": len(rows),
            "difference": largest_difference(reference, rows),
        },
    )


def main(
    count: Annotated[int, typer.Option(help="images")] = 500,
    size: Annotated[int, typer.Option(help="their side in pixels")] = 64,
    pause: Annotated[float | None, typer.Option(help="seconds that an image takes, in place of a model")] = None,
    out: Annotated[Path, typer.Option(help="JSON file")] = RESULTS / "engines.json",
) -> None:
    """Measure and write."""
    torch.set_num_threads(1)
    task: Task = ScoreTask(model=MODEL, method=AEDR(), device="cpu") if pause is None else Waiting(seconds=pause)
    document: dict[str, Any] = {
        "command": f"python -m benchmarks.engines --count {count} --size {size}"
        + (f" --pause {pause}" if pause is not None else ""),
        "version": __version__,
        "processors": usable(),
        "date": datetime.now(UTC).date().isoformat(),
        "rows": {},
    }
    with tempfile.TemporaryDirectory() as folder, cluster(None) as ray:
        (Path(folder) / "images").mkdir()
        images = written(Path(folder) / "images", count, size)
        for name, row in measured(task, images, Path(folder), ray.get_runtime_context().gcs_address):
            row["load"] = round(os.getloadavg()[0], 1)
            document["rows"][name] = row
            typer.echo(f"{name}: {row}")
            out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    two, one = (document["rows"][f"ray, {n}"]["images_a_second"] for n in ("2 workers", "1 worker"))
    typer.echo(f"two workers beside one: {two / one:.2f}")


if __name__ == "__main__":
    typer.run(main)
