"""The six columns of a window and every fact about them: names, order, units, gravity."""

from __future__ import annotations

from typing import Literal

CHANNELS = ("acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z")
"""Order of the last axis of every window and recording."""

ACC = slice(0, 3)
"""Acceleration with gravity, in m/s²."""
GYR = slice(3, 6)
"""Angular rate, in rad/s."""

STANDARD_GRAVITY = 9.80665
"""One g in m/s² (CGPM 1901)."""

AccUnit = Literal["m/s^2", "g", "mg", "cm/s^2", "ft/s^2"]
GyrUnit = Literal["rad/s", "deg/s"]
