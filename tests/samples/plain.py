"""Tables with a plain header, and sensors in separate files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from samples.sample import Sample, motion

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "time (s),acc_x (m/s^2),acc_y (m/s^2),acc_z (m/s^2),gyr_x (rad/s),gyr_y (rad/s),gyr_z (rad/s)"


def write_table(folder: Path) -> None:
    times = np.arange(1000) / 50
    np.savetxt(folder / "walk.csv", np.column_stack([times, motion(times)]), delimiter=",", header=HEADER, comments="")


def write_two_tables(folder: Path) -> None:
    acc_times, gyr_times = np.arange(2000) / 100, 0.004 + np.arange(1000) / 50
    for name, times, channels, unit in (
        ("acc.csv", acc_times, slice(0, 3), "m/s^2"),
        ("gyr.csv", gyr_times, slice(3, 6), "rad/s"),
    ):
        header = f"time (s),x ({unit}),y ({unit}),z ({unit})"
        table = np.column_stack([times, motion(times)[:, channels]])
        np.savetxt(folder / name, table, delimiter=",", header=header, comments="")


PLAIN_SAMPLES = (
    Sample("csv", write_table, "m/s^2", "rad/s", (50, 50), "csv/walk"),
    Sample("csv", write_two_tables, "m/s^2", "rad/s", (100, 50), "csv/{folder}", begins_s=0.01, name="two-files"),
)
