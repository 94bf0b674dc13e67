from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from samples.phones import SENSORLOG_HEADER, START_MS, sensorlog_rows
from samples.sample import motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llasa_core.data.recording import Recording

TIMES = np.arange(1000) / 50
FUSED = ("motionTimestamp", "motionUserAcceleration", "motionGravity", "motionRotationRate")


def write(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], separator: str = ",") -> Path:
    path.write_text("\n".join(separator.join(row) for row in (header, *rows)) + "\n", encoding="utf-8")
    return path


def without(names: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows without the columns whose names begin so."""
    kept = [at for at, name in enumerate(SENSORLOG_HEADER) if not name.startswith(tuple(names))]
    return [SENSORLOG_HEADER[at] for at in kept], [[row[at] for at in kept] for row in rows]


def read(path: Path, **options: Any) -> Recording:
    (recording,) = read_recordings(path, ReadOptions(**options))
    return recording


def test_the_fused_sensors_share_their_own_clock(tmp_path: Path):
    recording = read(write(tmp_path / "walk.csv", SENSORLOG_HEADER, sensorlog_rows(TIMES)))

    assert recording.notes == (
        (
            "column `activity(txt)` is Apple's own guess and no label; "
            '`--label-column "activity(txt)"` takes it all the same'
        ),
        'column `label(N)` is not read; `--label-column "label(N)"` takes the activities from it',
        (
            "acc from `motionUserAccelerationX(G)`, `motionUserAccelerationY(G)`, `motionUserAccelerationZ(G)` plus "
            "`motionGravityX(G)`, `motionGravityY(G)`, `motionGravityZ(G)`"
        ),
        "gyr from `motionRotationRateX(rad/s)`, `motionRotationRateY(rad/s)`, `motionRotationRateZ(rad/s)`",
        "time from `motionTimestamp_sinceReboot(s)`",
        "time in s: the header says so; about 50 Hz",
        "acc in g: the header (`motionUserAccelerationX(G)`) says so, and the median of its 1-s means is 0.999",
        "acc negated: iOS counts gravity the other way round than Android; `--keep-frame` leaves it",
        (
            "gyr in rad/s: the header (`motionRotationRateX(rad/s)`) says so, "
            "and in rad/s it explains how gravity turns (factor 0.93)"
        ),
        "50 Hz, even stamps",
    )
    assert recording.samples == pytest.approx(motion(TIMES), abs=1e-6)


def test_the_date_is_that_of_the_earliest_writing(tmp_path: Path):
    recording = read(write(tmp_path / "walk.csv", SENSORLOG_HEADER, sensorlog_rows(TIMES)))

    assert recording.since_1970_s == pytest.approx(START_MS / 1000 + 0.01, abs=2e-3)


def test_rows_that_repeat_a_sample_count_once(tmp_path: Path):
    rows = [row for row in sensorlog_rows(TIMES) for _ in range(2)]
    recording = read(write(tmp_path / "walk.csv", SENSORLOG_HEADER, rows))

    assert recording.samples == pytest.approx(motion(TIMES), abs=1e-6)
    assert dict(recording.left_out) == {"repeats the time and values of another row": 1000}


def test_raw_sensors_are_joined_by_their_own_clocks(tmp_path: Path):
    header, rows = without(("motion",), sensorlog_rows(TIMES, TIMES + 0.007))
    recording = read(write(tmp_path / "walk.csv", header, rows))

    first = round((recording.since_1970_s or 0) - START_MS / 1000 - 0.01, 3)
    wanted = motion(first + np.arange(len(recording.samples)) / recording.sampling_rate_hz)
    assert np.abs(recording.samples - wanted).max() < 0.02


def test_the_accelerometer_goes_with_the_fused_gyroscope(tmp_path: Path):
    header, rows = without(("gyro", "motionUser", "motionGravity"), sensorlog_rows(TIMES))
    recording = read(write(tmp_path / "walk.csv", header, rows))

    assert "time from `accelerometerTimestamp_sinceReboot(s)`, gyr's own from `motionTimestamp_sinceReboot(s)`" in (
        recording.notes
    )
    assert recording.samples == pytest.approx(motion(TIMES), abs=1e-3)


def test_fused_columns_that_stay_empty_are_not_taken(tmp_path: Path):
    rows = sensorlog_rows(TIMES)
    empty = [at for at, name in enumerate(SENSORLOG_HEADER) if name.startswith("motion")]
    rows = [["" if at in empty else cell for at, cell in enumerate(row)] for row in rows]

    assert read(write(tmp_path / "walk.csv", SENSORLOG_HEADER, rows)).samples == pytest.approx(motion(TIMES), abs=1e-3)


def test_columns_without_units_and_other_separators_are_read(tmp_path: Path):
    header = [name.partition("(")[0] for name in SENSORLOG_HEADER]
    recording = read(write(tmp_path / "walk.csv", header, sensorlog_rows(TIMES), ";"))

    assert recording.dataset == "sensorlog"
    assert recording.samples == pytest.approx(motion(TIMES), abs=1e-6)


def test_the_guess_of_the_phone_is_a_label_when_asked_for(tmp_path: Path):
    path = write(tmp_path / "walk.csv", SENSORLOG_HEADER, sensorlog_rows(TIMES))

    assert {segment.activity for segment in read(path).segments} == {None}
    assert {segment.activity for segment in read(path, label_column="activity(txt)").segments} == {"walking"}


def test_a_missing_gyroscope_is_refused(tmp_path: Path):
    header, rows = without(("gyro", "motion"), sensorlog_rows(TIMES))
    path = write(tmp_path / "walk.csv", header, rows)
    with pytest.raises(DataError) as caught:
        read(path)

    assert str(caught.value).replace(str(path), path.name) == (
        "no gyroscope: the file holds acceleration only (`accelerometerAccelerationX(G)`, "
        "`accelerometerAccelerationY(G)`, `accelerometerAccelerationZ(G)`)\n"
        "  where: walk.csv:1\n"
        "  fix:   record the gyroscope too, or pass `--allow-missing gyro`: "
        "gyr is then zero, and the windows are flagged"
    )
