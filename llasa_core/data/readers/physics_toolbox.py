"""Physics Toolbox Sensor Suite: one table with the g-force, with or without the other sensors of a multi record.

`gFx` is acceleration with gravity in g, `ax` the one without it in m/s², `wx` the angular rate in rad/s. Each row
repeats the last value of the slower sensors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.data.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.dialect import Dialect
    from llasa_core.data.readers.raw_files import RawFile

_WORDS = {
    "time": "time",
    **{f"gf{axis}": f"acc {axis} (g)" for axis in "xyz"},
    **{f"a{axis}": f"linear acc {axis} (m/s^2)" for axis in "xyz"},
    **{f"w{axis}": f"gyr {axis} (rad/s)" for axis in "xyz"},
}


def physics_toolbox(_file: RawFile, dialect: Dialect, _around: Sequence[RawFile]) -> Profile | None:
    """Return what a table of Physics Toolbox holds, or None if it is none; the g-force tells it."""
    names = [name.casefold() for name in dialect.names or ()]
    if not {"time", "gfx", "gfy", "gfz"} <= set(names):
        return None
    notes = ("`ax` is the acceleration without gravity: `gFx` is read, which has it",) if "ax" in names else ()
    words = tuple(_WORDS.get(name, "") for name in names)
    return Profile("physics-toolbox", "Physics Toolbox", words, notes=notes)
