"""How long a person waits before anything happens: median seconds of `import wherefrom` and of `wherefrom --help`.

    python benchmarks/startup.py [--runs 15]

Each run is a process of its own. The bare interpreter is timed beside them, in the same rounds, and is part of both.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

BOUND = 0.3
"""Seconds that either may take."""
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import wherefrom": [sys.executable, "-c", "import wherefrom"],
    "wherefrom --help": [sys.executable, "-m", "wherefrom", "--help"],
}


def seconds(command: Sequence[str]) -> float:
    """Wall-clock seconds of one process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> int:
    """Print a line a command; 1 when a median is over the bound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15, help="rounds; the first one more is not counted")
    runs = parser.parse_args().runs
    rounds = [{name: seconds(command) for name, command in COMMANDS.items()} for _ in range(runs + 1)][1:]
    medians = {name: statistics.median(times[name] for times in rounds) for name in COMMANDS}
    for name, median in medians.items():
        print(f"{name:20} median {median:.3f} s   fastest {min(times[name] for times in rounds):.3f} s   of {runs}")
    slow = [name for name, median in medians.items() if median > BOUND]
    print(f"over {BOUND} s: {', '.join(slow) or 'none'}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
