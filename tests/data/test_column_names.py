"""What the name of a column, or of a file of one sensor, says."""

from __future__ import annotations

import pytest

from llasa_core.data.column_names import ColumnName, kind_of


@pytest.mark.parametrize(
    ("family", "kind"), [("quat", "other"), ("quataccelerometer", "other"), ("squataccelerometer", "acc")]
)
def test_a_squat_is_no_quaternion(family: str, kind: str):
    assert kind_of(family) == kind


def test_only_a_format_makes_a_column_the_number_of_a_sample():
    column = ColumnName.of(0, "sample number")

    assert not column.is_counter
    assert ColumnName.of(0, "PacketCounter").in_words_of("Xsens DOT", "sample number").is_counter


@pytest.mark.parametrize("text", ["worldAcc_x (m/s^2)", "earth_acceleration_z", "globalAccY", "gyro_angle_x (deg)"])
def test_acceleration_of_another_frame_and_angles_are_not_read(text: str):
    assert ColumnName.of(0, text).kind == "other"
