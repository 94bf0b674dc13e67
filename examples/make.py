# ruff: noqa: INP001 - a script, not part of a package
"""Cut the example recordings out of HAPT: `python examples/make.py HAPT_RawData.zip`.

The archive is UCI dataset 341 (Reyes-Ortiz et al., CC BY 4.0). All examples are of people of the fixed test split, so
that no shipped checkpoint has seen them in training.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.data.channels import ACC, CHANNELS
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings

if TYPE_CHECKING:
    from llasa_core.data.recording import Recording

HERE = Path(__file__).parent


class Cut(NamedTuple):
    """A stretch of one HAPT recording, in seconds from its start."""

    session: str
    start_s: int
    length_s: int


CUTS = {
    "walking": Cut("exp11_user06", 165, 18),
    "stairs": Cut("exp26_user13", 253, 15),
    "lying": Cut("exp42_user21", 120, 18),
    "mix": Cut("exp37_user18", 60, 300),
}
HEADER = ",".join(
    ["time_s", *(f"{name} (m/s^2)" for name in CHANNELS[ACC]), *(f"{name} (rad/s)" for name in CHANNELS[3:])]
)


def write_example(recording: Recording, name: str, cut: Cut) -> None:
    """Write one stretch as CSV; three decimals keep HAPT's steps of 0.0136 m/s² apart."""
    rate = round(recording.sampling_rate_hz)
    samples = recording.samples[cut.start_s * rate : (cut.start_s + cut.length_s) * rate]
    rows = np.hstack([np.arange(len(samples))[:, None] / rate, samples])
    formats = ["%.2f"] + ["%.3f"] * len(CHANNELS)
    np.savetxt(HERE / f"{name}.csv", rows, formats, delimiter=",", header=HEADER, comments="", newline="\n")


def write_labels(recording: Recording, name: str, cut: Cut) -> None:
    """Write when the person did what during the stretch, as HAPT's authors labelled it from video."""
    lines = ["start,end,activity"]
    for segment in recording.segments:
        start_s = max(0.0, segment.start / recording.sampling_rate_hz - cut.start_s)
        end_s = min(float(cut.length_s), segment.end / recording.sampling_rate_hz - cut.start_s)
        if start_s < end_s:
            lines.append(f"{start_s:.2f},{end_s:.2f},{segment.activity}")
    (HERE / f"{name}-labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def main() -> None:
    """Make all examples."""
    name_of = {cut.session: name for name, cut in CUTS.items()}
    for recording in read_recordings(Path(sys.argv[1]), ReadOptions(format="hapt")):
        if name := name_of.get(recording.session):
            write_example(recording, name, CUTS[name])
            if name == "mix":
                write_labels(recording, name, CUTS[name])


if __name__ == "__main__":
    main()
