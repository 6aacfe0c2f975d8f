"""How networks are made ready to compute."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

_FAULTS = """
import resource, sys, torch
from wherefrom.models import _compute
from torch import nn

if sys.argv[1] == "prepared":
    _compute.prepare(nn.Conv2d(3, 3, 1), torch.device("cpu"), torch.float32)
pages = 2**26 // resource.getpagesize()
for turn in range(54):
    if turn == 50:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.empty(2**24).fill_(1)
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / pages)
"""


def _faults(how: str) -> float:
    """Page faults a page of four tensors of 64 MiB that are made and dropped by turns, after fifty others."""
    clean = {name: value for name, value in os.environ.items() if "MALLOC" not in name and name != "GLIBC_TUNABLES"}
    done = subprocess.run([sys.executable, "-c", _FAULTS, how], env=clean, check=True, capture_output=True, text=True)
    return float(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_a_prepared_process_reuses_the_memory_of_tensors_it_dropped() -> None:
    assert _faults("prepared") < _faults("untouched") / 4
