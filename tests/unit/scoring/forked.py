"""Processes to kill, forked from one that has imported torch already."""

from __future__ import annotations

import functools
import multiprocessing
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

from tests.unit.scoring import searching, standins


@functools.cache
def _context() -> Any:
    context = multiprocessing.get_context("forkserver")  # which is POSIX's
    context.set_forkserver_preload([standins.__name__, searching.__name__])
    return context


def start_process(program: Callable[..., object], *arguments: str) -> BaseProcess:
    """A process that runs a function of one of these modules."""
    process: BaseProcess = _context().Process(target=program, args=arguments, daemon=True)
    process.start()
    return process
