"""Measure timelines: `python benchmarks/timeline.py HAPT_RawData.zip --speed --out timeline.json`.

- `mix`: examples/mix.csv against its labels.
- `hour`: an hour put together from labelled segments of the people of a split, in drawn order: how far the seconds of
  each activity are off, and the F1 of segments (same activity, overlap over union of at least a half), with the chain
  and without.
- `speed` (with `--speed`): hours of 100 Hz as CSV, made of the same segments: seconds, processor seconds and peak
  memory of `llasa timeline`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from llasa_core.data.channels import CHANNELS
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.data.recording import Recording, Segment
from llasa_core.data.resample import resample
from llasa_core.data.split import split_of
from llasa_core.model.shipped import shipped
from llasa_core.timeline.classifier import load_classifier
from llasa_core.timeline.options import TimelineOptions
from llasa_core.timeline.segments import UNKNOWN
from llasa_core.timeline.timeline import timeline_of, timelines_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.timeline.classifier import WindowClassifier
    from llasa_core.timeline.timeline import Timeline

EXAMPLES = Path(__file__).parents[1] / "examples"
OVERLAP = 0.5
HOUR_S = 3600.0
FAST_HZ = 100.0
SEED = 7
HEADER = ",".join(
    ["time (s)", *(f"{name} (m/s^2)" for name in CHANNELS[:3]), *(f"{name} (rad/s)" for name in CHANNELS[3:])]
)


class Span(NamedTuple):
    """A stretch of one activity."""

    start_s: float
    end_s: float
    activity: str


def main() -> None:
    """Measure and print, or write, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--model", type=Path, default=shipped("smol"))
    parser.add_argument("--split", default="test")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    classifier = load_classifier(arguments.model)
    pieces = list(labelled_pieces(arguments.archive, arguments.split))
    hours = [an_hour(pieces, np.random.default_rng(SEED + nth)) for nth in range(3)]
    found: dict[str, Any] = {
        "seed": SEED,
        "split": arguments.split,
        "mix": measure_mix(classifier),
        "hour": {
            "people": sorted({piece.subject for piece in pieces}),
            "smoothed": [measure(hour, truth, classifier, TimelineOptions()) for hour, truth in hours],
            "unsmoothed": [measure(hour, truth, classifier, TimelineOptions(smooth=False)) for hour, truth in hours],
        },
    }
    if arguments.speed:
        found["speed"] = measure_speed(hours)
    text = json.dumps(found, indent=2) + "\n"
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def labelled_pieces(archive: Path, split: str) -> Iterator[Recording]:
    """Yield the labelled segments of a split's people, each as a recording of its own."""
    for recording in read_recordings(archive, ReadOptions()):
        if split_of(recording.subject) != split:
            continue
        for segment in recording.segments:
            if segment.activity is not None:
                samples = recording.samples[segment.start : segment.end]
                whole = (Segment(0, len(samples), segment.activity),)
                yield replace(recording, samples=samples, segments=whole)


def an_hour(pieces: Sequence[Recording], rng: np.random.Generator) -> tuple[Recording, list[Span]]:
    """Return an hour of pieces in drawn order, each of them at most once until all are used, and what is in it."""
    chosen: list[Recording] = []
    rate, length = pieces[0].sampling_rate_hz, 0
    while length < HOUR_S * rate:
        for nth in rng.permutation(len(pieces)):
            chosen.append(pieces[nth])
            length += len(pieces[nth].samples)
            if length >= HOUR_S * rate:
                break
    samples = np.concatenate([piece.samples for piece in chosen])[: round(HOUR_S * rate)]
    truth: list[Span] = []
    at = 0.0
    for piece in chosen:
        end = min(at + len(piece.samples) / rate, HOUR_S)
        activity = str(piece.segments[0].activity)
        if truth and truth[-1].activity == activity:
            truth[-1] = truth[-1]._replace(end_s=end)
        else:
            truth.append(Span(at, end, activity))
        at = end
    whole = (Segment(0, len(samples), None),)
    return replace(chosen[0], samples=samples, segments=whole, session="hour", start_s=0.0), truth


def measure(
    hour: Recording, truth: list[Span], classifier: WindowClassifier, options: TimelineOptions
) -> dict[str, Any]:
    """Compare a timeline with the truth."""
    timeline = timeline_of(hour, classifier, options)
    found = [Span(one.start_s, one.end_s, one.activity) for one in timeline.segments]
    known = [one for one in found if one.activity != UNKNOWN]
    hits = n_matched(truth, known)
    seconds = {name: sum(one.end_s - one.start_s for one in truth if one.activity == name) for name in names_of(truth)}
    return {
        "segment_f1": round(2 * hits / (len(truth) + len(known)), 4),
        "segments": {"true": len(truth), "found": len(known), "matched": hits},
        "seconds_right": round(overlap_of(truth, known) / HOUR_S, 4),
        "unknown_s": round(timeline.totals_s.get(UNKNOWN, 0.0), 1),
        "true_s": {name: round(value, 1) for name, value in seconds.items()},
        "duration_error": {
            name: round(timeline.totals_s.get(name, 0.0) / value - 1, 4) for name, value in seconds.items()
        },
    }


def n_matched(truth: Sequence[Span], found: Sequence[Span]) -> int:
    """Return how many true segments one found segment of the same activity covers well; at a half, none fits twice."""
    return sum(
        any(one.activity == other.activity and share_of(one, other) >= OVERLAP for other in found) for one in truth
    )


def share_of(one: Span, other: Span) -> float:
    """Return intersection over union."""
    both = max(0.0, min(one.end_s, other.end_s) - max(one.start_s, other.start_s))
    return both / (one.end_s - one.start_s + other.end_s - other.start_s - both)


def overlap_of(truth: Sequence[Span], found: Sequence[Span]) -> float:
    """Return the seconds in which the right activity was found."""
    pairs = ((one, other) for one in truth for other in found if one.activity == other.activity)
    return sum(max(0.0, min(one.end_s, other.end_s) - max(one.start_s, other.start_s)) for one, other in pairs)


def names_of(spans: Sequence[Span]) -> list[str]:
    """Return the activities in order of appearance."""
    return list(dict.fromkeys(span.activity for span in spans))


def measure_mix(classifier: WindowClassifier) -> dict[str, Any]:
    """Compare the five-minute example with its labels, within the time that is labelled."""
    with (EXAMPLES / "mix-labels.csv").open(encoding="utf-8", newline="") as file:
        truth = [Span(float(row["start"]), float(row["end"]), row["activity"]) for row in csv.DictReader(file)]
    timeline = next(timelines_in(EXAMPLES / "mix.csv", ReadOptions(), classifier))
    result = {}
    for name in names_of(truth):
        true_s = sum(one.end_s - one.start_s for one in truth if one.activity == name)
        found_s = sum(within(timeline, one, name) for one in truth)
        result[name] = {
            "true_s": round(true_s, 2),
            "found_in_labelled_s": round(found_s, 2),
            "error": round(found_s / true_s - 1, 4),
            "found_in_all_s": round(timeline.totals_s.get(name, 0.0), 2),
        }
    return result


def within(timeline: Timeline, span: Span, name: str) -> float:
    """Return the seconds of an activity that a timeline finds within a stretch."""
    own = [one for one in timeline.segments if one.activity == name]
    return sum(max(0.0, min(one.end_s, span.end_s) - max(one.start_s, span.start_s)) for one in own)


def measure_speed(hours: Sequence[tuple[Recording, list[Span]]]) -> dict[str, Any]:
    """Time `llasa timeline` on long files of 100 Hz."""
    fast = [resample(hour.samples, hour.sampling_rate_hz, FAST_HZ) for hour, _ in hours]
    every = {"10 s": fast[0][: round(10 * FAST_HZ)], "1 h": fast[0], "2 h": np.concatenate(fast[:2])}
    every["4 h"] = np.concatenate([*fast, fast[0]])
    every["8 h"] = np.concatenate([every["4 h"], every["4 h"]])
    result: dict[str, Any] = {"load_average_1_min": round(os.getloadavg()[0], 1)}
    with tempfile.TemporaryDirectory() as folder:
        for name, samples in every.items():
            file = Path(folder) / "long.csv"
            rows = np.hstack([np.arange(len(samples))[:, None] / FAST_HZ, samples])
            np.savetxt(file, rows, ["%.2f"] + ["%.3f"] * len(CHANNELS), delimiter=",", header=HEADER, comments="")
            result[name] = run(file) | {"megabytes": round(file.stat().st_size / 1e6, 1), "rows": len(samples)}
    return result


def run(file: Path) -> dict[str, float]:
    """Run `llasa timeline` in a process of its own."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-c", MEASURED, str(file)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peak_mb = float(done.stderr.split("peak_kb=")[1]) / 1e3
    return {"seconds": round(seconds, 2), "processor_seconds": round(processor_s, 2), "peak_mb": round(peak_mb)}


MEASURED = """
import re, sys
from pathlib import Path
from llasa_cli.app import main
code = main(["timeline", sys.argv[1], "--json"])
status = Path("/proc/self/status").read_text()  # ru_maxrss would count the process that started this one
print("peak_kb=" + re.search(r"VmHWM:\\s+(\\d+)", status)[1], file=sys.stderr)
raise SystemExit(code)
"""


if __name__ == "__main__":
    main()
