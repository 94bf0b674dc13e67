from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llasa_core.data.column_names import ColumnName
from llasa_core.data.columns import ColumnMap, find_columns, stated_acc_unit, stated_gyr_unit
from llasa_core.data.dialect import find_dialect
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.units import Stated
from llasa_core.errors import DataError, Place

ORDER = "time, acc x y z, gyr x y z"
FIX = f"name the columns in the order {ORDER}: `--columns t,ax,ay,az,gx,gy,gz`"
PLAIN = "time,acc_x,acc_y,acc_z,gyr_x,gyr_y,gyr_z"


def columns_of(header: str | None, n_columns: int = 7, file: str = "walk.csv", **options: Any) -> ColumnMap:
    n_columns = n_columns if header is None else header.count(",") + 1
    rows = [",".join(str(row + column) for column in range(n_columns)) for row in range(3)]
    text = "\n".join([header, *rows] if header else rows)
    return find_columns(find_dialect(text.encode(), is_whole=True, file=Path(file)), ReadOptions(**options), Path(file))


def refusal(header: str | None, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        columns_of(header, **options)
    return str(caught.value)


def places(columns: ColumnMap) -> tuple[int | None, tuple[int, ...], tuple[int, ...]]:
    time = None if columns.time is None else columns.time.position
    return time, columns.acc.positions, columns.gyr.positions if columns.gyr else ()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (PLAIN, (0, (1, 2, 3), (4, 5, 6))),
        ("t,ax,ay,az,gx,gy,gz", (0, (1, 2, 3), (4, 5, 6))),
        ("ts,aX,aY,aZ,gX,gY,gZ", (0, (1, 2, 3), (4, 5, 6))),
        ("timestamp,AccX,AccY,AccZ,GyroX,GyroY,GyroZ", (0, (1, 2, 3), (4, 5, 6))),
        (("Time (s),Gyroscope X (deg/s),Gyroscope Y (deg/s),Gyroscope Z (deg/s),"
         "Accelerometer X (g),Accelerometer Y (g),Accelerometer Z (g)"), (0, (4, 5, 6), (1, 2, 3))),
        ("Time,Accel-X (g), Accel-Y (g), Accel-Z (g), Gyro-X (d/s), Gyro-Y (d/s), Gyro-Z (d/s)",
         (0, (1, 2, 3), (4, 5, 6))),
        ("seconds_elapsed,acc_z,acc_y,acc_x,gyro_z,gyro_y,gyro_x", (0, (3, 2, 1), (6, 5, 4))),
        ("ms,xacc,yacc,zacc,wx,wy,wz", (0, (1, 2, 3), (4, 5, 6))),
        (("accelerationIncludingGravity.x,accelerationIncludingGravity.y,accelerationIncludingGravity.z,"
         "rotationRate.x,rotationRate.y,rotationRate.z"), (None, (0, 1, 2), (3, 4, 5))),
        ("time,gFx,gFy,gFz,ax,ay,az,wx,wy,wz", (0, (1, 2, 3), (7, 8, 9))),
        (("acc_x,acc_y,acc_z,lin_acc_x,lin_acc_y,lin_acc_z,gravity_x,gravity_y,gravity_z,"
         "angular_velocity_x,angular_velocity_y,angular_velocity_z,mag_x,mag_y,mag_z"), (None, (0, 1, 2), (9, 10, 11))),
        ("sample,user,label,Acc_X[m/s^2],Acc_Y[m/s^2],Acc_Z[m/s^2],Gyr_X[dps],Gyr_Y[dps],Gyr_Z[dps]",
         (None, (3, 4, 5), (6, 7, 8))),
        (("accelerometerAccelerationX(G),accelerometerAccelerationY(G),accelerometerAccelerationZ(G),"
         "motionUserAccelerationX(G),motionUserAccelerationY(G),motionUserAccelerationZ(G),"
         "motionRotationRateX(rad/s),motionRotationRateY(rad/s),motionRotationRateZ(rad/s)"),
         (None, (0, 1, 2), (6, 7, 8))),
        (("Shimmer_40AC_Timestamp_Unix_CAL,Shimmer_40AC_Accel_LN_X_CAL,Shimmer_40AC_Accel_LN_Y_CAL,"
         "Shimmer_40AC_Accel_LN_Z_CAL,Shimmer_40AC_Gyro_X_CAL,Shimmer_40AC_Gyro_Y_CAL,Shimmer_40AC_Gyro_Z_CAL"),
         (0, (1, 2, 3), (4, 5, 6))),
    ],
)  # fmt: skip
def test_columns_are_told_by_their_names(header: str, expected: tuple[object, ...]):
    assert places(columns_of(header)) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("time,seconds_elapsed", "seconds_elapsed"),
        ("epoch (ms),time (-13:00),elapsed (s)", "epoch (ms)"),
        ("Arrival_Time,Creation_Time", "Creation_Time"),
        ("t_us", "t_us"),
        ("Time since start in ms ", "Time since start in ms"),
    ],
)
def test_of_several_clocks_the_one_with_a_unit_or_nearer_to_the_sensor_counts(header: str, expected: str):
    time = columns_of(f"{header},ax,ay,az,gx,gy,gz").time

    assert time is not None
    assert time.text == expected


def test_each_sensor_may_have_its_own_clock():
    columns = columns_of("Acc Timestamp,AccX,AccY,AccZ,Gyro Timestamp,GyroX,GyroY,GyroZ")

    assert columns.time is not None
    assert columns.gyr_time is not None
    assert (columns.time.position, columns.gyr_time.position) == (0, 4)


def test_gravity_is_added_to_acceleration_without():
    columns = columns_of(
        "userAcceleration.x,userAcceleration.y,userAcceleration.z,gravity.x,gravity.y,gravity.z,"
        "rotationRate.x,rotationRate.y,rotationRate.z"
    )

    assert columns.gravity is not None
    assert (columns.acc.positions, columns.gravity.positions) == ((0, 1, 2), (3, 4, 5))
    assert columns.notes[0] == (
        "acc from `userAcceleration.x`, `userAcceleration.y`, `userAcceleration.z` "
        "plus `gravity.x`, `gravity.y`, `gravity.z`"
    )


@pytest.mark.parametrize(
    ("text", "unit", "axis", "family"),
    [
        ("acc_x_mg", "mg", "x", "acc"),
        ("acc_x_m_s2", "ms2", "x", "acc"),
        ("gyr_z_rad_s", "rads", "z", "gyr"),
        ("Acceleration y (m/s^2)", "m/s^2", "y", "acceleration"),
        ("y-axis (deg/s)", "deg/s", "y", ""),
        ("gFx", "g", "x", "gf"),
        ("timestamp_ms", "ms", None, "timestamp"),
    ],
)
def test_a_name_is_taken_apart(text: str, unit: str, axis: str | None, family: str):
    name = ColumnName.of(0, text)

    assert (name.unit, name.axis, name.family) == (unit, axis, family)


def test_told_names_and_positions_stand_in_the_one_order():
    assert places(columns_of("Zeit,a,b,c,d,e,f", columns=("Zeit", "c", "b", "a", "d", "e", "f"))) == (
        0, (3, 2, 1), (4, 5, 6),
    )  # fmt: skip
    assert places(columns_of(None, columns=("2", "3", "4", "5", "6", "7"))) == (None, (1, 2, 3), (4, 5, 6))
    assert places(columns_of(None, columns=("t", "gx", "gy", "gz", "ax", "ay", "az"))) == (0, (4, 5, 6), (1, 2, 3))


def test_no_header_is_refused_unless_the_columns_are_named():
    assert refusal(None) == (
        "the first row already holds numbers: no header says what the 7 columns are\n"
        "  where: walk.csv:1\n"
        "  fix:   name them in the file's order: `--columns t,ax,ay,az,gx,gy,gz`"
    )
    assert refusal(None, columns=("t", "ax")) == (
        "`--columns` names 2 columns, but the rows have 7\n"
        "  where: walk.csv:1\n"
        "  fix:   name every column in the file's order, or give positions: `--columns 1,2,3,4,5,6,7`"
    )


def test_told_columns_are_held_against_the_header():
    header = "time,seconds,z,y,x,gx,gy,gz"

    assert refusal(header, columns=("time", "3", "4", "5", "6", "7", "8")) == (
        "`--columns` gives `z` as acc_x\n"
        "  where: walk.csv:1\n"
        "  fix:   put the columns in the order time, acc_x, acc_y, acc_z, gyr_x, gyr_y, gyr_z"
    )
    assert refusal(PLAIN, columns=("time", "acc_x", "acc_y", "acz_z", "gyr_x", "gyr_y", "gyr_z")) == (
        'there is no column "acz_z"; did you mean "acc_z"?\n'
        "  where: walk.csv:1\n"
        "  fix:   the columns are: time, acc_x, acc_y, acc_z, gyr_x, gyr_y, gyr_z"
    )
    assert refusal(PLAIN, columns=("1", "2", "3")) == (
        f"`--columns` names 3 columns, not 7 with a clock or 6 without\n  where: walk.csv:1\n  fix:   {FIX}"
    )
    assert refusal("a,b,c,d,e,f,g", columns=("1", "2", "2", "4", "5", "6", "7")) == (
        f"`--columns` gives `b` twice\n  where: walk.csv:1\n  fix:   {FIX}"
    )


def test_one_name_twice_is_refused():
    assert refusal("time,acc_x,acc_y,acc_x,gyr_x,gyr_y,gyr_z") == (
        "two columns are x of one sensor: `acc_x` in column 2, `acc_x` in column 4\n"
        "  where: walk.csv:1:4\n"
        f"  fix:   rename one, or give positions in the order {ORDER}: `--columns 1,2,3,4,5,6,7`"
    )


def test_two_sensors_of_a_kind_are_refused():
    assert refusal("wrist_acc_x,wrist_acc_y,wrist_acc_z,hip_acc_x,hip_acc_y,hip_acc_z,gx,gy,gz") == (
        f"2 accelerations in one file: `wrist_acc_x` … and `hip_acc_x` …\n  where: walk.csv:1\n  fix:   {FIX}"
    )


def test_a_missing_gyroscope_is_refused_unless_allowed():
    assert refusal("time,acc_x,acc_y,acc_z") == (
        "no gyroscope: the file holds acceleration only (`acc_x`, `acc_y`, `acc_z`)\n"
        "  where: walk.csv:1\n"
        "  fix:   record the gyroscope too, or pass `--allow-missing gyro`: "
        "gyr is then zero, and the windows are flagged"
    )
    assert columns_of("time,acc_x,acc_y,acc_z", allow_missing_gyro=True).gyr is None


def test_a_missing_gyroscope_is_looked_for_beside_the_file(tmp_path: Path):
    for name in ("Gyroscope.csv", "Gyroscope_2.csv", "Accelerometer_2.csv"):
        (tmp_path / name).write_text("", encoding="utf-8")

    assert "fix:   join it on time with `Gyroscope_2.csv` beside it, or pass" in refusal(
        "Time (s),X (m/s^2),Y (m/s^2),Z (m/s^2)", file=str(tmp_path / "Accelerometer_2.csv")
    )


def test_angular_rate_alone_is_refused():
    assert refusal("time,X (rad/s),Y (rad/s),Z (rad/s)") == (
        "no acceleration: the file holds angular rate only (`X (rad/s)`, `Y (rad/s)`, `Z (rad/s)`)\n"
        "  where: walk.csv:1\n"
        "  fix:   put acceleration and angular rate into one file, row by row of the same time"
    )


def test_acceleration_that_says_it_has_no_gravity_is_refused():
    fix = "export acceleration with gravity, or the gravity columns beside it, which are then added"

    assert refusal("Linear Acceleration x (m/s^2),Linear Acceleration y (m/s^2),Linear Acceleration z (m/s^2)") == (
        "the only acceleration is without gravity: `Linear Acceleration x (m/s^2)`, `Linear Acceleration y (m/s^2)`, "
        f"`Linear Acceleration z (m/s^2)`\n  where: walk.csv:1\n  fix:   {fix}"
    )


def test_a_table_of_something_else_is_refused_with_its_columns():
    assert refusal("time,roll,pitch,yaw") == (
        f"no column names an acceleration: `time`, `roll`, `pitch`, `yaw`\n  where: walk.csv:1\n  fix:   {FIX}"
    )


def test_label_and_subject_are_columns_by_name():
    columns = columns_of(f"{PLAIN},Who (name),act", label_column="ACT", subject_column="who")

    assert (columns.label, columns.subject) == (8, 7)
    assert refusal(PLAIN, label_column="activity").startswith('there is no column "activity"\n')


def test_units_come_from_the_header_unless_a_flag_says_another():
    where = Place("walk.csv", 1)
    columns = columns_of("ax (g),ay (g),az (g),gx (dps),gy (dps),gz (dps)")

    assert columns.gyr is not None
    assert stated_acc_unit(columns.acc, ReadOptions(), where) == Stated("g", "the header (`ax (g)`)")
    assert stated_gyr_unit(columns.gyr, ReadOptions(), where) == Stated("deg/s", "the header (`gx (dps)`)")
    assert stated_acc_unit(columns.acc, ReadOptions(acc_unit="mg"), where) == Stated("mg", "`--acc-unit`")
    assert stated_acc_unit(columns_of(PLAIN).acc, ReadOptions(), where) is None


def test_an_unknown_unit_is_refused_at_its_column():
    where = Place("walk.csv", 1)
    acc = columns_of("time,acc_x (furlong),acc_y (furlong),acc_z (furlong),gx,gy,gz").acc
    gyr = columns_of("time,ax,ay,az,gyr_x (rad/s),gyr_y (deg/s),gyr_z (rad/s)").gyr

    assert gyr is not None
    with pytest.raises(DataError) as caught:
        stated_acc_unit(acc, ReadOptions(), where)
    assert str(caught.value) == (
        'unknown unit of acceleration: "furlong" in column `acc_x (furlong)`\n'
        "  where: walk.csv:1:2\n"
        "  fix:   correct the header, or pass `--acc-unit`: m/s^2, g, mg, cm/s^2 or ft/s^2"
    )
    with pytest.raises(DataError) as caught:
        stated_gyr_unit(gyr, ReadOptions(), where)
    assert str(caught.value) == (
        'unknown unit of angular rate: "deg/s" in column `gyr_y (deg/s)`\n'
        "  where: walk.csv:1:6\n"
        "  fix:   correct the header, or pass `--gyr-unit`: rad/s or deg/s"
    )
