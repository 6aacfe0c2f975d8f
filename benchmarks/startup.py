"""How long a person waits before anything happens: median seconds of `import wherefrom` and of short commands.

    python benchmarks/startup.py [--runs 15] [--bundle FILE.zip]

Each run is a process of its own. The bare interpreter is timed beside them, in the same rounds, and is part of all.
With `--bundle`, a file of `attribute --bundle`, `wherefrom verify` is timed too.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

BOUND = 0.3
"""Seconds that anything but `verify` may take."""
VERIFY, VERIFY_BOUND = "wherefrom verify", 1.0
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
    parser.add_argument("--bundle", help="of `attribute --bundle`")
    given = parser.parse_args()
    runs, commands = given.runs, dict(COMMANDS)
    if given.bundle:
        commands[VERIFY] = [sys.executable, "-m", "wherefrom", "verify", "--quiet", given.bundle]
    rounds = [{name: seconds(command) for name, command in commands.items()} for _ in range(runs + 1)][1:]
    medians = {name: statistics.median(times[name] for times in rounds) for name in commands}
    for name, median in medians.items():
        print(f"{name:20} median {median:.3f} s   fastest {min(times[name] for times in rounds):.3f} s   of {runs}")
    slow = [name for name, median in medians.items() if median > (VERIFY_BOUND if name == VERIFY else BOUND)]
    print(f"over {BOUND} s, or {VERIFY_BOUND:g} s of {VERIFY}: {', '.join(slow) or 'none'}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
