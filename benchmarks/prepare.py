"""How fast `prepare-data` turns raw text into stored windows, and how much memory it takes.

    python benchmarks/prepare.py ../shared/data/HAPT_RawData.zip [--repeat 3]

Prints megabytes of raw text a second on one core (one process, no questions, start-up not counted), the speed of the
reader alone on the same text, unpacked, their ratio, and the peak memory of `prepare`. A zip is measured as it is and
unpacked. The best of some repetitions counts: what else the machine does only makes it slower.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from llasa_core.data.channels import CHANNELS
from llasa_core.data.prepare import PrepareSettings, prepare
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import find_recordings
from llasa_core.data.readers.plain_numbers import read_numbers

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS = PrepareSettings(qa="none")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="HAPT's zip or RawData folder")
    parser.add_argument("--repeat", type=int, default=3, help="repetitions, of which the best counts")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        sources = {"prepare": arguments.source}
        if arguments.source.suffix == ".zip":
            zipfile.ZipFile(arguments.source).extractall(folder / "unpacked")
            sources = {"prepare, from the zip": arguments.source, "prepare, unpacked": folder / "unpacked"}
        megabytes = text_bytes(list(sources.values())[-1]) / 1e6
        print(f"{megabytes:.1f} MB of text, one process")
        speeds = {
            name: megabytes / best_of(arguments.repeat, lambda source=source: prepare_anew(source, folder))
            for name, source in sources.items()
        }
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        alone = megabytes / best_of(arguments.repeat, lambda: read_only(list(sources.values())[-1]))
        for name, speed in speeds.items():
            print(f"{name}: {speed:.0f} MB/s, the reader alone is {alone / speed:.2f} times as fast")
        print(f"reader alone: {alone:.0f} MB/s")
        print(f"peak memory: {peak:.0f} MB")


def prepare_anew(source: Path, folder: Path) -> None:
    """Make a data folder, whatever is there."""
    prepare([source], folder / "data", SETTINGS, workers=1, fresh=True)


def read_only(source: Path) -> None:
    """Read every number and do nothing with it."""
    for unread in find_recordings(source, ReadOptions()).unread:
        for file in unread.files[:2]:  # acceleration and angular rate
            read_numbers(file, CHANNELS[:3])


def text_bytes(source: Path) -> int:
    """Return the bytes of the files that hold samples."""
    return sum(file.size for unread in find_recordings(source, ReadOptions()).unread for file in unread.files[:2])


def best_of(n_times: int, run: Callable[[], object]) -> float:
    """Return the seconds of the fastest of some runs."""
    seconds = []
    for _ in range(n_times):
        begun = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


if __name__ == "__main__":
    main()
