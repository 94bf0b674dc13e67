"""Loggers on phones and boards, and sensors that are worn, each in the layout of its own program."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from samples.sample import GRAVITY, Sample, gravity, motion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DEGREES = 180 / np.pi
START = datetime(2024, 5, 29, 23, 59, 55, tzinfo=UTC)
"""Five seconds before midnight."""
START_MS = round(START.timestamp() * 1000)
DOT_LINES = """sep=,
DeviceTag:,{tag}
FirmwareVersion:,3.0.0
AppVersion:,2023.6.0
SyncStatus:,Synced
OutputRate:,60Hz
FilterProfile:,General
Measurement Mode:,Rate quantities (with mag)
StartTime: ,2025-07-11_20:06:00_086 WEST
© Movella Technologies B. V. 2005-2025

"""
METAWEAR = "walk_MetaWear_2024-05-29T23.59.55.000_C42732BE255C"


def in_g_and_degrees(times_s: np.ndarray) -> np.ndarray:
    return motion(times_s) * np.repeat([1 / GRAVITY, DEGREES], 3)


def write_lines(path: Path, head: str, rows: Sequence[str], encoding: str = "utf-8") -> None:
    path.write_bytes((head + "\n".join(rows) + "\n").encode(encoding))


def row_of(values: np.ndarray, n_digits: int, separator: str = ",") -> str:
    return separator.join(f"{value:.{n_digits}f}" for value in values)


def write_physics_toolbox(folder: Path) -> None:
    times = np.arange(1000) / 50
    samples = motion(times)
    linear = samples[:, :3] - gravity(times)
    table = np.column_stack([samples[:, :3] / GRAVITY, linear, samples[:, 3:]])
    rows = [f"{time:.6f},{row_of(values, 4)}," for time, values in zip(times, table, strict=True)]
    write_lines(folder / "walk.csv", "\ntime,gFx,gFy,gFz,ax,ay,az,wx,wy,wz,\n", rows)


def write_androsensor(folder: Path) -> None:
    times = np.arange(1000) / 50
    samples, still = motion(times), gravity(times)
    table = np.column_stack([samples[:, :3], still, samples[:, :3] - still, samples[:, 3:]])
    kinds = (("ACCELEROMETER", "m/s²"), ("GRAVITY", "m/s²"), ("LINEAR ACCELERATION", "m/s²"), ("GYROSCOPE", "rad/s"))
    names = [f"{kind} {axis} ({unit})" for kind, unit in kinds for axis in "XYZ"]
    head = ";".join([*names, "SOUND LEVEL (dB)", "Time since start in ms ", "YYYY-MO-DD HH-MI-SS_SSS"])
    rows = [
        f"{row_of(values, 4, ';')};41.5;{20 * number};{START + timedelta(seconds=time):%Y-%m-%d %H:%M:%S:%f}"[:-3]
        for number, (time, values) in enumerate(zip(times, table, strict=True))
    ]
    write_lines(folder / "walk.csv", head + "\n", rows, "latin-1")


def write_metawear(folder: Path, name: str = METAWEAR, end: str = "1.4.4") -> None:
    for sensor, unit, channels, rate_hz in (
        ("Accelerometer", "g", slice(0, 3), 50),
        ("Gyroscope", "deg/s", slice(3, 6), 100),
    ):
        steps_ms = np.arange(20 * rate_hz) * 1000 // rate_hz
        head = f"epoch (ms),time (01:00),elapsed (s),x-axis ({unit}),y-axis ({unit}),z-axis ({unit})\n"
        rows = [
            f"{START_MS + ms},{START + timedelta(hours=1, milliseconds=int(ms)):%Y-%m-%dT%H:%M:%S.%f}"[:-3]
            + f",{ms / 1000:.3f},{row_of(values[channels], 3)}"
            for ms, values in zip(steps_ms, in_g_and_degrees(steps_ms / 1000), strict=True)
        ]
        write_lines(folder / f"{name}_{sensor}_{rate_hz}.000Hz_{end}.csv", head, rows)


def dot_rows(times_us: np.ndarray, samples: np.ndarray) -> list[str]:
    return [
        f"{number},{(4_294_000_000 + us) % 2**32},{row_of(values, 6)},0.1,0.2,0.3,0,"
        for number, (us, values) in enumerate(zip(times_us, samples, strict=True), start=1)
    ]


def write_dots(folder: Path) -> None:
    """Write two sensors of one person; the clocks wrap after 2**32 microseconds, which is within the first second."""
    times_us = np.arange(1200) * 100_000 // 6
    samples = motion(times_us / 1e6) * np.repeat([1, DEGREES], 3)
    names = [f"{sensor}_{axis}" for sensor in ("Acc", "Gyr", "Mag") for axis in "XYZ"]
    head = ",".join(["PacketCounter", "SampleTimeFine", *names, "Status"]) + "\n"
    for file, tag in (("1_20250711_200600_086.csv", "DOT_Wrist_L"), ("2_20250711_200600_091.csv", "DOT_Shank_R")):
        write_lines(folder / file, DOT_LINES.format(tag=tag) + head, dot_rows(times_us, samples))


def write_shimmer(folder: Path) -> None:
    times = np.arange(1024) / 51.2
    samples = motion(times) * np.repeat([1, DEGREES], 3)
    sensors = [("Timestamp_Unix", "ms")]
    for name, unit in (("Accel_LN", "m/(s^2)"), ("Accel_WR", "m/(s^2)"), ("Gyro", "deg/s"), ("Mag", "local_flux")):
        sensors += [(f"{name}_{axis}", unit) for axis in "XYZ"]
    names = "".join(f"Shimmer_40AC_{name}_CAL\t" for name, _ in sensors)
    units = "".join(f"{unit}\t" for _, unit in sensors)
    rows = [
        f"{START_MS + 1000 * time!r}\t{row_of(values[:3], 6, chr(9))}\t{row_of(values[:3] + 0.3, 6, chr(9))}\t"
        f"{row_of(values[3:], 6, chr(9))}\t0.1\t0.2\t0.3\t"
        for time, values in zip(times.tolist(), samples, strict=True)
    ]
    write_lines(folder / "walk_Session1_Shimmer_40AC_Calibrated_SD.csv", f'"sep=\\t"\n{names}\n{units}\n', rows)


def axivity_rows() -> list[str]:
    times = np.arange(2000) / 100
    return [
        f"{START + timedelta(seconds=time):%Y-%m-%d %H:%M:%S.%f}"[:-3] + f",{row_of(values, 6)}"
        for time, values in zip(times, in_g_and_degrees(times), strict=True)
    ]


def write_axivity(folder: Path) -> None:
    axes = ", ".join([*(f"Accel-{axis} (g)" for axis in "XYZ"), *(f"Gyro-{axis} (d/s)" for axis in "XYZ")])
    write_lines(folder / "6012345.csv", f"Time,{axes}\n", axivity_rows())


def write_axivity_without_header(folder: Path) -> None:
    write_lines(folder / "6012345.csv", "", axivity_rows())


def write_x_io(folder: Path) -> None:
    times = np.arange(2000) / 100
    names = [
        f"{sensor} {axis} ({unit})"
        for sensor, unit in (("Gyroscope", "deg/s"), ("Accelerometer", "g"))
        for axis in "XYZ"
    ]
    table = np.roll(in_g_and_degrees(times), 3, axis=1)
    rows = [f"{round(time * 1e6)},{row_of(values, 7)}" for time, values in zip(times, table, strict=True)]
    write_lines(folder / "walk.csv", ",".join(["Timestamp (us)", *names]) + "\n", rows)


def write_picoquake(folder: Path) -> None:
    head = """# PLab PicoQuake Data\r
# Time: 2024-05-29 23:59:55.000000, Device: D4E9 (E6632891E36F2029)\r
# Num. samples: 4000, Duration: 20.0 s\r
# Config: data_rate = 200.0 Hz, filter = 42 Hz, acc_range = 4 g, gyro_range = 250.0 dps\r
# Integrity: True, Skipped samples: 0\r
count,a_x,a_y,a_z,g_x,g_y,g_z\r
"""
    samples = in_g_and_degrees(np.arange(4000) / 200)
    rows = [f"{number},{row_of(values, 9)}\r" for number, values in enumerate(samples)]
    write_lines(folder / "walk.csv", head, rows)


DEVICE_SAMPLES = (
    Sample("physics-toolbox", write_physics_toolbox, "g", "rad/s", (50, 50), "physics-toolbox/walk"),
    Sample("androsensor", write_androsensor, "m/s^2", "rad/s", (50, 50), "androsensor/walk"),
    Sample("metawear", write_metawear, "g", "deg/s", (50, 100), f"metawear/{METAWEAR}_1.4.4"),
    Sample("dot", write_dots, "m/s^2", "deg/s", (60, 60), "dot/{folder}", n_recordings=2, placement="left wrist"),
    Sample(
        "shimmer", write_shimmer, "m/s^2", "deg/s", (51.2, 51.2), "shimmer/walk_Session1_Shimmer_40AC_Calibrated_SD"
    ),
    Sample("axivity", write_axivity, "g", "deg/s", (100, 100), "axivity/6012345"),
    Sample("axivity", write_axivity_without_header, "g", "deg/s", (100, 100), "axivity/6012345", name="without-header"),
    Sample("x-io", write_x_io, "g", "deg/s", (100, 100), "x-io/walk"),
    Sample("csv", write_picoquake, "g", "deg/s", (200, 200), "csv/walk", name="picoquake"),
)
