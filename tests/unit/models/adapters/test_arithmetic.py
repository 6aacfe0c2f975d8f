"""How networks are made ready to compute."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest
import torch

from wherefrom import cli
from wherefrom.core.errors import ModelError
from wherefrom.models.adapters import arithmetic
from wherefrom.models.opening import user_code

_FAULTS = """
import resource, sys, torch
import wherefrom
from wherefrom.models.adapters import arithmetic
from torch import nn

if sys.argv[1] == "told":
    assert wherefrom.keep_freed_memory()
if sys.argv[1] == "prepared":
    arithmetic.prepare(nn.Conv2d(3, 3, 1), torch.device("cpu"), torch.float32)
numbers = 9 * 2**20  # 36 MiB: more than glibc would come to keep by itself
pages = 4 * numbers // resource.getpagesize()
for turn in range(24):
    if turn == 20:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.empty(numbers).fill_(1)
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / pages)
"""


def _faults(how: str) -> float:
    """Page faults a page of four tensors of 36 MiB that are made and dropped by turns, after twenty others."""
    clean = {name: value for name, value in os.environ.items() if "MALLOC" not in name and name != "GLIBC_TUNABLES"}
    done = subprocess.run([sys.executable, "-c", _FAULTS, how], env=clean, check=True, capture_output=True, text=True)
    return float(done.stdout)


@pytest.mark.weekly
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_a_process_reuses_the_memory_of_tensors_it_dropped_only_where_it_is_told_to() -> None:
    untouched = _faults("untouched")
    assert _faults("told") < untouched / 4
    assert _faults("prepared") > untouched / 2, "to load a model must not change how the whole process keeps memory"


def test_the_command_line_tells_its_own_process(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[bool] = []
    monkeypatch.setattr(cli, "keep_freed_memory", lambda: told.append(True))
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert told == [True]


@dataclass
class Placed:
    """As much of a decoder as says where it is."""

    device: torch.device


@pytest.mark.parametrize("name", ["meta", "xpu", "hpu"])
def test_a_device_that_torch_cannot_use_here_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(
        ModelError, match=rf"device '{name}' was asked for, but torch .* cannot use it here .*use 'cpu'"
    ):
        arithmetic.device_of(name)


def test_the_number_of_a_gpu_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert arithmetic.device_of("cuda:1") == torch.device("cuda:1")
    with pytest.raises(ModelError, match=r"'cuda:2' was asked for, but torch sees 2 GPU: use cuda:0 to cuda:1"):
        arithmetic.device_of("cuda:2")
    own: Any = Placed(device=torch.device("cuda:0"))
    for device in ("auto", "cuda", "cuda:0"):
        assert user_code._on_device(own, "my:model", device) is own
    with pytest.raises(ModelError, match="my:model is on cuda:0, not on cuda:1"):
        user_code._on_device(own, "my:model", "cuda:1")
