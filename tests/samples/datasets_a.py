"""UCI HAR, HHAR, MotionSense, Shoaib, PAMAP2 and MHEALTH in their official layouts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from samples.sample import GRAVITY, Sample, gravity, motion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HHAR_HEADER = "Index,Arrival_Time,Creation_Time,x,y,z,User,Model,Device,gt"
HHAR_START_NS = 1_424_696_631_913_248_572
MOTIONSENSE_HEADER = (
    ",attitude.roll,attitude.pitch,attitude.yaw,gravity.x,gravity.y,gravity.z,"
    "rotationRate.x,rotationRate.y,rotationRate.z,userAcceleration.x,userAcceleration.y,userAcceleration.z"
)
SHOAIB_POSITIONS = ("Left_pocket", "Right_pocket", "Wrist", "Upper_arm", "Belt")
SHOAIB_NAMES = ("time_stamp", *(kind + axis for kind in "ALGM" for axis in "xyz"))


def write_har_part(folder: Path, part: str, runs: Sequence[tuple[int, int, int]], n_windows: int = 9) -> None:
    """Write `train` or `test`: for each run (subject, label, first sample) so many windows that overlap by half."""
    signals = folder / "UCI HAR Dataset" / part / "Inertial Signals"
    signals.mkdir(parents=True)
    starts = np.concatenate([first + 64 * np.arange(n_windows) for _, _, first in runs])
    windows = motion((starts[:, None] + np.arange(128)).ravel() / 50).reshape(-1, 128, 6)
    windows[:, :, :3] /= GRAVITY
    tables = {"total_acc": windows[:, :, :3], "body_acc": 0.01 * windows[:, :, :3], "body_gyro": windows[:, :, 3:]}
    for sensor, values in tables.items():
        for axis, table in zip("xyz", np.moveaxis(values, 2, 0), strict=True):
            rows = ("".join(f" {_three_digits(value)}" for value in row) for row in table)
            (signals / f"{sensor}_{axis}_{part}.txt").write_text("\n".join(rows) + "\n")
    people, labels = ([run[place] for run in runs for _ in range(n_windows)] for place in (0, 1))
    (signals.parent / f"subject_{part}.txt").write_text("".join(f"{person}\n" for person in people))
    (signals.parent / f"y_{part}.txt").write_text("".join(f"{label}\n" for label in labels))


def _three_digits(value: float) -> str:
    """Write a number as the dataset does: ` 1.0116650e+000`."""
    mantissa, exponent = f"{value: .7e}".split("e")
    return f"{mantissa}e{exponent[0]}{exponent[1:]:0>3}"


def write_har(folder: Path) -> None:
    write_har_part(folder, "train", [(1, 5, 0)])
    write_har_part(folder, "test", [(2, 2, 0)])


def hhar_rows(
    times_s: np.ndarray, values: np.ndarray, labels: Sequence[str], user: str = "a", device: str = "nexus4_1"
) -> list[str]:
    """Return rows as HHAR writes them; arrivals are a little late and come in bursts."""
    creation = HHAR_START_NS + np.round(1e9 * times_s).astype(np.int64)
    arrival = creation // 10_000_000 * 10 + 15
    model = device.partition("_")[0]
    return [
        f"{row},{arrival[row]},{creation[row]},{x:.7g},{y:.7g},{z:.7g},{user},{model},{device},{label}"
        for row, ((x, y, z), label) in enumerate(zip(values, labels, strict=True))
    ]


def write_hhar(folder: Path) -> None:
    experiment = folder / "Activity recognition exp"
    experiment.mkdir()
    acc_times, gyr_times = np.arange(2800) / 200, 0.001 + np.arange(2800) / 200
    labels = ["stand"] * 2000 + ["null"] * 400 + ["stairsup"] * 400
    acc, gyr = motion(acc_times)[:, :3], motion(gyr_times)[:, 3:]
    old = hhar_rows(acc_times[:100], acc[:100], labels[:100], device="samsungold_1")
    for sensor, rows in (
        ("accelerometer", [*hhar_rows(acc_times, acc, labels), *old]),
        ("gyroscope", hhar_rows(gyr_times, gyr, labels)),
    ):
        (experiment / f"Phones_{sensor}.csv").write_text("\n".join([HHAR_HEADER, *rows]) + "\n")


def write_motionsense_trial(folder: Path, trial: str = "dws_1", subject: int = 1, seconds: int = 12) -> Path:
    times = np.arange(50 * seconds) / 50
    samples, down = motion(times), gravity(times)
    table = np.column_stack(
        [
            np.zeros((len(times), 3)),
            -down / GRAVITY,  # iOS counts it the other way round
            samples[:, 3:],
            (down - samples[:, :3]) / GRAVITY,
        ]
    )
    (folder / "A_DeviceMotion_data" / trial).mkdir(parents=True, exist_ok=True)
    file = folder / "A_DeviceMotion_data" / trial / f"sub_{subject}.csv"
    rows = (f"{number},{','.join(map(repr, row))}" for number, row in enumerate(table.tolist()))
    file.write_text("\n".join([MOTIONSENSE_HEADER, *rows]) + "\n")
    return file


def write_motionsense(folder: Path) -> None:
    write_motionsense_trial(folder)
    write_motionsense_trial(folder, "std_6", subject=24, seconds=13)


def write_shoaib_participant(
    file: Path, activities: Sequence[str] = ("walking", "upsatirs"), seconds: int = 12, step_ms: int = 20
) -> None:
    """Write activities of equal length end to end, a minute apart."""
    n_rows = 50 * seconds
    samples = motion(np.arange(n_rows) / 50)
    rows = []
    for nth, activity in enumerate(activities):
        for row in range(n_rows):
            stamp = 1_390_000_000_000 + 60_000 * nth + step_ms * row
            values = (*samples[row, :3], 0.1, 0.2, 0.3, *samples[row, 3:], 20.0, -30.0, 40.0)
            one = f"{stamp}," + ",".join(f"{value:.7g}" for value in values)
            rows.append(",,".join([one] * len(SHOAIB_POSITIONS)) + f",{activity}")
    above = ",".join(position + 13 * "," for position in SHOAIB_POSITIONS)
    header = ",,".join([",".join(SHOAIB_NAMES)] * len(SHOAIB_POSITIONS)) + ",Activity"
    file.write_text("\n".join([above, header, *rows]) + "\n")


def write_shoaib(folder: Path) -> None:
    (folder / "DataSet").mkdir()
    write_shoaib_participant(folder / "DataSet" / "Participant_1.csv")


def pamap2_table(labels: Sequence[int]) -> np.ndarray:
    """Return rows of 54 columns at 100 Hz with the same motion at all three sensors."""
    n_rows = len(labels)
    times = np.arange(n_rows) / 100
    samples = motion(times)
    table = np.ones((n_rows, 54))
    table[:, 0], table[:, 1], table[:, 2] = 8.38 + times, labels, np.nan
    table[::9, 2] = 104
    for first in (3, 20, 37):
        table[:, first] = 30.375
        table[:, first + 1 : first + 4] = samples[:, :3]
        table[:, first + 4 : first + 7] = np.clip(samples[:, :3], -1, 1)  # acc6 saturates
        table[:, first + 7 : first + 10] = samples[:, 3:]
    return table


def write_pamap2_table(file: Path, table: np.ndarray) -> None:
    rows = (
        " ".join(f"{value:.2f}" if not at else f"{value:.8g}" for at, value in enumerate(row)) for row in table.tolist()
    )
    file.write_text("\n".join(rows).replace("nan", "NaN") + "\n")


def write_pamap2(folder: Path) -> None:
    labels = [0] * 100 + [4] * 1100 + [24] * 200 + [12] * 200
    (folder / "Protocol").mkdir()
    write_pamap2_table(folder / "Protocol" / "subject101.dat", pamap2_table(labels))


def mhealth_table(labels: Sequence[int]) -> np.ndarray:
    """Return rows of 24 columns at 50 Hz with the same motion at all three sensors, the angular rate in deg/s."""
    samples = motion(np.arange(len(labels)) / 50)
    table = np.full((len(labels), 24), 0.25)
    for acc, gyr in ((0, None), (5, 8), (14, 17)):
        table[:, acc : acc + 3] = samples[:, :3]
        if gyr is not None:
            table[:, gyr : gyr + 3] = np.degrees(samples[:, 3:])
    table[:, 23] = labels
    return table


def write_mhealth_table(file: Path, table: np.ndarray) -> None:
    file.write_text("".join("\t".join(f"{value:.7g}" for value in row) + "\n" for row in table.tolist()))


def write_mhealth(folder: Path) -> None:
    labels = [0] * 50 + [1] * 400 + [5] * 50 + [9] * 100 + [11] * 100
    (folder / "MHEALTHDATASET").mkdir()
    write_mhealth_table(folder / "MHEALTHDATASET" / "mHealth_subject1.log", mhealth_table(labels))


DATASETS_A_SAMPLES = (
    Sample(
        "har",
        write_har,
        "g",
        "rad/s",
        (50, 50),
        "har/02",
        ("climbing stairs",),
        n_recordings=2,
        tolerance=1e-5,
        placement="waist",
    ),
    Sample(
        "hhar",
        write_hhar,
        "m/s^2",
        "rad/s",
        (200, 200),
        "hhar/a",
        ("standing", "climbing stairs"),
        begins_s=0.005,
        placement="waist",
    ),
    Sample(
        "motionsense",
        write_motionsense,
        "g",
        "rad/s",
        (50, 50),
        "motionsense/01",
        ("descending stairs",),
        n_recordings=2,
        tolerance=1e-6,
        placement="front pocket",
    ),
    Sample(
        "shoaib",
        write_shoaib,
        "m/s^2",
        "rad/s",
        (50, 50),
        "shoaib/01",
        ("walking",),
        n_recordings=10,
        placement="left pocket",
    ),
    Sample(
        "pamap2",
        write_pamap2,
        "m/s^2",
        "rad/s",
        (100, 100),
        "pamap2/101",
        ("walking", "climbing stairs"),
        n_recordings=3,
        tolerance=1e-5,
        placement="wrist",
    ),
    Sample(
        "mhealth",
        write_mhealth,
        "m/s^2",
        "deg/s",
        (50, 50),
        "mhealth/01",
        ("standing", "biking", "jogging"),
        n_recordings=2,
        tolerance=1e-5,
        placement="left ankle",
    ),
)
