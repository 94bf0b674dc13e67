"""How fast `prepare-data` turns raw text into stored windows, and how much memory it takes.

    python benchmarks/prepare.py [SOURCE...] [--megabytes 200] [--large-gb 0.5 2] [--files 2000] [--repeat 3]

Prints one JSON object. Speeds are megabytes of text a second on one core: one process, no questions, start-up not
counted, the best of some repetitions, since what else the machine does only makes it slower. They are measured on CSVs
made here (`narrow`: five decimals; `phone`: nanoseconds and sixteen decimals, as phones export; `even` stamps or
`uneven` ones, which need a regrid) and on the sources named. Peak memory is that of a process of its own for each
generated file of so many gigabytes. Small files are read by two workers, start-up counted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.prepare import PrepareSettings, prepare
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import find_recordings

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS = PrepareSettings(qa="none")
RATE_HZ, BLOCK, SMALL_ROWS = 100, 100_000, 3000
HEADER = "time,acc_x (m/s^2),acc_y (m/s^2),acc_z (m/s^2),gyr_x (rad/s),gyr_y (rad/s),gyr_z (rad/s)\n"
LAYOUTS = {"narrow": "%.4f" + ",%.5f" * 6 + "\n", "phone": "%d,%.15f,%.16f,%.16f,%.17f,%.17f,%.17f\n"}
UNEVEN_S = 0.001
"""Standard deviation of the stamps of phones."""
NS_SINCE_1970 = 1_697_040_000_123_456_789
PEAK = """
import resource, sys
from pathlib import Path
from llasa_core.data.prepare import PrepareSettings, prepare
if __name__ == "__main__":
    prepare([Path(sys.argv[1])], Path(sys.argv[2]), PrepareSettings(qa="none"), workers=int(sys.argv[3]), fresh=True)
    own, of_largest_worker = (
        resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print((own + (int(sys.argv[3]) if int(sys.argv[3]) > 1 else 0) * of_largest_worker) // 1000)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", type=Path, nargs="*", help="recordings to measure besides, such as HAPT's zip")
    parser.add_argument("--megabytes", type=float, default=200, help="of each CSV for speed")
    parser.add_argument("--large-gb", type=float, nargs="*", default=[], help="sizes of the CSVs for peak memory")
    parser.add_argument("--files", type=int, default=0, help="small files, of 30 s each")
    parser.add_argument("--repeat", type=int, default=3, help="repetitions, of which the best counts")
    arguments = parser.parse_args()
    report: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for layout in LAYOUTS:
            for stamps, jitter_s in (("even", 0.0), ("uneven", UNEVEN_S)):
                write_csv(folder / "one.csv", arguments.megabytes * 1e6, layout, jitter_s)
                report[f"{layout}_{stamps}_mb_a_s"] = speed(folder / "one.csv", folder, arguments.repeat)
        for source in arguments.sources:
            report[f"{source.name}_mb_a_s"] = speed(source, folder, arguments.repeat)
        (folder / "one.csv").unlink()
        for gigabytes in arguments.large_gb:
            write_csv(folder / "large.csv", gigabytes * 1e9, "phone", UNEVEN_S)
            report[f"peak_mb_of_{gigabytes:g}_gb"] = peak_mb(folder / "large.csv", folder, workers=1)
        (folder / "large.csv").unlink(missing_ok=True)
        if arguments.files:
            report |= small_files(folder, arguments.files)
    print(json.dumps(report))


def write_csv(path: Path, n_bytes: float, layout: str, jitter_s: float, seed: int = 0) -> None:
    """Write somebody who walks for as long as the bytes last."""
    noise = np.random.default_rng(seed)
    first = 0
    with path.open("w") as file:
        file.write(HEADER)
        while file.tell() < n_bytes:
            rows = min(BLOCK, max(SMALL_ROWS, int(n_bytes / 60)))
            time_s = np.arange(first, first + rows) / RATE_HZ
            first += rows
            swing = 2 * np.pi * 1.9 * time_s
            waves = [np.sin(swing), 0.8 * np.cos(swing), 9.8 + 2 * np.sin(2 * swing)]
            waves += [0.4 * np.sin(swing), 0.3 * np.cos(swing), 0.2 * np.sin(2 * swing)]
            values = np.stack(waves, axis=1) + noise.normal(scale=0.05, size=(rows, 6))
            time_s += noise.normal(scale=jitter_s, size=rows) if jitter_s else 0
            times = NS_SINCE_1970 + (time_s * 1e9).astype(np.int64) if layout == "phone" else time_s
            cells = zip(times.tolist(), *values.T.tolist(), strict=True)
            file.write("".join(LAYOUTS[layout] % row for row in cells))


def speed(source: Path, folder: Path, repeat: int) -> float:
    """Return megabytes of text a second, from the file to a stored data folder."""
    n_bytes = sum(file.size for unread in find_recordings(source, ReadOptions()).unread for file in set(unread.files))
    return round(n_bytes / 1e6 / best_of(repeat, lambda: prepare_anew(source, folder)), 1)


def prepare_anew(source: Path, folder: Path) -> None:
    """Make a data folder, whatever is there."""
    prepare([source], folder / "data", SETTINGS, workers=1, fresh=True)


def peak_mb(source: Path, folder: Path, workers: int) -> int:
    """Return the peak memory of a run in a process of its own, all its workers counted as large as the largest."""
    (folder / "peak.py").write_text(PEAK)
    program = [sys.executable, folder / "peak.py", source, folder / "peak", str(workers)]
    ended = subprocess.run(program, check=True, capture_output=True, text=True)
    return int(ended.stdout)


def small_files(folder: Path, n_files: int) -> dict[str, object]:
    """Return the seconds that many small files take two workers, and the memory."""
    (folder / "small").mkdir()
    write_csv(folder / "small" / "0.csv", 1000, "narrow", 0.0)
    rows = (folder / "small" / "0.csv").read_text().splitlines(keepends=True)[: 1 + SMALL_ROWS]
    for number in range(n_files):
        (folder / "small" / f"{number}.csv").write_text("".join([rows[0], *shifted(rows[1:], number)]))
    megabytes = sum(file.stat().st_size for file in (folder / "small").iterdir()) / 1e6
    begun = time.perf_counter()
    peak = peak_mb(folder / "small", folder, workers=2)
    seconds = time.perf_counter() - begun
    return {"files": n_files, "files_mb": round(megabytes, 1), "files_s": round(seconds, 1), "files_peak_mb": peak}


def shifted(rows: list[str], number: int) -> list[str]:
    """Return the rows with another first value in one of them, so that no two files are the same recording."""
    changed = rows[1].split(",")
    changed[1] = f"{number / 1e5:.5f}"
    return [rows[0], ",".join(changed), *rows[2:]]


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
