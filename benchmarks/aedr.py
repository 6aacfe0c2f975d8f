"""What the two passes of AEDR cost beside plain matrix products: `python benchmarks/aedr.py [--size 512]`.

An `AutoencoderKL` of Stable Diffusion's configuration with random weights scores an image in float32 and in bfloat16,
on the CPU and on a GPU where there is one. Between the images this machine multiplies square matrices in the same dtype
and the same arithmetic (no TF32). The table has, as medians over the rounds:

    images/s   images scored in a second, everything included
    GFLOP/s    of the autoencoder: exact operations of encoding and decoding, by their shapes, over the time in them
    matmul     of the matrix products: the fastest of several sides, just before and just after each image
    share      the ratio of the two in each round: to be at least 0.85
    by CPU     the same by processor time instead of wall-clock time, which other programs on the machine move less
    rest       the part of the time that is spent outside the autoencoder: to be at most 0.05

Memory is the peak of a process that scores 10 and of one that scores 1,000 small images, which may differ by 5 %.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import diffusers
import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from wherefrom import __version__
from wherefrom.core.card import Card
from wherefrom.core.tensors import Images, Latents
from wherefrom.images.write import save_png
from wherefrom.methods.aedr import AEDR
from wherefrom.models.adapters.arithmetic import DTYPES, exact
from wherefrom.models.base import Autoencoder
from wherefrom.models.opening.autoencoder import wrap_autoencoder
from wherefrom.scoring.run import score

RESULTS: Final = Path(__file__).parent / "results" / "aedr.json"
SHARE: Final = 0.85
REST: Final = 0.05
GROWTH: Final = 0.05
COUNTS: Final = (10, 1000)
SIDES: Final = {"cpu": (1024, 2048, 4096), "cuda": (4096, 8192, 16384)}
REPEATS: Final = 3
BATCH: Final = {"cpu": 1, "cuda": 8}


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """A moment: wall-clock and processor seconds."""

    wall: float
    cpu: float

    @classmethod
    def now(cls, device: torch.device) -> Clock:
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return cls(wall=time.perf_counter(), cpu=time.process_time())

    def __sub__(self, other: Clock) -> Clock:
        return Clock(wall=self.wall - other.wall, cpu=self.cpu - other.cpu)

    def __add__(self, other: Clock) -> Clock:
        return Clock(wall=self.wall + other.wall, cpu=self.cpu + other.cpu)


@dataclass(kw_only=True, slots=True)
class Timed:
    """An autoencoder that adds up the time spent in it."""

    inner: Autoencoder
    spent: Clock = field(default_factory=lambda: Clock(wall=0, cpu=0))

    @property
    def card(self) -> Card:
        return self.inner.card

    @property
    def device(self) -> torch.device:
        return self.inner.device

    @property
    def factor(self) -> int:
        return self.inner.factor

    @property
    def size(self) -> tuple[int, int] | None:
        return self.inner.size

    @contextmanager
    def _counted(self) -> Iterator[None]:
        start = Clock.now(self.device)
        yield
        self.spent += Clock.now(self.device) - start

    def encode(self, images: Images) -> Latents:
        with self._counted():
            return self.inner.encode(images)

    def decode(self, latents: Latents) -> Images:
        with self._counted():
            return self.inner.decode(latents)

    def draw(self, seeds: Any, *, size: tuple[int, int] | None = None) -> Latents:
        return self.inner.draw(seeds, size=size)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A line of the table."""

    device: str
    dtype: str
    size: int
    batch: int
    images_a_second: float
    gflops: float
    matmul_gflops: float
    share: float
    share_by_cpu: float | None
    shares: tuple[float, ...]
    rest: float


def stable_diffusion() -> Any:
    """Its autoencoder's configuration, with random weights."""
    return diffusers.AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
        norm_num_groups=32,
    )


def operations(size: int) -> int:
    """Floating-point operations of one encoding and one decoding, a multiplication and an addition counting two."""
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        module = stable_diffusion().eval()
        module.decode(module.encode(torch.empty(1, 3, size, size)).latent_dist.mode())
    return int(counter.get_total_flops())


def matmul_seconds(dtype: torch.dtype, device: torch.device) -> Clock:
    """Seconds for 10^9 operations in products of square matrices: median of repeats, then the fastest side."""

    def once(side: int, call: Callable[[], torch.Tensor]) -> Clock:
        start = Clock.now(device)
        call()
        spent, billions = Clock.now(device) - start, 2 * side**3 / 1e9
        return Clock(wall=spent.wall / billions, cpu=spent.cpu / billions)

    found = []
    with exact(device), torch.inference_mode():
        for side in SIDES[device.type]:
            left, right = (torch.randn((side, side), dtype=torch.float32, device=device).to(dtype) for _ in range(2))
            torch.mm(left, right)
            times = [once(side, lambda a=left, b=right: torch.mm(a, b)) for _ in range(REPEATS)]  # type: ignore[misc]
            found.append(
                (statistics.median(each.wall for each in times), statistics.median(each.cpu for each in times))
            )
    return Clock(wall=min(wall for wall, _ in found), cpu=min(cpu for _, cpu in found))


def measure(dtype: str, device: torch.device, size: int, rounds: int) -> Row:
    """Images and matrix products by turns."""
    model = Timed(inner=wrap_autoencoder(stable_diffusion(), device=device.type, dtype=dtype))
    method, batch = AEDR(), BATCH[device.type]
    images = torch.rand((batch, 3, size, size)).to(device)
    seeds = np.arange(batch, dtype=np.uint64)
    billions = 2 * batch * operations(size) / 1e9
    method.scores(model, images if device.type == "cuda" else images[:, :, :64, :64], seeds)  # first calls are slow
    before, seen = matmul_seconds(DTYPES[dtype], device), []
    for number in range(rounds):
        model.spent = Clock(wall=0, cpu=0)
        start = Clock.now(device)
        method.scores(model, images, seeds)
        total, after = Clock.now(device) - start, matmul_seconds(DTYPES[dtype], device)
        plain = Clock(wall=(before.wall + after.wall) / 2, cpu=(before.cpu + after.cpu) / 2)
        seen.append((total, model.spent, plain))
        print(f"  {device.type} {dtype}: round {number + 1} of {rounds}, {total.wall:.2f} s", file=sys.stderr)
        before = after
    shares = tuple(billions * plain.wall / inside.wall for _, inside, plain in seen)
    return Row(
        device=device.type,
        dtype=dtype,
        size=size,
        batch=batch,
        images_a_second=batch / statistics.median(total.wall for total, _, _ in seen),
        gflops=billions / statistics.median(inside.wall for _, inside, _ in seen),
        matmul_gflops=1 / statistics.median(plain.wall for _, _, plain in seen),
        share=statistics.median(shares),
        share_by_cpu=statistics.median(billions * plain.cpu / inside.cpu for _, inside, plain in seen)
        if device.type == "cpu"
        else None,
        shares=shares,
        rest=statistics.median(1 - inside.wall / total.wall for total, inside, _ in seen),
    )


def peak_of(count: int) -> float:
    """Peak memory in MB of a process that scores that many images."""
    command = [sys.executable, __file__, "--peak", str(count), "--threads", "1"]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def print_peak(count: int) -> None:
    """Score that many images of two sizes with a small autoencoder; print this process's peak in MB."""
    module = diffusers.AutoencoderKL(
        block_out_channels=(32, 64),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
    )
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            side = (64, 48)[number % 2]
            save_png(rng.integers(0, 256, (side, side, 3), dtype=np.uint8), Path(folder, f"{number:04}.png"), {})
        # One image a batch, as 512 px get on CPU: ten images would not fill the batches that these sizes get.
        table = score(sorted(Path(folder).iterdir()), model=wrap_autoencoder(module), method=AEDR(), batch=1)
    assert len(table.scores) == count
    unit = 2**20 if sys.platform == "darwin" else 2**10
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


def show(rows: list[Row], peaks: dict[int, float]) -> list[str]:
    """Print the tables; what is over its bound."""
    names = f"{'images/s':>9} {'GFLOP/s':>9} {'matmul':>9} {'share':>6} {'by CPU':>6} {'rest':>6}"
    print(f"{'':15} {'px':>5} {'batch':>5} {names}")
    for row in rows:
        by_cpu = "" if row.share_by_cpu is None else f"{row.share_by_cpu:.3f}"
        print(
            f"{row.device + ' ' + row.dtype:15} {row.size:5} {row.batch:5} {row.images_a_second:9.4f} {row.gflops:9.1f}"
            f" {row.matmul_gflops:9.1f} {row.share:6.3f} {by_cpu:>6} {row.rest:6.3f}"
        )
    for count, peak in peaks.items():
        print(f"peak memory with {count:5,} images {peak:8.0f} MB")
    over = [f"share of {row.device} {row.dtype}" for row in rows if row.device == "cpu" and row.share < SHARE]
    over += [f"rest of {row.device} {row.dtype}" for row in rows if row.device == "cpu" and row.rest > REST]
    if peaks and max(peaks.values()) > (1 + GROWTH) * min(peaks.values()):
        over.append("growth of memory")
    print(f"outside its bound: {', '.join(over) or 'nothing'}")
    return over


def save(path: Path, rows: list[Row], peaks: dict[int, float]) -> None:
    """The figures and what they were measured with."""
    found = {
        "wherefrom": __version__,
        "torch": torch.__version__,
        "diffusers": diffusers.__version__,
        "threads": torch.get_num_threads(),
        "load_average": os.getloadavg(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "rows": [asdict(row) for row in rows],
        "peak_mb": peaks,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n")


def main() -> int:
    """Print the table and write the results; 1 when something is outside its bound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=512, help="pixels along each side")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--dtypes", nargs="+", default=["float32", "bfloat16"], choices=tuple(DTYPES))
    parser.add_argument("--devices", nargs="+", default=["cpu"] + ["cuda"] * torch.cuda.is_available())
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--no-memory", action="store_true", help="leave the peaks out")
    parser.add_argument("--peak", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    if given.peak is not None:
        print_peak(given.peak)
        return 0
    # First of all: a process's peak is never under what the process that started it held.
    peaks = {} if given.no_memory else {count: peak_of(count) for count in COUNTS}
    places = [torch.device(name) for name in given.devices]
    rows = [measure(dtype, device, given.size, given.rounds) for device in places for dtype in given.dtypes]
    save(given.out, rows, peaks)
    return 1 if show(rows, peaks) else 0


if __name__ == "__main__":
    sys.exit(main())
