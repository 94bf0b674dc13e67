"""SHL, MobiAct, WISDM 2019, RealWorld, USC-HAD and Opportunity in their official layouts."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import numpy as np
from scipy.io import savemat

from llasa_core.data.read_options import ReadOptions
from samples.sample import GRAVITY, Sample, motion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SHL_START_MS = 1_498_120_000_000
MOBIACT_HEADER = "timestamp,rel_time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,azimuth,pitch,roll,label"
REALWORLD_HEADER = "id,attr_time,attr_x,attr_y,attr_z"
REALWORLD_START_MS = 1_435_993_000_000
OPPORTUNITY_IMUS = (38, 51, 64, 77, 90)
LOCOMOTION = 244


def shl_rows(times_s: np.ndarray) -> list[str]:
    """Return rows of a `_Motion.txt`: only time, acceleration and angular rate hold what a sensor measured."""
    samples = motion(times_s)
    table = np.zeros((len(times_s), 23))
    table[:, 0], table[:, 1:7] = SHL_START_MS + np.round(1000 * times_s), samples
    table[:, 10] = 1.0  # of the orientation
    table[:, 20] = 1013.25
    return [" ".join([f"{row[0]:.0f}", *(f"{value:.6f}" for value in row[1:])]) for row in table]


def shl_labels(times_s: np.ndarray, coarse: Sequence[int], fine: Sequence[int]) -> list[str]:
    """Return rows of a `Label.txt`: time, coarse and fine label, road, traffic, tunnels, social, food."""
    times_ms = SHL_START_MS + np.round(1000 * times_s)
    return [f"{time:.0f} {big} {small} 0 0 0 0 0" for time, big, small in zip(times_ms, coarse, fine, strict=True)]


def write_shl(folder: Path) -> None:
    day = folder / "User1" / "220617"
    day.mkdir(parents=True)
    times_s = np.arange(2000) / 100
    for phone in ("Bag", "Hand", "Hips", "Torso"):
        rows = shl_rows(times_s)
        holes = " ".join(["NaN"] * 22)
        first, last = (row.split(" ")[0] for row in (rows[0], shl_rows(np.array([20.0]))[0]))
        text = [f"{int(first) - 10} {holes}", *rows, f"{last} {holes}"]  # a day begins and ends with NaN
        (day / f"{phone}_Motion.txt").write_text("\n".join(text) + "\n")
    coarse = np.repeat([1, 2], 1000)
    (day / "Label.txt").write_text("\n".join(shl_labels(times_s, coarse, np.repeat([3, 5], 1000))) + "\n")


def mobiact_raw(times_ns: np.ndarray, values: np.ndarray, sensor: str) -> str:
    """Return the text of a `WAL_acc_5_1.txt`."""
    about = (
        f"#Activity: 2 - Walking - 300s\n#Subject ID: 5\n#First Name: sub5\n#Last Name: sub5\n#Age: 36\n#Height: 160\n"
        f"#Weight: 50\n#Gender: Female\n\n#Sensor: {sensor}\n#timestamp(ns),x,y,z\n\n@DATA\n"
    )
    rows = (
        f"{time},{x:.8g},{y:.8g},{z:.8g}" for time, (x, y, z) in zip(times_ns.astype(np.int64), values, strict=True)
    )
    return about + "\n".join(rows) + "\n"


def uneven(n_samples: int, rate_hz: float, off_s: float = 0.0) -> np.ndarray:
    """Return times of a sensor that samples a little early and late, in turns that do not repeat soon."""
    nth = np.arange(n_samples)
    return off_s + (nth + 0.1 * np.sin(2.7 * nth) * (nth > 0)) / rate_hz


def write_mobiact_raw(folder: Path) -> None:
    trial = folder / "MobiAct_Dataset" / "WAL"
    trial.mkdir(parents=True)
    acc_s, gyr_s = uneven(4000, 200), uneven(2000, 100, off_s=-0.003)
    start_ns = 8_041_000_000_000
    for sensor, times_s, channels in (("acc", acc_s, slice(0, 3)), ("gyro", gyr_s, slice(3, 6))):
        text = mobiact_raw(start_ns + np.round(1e9 * times_s), motion(times_s)[:, channels], sensor)
        (trial / f"WAL_{sensor}_5_1.txt").write_text(text)


def mobiact_annotated(times_s: np.ndarray, labels: Sequence[str]) -> str:
    """Return the text of a `STU_5_1_annotated.csv`."""
    rows = (
        f"{8_041_000_000_000 + round(1e9 * time)},{time:.9g},"
        + ",".join(f"{value:.8g}" for value in sample)
        + f",12.5,-80.25,3.5,{label}"
        for time, sample, label in zip(times_s, motion(times_s), labels, strict=True)
    )
    return "\n".join([MOBIACT_HEADER, *rows]) + "\n"


def write_mobiact_annotated(folder: Path) -> None:
    trial = folder / "Annotated Data" / "STU"
    trial.mkdir(parents=True)
    labels = np.repeat(["STD", "STU"], [1000, 3000])
    (trial / "STU_5_1_annotated.csv").write_text(mobiact_annotated(uneven(4000, 200), labels))


def wisdm_rows(times_s: np.ndarray, values: np.ndarray, letter: str, person: int = 1600) -> list[str]:
    """Return rows of a `data_1600_accel_phone.txt`."""
    return [
        f"{person},{letter},{252_207_666_810_782 + round(1e9 * time)},{x:.8g},{y:.8g},{z:.8g};"
        for time, (x, y, z) in zip(times_s, values, strict=True)
    ]


def write_wisdm_2019(folder: Path) -> None:
    acc_s, gyr_s = np.arange(500) / 20, -0.02 + np.arange(520) / 20
    for device in ("phone", "watch"):
        for sensor, times_s, channels in (("accel", acc_s, slice(0, 3)), ("gyro", gyr_s, slice(3, 6))):
            raw = folder / "wisdm-dataset" / "raw" / device / sensor
            raw.mkdir(parents=True)
            rows = [
                *wisdm_rows(times_s, motion(times_s)[:, channels], "A"),
                *wisdm_rows(times_s - 1000, motion(times_s)[:, channels], "D"),  # recorded before
            ]
            (raw / f"data_1600_{sensor}_{device}.txt").write_text("\n".join(rows) + "\n", encoding="iso-8859-1")


def realworld_csv(times_s: np.ndarray, values: np.ndarray) -> str:
    """Return the text of an `acc_walking_waist.csv`."""
    rows = (
        f"{number},{REALWORLD_START_MS + round(1000 * time)},{x:.8g},{y:.8g},{z:.8g}"
        for number, (time, (x, y, z)) in enumerate(zip(times_s, values, strict=True), start=1)
    )
    return "\n".join([REALWORLD_HEADER, *rows]) + "\n"


def packed(members: dict[str, str | bytes]) -> bytes:
    """Return a zip of these files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def write_realworld(folder: Path) -> None:
    data = folder / "proband1" / "data"
    data.mkdir(parents=True)
    acc_s, gyr_s = np.arange(1000) / 50, -0.01 + np.arange(1002) / 50
    for zipped, member, times_s, channels in (
        ("acc", "acc", acc_s, slice(0, 3)),
        ("gyr", "Gyroscope", gyr_s, slice(3, 6)),
    ):
        text = realworld_csv(times_s, motion(times_s)[:, channels])
        members: dict[str, str | bytes] = {
            "readMe": "about the sensors",
            f"{member}_climbingup_upperarm.csv": text,
            f"{member}_climbingup_waist.csv": text,
        }
        (data / f"{zipped}_climbingup_csv.zip").write_bytes(packed(members))


def usc_trial(samples: np.ndarray, activity: str = "6", **fields: object) -> dict[str, object]:
    """Return the fields of an `a6t1.mat`; `samples` [time, 6] in m/s² and rad/s."""
    readings = np.concatenate([samples[:, :3] / GRAVITY, np.rad2deg(samples[:, 3:])], axis=1)
    texts = {"title": "USC Human Motion Database", "version": "1.0", "date": "2009-11-20", "subject": "1", "trial": "1"}
    return {**texts, "activity": "run-forward", "activity_number": activity, "sensor_readings": readings, **fields}


def write_usc_had(folder: Path) -> None:
    (folder / "Subject1").mkdir()
    savemat(folder / "Subject1" / "a6t1.mat", usc_trial(motion(np.arange(1500) / 100)))


def opportunity_rows(times_s: np.ndarray, locomotion: Sequence[int]) -> list[str]:
    """Return rows of an `S1-ADL1.dat`: all five IMUs measure the same, all other sensors are off."""
    samples = motion(times_s)
    table = np.full((len(times_s), 250), np.nan)
    table[:, 0], table[:, LOCOMOTION - 1] = np.round(1000 * times_s), locomotion
    table[:, 244:] = 0
    for first in OPPORTUNITY_IMUS:
        table[:, first - 1 : first + 2] = np.round(1000 * samples[:, :3] / 9.8)
        table[:, first + 2 : first + 5] = np.round(1000 * samples[:, 3:])
    return [" ".join("NaN" if np.isnan(value) else f"{value:.0f}" for value in row) for row in table]


def write_opportunity(folder: Path) -> None:
    times_s = np.arange(600) / 30
    rows = opportunity_rows(times_s, np.repeat([1, 0, 5], 200))
    (folder / "S1-ADL1.dat").write_text("\n".join(rows) + "\n")


DATASETS_B_SAMPLES = (
    Sample(
        "shl",
        write_shl,
        "m/s^2",
        "rad/s",
        (100, 100),
        "shl/1",
        ("sitting", "walking"),
        n_recordings=4,
        tolerance=1e-5,
        begins_s=-0.01,
        placement="bag",
    ),
    Sample(
        "mobiact",
        write_mobiact_raw,
        "m/s^2",
        "rad/s",
        (200, 100),
        "mobiact/5",
        ("walking",),
        tolerance=1e-5,
        placement="trouser pocket",
        name="raw",
    ),
    Sample(
        "mobiact",
        write_mobiact_annotated,
        "m/s^2",
        "rad/s",
        (200, 200),
        "mobiact/5",
        ("standing", "climbing stairs"),
        tolerance=1e-5,
        placement="trouser pocket",
        name="annotated",
    ),
    Sample(
        "wisdm-2019",
        write_wisdm_2019,
        "m/s^2",
        "rad/s",
        (20, 20),
        "wisdm-2019/1600",
        ("walking",),
        n_recordings=4,
        tolerance=1e-3,
        placement="pocket",
    ),
    Sample(
        "realworld",
        write_realworld,
        "m/s^2",
        "rad/s",
        (50, 50),
        "realworld/1",
        ("climbing stairs",),
        n_recordings=2,
        tolerance=1e-4,
        placement="upper arm",
    ),
    Sample(
        "usc-had",
        write_usc_had,
        "g",
        "deg/s",
        (100, 100),
        "usc-had/1",
        ("jogging",),
        tolerance=1e-6,
        placement="front right hip",
    ),
    Sample(
        "opportunity",
        write_opportunity,
        "mg",
        "rad/s",
        (30, 30),
        "opportunity/1",
        ("standing", "lying"),
        n_recordings=5,
        tolerance=0.006,
        placement="back",
        options=ReadOptions(gyr_unit="rad/s"),
    ),
)
