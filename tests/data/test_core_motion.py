from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from samples.sample import GRAVITY, gravity, motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.data.recording import Recording

TIMES = np.arange(1000) / 50


def dump(
    path: Path, names: tuple[str, str, str], axes: str = "xyz", clock: str = "timestamp", scale: float = 1.0
) -> Path:
    """Write acceleration without gravity, gravity and rotation, under such names as `userAcceleration.`."""
    acc, down = -motion(TIMES)[:, :3] / GRAVITY, -gravity(TIMES) / GRAVITY
    header = [clock, *(f"{name}{axis}" for name in names for axis in axes)]
    ticks = 5000 + TIMES if clock else np.arange(1000)
    table = np.column_stack([ticks, scale * (acc - down), scale * down, motion(TIMES)[:, 3:]])
    np.savetxt(path, table, delimiter=",", header=",".join(header), comments="")
    return path


def read(path: Path, **options: Any) -> Recording:
    (recording,) = read_recordings(path, ReadOptions(**options))
    return recording


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(path, **options)
    return str(caught.value).replace(str(path), path.name)


@pytest.mark.parametrize(
    ("names", "axes"),
    [
        (("userAcceleration.", "gravity.", "rotationRate."), "xyz"),
        (("motionUserAcceleration", "motionGravity", "motionRotationRate"), "XYZ"),
        (("acceleration", "gravity", "rotationRate"), "XYZ"),
        (("user_acceleration_", "gravity_", "rotation_rate_"), "xyz"),
        (("deviceMotion.userAcceleration.", "deviceMotion.gravity.", "deviceMotion.rotationRate."), "xyz"),
    ],
)
def test_every_spelling_is_read(tmp_path: Path, names: tuple[str, str, str], axes: str):
    recording = read(dump(tmp_path / "walk.csv", names, axes))

    assert recording.dataset == "core-motion"
    assert recording.samples == pytest.approx(motion(TIMES), abs=1e-6)
    assert "acc negated: iOS counts gravity the other way round than Android; `--keep-frame` leaves it" in (
        recording.notes
    )


def test_the_frame_is_kept_when_asked_for(tmp_path: Path):
    path = dump(tmp_path / "walk.csv", ("userAcceleration.", "gravity.", "rotationRate."))

    assert read(path, keep_frame=True).samples[:, :3] == pytest.approx(-motion(TIMES)[:, :3], abs=1e-6)


def test_without_a_clock_the_rate_is_asked_for(tmp_path: Path):
    """MotionSense's own files look like this."""
    path = dump(tmp_path / "walk.csv", ("userAcceleration.", "gravity.", "rotationRate."), clock="")

    assert refusal(path) == (
        "no time column, and no sampling rate\n"
        "  where: walk.csv:1\n"
        "  fix:   pass the sampling rate in Hz, as in `--rate 50`"
    )
    assert read(path, sampling_rate_hz=50).samples == pytest.approx(motion(TIMES), abs=1e-6)


def test_acceleration_in_another_unit_is_refused(tmp_path: Path):
    path = dump(tmp_path / "walk.csv", ("userAcceleration.", "gravity.", "rotationRate."), scale=GRAVITY)

    assert refusal(path) == (
        "the unit of the acceleration: the format (Core Motion) says g, but the median of its 1-s means is 9.79, "
        "which is gravity in m/s^2\n"
        "  where: walk.csv\n"
        "  fix:   pass `--acc-unit m/s^2` if the values are right"
    )
    assert read(path, acc_unit="m/s^2").samples == pytest.approx(motion(TIMES), abs=1e-6)


def test_without_gravity_it_is_refused(tmp_path: Path):
    path = dump(tmp_path / "walk.csv", ("userAcceleration.", "field.", "rotationRate."))

    assert refusal(path) == (
        "the only acceleration is without gravity: `userAcceleration.x`, `userAcceleration.y`, `userAcceleration.z`\n"
        "  where: walk.csv:1\n"
        "  fix:   export acceleration with gravity, or the gravity columns beside it, which are then added"
    )


def test_another_format_is_not_taken_for_it(tmp_path: Path):
    path = tmp_path / "walk.csv"
    header = "time (s),acc_x (g),acc_y (g),acc_z (g),gyr_x (rad/s),gyr_y (rad/s),gyr_z (rad/s)"
    np.savetxt(path, np.column_stack([TIMES, motion(TIMES)]), delimiter=",", header=header, comments="")

    assert refusal(path, format="core-motion") == (
        "no recording of a format core-motion here, 1 file in all\n"
        "  where: walk.csv\n"
        "  fix:   pass a logger's export, a dataset as it was downloaded, or any CSV with acceleration and angular rate"
    )
