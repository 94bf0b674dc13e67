"""Units and gravity of a recording's two sensors: what was decided, and on what evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from llasa_core.data.columns import stated_acc_unit, stated_gyr_unit
from llasa_core.data.quality import NOTHING_TO_SAY, Quality
from llasa_core.data.units import decide_acc_unit, decide_gyr_unit
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    import numpy as np

    from llasa_core.data.channels import AccUnit, GyrUnit
    from llasa_core.data.column_choice import Triple
    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.units import Stated

FRAME_NOTE = "acc negated: iOS counts gravity the other way round than Android; `--keep-frame` leaves it"


class Headed(NamedTuple):
    """The columns of one sensor, and where their header stands."""

    triple: Triple
    header: Place


class Units(NamedTuple):
    """What turns the values of a file into ours."""

    acc_scale: float
    """To m/s²; negative where the axes are turned round."""
    gyr_scale: float
    """To rad/s."""
    quality: Quality
    notes: tuple[str, ...]
    acc_unit: AccUnit | None
    gyr_unit: GyrUnit | None
    gravity: Literal["included", "removed"] | None


def decide_units(
    acc: np.ndarray,
    gyr: np.ndarray | None,
    rate_hz: float,
    acc_from: Headed,
    gyr_from: Headed | None,
    options: ReadOptions,
    where: Place,
    *,
    is_ios_frame: bool = False,
) -> Units:
    """Return the units of both sensors.

    Args:
        acc: [time, 3] as it stands in the file, gravity added.
        gyr: [time, 3] at the same times; None where there is none.
        rate_hz: samples a second.
        acc_from: the columns that the header or the format names a unit for.
        gyr_from: likewise.
        options: flags win over both; `describe_only` leaves open what would be refused.
        where: for messages.
        is_ios_frame: the axes point the other way round than on Android.

    Raises:
        DataError: gravity is missing, a unit is not known, or what is said contradicts the values.
    """
    acc_stated = stated_acc_unit(acc_from.triple, options, acc_from.header)
    quality, notes = NOTHING_TO_SAY, []
    acc_unit: AccUnit | None
    gravity: Literal["included", "removed"] | None = "included"
    acc_scale = 1.0
    try:
        acc_decision = decide_acc_unit(acc, gyr, rate_hz, acc_stated, where)
    except DataError:
        if not options.describe_only:
            raise
        acc_unit = acc_stated.unit if acc_stated else None
        gravity = "removed" if acc_from.triple.x.kind == "linear acc" or acc_unit else None
    else:
        acc_unit, acc_scale = acc_decision.unit, acc_decision.scale
        notes.append(acc_decision.note)
        quality |= Quality.UNITS_DETECTED if acc_decision.is_detected else NOTHING_TO_SAY
    if is_ios_frame and not options.keep_frame:
        acc_scale = -acc_scale
        notes.append(FRAME_NOTE)
    if gyr is None or gyr_from is None:
        return Units(acc_scale, 1.0, quality | Quality.GYRO_MISSING, tuple(notes), acc_unit, None, gravity)
    gyr_stated = stated_gyr_unit(gyr_from.triple, options, gyr_from.header)
    gyr_unit, gyr_scale = _gyr_unit(gyr, acc, rate_hz, gyr_stated, options, where, notes)
    if gyr_stated is None and gyr_unit is not None:
        quality |= Quality.UNITS_DETECTED
    return Units(acc_scale, gyr_scale, quality, tuple(notes), acc_unit, gyr_unit, gravity)


def _gyr_unit(
    gyr: np.ndarray,
    acc: np.ndarray,
    rate_hz: float,
    stated: Stated[GyrUnit] | None,
    options: ReadOptions,
    where: Place,
    notes: list[str],
) -> tuple[GyrUnit | None, float]:
    try:
        decision = decide_gyr_unit(gyr, acc, rate_hz, stated, where)
    except DataError:
        if not options.describe_only:
            raise
        return (stated.unit if stated else None), 1.0
    notes.append(decision.note)
    return decision.unit, decision.scale


def refuse_another_unit(acc: Headed, gravity: Headed, options: ReadOptions) -> None:
    """Refuse to add gravity that is in another unit than the acceleration.

    Raises:
        DataError: the units differ, or one of them is not stated.
    """
    said = [stated_acc_unit(headed.triple, options, headed.header) for headed in (acc, gravity)]
    units = [one and one.unit for one in said]
    if units[0] != units[1]:
        raise DataError(
            f"acceleration is in {units[0] or 'no stated unit'}, but the gravity to add in "
            f"{units[1] or 'no stated unit'}",
            where=gravity.header,
            fix="export both in one unit, and name it in both headers",
        )
