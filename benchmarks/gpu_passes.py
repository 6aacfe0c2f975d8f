"""The two reconstructions of an autoencoder on a device, beside its matrix products: a part of `benchmarks/gpu.py`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import diffusers
import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from wherefrom.methods.aedr import AEDR
from wherefrom.models.adapters.arithmetic import DTYPES, exact
from wherefrom.models.opening.autoencoder import wrap_autoencoder

__all__ = ["Setting", "autoencoder", "layouts", "matmul", "opened", "passes", "waited"]

CONFIGURATIONS: Final = {
    "stable diffusion": {"latent_channels": 4},
    "flux": {"latent_channels": 16, "use_quant_conv": False, "use_post_quant_conv": False},
}
BATCHES: Final = (4, 8, 16, 32)
ROUNDS: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """How much is measured.

    Attributes:
        device: where.
        sizes: pixels a side of the passes' images.
        widths: channels of the autoencoders' stages.
        seconds: that a row of the passes may take once it runs.
        files: of each format that are scored from the disk.
        searched: images of each kind that are searched, and their size.
        published: images that the published way of working is given.
        steps: of the published LatentTracer and of the published RONAN.
    """

    device: str
    sizes: tuple[int, ...] = (512, 1024)
    widths: tuple[int, ...] = (128, 256, 512, 512)
    seconds: float = 6.0
    files: int = 192
    searched: tuple[int, int] = (4, 512)
    published: int = 2
    steps: tuple[int, int] = (100, 1500)

    @property
    def largest(self) -> int:
        """Side of the largest matrices that are multiplied."""
        return 8192 if self.device.startswith("cuda") else 256


def autoencoder(configuration: str, setting: Setting) -> Any:
    """An `AutoencoderKL` of a published configuration, with random weights."""
    stages = len(setting.widths)
    return diffusers.AutoencoderKL(
        block_out_channels=setting.widths,
        down_block_types=("DownEncoderBlock2D",) * stages,
        up_block_types=("UpDecoderBlock2D",) * stages,
        layers_per_block=2,
        norm_num_groups=min(32, setting.widths[0]),
        **CONFIGURATIONS[configuration],
    )


def opened(setting: Setting, dtype: str, configuration: str = "stable diffusion") -> Any:
    """An autoencoder as it is asked, on the setting's device."""
    return wrap_autoencoder(autoencoder(configuration, setting), device=setting.device, dtype=dtype)


def waited(device: str) -> float:
    """The time, once the device has done all it was given."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    return time.perf_counter()


def matmul(setting: Setting) -> dict[str, float]:
    """TFLOP/s of square matrix products in each arithmetic, and in float32 by TF32."""
    side, device = setting.largest, torch.device(setting.device)
    rates = {}
    for name, dtype in DTYPES.items():
        left, right = (torch.randn((side, side), dtype=torch.float32, device=device).to(dtype) for _ in range(2))
        with exact(device), torch.inference_mode():
            torch.mm(left, right)
            start = waited(setting.device)
            for _ in range(3):
                torch.mm(left, right)
            rates[name] = 3 * 2 * side**3 / (waited(setting.device) - start) / 1e12
    return rates


def operations(configuration: str, size: int, setting: Setting) -> float:
    """TFLOP of the two reconstructions of an image, a multiplication and an addition counting two."""
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        module = autoencoder(configuration, setting).eval()
        module.decode(module.encode(torch.empty(1, 3, size, size)).latent_dist.mode())
    return 2.0 * float(counter.get_total_flops()) / 1e12


def best_batch(model: Any, size: int, setting: Setting) -> tuple[int, float]:
    """The batch with the most images a second, and how many those are."""
    best, spent = (0, 0.0), 0.0
    for batch in BATCHES if setting.device.startswith("cuda") else (1,):
        images = torch.rand((batch, 3, size, size), dtype=torch.float32, device=model.device)
        try:
            rate, took = images_a_second(model, images, setting)
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
            break
        spent += took
        if rate < 1.02 * best[1] or spent > 2 * setting.seconds:
            break
        best = (batch, rate)
    return best


def images_a_second(model: Any, images: torch.Tensor, setting: Setting) -> tuple[float, float]:
    """The median over rounds of one method's whole answer, columns on the CPU included; and what all of it took."""
    seeds, begun = np.arange(len(images), dtype=np.uint64), time.perf_counter()
    times: list[float] = []
    AEDR().scores(model, images, seeds)
    while len(times) < 2 or (len(times) < 8 and time.perf_counter() - begun < setting.seconds / 2):
        start = waited(setting.device)
        AEDR().scores(model, images, seeds)
        times.append(waited(setting.device) - start)
    return len(images) / statistics.median(times), time.perf_counter() - begun


def passes(setting: Setting, rates: dict[str, float]) -> Iterator[dict[str, Any]]:
    """A row a configuration, dtype and size; the dtypes that pay first, since time may run out."""
    for size in setting.sizes:
        for dtype in ("bfloat16", "float32"):
            for configuration in CONFIGURATIONS:
                model = opened(setting, dtype, configuration)
                batch, rate = best_batch(model, size, setting)
                tflops = rate * operations(configuration, size, setting)
                yield {
                    "configuration": configuration,
                    "dtype": dtype,
                    "size": size,
                    "batch": batch,
                    "images_a_second": rate,
                    "tflops": tflops,
                    "share": tflops / rates[dtype],
                }


def layouts(setting: Setting) -> Iterator[dict[str, Any]]:
    """Seconds an image of the bare network's halves by layout in memory, so that the one in use can be reconsidered."""
    size, batch = setting.sizes[0], 8 if setting.device.startswith("cuda") else 1
    images = torch.rand((batch, 3, size, size), dtype=torch.float32, device=setting.device)
    for dtype in ("bfloat16", "float32"):
        for name, layout in (("channels last", torch.channels_last), ("contiguous", torch.contiguous_format)):
            module: Any = autoencoder("stable diffusion", setting).eval().requires_grad_(requires_grad=False)
            module = module.to(device=setting.device, dtype=DTYPES[dtype]).to(memory_format=layout)
            given = images.to(DTYPES[dtype]).contiguous(memory_format=layout)
            spent = {"encode": 0.0, "decode": 0.0}
            with exact(torch.device(setting.device)), torch.inference_mode():
                module.decode(module.encode(given).latent_dist.mode())
                for _ in range(ROUNDS):
                    start = waited(setting.device)
                    latents = module.encode(given).latent_dist.mode()
                    between = waited(setting.device)
                    module.decode(latents)
                    spent["encode"] += between - start
                    spent["decode"] += waited(setting.device) - between
            seconds = {half: total / ROUNDS / batch for half, total in spent.items()}
            yield {"dtype": dtype, "layout": name, "size": size, "seconds": seconds}
