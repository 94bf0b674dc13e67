"""What loggers on phones and watches export: Sensor Logger, phyphox, SensorLog, dumps of Core Motion."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from samples.sample import GRAVITY, Sample, gravity, motion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

START_MS = 1717009637445
"""When the recordings began, in ms since 1970."""


def write_sensor(folder: Path, name: str, times_s: np.ndarray, values: np.ndarray) -> None:
    """Write one file of Sensor Logger; `values` are x, y, z, which it writes the other way round."""
    rows = [
        f"{START_MS * 1_000_000 + round(time * 1e9)},{time!r},{z!r},{y!r},{x!r}"
        for time, (x, y, z) in zip(times_s.tolist(), values.tolist(), strict=True)
    ]
    (folder / f"{name}.csv").write_text("\n".join(("time,seconds_elapsed,z,y,x", *rows)), encoding="utf-8")


def write_metadata(folder: Path, platform: str, standardisation: str | None = None) -> None:
    """Write what Sensor Logger says of the device; older versions say nothing of a standardisation."""
    names = "version,device name,recording epoch time,recording time,recording timezone,platform,appVersion"
    values = f"3,phone,{START_MS},2024-05-29_19-07-17,Europe/Kiev,{platform},1.34.2"
    if standardisation:
        names, values = f"{names},standardisation", f"{values},{standardisation}"
    (folder / "Metadata.csv").write_text(f"{names}\n{values}", encoding="utf-8")


def write_annotations(folder: Path, texts: Sequence[tuple[float, str]]) -> None:
    """Write (seconds, text) as Sensor Logger does."""
    rows = [f"{START_MS * 1_000_000 + round(time * 1e9)},{time!r},{text}" for time, text in texts]
    (folder / "Annotation.csv").write_text("\n".join(("time,seconds_elapsed,text", *rows)), encoding="utf-8")


def write_android(folder: Path) -> None:
    acc_times, gyr_times = 0.003 + np.arange(2000) / 100, np.arange(4000) / 200
    write_sensor(folder, "TotalAcceleration", acc_times, motion(acc_times)[:, :3])
    write_sensor(folder, "Accelerometer", acc_times, motion(acc_times)[:, :3] - gravity(acc_times))
    write_sensor(folder, "Gyroscope", gyr_times, motion(gyr_times)[:, 3:])
    (folder / "AccelerometerUncalibrated.csv").write_text("", encoding="utf-8")
    write_metadata(folder, "android", "false")
    write_annotations(folder, [(4.0, "walking"), (10.0, "Stand"), (15.0, "stop")])


def write_ios(folder: Path) -> None:
    times = np.arange(1000) / 50
    write_sensor(folder, "Accelerometer", times, gravity(times) - motion(times)[:, :3])
    write_sensor(folder, "Gravity", times, -gravity(times))
    write_sensor(folder, "Gyroscope", times, motion(times)[:, 3:])
    write_metadata(folder, "ios")
    (folder / "Annotation.csv").write_text("", encoding="utf-8")


def write_wrist(folder: Path, scale: float = -1 / GRAVITY) -> None:
    """Write an Apple Watch's file; the acceleration is scaled: by −1 / g as the watch gives it, by 1 standardised."""
    sensors = [f"{sensor}{axis}" for sensor in ("rotationRate", "gravity", "acceleration") for axis in "XYZ"]
    quaternion = ["quaternionW", "quaternionX", "quaternionY", "quaternionZ"]
    times = np.arange(1000) / 50
    acc, down = motion(times)[:, :3], gravity(times)
    table = np.column_stack([motion(times)[:, 3:], scale * down, scale * (acc - down), np.ones((1000, 4))])
    rows = [
        ",".join((str(START_MS * 1_000_000 + round(time * 1e9)), repr(time), *map(repr, row)))
        for time, row in zip(times.tolist(), table.tolist(), strict=True)
    ]
    header = ",".join(("time", "seconds_elapsed", *sensors, *quaternion))
    (folder / "WristMotion.csv").write_text("\n".join((header, *rows)), encoding="utf-8")


def write_watch(folder: Path) -> None:
    write_wrist(folder)
    write_metadata(folder, "ios", "false")


def phyphox_number(value: float, decimal: str = ".") -> str:
    """Return a number as phyphox writes it: 1.234500000E-2."""
    if np.isnan(value):
        return "NaN"
    mantissa, _, exponent = f"{value:.9E}".partition("E")
    return f"{mantissa}E{int(exponent)}".replace(".", decimal)


def write_phyphox(
    path: Path, header: Sequence[str], table: np.ndarray, separator: str = ",", decimal: str = "."
) -> None:
    """Write a table in one of the ways that phyphox offers."""
    path.parent.mkdir(exist_ok=True)
    rows = [separator.join(phyphox_number(value, decimal) for value in row) for row in table.tolist()]
    path.write_text("\n".join((separator.join(f'"{name}"' for name in header), *rows, "")), encoding="utf-8")


def write_phyphox_meta(
    folder: Path, events: Sequence[tuple[str, float, float]], separator: str = ",", decimal: str = "."
) -> None:
    """Write (event, experiment time, system time after the start) as phyphox does."""
    (folder / "meta").mkdir(exist_ok=True)
    lines = [separator.join(('"event"', '"experiment time"', '"system time"', '"system time text"'))]
    for event, experiment_s, system_s in events:
        since_1970_s = f"{START_MS / 1000 + system_s:.3f}".replace(".", decimal)
        text = f'"{datetime.fromtimestamp(START_MS / 1000 + system_s, UTC):%Y-%m-%d %H:%M:%S}.000 UTC+00:00"'
        lines.append(separator.join((f'"{event}"', phyphox_number(experiment_s, decimal), since_1970_s, text)))
    (folder / "meta" / "time.csv").write_text("\n".join((*lines, "")), encoding="utf-8")
    device = [separator.join(pair) for pair in (('"property"', '"value"'), ('"deviceModel"', '"Pixel 6a"'))]
    (folder / "meta" / "device.csv").write_text("\n".join((*device, "")), encoding="utf-8")


def write_paused(folder: Path) -> None:
    """Write 12 s, a pause of 5 s in which the experiment's time stands still, and 12 s more."""
    system_s = np.concatenate([np.arange(1200) / 100, 17 + np.arange(1200) / 100])
    experiment_s = np.where(system_s < 17, system_s, system_s - 5)
    for name, channels, unit in (("Accelerometer", slice(0, 3), "m/s^2"), ("Gyroscope", slice(3, 6), "rad/s")):
        header = ("Time (s)", *(f"{axis} ({unit})" for axis in "XYZ"))
        table = np.column_stack([experiment_s, motion(system_s)[:, channels]])
        write_phyphox(folder / f"{name}.csv", header, table)
    write_phyphox_meta(folder, [("START", 0, 0), ("PAUSE", 12, 12), ("START", 12, 17), ("PAUSE", 24, 29)])


def write_raw_data(folder: Path) -> None:
    times = np.arange(1000) / 50
    header = ["Time (s)", *(f"Acceleration {axis} (m/s^2)" for axis in "xyz"), "Absolute acceleration (m/s^2)"]
    header += [f"Gyroscope {axis} (rad/s)" for axis in "xyz"]
    acc, gyr = np.split(motion(times), 2, axis=1)
    table = np.column_stack([times, acc, np.linalg.norm(acc, axis=1), gyr])
    write_phyphox(folder / "Raw Data.csv", header, table, ";", ",")
    write_phyphox_meta(folder, [("START", 0, 0), ("PAUSE", 20, 20)], ";", ",")


SENSORLOG_HEADER = (
    "loggingTime(txt)",
    "loggingSample(N)",
    "accelerometerTimestamp_sinceReboot(s)",
    *(f"accelerometerAcceleration{axis}(G)" for axis in "XYZ"),
    "gyroTimestamp_sinceReboot(s)",
    *(f"gyroRotation{axis}(rad/s)" for axis in "XYZ"),
    "motionTimestamp_sinceReboot(s)",
    *(f"motion{angle}(rad)" for angle in ("Yaw", "Roll", "Pitch")),
    *(f"motionRotationRate{axis}(rad/s)" for axis in "XYZ"),
    *(f"motionUserAcceleration{axis}(G)" for axis in "XYZ"),
    "motionAttitudeReferenceFrame(txt)",
    *(f"motionGravity{axis}(G)" for axis in "XYZ"),
    "activity(txt)",
    "label(N)",
)


def sensorlog_rows(times_s: np.ndarray, gyr_times_s: np.ndarray | None = None) -> list[list[str]]:
    """Return rows of SensorLog; the raw gyroscope may have sampled at other times."""
    gyr_times_s = times_s if gyr_times_s is None else gyr_times_s
    acc, gyr, down = -motion(times_s)[:, :3] / GRAVITY, motion(times_s)[:, 3:], -gravity(times_s) / GRAVITY
    begin = datetime(2024, 5, 29, 22, 7, 17, 445000)  # noqa: DTZ001 - the zone is written behind it
    rows = []
    for at, (time, gyr_time) in enumerate(zip(times_s.tolist(), gyr_times_s.tolist(), strict=True)):
        numbers = (
            (1000 + time, *acc[at]),
            (1000 + gyr_time, *motion(gyr_times_s[at : at + 1])[0, 3:]),
            (1000 + time, 0, 0, 0, *gyr[at], *(acc[at] - down[at])),
        )
        clock, raw_gyr, fused = ([repr(float(number)) for number in part] for part in numbers)
        logged = f"{begin + timedelta(seconds=time + 0.01 + 0.005 * (at % 3)):%Y-%m-%d %H:%M:%S.%f}"[:-3] + " +0300"
        gravities = [repr(float(number)) for number in down[at]]
        rows.append([logged, str(at), *clock, *raw_gyr, *fused, "XArbitraryZVertical", *gravities, "walking", "0"])
    return rows


def write_sensorlog(folder: Path) -> None:
    rows = [",".join(row) for row in (SENSORLOG_HEADER, *sensorlog_rows(np.arange(1000) / 50))]
    (folder / "my_iOS_device_2024-05-29.csv").write_text("\n".join((*rows, "")), encoding="utf-8")


def write_core_motion(folder: Path) -> None:
    times = np.arange(1000) / 50
    acc, down = -motion(times)[:, :3] / GRAVITY, -gravity(times) / GRAVITY
    names = ["timestamp", *(f"attitude.{angle}" for angle in ("roll", "pitch", "yaw"))]
    names += [f"{sensor}.{axis}" for sensor in ("gravity", "rotationRate", "userAcceleration") for axis in "xyz"]
    table = np.column_stack([5000 + times, np.zeros((1000, 3)), down, motion(times)[:, 3:], acc - down])
    np.savetxt(folder / "walk.csv", table, delimiter=",", header=",".join(names), comments="")


PHONE_SAMPLES = (
    Sample(
        "sensor-logger",
        write_android,
        "m/s^2",
        "rad/s",
        (100, 200),
        "sensor-logger/{folder}",
        (None, "walking", "standing", None),
        begins_s=0.005,
        name="android",
    ),
    Sample("sensor-logger", write_ios, "m/s^2", "rad/s", (50, 50), "sensor-logger/{folder}", name="ios"),
    Sample(
        "sensor-logger",
        write_watch,
        "g",
        "rad/s",
        (50, 50),
        "sensor-logger/{folder}",
        placement="wrist",
        name="watch",
    ),
    Sample("phyphox", write_paused, "m/s^2", "rad/s", (100, 100), "phyphox/{folder}", n_recordings=2, name="paused"),
    Sample("phyphox", write_raw_data, "m/s^2", "rad/s", (50, 50), "phyphox/{folder}_Raw Data", name="raw-data"),
    Sample("sensorlog", write_sensorlog, "g", "rad/s", (50, 50), "sensorlog/my_iOS_device_2024-05-29"),
    Sample("core-motion", write_core_motion, "g", "rad/s", (50, 50), "core-motion/walk"),
)
