"""How fast windows are read back at random from a data folder of many shards, on one core.

    python benchmarks/store.py [--windows 60000] [--shards 12]

Prints one JSON object: windows a second, one by one (`store[row]`) and in batches of 256 (`store.take(rows)`), warm,
each beside what a single `.npy` file read through `np.memmap` gives. The best of some repetitions counts.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.store import COLUMNS, MANIFEST, SCHEMA_VERSION, Rows, ShardWriter, WindowStore
from llasa_core.data.windows import WindowConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

BATCH, BATCHES, SINGLE, REPEATS = 256, 200, 50_000, 20
CONFIG = WindowConfig()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=60_000)
    parser.add_argument("--shards", type=int, default=12)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        samples = np.random.default_rng(0).standard_normal((arguments.windows, 120, 6), np.float32)
        np.save(folder / "plain.npy", samples)
        write_folder(folder / "data", samples, -(-arguments.windows // arguments.shards))
        store, plain = WindowStore(folder / "data"), np.load(folder / "plain.npy", mmap_mode="r")
        if not np.array_equal(store.take(np.arange(arguments.windows)), samples):  # warms both, too
            raise SystemExit("the store gives other windows than were written")
        draw = np.random.default_rng(1)
        rows = draw.integers(0, arguments.windows, SINGLE).tolist()
        batches = list(draw.integers(0, arguments.windows, (BATCHES, BATCH)))
        single = {
            "store": per_second(SINGLE, lambda: drain(store[row] for row in rows)),
            "npy": per_second(SINGLE, lambda: drain(np.array(plain[row]) for row in rows)),
        }
        batch = {
            "store": per_second(BATCH * BATCHES, lambda: drain(store.take(chosen) for chosen in batches)),
            "npy": per_second(BATCH * BATCHES, lambda: drain(plain[chosen] for chosen in batches)),
        }
    print(
        json.dumps(
            {
                "windows": arguments.windows,
                "shards": len(store.manifest["shards"]),
                "single_windows_a_s": round(single["store"]),
                "single_to_npy": round(single["store"] / single["npy"], 2),
                f"batch_{BATCH}_windows_a_s": round(batch["store"]),
                f"batch_{BATCH}_to_npy": round(batch["store"] / batch["npy"], 2),
            }
        )
    )


def write_folder(folder: Path, samples: np.ndarray, shard_windows: int) -> None:
    """Write a data folder of these windows, of one person who does one thing."""
    folder.mkdir()
    writer = ShardWriter(folder, CONFIG, shard_windows)
    names = {"activity": ["walking"], "subject": ["csv/a"], "placement": ["unknown"]}
    for start in range(0, len(samples), shard_windows):
        part = samples[start : start + shard_windows]
        writer.add(Rows(part, {name: np.zeros(len(part)) for name in COLUMNS}))
        writer.flush(names)
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "settings": {"windows": CONFIG.model_dump()},
        "shards": [vars(shard) for shard in writer.shards],
    }
    (folder / MANIFEST).write_text(json.dumps(manifest))


def drain(reads: Iterable[np.ndarray]) -> None:
    """Read one after the other and keep none, as training does; memory that is new each time would cost more."""
    for _ in reads:
        pass


def per_second(n_windows: int, read: Callable[[], object]) -> float:
    """Return the windows a second of the fastest of some repetitions."""
    seconds = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        read()
        seconds.append(time.perf_counter() - begun)
    return n_windows / min(seconds)


if __name__ == "__main__":
    main()
