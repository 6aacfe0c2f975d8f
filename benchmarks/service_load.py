"""The service under load on this machine's own address: errors, latency, throughput, memory, and a restart.

    python benchmarks/service_load.py --profiles DIR --images DIR [--seconds 600 --clients 16] [--kill] --out R.json

Clients send one image each, again and again, for a bounded time. Before and after, the same images are scored as
`wherefrom attribute` does, so that the two throughputs can be compared, and what else ran here shows in them. With
`--kill` the process is killed in the middle and started again: it is measured after how long it is ready, and every
answer is compared with what the command line said.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

POINTS = 60
"""Of the memory's curve that are kept."""
BUSY = (202, 429, 503)
"""Answers that say to come back."""


@dataclass
class Load:
    """What clients met.

    Attributes:
        statuses: answers by their status; 0 for a connection that failed.
        seconds: of each answer with status 200.
        memory: megabytes that the service held, and when.
        wrong: answers that are not those of the command line.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    wrong: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Served:
    """A service as a process of its own, listening on a Unix socket."""

    def __init__(self, profiles: Path, folder: Path, threads: int) -> None:
        self.socket = folder / "service"
        self._command = [sys.executable, "-m", "wherefrom", "serve", "--profiles", str(profiles), "--quiet"]
        self._command += ["--socket", str(self.socket), "--requests-a-minute", "0"]
        self._environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it; seconds until it answers that it is ready."""
        start = time.perf_counter()
        self.socket.unlink(missing_ok=True)
        self.process = subprocess.Popen(self._command, env=self._environment)
        with self.client() as client:
            while time.perf_counter() - start < 300:
                try:
                    if client.get("/readyz").status_code == 200:
                        return time.perf_counter() - start
                except httpx2.TransportError:
                    pass
                time.sleep(0.05)
        raise SystemExit("the service was not ready within 300 s")

    def client(self) -> httpx2.Client:
        """A client of it."""
        return httpx2.Client(transport=httpx2.HTTPTransport(uds=str(self.socket)), base_url="http://own", timeout=120)

    def resident(self) -> float:
        """Megabytes that it holds."""
        assert self.process is not None
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def end(self, sent: signal.Signals) -> int:
        """End it."""
        assert self.process is not None
        self.process.send_signal(sent)
        return self.process.wait(120)


def by_command_line(profiles: Path, images: list[Path], threads: int) -> tuple[dict[str, Any], float]:
    """What `wherefrom attribute` says of images, by name, and images a second without its start."""
    program = (
        "import json, sys, time; from pathlib import Path; import wherefrom as wf\n"
        "from wherefrom.candidates import open_candidates, score_candidates\n"
        "profiles = {path.stem: wf.load_profile(path) for path in sorted(Path(sys.argv[1]).glob('*.json'))}\n"
        "candidates = open_candidates(profiles); images = wf.load_images(*sys.argv[2:])\n"
        "score_candidates(images[:2], candidates); start = time.perf_counter()\n"
        "scored = score_candidates(images, candidates); seconds = time.perf_counter() - start\n"
        "name, one = next(iter(profiles.items()))\n"
        "found = wf.attribute(scored[0].tables, profile=one) if len(profiles) == 1 else wf.attribute(scored)\n"
        "rows = {Path(x.image.name).name: [v.statistic for v in getattr(x, 'verdicts', (x,))] for x in found}\n"
        "print(json.dumps([rows, len(images) / seconds]))"
    )
    command = [sys.executable, "-c", program, str(profiles), *map(str, images)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    rows, rate = json.loads(done.stdout.splitlines()[-1])
    return rows, rate


def one_client(served: Served, images: list[Path], expected: dict[str, Any], load: Load, until: float) -> None:
    """Send images until the time is over."""
    place = 0
    with served.client() as client:
        while time.perf_counter() < until:
            path = images[place % len(images)]
            place += 1
            start = time.perf_counter()
            try:
                answer = client.post("/v1/attributions", files={"images": (path.name, path.read_bytes())})
            except httpx2.TransportError:
                with load.lock:
                    load.statuses[0] += 1
                time.sleep(0.2)
                continue
            seconds = time.perf_counter() - start
            with load.lock:
                load.statuses[answer.status_code] += 1
                if answer.status_code == 200:
                    load.seconds.append(seconds)
                    said = [one["statistic"] for one in answer.json()["images"][0]["candidates"]]
                    load.wrong += not np.allclose(said, expected[path.name], rtol=1e-9, equal_nan=True)
            if answer.status_code in BUSY:
                time.sleep(min(1.0, float(answer.headers.get("retry-after", "1"))))


def loaded(served: Served, images: list[Path], expected: dict[str, Any], *, clients: int, seconds: float) -> Load:
    """All clients at once."""
    load, start = Load(), time.perf_counter()
    until = start + seconds
    threads = [
        threading.Thread(target=one_client, args=(served, images[n:] + images[:n], expected, load, until))
        for n in range(clients)
    ]
    for thread in threads:
        thread.start()
    while time.perf_counter() < until:
        with contextlib.suppress(FileNotFoundError, IndexError):  # it was killed, and is being started again
            load.memory.append((time.perf_counter() - start, served.resident()))
        time.sleep(max(0.5, seconds / 200))
    for thread in threads:
        thread.join()
    return load


def main() -> None:
    """Measure, and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profiles", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    typed = parser.parse_args()
    images = sorted(typed.images.glob("*.png"))
    expected, rate = by_command_line(typed.profiles, images, typed.threads)
    with tempfile.TemporaryDirectory() as folder:
        served = Served(typed.profiles, Path(folder), typed.threads)
        ready, again = served.start(), []

        def restart() -> None:
            time.sleep(typed.seconds / 2)
            served.end(signal.SIGKILL)
            again.append(served.start())

        killer = threading.Thread(target=restart)
        if typed.kill:
            killer.start()
        load = loaded(served, images, expected, clients=typed.clients, seconds=typed.seconds)
        if typed.kill:
            killer.join()
        code = served.end(signal.SIGTERM)
    _, later = by_command_line(typed.profiles, images, typed.threads)
    memory = [(round(second), round(megabytes)) for second, megabytes in load.memory]
    result = {
        "load": round(os.getloadavg()[0], 1),
        "clients": typed.clients,
        "seconds": typed.seconds,
        "threads": typed.threads,
        "ready_after_s": ready,
        "ready_again_after_s": again[0] if again else None,
        "statuses": dict(sorted(load.statuses.items())),
        "wrong_answers": load.wrong,
        "p50_s": float(np.quantile(load.seconds, 0.5)) if load.seconds else None,
        "p99_s": float(np.quantile(load.seconds, 0.99)) if load.seconds else None,
        "images_per_second": len(load.seconds) / typed.seconds,
        "command_line_images_per_second": {"before": rate, "after": later},
        "memory_mb_at_seconds": memory[:: max(1, len(memory) // POINTS)],
        "exit_code": code,
    }
    typed.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
