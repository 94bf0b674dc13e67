"""How long `llasa --help` takes from pressing return: the best and the median of twenty.

Run: python benchmarks/start_up.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

COMMAND = [sys.executable, "-m", "llasa_cli.app", "--help"]
RUNS = 20


def seconds() -> float:
    """Run the command once and return how long it took."""
    begun = time.perf_counter()
    subprocess.run(COMMAND, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


if __name__ == "__main__":
    seconds()  # fills the file cache
    times = [seconds() for _ in range(RUNS)]
    print(f"llasa --help: best {min(times):.2f} s, median {statistics.median(times):.2f} s of {RUNS} runs")
