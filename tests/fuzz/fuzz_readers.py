"""Read thousands of damaged recordings: each must be read, or refused in words, soon and in bounded memory.

    python tests/fuzz/fuzz_readers.py [--files 20000] [--seed 7] [--keep FOLDER] [--only N]

Every format's sample of `tests/samples` is damaged by `mutations.py`: one file of it or several, or the zip around
all. What is wrong is a traceback, a warning, more than ten seconds, memory beyond the limit, an error that would not
end with exit code 2, and values that are no numbers. Prints one JSON object, and each failure as it comes; `--only N`
repeats it.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fuzz.mutations import BINARY, MUTATIONS
from samples import SAMPLES
from samples.tables import save, walk_rows

from llasa_core.data.read_options import LabelFile, ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.data.windows import WindowConfig, is_too_short, windows_of
from llasa_core.errors import LlasaError

if TYPE_CHECKING:
    from types import FrameType

    from llasa_core.data.recording import Recording

LONGEST_S = 10
LARGEST_BYTES = 6 << 30
"""Of address space, of which the libraries take two thirds."""
LABELS = "start,end,activity\n0,5,walking\n5,8,sitting\n"
EXIT_CODE = 2


class TooLongError(Exception):
    """Reading takes longer than a person would wait."""


class WrongError(Exception):
    """What was read cannot be true."""


def main() -> None:
    """Run, print what was found, and exit with 1 if something was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="copy what fails to this folder")
    parser.add_argument("--only", type=int, help="the number of one case")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST_BYTES, LARGEST_BYTES))
    signal.signal(signal.SIGALRM, _too_long)
    _say(f"seed {arguments.seed}")
    begun, outcomes, n_failed = time.monotonic(), Counter[str](), 0
    with tempfile.TemporaryDirectory() as temporary:
        whole = _write_samples(Path(temporary, "whole"))
        cases = range(arguments.files) if arguments.only is None else [arguments.only]
        for number in cases:
            folder = Path(temporary, "case")
            path, what, options = damage(whole, folder, Random(f"{arguments.seed}/{number}"))  # noqa: S311 - no secret
            outcome, failure = judge(path, options)
            outcomes[outcome] += 1
            if failure:
                n_failed += 1
                _say(f"{number}: {what}: {failure}")
                if arguments.keep:
                    shutil.copytree(folder, arguments.keep / str(number), dirs_exist_ok=True)
            if number % 1000 == 999:
                sys.stderr.write(f"{number + 1} files, {dict(outcomes)}\n")
            shutil.rmtree(folder)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
    report = {"files": sum(outcomes.values()), "failed": n_failed, **outcomes, "peak_mb": peak_mb}
    _say(json.dumps({**report, "seconds": round(time.monotonic() - begun, 1)}))
    sys.exit(1 if n_failed else 0)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _write_samples(folder: Path) -> list[Path]:
    """Return a folder for each format, and one for each of a few tables."""
    folders = []
    for sample in SAMPLES:
        folders.append(folder / str(sample))
        folders[-1].mkdir(parents=True)
        sample.write(folders[-1])
    rows = walk_rows()
    tables = {
        "table": rows,
        "label column": [[*rows[0], "label", "subject"], *([*row, "walking", "Ada"] for row in rows[1:])],
        "dates": [rows[0], *([f"2024-05-29 19:07:{float(row[0]):06.3f}", *row[1:]] for row in rows[1:])],
        "day first": [rows[0], *([f"29/05/2024 07:07:{float(row[0]):06.3f} PM", *row[1:]] for row in rows[1:])],
        "no header": rows[1:],
    }
    for name, table in tables.items():
        folders.append(folder / name)
        save(folders[-1] / "walk.csv", table)
    return folders


def damage(whole: list[Path], folder: Path, rng: Random) -> tuple[Path, str, ReadOptions]:
    """Make a damaged copy of a sample; return what to read, what was done to it, and how to read it."""
    source = rng.choice(whole)
    shutil.copytree(source, folder / source.name)
    path = folder / source.name
    files = sorted(file for file in path.rglob("*") if file.is_file())
    done = [f"{source.name}"]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        file = rng.choice(files)
        content = file.read_bytes()
        is_text = b"\0" not in content[:4000]
        mutation = rng.choice(MUTATIONS if is_text and rng.random() < 0.95 else BINARY)
        file.write_bytes(mutation(content, rng) if content else rng.choice((b"", b"x", b"1,2\n")))
        done.append(f"{mutation.__name__} {file.name}")
    if rng.random() < 0.05:
        lost = rng.choice(files)
        lost.rename(lost.with_name(rng.choice(("walk.csv", "data.txt", "x", lost.name + ".bak"))))
        done.append(f"renamed {lost.name}")
    if rng.random() < 0.1:
        path = _damaged_zip(path, rng)
        done.append("zip")
    options = ReadOptions(
        bad_rows=rng.choice(("error", "drop")),
        allow_missing_gyro=rng.random() < 0.3,
        describe_only=rng.random() < 0.2,
        label_column="label" if source.name == "label column" else None,
        subject_column="subject" if source.name == "label column" else None,
        labels=_damaged_labels(folder, rng) if rng.random() < 0.05 else None,
    )
    return path, ", ".join(done), options


def _damaged_zip(folder: Path, rng: Random) -> Path:
    path = folder.with_name("all.zip")
    with zipfile.ZipFile(path, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder.parent))
    if rng.random() < 0.8:
        path.write_bytes(rng.choice(BINARY)(path.read_bytes(), rng))
    return path


def _damaged_labels(folder: Path, rng: Random) -> LabelFile:
    path = folder / "labels.csv"
    path.write_bytes(rng.choice(MUTATIONS)(LABELS.encode(), rng))
    return LabelFile.of(path)


def judge(path: Path, options: ReadOptions) -> tuple[str, str | None]:
    """Return how reading ended in a word, and what is wrong with that."""
    signal.alarm(LONGEST_S)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            n_windows = sum(_check(recording) for recording in read_recordings(path, options))
    except LlasaError as error:
        if error.exit_code == EXIT_CODE and error.fix and "\n" not in error.message:
            return "refused", None
        return "wrong exit code", f"exit code {error.exit_code}: {error}"
    except Exception:  # noqa: BLE001 - all that is left is a failure
        last = traceback.format_exc().strip().splitlines()
        place = next(line.strip() for line in reversed(last) if line.startswith("  File"))
        return "failed", f"{last[-1]} ({place})"
    finally:
        signal.alarm(0)
    return ("read" if n_windows else "no window"), None


def _check(recording: Recording) -> int:
    """Return the number of windows; raise where a recording breaks what readers promise."""
    n_samples = len(recording.samples)
    edges = [edge for segment in recording.segments for edge in (segment.start, segment.end)]
    if not (np.isfinite(recording.samples).all() and 0 < recording.sampling_rate_hz < 1e5):
        raise WrongError(f"values or rate ({recording.sampling_rate_hz:g} Hz) are no numbers")
    if edges != sorted(edges) or (edges and not 0 <= edges[0] <= edges[-1] <= n_samples):
        raise WrongError(f"segments {edges[:8]} of {n_samples} samples")
    config = WindowConfig(allow_upsample=True)
    return 0 if is_too_short(recording, config) else sum(map(_is_a_window, windows_of(recording, config).windows))


def _is_a_window(window: np.ndarray) -> bool:
    if not np.isfinite(window).all():
        raise WrongError("a window holds what is no number")
    return True


def _too_long(_signal: int, _frame: FrameType | None) -> None:
    raise TooLongError


if __name__ == "__main__":
    main()
