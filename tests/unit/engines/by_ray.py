"""Runs the counting task by Ray, in a process of its own: a process of the tests may not connect to anything.

    python -m tests.unit.engines.by_ray FOLDER WORKERS [OPTION=VALUE ...]

Prints the address that the cluster listens to; a line for each part: its name, how many images it has, and how many
failed; and at the end what was told.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from tests.unit.engines.counting_task import chunks_of, job_of
from wherefrom.core.errors import WherefromError
from wherefrom.engines.ray import Ray


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(folder: str, workers: str, *options: str) -> None:
    told = [0, 0]

    def advance(settled: int, failed: int) -> None:
        told[0] += settled
        told[1] += failed

    given = dict(option.split("=") for option in options)
    seconds = float(given.pop("seconds", "0"))
    job = job_of(Path(folder), advance=advance, seconds=seconds, **given)
    try:
        for part in Ray(workers=int(workers)).parts(job, chunks_of(12, 2)):
            if not told[0] - len(part.scored) - len(part.failed):
                say(f"at {import_module('ray').util.get_node_ip_address()}")
            say(f"{part.name} {len(part.scored) + len(part.failed)} {len(part.failed)}")
    except WherefromError as error:
        say(f"{type(error).__name__}: {error}")
    say(f"told {told[0]} {told[1]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
