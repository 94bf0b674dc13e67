"""Measure postures of a turned device: `python benchmarks/worn.py HAPT_RawData.zip --pocket A_DeviceMotion_data.zip`.

Timelines of the recordings of a split's people, against their labels, half a second at a time; 95 % intervals over
people.

- `as worn`, and `turned` any way, once for each recording, with nothing said of it: walking, where it is met, tells it.
- `upright` (turned): 5 s of the middle of the person's first standing are named; these are not counted.
- `nobody walks` (and turned): only the labelled postures of a recording, one after the other.
- `pocket`: MotionSense's recordings, of phones in a trouser pocket, which the shipped head has not learned.
- `before`: the same where gravity is taken as in training, whatever it is, as it was until now.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from measured_on import measured_on

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.data.recording import Recording, Segment
from llasa_core.data.split import split_of
from llasa_core.data.turning import random_orientations, turned
from llasa_core.evaluate.measured import measure_share
from llasa_core.model.shipped import shipped
from llasa_core.timeline.classifier import HeadClassifier, load_classifier
from llasa_core.timeline.options import TimelineOptions, Upright
from llasa_core.timeline.segments import STILL, UNKNOWN
from llasa_core.timeline.timeline import Timeline, timeline_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED, RESAMPLES = 7, 2000
STEP_S, UPRIGHT_S = 0.5, 5.0
POSTURES = ("sitting", "standing", "lying")


class Blind:
    """A head that is asked without a word on how the device is worn; a `WindowClassifier`."""

    def __init__(self, own: HeadClassifier) -> None:
        self.activities, self.threshold, self.judge = own.activities, own.threshold, own.judge
        self.sampling_rate_hz, self.window_s, self.stride_s = own.sampling_rate_hz, own.window_s, own.stride_s


class Moment(NamedTuple):
    """Half a second of labelled time."""

    truth: str
    named: str
    subject: str


def main() -> None:
    """Measure and print, or write, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--pocket", type=Path)
    parser.add_argument("--model", type=Path, default=shipped("smol"))
    parser.add_argument("--split", default="val", choices=("val", "test"))
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    head = load_classifier(arguments.model)
    if not isinstance(head, HeadClassifier):
        raise TypeError("a checkpoint without a light head knows nothing of how a device is worn")
    blind = Blind(head)
    waist = recordings(arguments.archive, arguments.split)
    askew = [turn(one, nth) for nth, one in enumerate(waist)]
    still, still_askew = ([at_rest(one) for one in every if postures_of(one)] for every in (waist, askew))
    found: dict[str, Any] = {"measured_on": measured_on(), "seed": SEED, "split": arguments.split}
    for name, every in (("as worn", waist), ("turned", askew)):
        found[name] = {"now": measured(every, head), "before": measured(every, blind)}
    found["upright"] = {"now": measured(askew, head, says_upright=True)}
    for name, every in (("nobody walks", still), ("nobody walks, turned", still_askew)):
        found[name] = {"now": measured(every, head), "before": measured(every, blind)}
    if arguments.pocket:
        pocket = recordings(arguments.pocket, arguments.split)
        found["pocket"] = {"now": measured(pocket, head), "before": measured(pocket, blind)}
    text = json.dumps(found, indent=2) + "\n"
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def recordings(archive: Path, split: str) -> list[Recording]:
    """Return the recordings of a split's people."""
    return [one for one in read_recordings(archive, ReadOptions()) if split_of(one.subject) == split]


def turn(recording: Recording, nth: int) -> Recording:
    """Return a recording of a device that is turned, each another way."""
    orientation = random_orientations(np.array([nth]), SEED)
    return replace(recording, samples=turned(recording.samples[None], orientation)[0])


def postures_of(recording: Recording) -> list[Segment]:
    """Return the labelled postures."""
    return [one for one in recording.segments if one.activity in POSTURES]


def at_rest(recording: Recording) -> Recording:
    """Return the labelled postures of a recording, put together."""
    own = postures_of(recording)
    ends = np.cumsum([one.end - one.start for one in own]).tolist()
    segments = tuple(
        Segment(end - (one.end - one.start), end, one.activity) for one, end in zip(own, ends, strict=True)
    )
    samples = np.concatenate([recording.samples[one.start : one.end] for one in own])
    return replace(recording, samples=samples, segments=segments, bridged=())


def measured(every: list[Recording], classifier: Any, *, says_upright: bool = False) -> dict[str, Any]:
    """Return how the time of each kind was named: rightly, as still, wrongly, as unknown."""
    moments = [moment for one in every for moment in moments_of(one, classifier, says_upright=says_upright)]
    truth, named, subject = (np.array(column) for column in zip(*moments, strict=True))
    is_known = np.isin(truth, classifier.activities)
    is_posture = np.isin(truth, POSTURES)
    found: dict[str, Any] = {"recordings": len(every), "people": len(set(subject.tolist()))}
    for kind, own in (("postures", is_posture & is_known), ("moving", ~is_posture & is_known)):
        if not own.any():
            continue
        right = named == truth
        share = measure_share(right[own], subject[own], RESAMPLES, SEED)
        is_still, is_unknown = named[own] == STILL, named[own] == UNKNOWN
        found[kind] = {
            "right": round(share.value, 4),
            "ci": share.ci and [round(share.ci.low, 4), round(share.ci.high, 4)],
            "still": round(float(is_still.mean()), 4),
            "unknown": round(float(is_unknown.mean()), 4),
            "wrong": round(float((~right[own] & ~is_still & ~is_unknown).mean()), 4),
            "minutes": round(own.sum() * STEP_S / 60, 1),
        }
    return found


def moments_of(recording: Recording, classifier: Any, *, says_upright: bool) -> Iterator[Moment]:
    """Yield what was named in each half second of labelled time."""
    upright = upright_of(recording) if says_upright else ()
    timeline: Timeline = timeline_of(recording, classifier, TimelineOptions(upright=upright))
    for one in recording.segments:
        if one.activity is None:
            continue
        start_s, end_s = one.start / recording.sampling_rate_hz, one.end / recording.sampling_rate_hz
        for at in np.arange(start_s + STEP_S / 2, end_s, STEP_S):
            here = timeline.at(recording.start_s + float(at))
            if here is not None and not any(span.start_s <= at < span.end_s for span in upright):
                yield Moment(one.activity, here.activity, recording.subject)


def upright_of(recording: Recording) -> tuple[Upright, ...]:
    """Return the middle of the first standing; nothing where nobody stands."""
    first = next((one for one in recording.segments if one.activity == "standing"), None)
    if first is None:
        return ()
    middle_s = (first.start + first.end) / 2 / recording.sampling_rate_hz
    return (Upright(middle_s - UPRIGHT_S / 2, middle_s + UPRIGHT_S / 2),)


if __name__ == "__main__":
    main()
