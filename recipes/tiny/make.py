"""Make the data folder beside this file: 24 windows of six people who do not exist.

Run:  python recipes/tiny/make.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from llasa_core.data.channels import CHANNELS, STANDARD_GRAVITY
from llasa_core.data.prepare import PrepareSettings, prepare
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.store import UNITS

RATE_HZ = 50
PEOPLE = (1, 2, 5, 6, 7, 14)
"""`csv/person-5` and `-14` are test people by their names' hash, `-6` is validation."""
SECONDS = {"walking": 9.2, "standing": 6.2, "lying": 6.2}
"""Two windows and one of each other; the fifth of a second keeps rounding away from the window's edge."""


def motion(activity: str, person: int) -> np.ndarray:
    """Return [time, channel] in m/s² and rad/s, of a phone at the waist whose x axis points up when one stands."""
    rng = np.random.default_rng((person, len(activity)))
    time = np.arange(round(SECONDS[activity] * RATE_HZ)) / RATE_HZ
    samples = rng.normal(0.0, 0.05, (len(time), len(CHANNELS)))
    samples[:, 2 if activity == "lying" else 0] += STANDARD_GRAVITY
    if activity == "walking":
        steps = 2 * np.pi * (1.7 + 0.05 * person % 0.4) * time
        samples[:, 0] += 2.5 * np.sin(steps) + 0.8 * np.sin(2 * steps)
        samples[:, 1] += 1.2 * np.sin(steps / 2)
        samples[:, 2] += 1.0 * np.cos(steps)
        samples[:, 3] += 0.6 * np.sin(steps / 2)
        samples[:, 4] += 0.4 * np.cos(steps)
    return samples


def write_person(person: int, folder: Path) -> None:
    """Write one recording as CSV."""
    columns = [f"{name} [{unit}]" for name, unit in zip(CHANNELS, UNITS, strict=True)]
    lines = [",".join(["time [s]", *columns, "activity", "person"])]
    for activity in SECONDS:
        for row in motion(activity, person):
            numbers = ",".join(f"{value:.4f}" for value in row)
            lines.append(f"{(len(lines) - 1) / RATE_HZ:.2f},{numbers},{activity},person-{person}")
    (folder / f"person-{person:02}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def make(out: Path) -> None:
    """Write the recordings and prepare them."""
    reading = ReadOptions(format="csv", label_column="activity", subject_column="person")
    with tempfile.TemporaryDirectory() as scratch:
        recordings = Path(scratch) / "tiny"  # the manifest keeps this name
        recordings.mkdir()
        for person in PEOPLE:
            write_person(person, recordings)
        prepare([recordings], out, PrepareSettings(reading=reading), fresh=True)


if __name__ == "__main__":
    make(Path(__file__).parent / "data")
