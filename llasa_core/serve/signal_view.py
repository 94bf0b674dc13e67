"""A part of a recording's signal, made small enough to draw: nothing short is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.channels import ACC, CHANNELS, GYR
from llasa_core.errors import UsageError

if TYPE_CHECKING:
    from llasa_core.chat.known_recording import KnownRecording, Stretch

SIGNALS = ("|acc|", *CHANNELS[ACC], "|gyr|", *CHANNELS[GYR])
UNITS = {name: "rad/s" if "gyr" in name else "m/s²" for name in SIGNALS}
MOST_POINTS = 8000


def signal_view(
    recording: KnownRecording, name: str, start_s: float | None, end_s: float | None, points: int
) -> dict[str, Any]:
    """Return a signal between two times, as plain values for JSON.

    Where there are more samples than points, each span of time gives its lowest and its highest value, in the order in
    which they were measured. A gap is a point without a value.

    Args:
        recording: from the store.
        name: one of `SIGNALS`.
        start_s: on the recording's clock; from its begin when left out.
        end_s: likewise, to its end.
        points: about so many come back at most.

    Raises:
        UsageError: there is no such signal, or the times or points make no sense.
    """
    timeline = recording.timeline
    start_s = timeline.start_s if start_s is None else start_s
    end_s = timeline.end_s if end_s is None else end_s
    if name not in SIGNALS:
        raise UsageError(f"there is no signal `{name}`", fix=f"ask for one of {', '.join(SIGNALS)}")
    if not start_s < end_s:
        raise UsageError(f"nothing lies between {start_s:g} s and {end_s:g} s", fix="let `start` be before `end`")
    if not 2 <= points <= MOST_POINTS:  # noqa: PLR2004 - a lowest and a highest value
        raise UsageError(f"{points} points", fix=f"ask for 2 to {MOST_POINTS}")
    rate_hz = recording.sampling_rate_hz
    step = max(1, int(np.ceil(2 * (end_s - start_s) * rate_hz / points)))  # samples for which two points stand
    times: list[float | None] = []
    values: list[float | None] = []
    for stretch in recording.stretches:
        at, what = _cut(stretch, name, start_s, end_s, rate_hz, step)
        if len(at):
            if times:
                times.append(float(at[0]))
                values.append(None)
            times += np.round(at, 3).tolist()
            values += np.round(what, 4).tolist()
    return {
        "signal": name,
        "unit": UNITS[name],
        "start_s": round(start_s, 3),
        "end_s": round(end_s, 3),
        "is_envelope": step > 1,
        "t": times,
        "y": values,
    }


def _cut(
    stretch: Stretch, name: str, start_s: float, end_s: float, rate_hz: float, step: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return times and values of a stretch; a span's edges lie at multiples of `step`, so panning does not flicker."""
    first = int(np.floor((start_s - stretch.start_s) * rate_hz)) // step * step
    first = min(max(0, first), len(stretch.samples))
    last = min(max(first, int(np.ceil((end_s - stretch.start_s) * rate_hz)) + 1), len(stretch.samples))
    samples = stretch.samples[first:last]
    values = _values(samples, name)
    if step > 1 and len(values):
        n_spans = -(-len(values) // step)
        padded = np.pad(values, (0, n_spans * step - len(values)), mode="edge").reshape(n_spans, step)
        ends = np.sort(np.stack([padded.argmin(axis=1), padded.argmax(axis=1)], axis=1), axis=1)
        index = (ends + np.arange(n_spans)[:, None] * step).reshape(-1)
        index = np.minimum(index, len(values) - 1)
    else:
        index = np.arange(len(values))
    return stretch.start_s + (first + index) / rate_hz, values[index]


def _values(samples: np.ndarray, name: str) -> np.ndarray:
    if name in CHANNELS:
        return np.asarray(samples[:, CHANNELS.index(name)])
    return np.asarray(np.linalg.norm(samples[:, ACC if name == "|acc|" else GYR], axis=1))
